"""Codes of the panel: hashed, judged, and removed when their time is over."""
