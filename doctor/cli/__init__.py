"""The command line: one command a file. Parses, calls a job, renders; no logic."""
