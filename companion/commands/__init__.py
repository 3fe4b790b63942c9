"""What the commands of `companion.cli` do, one file for those that need the same: a command loads what it needs itself."""
