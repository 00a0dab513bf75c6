"""The forms of a text: percent, JSON, Python, HTML; hexadecimal digits; lists of bytes; base64. Undone, done again."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from doctor.bundle.stand_in import unwired, wire

_ESCAPE = re.compile(
    r"(?P<pair>(?P<pb>\\+)u[dD][89abAB][0-9a-fA-F]{2}\\+u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?P<ub>\\+)u(?P<u>[0-9a-fA-F]{4})"
    r"|(?P<xb>\\+)x(?P<x>[0-9a-fA-F]{2})"
    r"|(?P<pc>%(?:25)*)(?P<p>[0-9a-fA-F]{2})"
    r"|&#0*(?P<d>[1-9]\d{0,6});|&#[xX]0*(?P<h>[0-9a-fA-F]{1,6});|&(?P<name>amp|lt|gt|quot|apos);"
    r"|\\+(?P<q>[\"'/])|(?P<bs>(?:\\\\)+)"
)
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}[ :-]?){4,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{12,}={0,2}")
_SEPARATORS = re.compile("[ :-]")
_BYTE = r"(?:0[xX][0-9a-fA-F]{1,2}|25[0-5]|2[0-4]\d|1?\d{1,2})\b"
_BYTES = re.compile(rf"(?<![\w.]){_BYTE}(?:\s*,\s*{_BYTE}){{3,}}")
_NUMBER = re.compile(_BYTE)


@dataclass(frozen=True)
class _Token:
    """One escape: where it stands in the text, what it stands for and where, and how another is written so."""

    start: int
    end: int
    at: int
    means: str
    again: Callable[[str], str]


class Unescaped:
    """A text with its escapes undone; ``means`` is what it says."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = list(_tokens(text)) if any(mark in text for mark in "%\\&") else []
        pieces, last = [], 0
        for token in self._tokens:
            pieces += [text[last : token.start], token.means]
            last = token.end
        self.means = "".join([*pieces, text[last:]])

    def again(self, means: str) -> str:
        """The text that says ``means``, which is as long as the own one, with the same escapes."""
        pieces, at = [], 0
        for token in self._tokens:
            pieces.append(means[at : token.at])
            at = token.at + len(token.means)
            now = means[token.at : at]
            pieces.append(self.text[token.start : token.end] if now == token.means else token.again(now))
        return "".join([*pieces, means[at:]])


def _tokens(text: str) -> Iterator[_Token]:
    at, last = 0, 0
    for found in _ESCAPE.finditer(text):
        means, again = _meaning(found)
        at += found.start() - last
        last = found.end()
        yield _Token(found.start(), last, at, means, again)
        at += len(means)


def _meaning(found: re.Match[str]) -> tuple[str, Callable[[str], str]]:
    """What an escape stands for, wire text, and how another character is written in its place."""
    whole = found[0]
    if found["pair"]:
        bars = found["pb"]
        code = [int(part, 16) for part in re.findall(r"u([0-9a-fA-F]{4})", whole)]
        means = wire(chr(0x10000 + ((code[0] - 0xD800) << 10) + code[1] - 0xDC00))
        return means, lambda now: "".join(
            f"{bars}u{int.from_bytes(pair, 'big'):04x}" for pair in _pairs(unwired(now).encode("utf-16-be", "replace"))
        )
    if found["u"]:
        bars = found["ub"]
        return _of_code(int(found["u"], 16)), lambda now: "".join(f"{bars}u{ord(char):04x}" for char in unwired(now))
    if found["x"]:
        code_x = int(found["x"], 16)
        bars_x = found["xb"]
        return chr(code_x), lambda now: f"{bars_x}x{ord(now[:1] or 'x'):02x}"
    if found["p"]:
        lead = found["pc"]
        return chr(int(found["p"], 16)), lambda now: f"{lead}{ord(now[:1] or 'x'):02X}"
    if found["d"] or found["h"]:
        code_e = int(found["d"] or found["h"], 10 if found["d"] else 16)
        return _of_code(code_e), lambda now: "".join(f"&#{ord(char)};" for char in unwired(now))
    if found["name"]:
        return _NAMED[found["name"]], lambda now: now
    if found["q"]:
        return found["q"], lambda now: now
    return "\\", lambda now: now


def _pairs(data: bytes) -> list[bytes]:
    return [data[at : at + 2] for at in range(0, len(data), 2)]


def _of_code(code: int) -> str:
    return wire(chr(code)) if code < 0xD800 or 0xDFFF < code < 0x110000 else "?"


def in_hex(text: str, change: Callable[[str], str]) -> str:
    """``text`` with ``change`` made to what its runs of hexadecimal digits stand for, at either alignment."""

    def changed(run: re.Match[str]) -> str:
        digits = _SEPARATORS.sub("", run[0])
        now = digits
        for odd in (0, 1):
            whole = now[odd : len(now) - (len(now) - odd) % 2]
            before = bytes.fromhex(whole).decode("latin-1")
            after = change(before)
            if after != before and len(after) == len(before):
                coded = after.encode("latin-1").hex()
                coded = coded.upper() if whole.upper() == whole else coded
                now = now[:odd] + coded + now[odd + len(whole) :]
        if now == digits:
            return run[0]
        said = iter(now)
        return "".join(char if _SEPARATORS.match(char) else next(said) for char in run[0])

    return _HEX.sub(changed, text)


def in_numbers(text: str, change: Callable[[str], str]) -> str:
    """``text`` with ``change`` made to what its lists of bytes stand for: numbers up to 255, a comma between them."""

    def changed(run: re.Match[str]) -> str:
        before = "".join(chr(_value(number[0])) for number in _NUMBER.finditer(run[0]))
        after = change(before)
        if len(after) != len(before):
            return run[0]
        now = zip(before, after, strict=True)
        return _NUMBER.sub(lambda number: _renumbered(number[0], *next(now)), run[0])

    return _BYTES.sub(changed, text)


def _value(number: str) -> int:
    return int(number, 16 if number[:2].lower() == "0x" else 10)


def _renumbered(number: str, before: str, after: str) -> str:
    """Another byte, written as ``number`` is, and as long: what does not fit loses its first digits."""
    if before == after:
        return number
    if number[:2].lower() == "0x":
        return number[:2] + f"{ord(after):02x}"[2 - len(number) :]
    digits = f"{ord(after):03}"[-len(number) :]
    return f"1{digits[1:]}" if digits[0] == "0" and digits != "0" else digits


def in_base64(text: str, change: Callable[[str], str]) -> str:
    """``text`` with ``change`` made to what its runs of base64 stand for, at any alignment."""

    def changed(run: re.Match[str]) -> str:
        now = run[0]
        for first in range(4):
            body = now[first:].rstrip("=")
            body = body[: len(body) - (len(body) % 4 == 1)]
            try:
                before = base64.b64decode(body + "=" * (-len(body) % 4)).decode("latin-1")
            except (binascii.Error, ValueError):
                continue
            after = change(before)
            if after != before and len(after) == len(before):
                coded = base64.b64encode(after.encode("latin-1")).decode().rstrip("=")
                now = now[:first] + coded + now[first + len(coded) :]
        return now

    return _BASE64.sub(changed, text)
