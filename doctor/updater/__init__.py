"""The updater core: one AT dialogue, one STP master and the flash flow, for the PC and for the board.

Kept to Pycom's MicroPython v1.8.6 (docs: "Syntax levels"): no annotations, no f-strings, relative imports,
nothing from outside this package. tests/updater/test_syntax_gate.py watches over it.
"""
