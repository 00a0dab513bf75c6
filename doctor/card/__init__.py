"""Cards as the PC sees them: judged by their bytes, read through checked chains, formatted and put back whole."""
