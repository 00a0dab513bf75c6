"""Files on this computer and JSON of anybody: named so that every PC takes them, written to last, read with bounds."""
