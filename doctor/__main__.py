"""The way in: ``fipy-doctor`` and ``python -m doctor``.

``--version`` answers from here, so that asking it loads nothing else.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and return its exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from doctor import __version__

        print(f"fipy-doctor {__version__}")
        return 0
    from doctor.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
