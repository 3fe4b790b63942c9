"""Every decision of the integration, pure: the standard library only, no I/O, the time as an argument."""
