"""Whose time it is, and what becomes of everything that waits when that time is set."""
