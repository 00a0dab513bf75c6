"""``python -m tests.packaged wheel``, or ``one-file [PROGRAM]``: build and try what is given to people."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.packaged.building import Wrong
from tests.packaged.one_file import try_one_file
from tests.packaged.wheel import try_wheel


def main(words: Sequence[str]) -> int:
    """Try what the first word names; 0 if all of it is right."""
    what, *more = words or ("",)
    if what not in ("wheel", "one-file") or len(more) > 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="fipy-doctor-") as folder:
        try:
            if what == "wheel":
                try_wheel(Path(folder))
            else:
                try_one_file(Path(folder), Path(more[0]) if more else None)
        except Wrong as err:
            sys.stderr.write(f"\nwrong: {err}\n")
            return 1
    print(f"{what}: all is right")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
