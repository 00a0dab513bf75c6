"""The drives of this PC: which there are, how they are opened, and what must hold before one is written."""
