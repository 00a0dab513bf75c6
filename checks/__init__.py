"""The built-in checks: one probe a file, found by a package scan (see doctor/engine.py)."""
