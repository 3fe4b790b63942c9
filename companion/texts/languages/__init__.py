"""One file a language, named by its tag. A new one is found by itself; the tests say what it lacks."""
