"""Many boards at once: a parent that opens no port, and a process of this program for each board."""
