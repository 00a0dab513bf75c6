"""Explain pastes: read them from files, standard input or the clipboard, and ask the catalogue."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from doctor.computer import is_mac, is_windows, powershell, said_by_powershell
from doctor.errors import UsageError
from doctor.jobs.explaining.advice import Advice, advice
from doctor.knowledge.explanation import Explanation, explain
from doctor.knowledge.paste import MOST_BYTES

CLIPBOARD_S = 5.0  #: for one program that reads the clipboard; one that waits for a display never answers
CLIPBOARD = "clipboard"
STANDARD_INPUT = "standard input"
TYPED = "your text"
#: Looks at the board that is plugged in and says the one next command.
RUN_NEXT = "fipy-doctor"

_ZIP = b"PK\x03\x04"  #: how one begins
#: What to send if nothing is known: without these nobody can help.
SEND_INSTEAD = (
    "everything that the console printed, from the first command to the end, as text and not as a picture",
    "what `import os; os.uname()` prints on the board",
    "names and sizes of the files that you used, and the carrier board that the module sits on",
    "what `fipy-doctor check --json` says",
)


@dataclass(frozen=True)
class Explained:
    """One paste and what is known of it; ``name`` says where it came from."""

    name: str
    explanation: Explanation

    @property
    def advice(self) -> Advice:
        """What it all means together, and what to do now."""
        return advice(self.explanation)


def explain_sources(sources: Sequence[tuple[str, bytes]]) -> list[Explained]:
    """Explain each paste by itself, in the order given."""
    return [Explained(name, explain(data)) for name, data in sources]


def read_standard_input() -> bytes:
    """What comes on standard input, as much as is looked at."""
    return sys.stdin.buffer.read(MOST_BYTES + 1)


def read_file(path: Path) -> list[tuple[str, bytes]]:
    """The bytes of a log, or of what a zip holds, as ``report`` makes one; with names.

    Raises UsageError if it cannot be read.
    """
    name = str(path)
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if not data.startswith(_ZIP):
            return [(name, data)]
        from doctor.bundle.pack import telling

        found = [(f"{name}: {inner}", text) for inner, text in telling(path, MOST_BYTES)]
        if not found:
            raise ValueError("is a zip without any log")
        return found
    except (OSError, ValueError) as err:
        raise UsageError(
            "file-unreadable",
            "the file cannot be read",
            on=name,
            cause=getattr(err, "strerror", None) or f"it {err}",
            next="name a file that exists and that you may read, or - for standard input",
        ) from err


def clipboard(run: Callable[[Sequence[str]], bytes | None] | None = None) -> bytes:
    """The text on the clipboard. Raises UsageError if no way to it is found.

    run  runs a program and returns what it printed, None if it is missing or failed
    """
    ask = run or _output_of
    for words in _clipboard_programs():
        data = ask(words)
        with suppress(ValueError):  # a shell of that name that is none
            if data is not None:
                return said_by_powershell(data) if words[0] in ("powershell.exe", "pwsh") else data
    data = _tk_clipboard() if run is None else None
    if data is None:
        names = ", ".join(dict.fromkeys(words[0] for words in _clipboard_programs()))
        raise UsageError(
            "clipboard-unreadable",
            "the clipboard cannot be read",
            cause=f"none of these works on this computer: {names}, Python's tkinter",
            next="save the text in a file and run: `fipy-doctor explain FILE`",
        )
    return data


def _clipboard_programs() -> list[tuple[str, ...]]:
    windows = powershell("Get-Clipboard -Raw")
    if is_mac():
        return [("pbpaste",)]
    if is_windows():
        return [windows, ("pwsh", *windows[1:])]
    programs: list[tuple[str, ...]] = [("xclip", "-selection", "clipboard", "-o"), ("xsel", "-b", "-o")]
    wayland = ("wl-paste", "--no-newline")
    programs.insert(0 if os.environ.get("WAYLAND_DISPLAY") else len(programs), wayland)
    return [*programs, windows]


def _output_of(words: Sequence[str]) -> bytes | None:
    program = shutil.which(words[0])
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, *words[1:]], stdin=subprocess.DEVNULL, capture_output=True, timeout=CLIPBOARD_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _tk_clipboard() -> bytes | None:
    try:
        import tkinter

        root = tkinter.Tk()
    except Exception:  # no tkinter, no display: what it raises differs from system to system
        return None
    try:
        root.withdraw()
        return str(root.clipboard_get()).encode()
    except tkinter.TclError:
        return None
    finally:
        root.destroy()
