"""What raises alarms: each turns a request into a command."""
