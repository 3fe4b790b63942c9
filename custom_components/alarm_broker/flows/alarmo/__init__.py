"""What can be taken over from Alarmo's storage."""
