"""Whether a camera saw somebody: pictures, events and what they make of an alarm."""
