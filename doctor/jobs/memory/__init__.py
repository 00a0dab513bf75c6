"""What lies on this computer between two runs: journals, logs, locks, what was tried and proved."""
