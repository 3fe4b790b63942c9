"""What people read, in every language. A language is one file in `languages/`; nothing else knows how many there are."""
