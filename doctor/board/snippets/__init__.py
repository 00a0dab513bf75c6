"""Every snippet of Python that this room sends to a board."""
