"""What is said to Assist and what it answers."""
