"""How things are said: our commands, what devices say, and the words before power is taken away."""
