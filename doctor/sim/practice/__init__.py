"""Practice firmware: what only a simulated modem takes."""
