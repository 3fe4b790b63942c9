"""Signal, over a signal-cli-rest-api of the house."""
