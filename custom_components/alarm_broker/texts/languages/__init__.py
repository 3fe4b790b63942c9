"""One file a language, named by its tag; each has its `TEXTS`."""
