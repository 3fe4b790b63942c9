"""What people read and say, in every language. A language is one file in `languages/`, and one in `translations/`."""
