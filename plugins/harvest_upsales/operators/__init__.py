"""Thin operators: they read, ask the domain what to do, and do it."""
