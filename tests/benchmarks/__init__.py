"""Measurements: ``python -m tests.benchmarks NAME``. Not part of ``make test``."""
