"""Every parser that reads what we did not write, fed with what nobody meant: it ends, and raises only what it says."""
