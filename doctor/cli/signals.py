"""What SIGTERM and SIGHUP mean to a command: the same as Ctrl-C. A flash has rules of its own (interrupts.py)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from doctor.cli import ahead

#: Somebody ends the program, or its terminal was closed. Windows has SIGBREAK instead (the window was closed).
_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))


def _is_over() -> bool:
    return False


@contextmanager
def ending_like_ctrl_c(*, for_good: bool = False) -> Iterator[None]:
    """Within the block a signal that would kill us raises KeyboardInterrupt: the board is left as it was found.

    Once only: a system that ends a program sends such signals in pairs, and the second would hit what puts things back.
    Ctrl-C counts each time. A signal that was ignored (``nohup``) stays so.

    for_good  the program ends behind the block: what comes there must not change the exit code any more
    """
    came = False

    def end(number: int, _frame: FrameType | None) -> None:
        nonlocal came
        ahead.wait_no_longer()
        if _is_over() or (came and number != signal.SIGINT):
            return
        came = came or number != signal.SIGINT
        raise KeyboardInterrupt

    plain = (signal.SIG_DFL, signal.default_int_handler)
    try:
        with _handled([n for n in (signal.SIGINT, *_ENDING) if signal.getsignal(n) in plain], end, for_good=for_good):
            yield
    finally:
        over_once(lambda: False)


def over_once(is_over: Callable[[], bool]) -> None:
    """From the moment that ``is_over`` says so, no signal ends this run any more; the next run begins without it."""
    global _is_over
    _is_over = is_over


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within the block no signal interrupts: for putting back what was changed, and for telling how a flash ended."""
    with _handled([signal.SIGINT, *_ENDING], lambda _number, _frame: ahead.wait_no_longer()):
        yield


@contextmanager
def _handled(numbers: list[int], handler: Any, *, for_good: bool = False) -> Iterator[None]:
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():  # no other may set handlers
        before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            if old is not None:  # it was not Python's, and cannot be given back
                signal.signal(number, signal.SIG_IGN if for_good else old)
