"""People, calendars and what the house does by itself for them."""
