"""What this channel says, one file a language."""
