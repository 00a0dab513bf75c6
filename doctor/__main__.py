"""The way in: ``fipy-doctor`` and ``python -m doctor``.

``--version`` answers from here, so that asking it loads nothing else.
"""

from __future__ import annotations

import os
import sys

STOPPED = 130
"""Exit code where Ctrl-C comes before the command line is loaded (``doctor.errors.Exit.STOPPED`` loads more)."""


def main() -> int:
    """Run the command line and return its exit code."""
    _open_closed_streams()
    if sys.argv[1:] in (["--version"], ["-V"]):
        from doctor import __version__

        print(f"fipy-doctor {__version__}")
        return 0
    try:
        from doctor.cli.main import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return STOPPED


def _open_closed_streams() -> None:
    """Give a stream that the shell closed (``>&-``) somewhere to go, before a port gets its number.

    A closed standard output changes no exit code, and nothing printed may ever land in a serial port.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))  # noqa: SIM115


if __name__ == "__main__":
    sys.exit(main())
