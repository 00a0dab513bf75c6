"""The card in the simulated board: a real image, and a FAT driver of its own."""
