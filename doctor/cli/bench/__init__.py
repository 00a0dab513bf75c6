"""The bench of a run: which board, file or trace is meant, described, opened and left as it was found."""
