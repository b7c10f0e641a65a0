"""What waits in the triggerer. Nothing here writes."""
