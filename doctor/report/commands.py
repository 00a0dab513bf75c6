"""Commands in what the user reads: each names the bench that this run was given, so that it works as it is printed.

Most texts are made where nobody knows how the port was called (``run fipy-doctor check``). Whatever shows a text sends
it through here; a command that names its port already is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from doctor.command import quoted

if TYPE_CHECKING:
    from rich.text import Text

    from doctor.bench import BenchOptions

#: Commands that do nothing without a port; words behind them are theirs, so the port can follow at once.
NEED_PORT = ("check", "fix", "flash", "plan", "status", "backup", "restore")
TAKE_VIA = ("check", "flash", "plan", "status")

_COMMAND = re.compile(rf"(?<![\w/.-])fipy-doctor ({'|'.join(NEED_PORT)})\b(?![/-])")
#: A command ends where the next one begins, or its line.
_END = re.compile(r"(?<![\w/.-])fipy-doctor |\n")
_PORT = re.compile(r"\s--port\b|\s--help\b")
_VIA = re.compile(r"\s--via\b")

_given: ContextVar[tuple[str, bool] | None] = ContextVar("bench of this run", default=None)


@contextmanager
def of_one_run() -> Iterator[None]:
    """What ``use`` says holds until the end of the block."""
    token = _given.set(None)
    try:
        yield
    finally:
        _given.reset(token)


def use(options: BenchOptions) -> None:
    """This run was given such a bench; from now on commands in its texts name it."""
    _given.set(None if options.port is None else (options.port, options.via_modem))


def named(text: str) -> str:
    """``text`` with the port behind every command that needs one and does not name it."""
    for place, words in reversed(list(_missing(text))):
        text = text[:place] + words + text[place:]
    return text


def named_text(text: Text) -> Text:
    """The same for a text with colours."""
    for place, words in reversed(list(_missing(text.plain))):
        head, tail = text[:place], text[place:]
        text = head.append(words).append_text(tail)
    return text


def named_everywhere(value: Any) -> Any:
    """The same for all texts in ``value``, a document for JSON."""
    if isinstance(value, str):
        return named(value)
    if isinstance(value, dict):
        return {key: named_everywhere(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [named_everywhere(item) for item in value]
    return value


def _missing(text: str) -> Iterator[tuple[int, str]]:
    """Where in ``text`` something is missing, and what."""
    given = _given.get()
    if given is None:
        return
    port, via_modem = given
    for found in _COMMAND.finditer(text):
        end = _END.search(text, found.end())
        rest = text[found.end() : end.start() if end is not None else len(text)]
        words: list[str] = []
        if _PORT.search(rest) is None:
            words += ["--port", port]
            if via_modem and found[1] in TAKE_VIA and _VIA.search(rest) is None:
                words += ["--via", "modem"]
        if words:
            yield found.end(), " " + quoted(words)
