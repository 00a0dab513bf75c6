"""One command a file: parse, call a job, render."""
