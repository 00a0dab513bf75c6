"""Errors of the simulated board as its MicroPython words them: OSError with errno names, tracebacks, refusals of files.

Source: board-and-repl.md 4 (error texts).
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from doctor.sim.card.image import CardFault

EPERM, ENOENT, EIO, ENODEV, EINVAL = 1, 2, 5, 19, 22

ERRNO_NAMES = {
    1: "EPERM", 2: "ENOENT", 5: "EIO", 9: "EBADF", 11: "EAGAIN", 12: "ENOMEM", 13: "EACCES", 17: "EEXIST",
    19: "ENODEV", 21: "EISDIR", 22: "EINVAL", 95: "EOPNOTSUPP", 110: "ETIMEDOUT",
}  # fmt: skip
"""Numbers that MicroPython prints with a name."""

REFUSED = "the requested operation failed"
IMPOSSIBLE = "the requested operation is not possible"
UNAVAILABLE = "resource not available"

FAULT_ERRNO = {
    "not-found": ENOENT,
    "exists": 17,
    "not-a-directory": ENOENT,
    "is-a-directory": 21,
    "not-empty": 13,
    "denied": 13,
    "full": 28,
    "bad-name": EINVAL,
    "no-filesystem": ENODEV,
}
"""errno of a CardFault; what is not here is EIO."""


class BoardOSError(OSError):
    """OSError as board code sees it: one argument, a number or a text."""

    def __str__(self) -> str:
        if len(self.args) == 1:
            number = self.args[0]
            return f"[Errno {number}] {ERRNO_NAMES[number]}" if number in ERRNO_NAMES else str(number)
        return super().__str__()

    def __repr__(self) -> str:
        return board_repr(self)


BoardOSError.__name__ = BoardOSError.__qualname__ = "OSError"


@contextmanager
def file_errors(
    *, errno_style: bool = True, old_text: str | None = None, old_missing: str | None = None
) -> Iterator[None]:
    """Make the board's OSError of a refusal by a file system (CardFault).

    errno_style  the 1.20 releases name the errno everywhere, ``open()`` in all of them
    old_text     what the releases before say instead; None: the errno there too
    old_missing  the same if there is no such file or folder
    """
    try:
        yield
    except CardFault as fault:
        is_missing = old_missing is not None and fault.kind in ("not-found", "not-a-directory")
        text = None if errno_style else old_missing if is_missing else old_text
        raise BoardOSError(FAULT_ERRNO.get(fault.kind, EIO) if text is None else text) from None


_KNOWN = (
    "ArithmeticError", "AssertionError", "AttributeError", "BaseException", "EOFError", "Exception", "GeneratorExit",
    "ImportError", "IndentationError", "IndexError", "KeyError", "KeyboardInterrupt", "LookupError", "MemoryError",
    "NameError", "NotImplementedError", "OSError", "OverflowError", "RuntimeError", "StopIteration", "SyntaxError",
    "SystemExit", "TypeError", "UnicodeError", "ValueError", "ZeroDivisionError",
)  # fmt: skip


def exception_builtins() -> dict[str, Any]:
    """The exception classes that board code can name."""
    found: dict[str, Any] = {name: getattr(builtins, name) for name in _KNOWN}
    found["OSError"] = BoardOSError
    return found


def board_repr(value: object) -> str:
    """`repr`: of an exception its name and the tuple of its arguments, with the comma of a single one."""
    return f"{class_name(value)}{value.args!r}" if isinstance(value, BaseException) else repr(value)


def class_name(error: BaseException) -> str:
    """The name that MicroPython has for the class of ``error``, or for its nearest base."""
    for base in type(error).__mro__:
        if base.__module__ != "builtins" or base.__name__ in _KNOWN:
            return base.__name__
    return "Exception"


def describe(error: BaseException) -> str:
    """The last line of a traceback: class, colon, text."""
    name = class_name(error)
    if isinstance(error, SyntaxError):
        text = str(error.msg)
    elif not error.args:
        text = ""
    elif len(error.args) == 1:
        text = str(error) if isinstance(error, OSError) else str(error.args[0])
    else:
        text = str(error.args)
    return f"{name}: {text}"


def traceback_text(error: BaseException, board_builtins: object) -> str:
    """The whole traceback, lines ended by LF; frames of the simulator itself are left out."""
    lines: list[str] = []
    step: TracebackType | None = error.__traceback__
    while step is not None:
        frame = step.tb_frame
        if frame.f_globals.get("__builtins__") is board_builtins:
            lines.append(f'  File "{frame.f_code.co_filename}", line {step.tb_lineno}, in {frame.f_code.co_name}')
        step = step.tb_next
    if isinstance(error, SyntaxError):
        lines.append(f'  File "{error.filename}", line {error.lineno}')
    if lines:
        lines.insert(0, "Traceback (most recent call last):")
    return "\n".join([*lines, describe(error)]) + "\n"
