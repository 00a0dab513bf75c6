"""FAT on a medium, told by its bytes: read with bounds, laid out, written so that no cut hurts. Judges nothing."""
