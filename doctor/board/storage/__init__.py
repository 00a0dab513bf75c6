"""A board's own files: read, written, copied and put back, each one proved."""
