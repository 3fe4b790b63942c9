"""One folder a provider, and what they share."""
