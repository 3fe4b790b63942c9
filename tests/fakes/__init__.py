"""Stand-ins for the systems at the other end of the wire: real servers that behave, and misbehave on demand."""
