"""What an alarm is, and everything that may happen to one."""
