"""What people read of the panel, in their language."""
