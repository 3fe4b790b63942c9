"""What is wrong with the service itself, and who must know of it."""
