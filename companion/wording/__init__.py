"""Texts that an installation writes itself: templates that can neither run code nor run away, and which of them a message gets."""
