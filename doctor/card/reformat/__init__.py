"""A card formatted for the board, its files kept: planned, backed up, made, put back, finished after a break."""
