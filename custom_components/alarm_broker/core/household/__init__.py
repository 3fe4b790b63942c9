"""Who is home, and what follows from it, pure."""
