"""Sites, people, devices, channels and policies, and the YAML they come from."""
