"""The modules that the simulated board imports without a file."""
