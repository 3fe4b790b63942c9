"""SMS over any gateway with an HTTP interface."""
