"""Measurements: ``python -m tests.benchmarks NAME`` or ``--json``; ``make long`` tries them, and judges no time."""
