"""The alarm panel's rules: standard library only, time and ids come in as arguments."""
