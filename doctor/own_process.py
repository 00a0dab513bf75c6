"""How this program starts a process of its own: from a checkout, a wheel, a zip, or one file without a Python.

A child finds our modules where this process found them, whatever lies in the current folder. In the program as one
file (``make binary``) there is no Python to call: the same file is started, and ``doctor/one_file.py`` tells by the
first word what is meant.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

#: First word for the program as one file if no command is meant but one of our parts; no command is called so.
PART = "--part"
#: Parts that run in a process of their own: module, and what is called there with the rest of the words.
PARTS = {"second-reader": ("doctor.card.pyfat_child", "main")}
_NAME = "fipy-doctor"  #: stands in front of the words: ``ps`` and link/holders.py know a run of ours by it
#: Whatever is imported before the path is set comes from the current folder, if it lies there; ``sys`` is built in.
_SET_UP = "import sys; _, _, n, *words = sys.argv; sys.path[:] = words[:int(n)]; del words[:int(n)]"
_RUN = f"{_SET_UP}; sys.argv[:] = ['{_NAME}', *words]; from doctor.__main__ import main; main()"


def is_one_file() -> bool:
    """Whether this is the program as one file, with no Python beside it."""
    return bool(getattr(sys, "frozen", False))


def command(*words: str) -> list[str]:
    """The command line of another run of this program with ``words``, for ``subprocess``.

    Empty if there is nothing to start it with: a Python that does not know its own file.
    """
    if is_one_file():
        return [sys.executable, *words]
    return _python(_RUN, words)


def part(name: str, *words: str) -> list[str]:
    """The command line that runs one of PARTS with ``words``; empty as above.

    Without ``site``: a part needs nothing but what ``sys.path`` is here.
    """
    if is_one_file():
        return [sys.executable, PART, name, *words]
    module, function = PARTS[name]
    return _python(f"{_SET_UP}; from {module} import {function}; {function}(*words)", words, "-S", "-W", "ignore")


def _python(code: str, words: Sequence[str], *options: str) -> list[str]:
    if not sys.executable:
        return []
    return [sys.executable, *options, "-c", code, _NAME, str(len(sys.path)), *sys.path, *words]
