"""A flash from its plan to its proof: the ways to the modem, what surrounds it, and how it ended."""
