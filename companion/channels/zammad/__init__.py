"""Zammad: an alarm is a ticket, what happens to it are its articles."""
