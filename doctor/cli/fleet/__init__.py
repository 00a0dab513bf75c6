"""Several ports on one command line: what is shown and asked of many boards (doctor/fleet runs them)."""
