"""The updater core: one AT dialogue, one STP master and the flash flow, for the PC and for the board.

Kept to Pycom's MicroPython v1.8.6 (docs: "Syntax levels"): no annotations, no f-strings, relative imports,
nothing from outside this package. tests/updater/test_syntax_gate.py watches over it.
"""

try:
    from typing import Any  # noqa: F401
except ImportError:  # MicroPython
    pass


def run(path, **options):
    # type: (str, **Any) -> bool
    """On the board only: flash the modem from a file on its card; see board_run.run."""
    from . import board_run

    return board_run.run(path, **options)


def show(path):
    # type: (str) -> bool
    """On the board only: show what ``run`` would do, and send the modem nothing but questions."""
    return run(path, dry=True)
