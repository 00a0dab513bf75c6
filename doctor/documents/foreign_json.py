"""JSON that somebody else wrote, or may have changed, is read here and nowhere else.

A board, a paste, another program and a file may say anything. Whatever cannot be used is a ValueError, and nothing
else escapes: no depth and no number of theirs ends this program.
"""

from __future__ import annotations

import json
import sys
from typing import Any

MOST_BYTES = 1 << 20  #: of one document; who reads larger ones says so
DEEPEST = 50  #: lists and objects within each other; our own have five
MOST_DIGITS = 20  #: of a whole number, as 2**64 has; one with more is text, since nothing of ours counts so far


def read(text: str | bytes, most: int = MOST_BYTES) -> Any:
    """The value of one document. Raises ValueError for what is not one, or is longer than ``most`` bytes."""
    if len(text) > most:
        raise ValueError(f"has more than {most} bytes")
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text))
    text = text.strip(_SPACE)
    value, end = first_in(text)
    if end < len(text):
        raise ValueError("has more than one value")
    return value


def first_in(text: str, at: int = 0) -> tuple[Any, int]:
    """The value that begins at ``at``, whatever comes behind it, and where it ends. Raises ValueError."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except RecursionError as err:  # hundreds of brackets; how many it takes depends on the Python
        raise ValueError(_TOO_DEEP) from err
    taken = text[at:end]
    if "\\u" in taken or not taken.isascii() or taken.count("[") + taken.count("{") > DEEPEST:
        _refuse_odd(value)
    return value, end


def _refuse_odd(value: object) -> None:
    """Raises ValueError for what is too deep, and for text that no file of this system could be named with."""
    level, depth = [value], 0
    while level:
        within: list[object] = []
        for one in level:
            if isinstance(one, str):
                one.encode("utf-8", sys.getfilesystemencodeerrors())  # UnicodeEncodeError: half a surrogate pair
            elif isinstance(one, list):
                within += one
            elif isinstance(one, dict):
                within += [*one, *one.values()]
        depth += any(isinstance(one, list | dict) for one in level)
        if depth > DEEPEST:
            raise ValueError(_TOO_DEEP)
        level = within


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _finite(text: str) -> float:
    number = float(text)
    if number - number:  # infinite, as 1e999 is
        raise ValueError(f"{text} is not a number")
    return number


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= MOST_DIGITS else text


_SPACE = " \t\r\n"
_TOO_DEEP = f"has more than {DEEPEST} lists within each other"
_DECODER = json.JSONDecoder(parse_constant=_no_number, parse_float=_finite, parse_int=_whole)
