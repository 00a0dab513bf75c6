"""Stand-ins: what is written where something private stood, of the same length and the same kind of characters.

All texts in this room are *wire text*: one character for each byte (latin-1), so that files, JSON and what crossed a
port are one thing. A character of the secret that takes two bytes of UTF-8 is replaced by one that takes two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

KEPT = frozenset("\"'\\/&<>%\r\n\t ")  #: stay where they are: quotes and escapes of any language remain whole
DIGITS = re.compile(r"\d+")
_HEX = re.compile(r"[0-9A-Fa-f]{8,}")
_MAC = re.compile(r"(?:[0-9A-Fa-f]{12}|[0-9A-Fa-f]{24}|[0-9A-Fa-f]{32})")
_WIDER = {2: "ø", 3: "※", 4: "\U0001f600"}  #: a character of so many bytes of UTF-8
_WIDER_WORD = "ł"  #: of two bytes, and not one of latin-1: Python and JSON escape it otherwise


@dataclass(frozen=True)
class Private:
    """Something private.

    kind        imei, user, host, password, …
    text        as it was met first, wire text
    stand_in    as long as ``text``
    everywhere  replaced wherever it stands; else only where its surroundings tell what it is
    bounded     only as a word of its own
    """

    kind: str
    text: str
    stand_in: str
    everywhere: bool = True
    bounded: bool = False


def wire(text: str) -> str:
    """Text as wire text."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def unwired(wire_text: str, errors: Literal["replace", "surrogateescape"] = "replace") -> str:
    """Wire text as text; ``errors``: what becomes of bytes that are not UTF-8."""
    return wire_text.encode("latin-1").decode("utf-8", errors)


def made(kind: str, number: int, secret: str) -> str:
    """The stand-in with this number for ``secret``, both wire text."""
    if DIGITS.fullmatch(secret):
        return _last(str(number), len(secret), "0")
    if _MAC.fullmatch(secret):  # whose bytes are digits too: it may stand somewhere as bytes
        return "".join(f"{ord(digit):02x}" for digit in _last(str(number), len(secret) // 2, "0"))
    if _HEX.fullmatch(secret) and not secret.isalpha():
        return _last(str(number), len(secret), "0")
    label = f"{kind}{number}"
    plain = sum(char not in KEPT for char in _characters(secret))
    return spread(label + "x" * (plain - len(label)) if len(label) <= plain else _last(str(number), plain, "x"), secret)


def _last(number: str, length: int, fill: str) -> str:
    return number.rjust(length, fill)[-length:] if length else ""


def spread(stand_in: str, over: str) -> str:
    """``stand_in`` in the form of ``over``, character by character; those that are KEPT, and what they escape, stay."""
    said = iter(stand_in)
    text, escaped = [], False
    for char in _characters(over):
        if escaped or char in KEPT:
            text.append(char)
            escaped = char == "\\" and not escaped
            continue
        one = next(said, "x")
        width = len(char)
        if width > 1:
            wide = _WIDER_WORD if width == 2 and ord(char.encode("latin-1").decode()) > 0xFF else _WIDER[width]
            one = wire(wide)
        text.append(one)
    return "".join(text)


def _characters(text: str) -> list[str]:
    """Wire text cut into characters of UTF-8, and single bytes where it is not UTF-8."""
    return _CHARACTER.findall(text)


_CHARACTER = re.compile("[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}|.", re.DOTALL)
