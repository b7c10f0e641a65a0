"""Programs that read the same time entries; each runs in a process of its own and prints what it took."""
