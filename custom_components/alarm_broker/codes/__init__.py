"""Codes of the panel: hashed, checked, and removed when their time is over."""
