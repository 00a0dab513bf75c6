"""Commands as the user's shell wants them typed."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence


def command_line(words: Sequence[str]) -> str:
    """``words`` as one line that can be copied into the shell of this system."""
    if os.name == "nt":
        return " ".join(f'"{w}"' if not w or any(c in w for c in " &|<>^") else w for w in words)
    return shlex.join(words)
