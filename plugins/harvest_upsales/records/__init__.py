"""What the two services say and are told, as typed records."""
