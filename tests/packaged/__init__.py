"""What is given to people, built and tried as they get it: ``make wheel-test``, ``make binary``."""
