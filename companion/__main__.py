"""`python -m companion` is the command `alarm-broker`."""

from companion.cli import main

main()
