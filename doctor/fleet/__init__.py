"""Many boards at once: one process a board, and places of a board farm (fleet.md 5)."""
