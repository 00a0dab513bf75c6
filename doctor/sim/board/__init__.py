"""The simulated FiPy or GPy: its power and resets, its Python, its files, its pins."""
