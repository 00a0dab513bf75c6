"""What is known of the modem: typed facts, and what they mean."""
