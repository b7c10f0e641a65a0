"""Upsales API v2 as the sandbox plays it."""
