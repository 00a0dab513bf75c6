"""Boards behind a labgrid coordinator: found, held while they are worked on, and given back (fleet.md 5)."""
