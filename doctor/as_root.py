"""The command of this run as root would have to type it: with this user's program, settings and state."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from doctor.link.telnet_url import PASSWORD_VARIABLE, SCHEME, without_password
from doctor.own_process import is_one_file
from doctor.text.command import quoted

#: sudo lets neither through. Where the state and the backups lie follows from the first three.
_KEPT = ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "PYTHONPATH")
_SETTINGS = "FIPY_DOCTOR_"
#: What Python compiles as root in this user's folders, this user could not remove.
_COMPILES_NOTHING = "PYTHONDONTWRITEBYTECODE=1"


def with_sudo(argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> str:
    """One line for the shell that does the same again as root; a password in an address is left out.

    The program stands there by its whole path: sudo looks for programs in system folders only.

    argv  the words of this run, ``sys.argv`` if None
    """
    program, *words = sys.argv if argv is None else argv
    kept = [name for name in environ if name in _KEPT or name.startswith(_SETTINGS)]
    settings = [f"{name}={environ[name]}" for name in sorted(kept) if environ[name] and name != PASSWORD_VARIABLE]
    return quoted(["sudo", "env", *settings, _COMPILES_NOTHING, *_started(program), *map(_shown, words)])


def _started(program: str) -> list[str]:
    """What starts this program again: ``program`` is how it was called."""
    if is_one_file():
        return [sys.executable]
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    if spec is not None and spec.parent:  # python -m doctor
        return [sys.executable, "-m", spec.parent]
    whole = Path(program).absolute()
    return [str(whole)] if os.access(whole, os.X_OK) else [sys.executable, str(whole)]


def _shown(word: str) -> str:
    """``word``, which may hold an address behind the name of its option."""
    at = word.lower().find(SCHEME)
    return word if at < 0 else word[:at] + without_password(word[at:])[0]
