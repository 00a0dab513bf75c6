"""A trace (``--trace FILE``) as its lines say it: the one reader, for the replay, the view, and ``explain``.

A trace may be anybody's: what is not a line of one is left out, and nothing else escapes than ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from doctor.documents.foreign_json import read as read_json

VERSION = 2  #: of the format that this program writes; files of version 1 have no line ``trace``
FIRST_BYTES = b'{"t": '
"""What every trace begins with; doctor/link/trace.py writes it."""
MOST_LINE_BYTES = 1 << 20  #: of one line; ours have a hundredth of it
RX, TX, FOUND = "rx", "tx", "found"
_HEAD = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{"t": ?[\d.]+, ?"dir": ?"')
_MOST_S = 10**9


@dataclass(frozen=True)
class Line:
    """One line of a trace.

    number   of the line in its file, from 1
    t_ms     milliseconds of the link's clock since it was opened first
    what     ``trace``, ``open``, ``failed``, ``rx``, ``tx``, ``none``, ``lost``, ``baud``, ``rts``, ``cts``,
             ``reconnect``, ``slept``, ``close``, ``check``, ``found``, ``stopped`` or ``part``
             (doctor/link/trace.py says what each is)
    data     the bytes of ``rx`` and ``tx``; zeros in the place of those that a masked trace does not keep
    members  all of it, as it was written
    """

    number: int
    t_ms: int
    what: str
    data: bytes
    members: Mapping[str, Any]


def is_trace(data: bytes) -> bool:
    """Whether these bytes begin as a trace of ours does."""
    return _HEAD.match(data) is not None


def read_line(text: bytes, number: int = 1) -> Line:
    """One line. Raises ValueError for what is not a line of a trace."""
    members = read_json(text)
    if not isinstance(members, dict):
        raise ValueError("is not a line of a trace")
    what, at, coded, blank = members.get("dir"), members.get("t", 0), members.get("hex", ""), members.get("blank", 0)
    if not isinstance(what, str) or type(at) not in (int, float) or not isinstance(coded, str):
        raise ValueError("is not a line of a trace")
    if not 0 <= at <= _MOST_S:
        raise ValueError("has no time")
    if type(blank) is not int or not 0 <= blank <= MOST_LINE_BYTES:
        raise ValueError("does not say how many bytes are missing")
    return Line(number, round(at * 1000), what, bytes.fromhex(coded) + bytes(blank), members)


def lines_of(file: IO[bytes]) -> Iterator[Line]:
    """The lines of an open file, one at a time; what is no line of a trace is left out, however long it is."""
    number, within = 0, False
    while text := file.readline(MOST_LINE_BYTES):
        whole, within = not within, not text.endswith(b"\n")
        number += whole
        if whole:
            try:
                yield read_line(text, number)
            except ValueError:
                continue
