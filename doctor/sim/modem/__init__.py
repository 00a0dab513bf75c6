"""The simulated modem, byte for byte: boot ROM, updaters, application, and what survives power loss."""
