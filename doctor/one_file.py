"""The way in of the program as one file (``make binary``, PyInstaller): ``main`` of it, or one of its parts."""

from __future__ import annotations

import importlib
import os
import sys
from typing import NoReturn

from doctor.__main__ import main as run
from doctor.own_process import PART, PARTS

#: What PyInstaller's loader points at our own libraries; programs of the system would load those too.
_LIBRARY_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LIBPATH")


def main() -> NoReturn:
    """Run the command line, or the part that the first words name, and end the program."""
    _give_back_library_paths()
    if sys.argv[1:2] == [PART] and sys.argv[2:3] and sys.argv[2] in PARTS:
        module, function = PARTS[sys.argv[2]]
        getattr(importlib.import_module(module), function)(*sys.argv[3:])
        sys.exit(0)
    run()


def _give_back_library_paths() -> None:
    """Have the programs that we start find the libraries of the system; this process has its own already."""
    for name in _LIBRARY_PATHS:
        before = os.environ.pop(f"{name}_ORIG", None)
        if before is not None:
            os.environ[name] = before
        else:
            os.environ.pop(name, None)


if __name__ == "__main__":
    main()
