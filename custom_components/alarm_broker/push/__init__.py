"""Notifications on phones and the answers that come back from them."""
