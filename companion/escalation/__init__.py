"""Whom to tell next, and when: pure plans."""
