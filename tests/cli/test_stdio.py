"""Standard streams that outlive their reader, and a Ctrl-C in the middle of a write."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from doctor.cli import stdio


class Interrupted(io.RawIOBase):
    """A descriptor during whose first write something else is written, as the handler of a signal does."""

    def __init__(self) -> None:
        self.written = b""
        self.meanwhile: Callable[[], object] | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        self.written += bytes(data)
        return len(data)


def test_what_is_written_in_the_middle_of_a_write_is_dropped_and_ends_nothing() -> None:
    raw = Interrupted()
    stream = io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8")
    steady = stdio._like(stream, raw)

    def answer() -> None:
        steady.write("the answer to Ctrl-C\n")
        steady.flush()

    raw.meanwhile = answer
    steady.write("what was under way\n")
    steady.flush()
    steady.write("and on it goes\n")
    steady.flush()
    assert raw.written.decode().splitlines() == ["what was under way", "and on it goes"]
