"""What SIGTERM and SIGHUP mean to a command: the same as Ctrl-C. A flash has rules of its own (interrupts.py)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

#: Somebody ends the program, or its terminal was closed. Windows has SIGBREAK instead (the window was closed).
_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))


@contextmanager
def ending_like_ctrl_c() -> Iterator[None]:
    """Within the block a signal that would kill us raises KeyboardInterrupt: the board is left as it was found.

    Once only: a system that ends a program sends such signals in pairs, and the second would hit what puts things back.
    A signal that was ignored (``nohup``) stays so.
    """
    came = False

    def end(_number: int, _frame: FrameType | None) -> None:
        nonlocal came
        if not came:
            came = True
            raise KeyboardInterrupt

    with _handled([n for n in _ENDING if signal.getsignal(n) is signal.SIG_DFL], end):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within the block no signal interrupts: for putting back what was changed, and for telling how a flash ended."""
    with _handled([signal.SIGINT, *_ENDING], lambda _number, _frame: None):
        yield


def ignore_from_now_on() -> None:
    """The work is done and told: what comes while the interpreter ends must not change the exit code."""
    for number in (signal.SIGINT, *_ENDING):
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def _handled(numbers: list[int], handler: Any) -> Iterator[None]:
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():  # no other may set handlers
        before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            if old is not None:  # it was not Python's, and cannot be given back
                signal.signal(number, old)
