"""What the user pasted, made comparable: decoded, cut into lines with their numbers, cleaned and thinned."""

from __future__ import annotations

import codecs
import json
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from doctor.knowledge.chain import Text

MOST_BYTES = 64 << 20  #: what is read of one paste; a trace of a whole flash has 14 MB
THIN_FROM_CHARS = 100_000  #: pastes below are searched whole
_SEEN_ENOUGH = 3  #: so often a line of one shape is news
_AROUND_NEWS = 60  #: lines kept on both sides of news: what context rules look at
_MOST_PLACES = 40  #: occurrences of a fixed part that are looked at, from both ends of the paste
_LAST_LINES = 200  #: kept whatever they hold: how it ended matters

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_ENTITY = re.compile(r"&(?:gt|lt|quot|amp|nbsp|#39|#x27);")
_LINE_END = re.compile(r"\r\n|\n|\r+|\x0b|\x0c|\x85|\u2028|\u2029")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_RARE = re.compile(r"[^\n\r -~\xa0-\u2027\u202a-\uffff]")  #: what needs a second look: control marks, rare line ends
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_TRACE_HEAD = re.compile(rb'\s*\{"t": ?[\d.]+, ?"dir": ?"')
_STRAIGHT = {
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u00b4": "'",
    "\u00a0": " ",
}
#: Letters outside ASCII that ``re`` takes for i, s and k when it ignores case; lower case makes two of the first.
_ODD_CASES = "\u0130\u0131\u017f\u212a"
_DIGITS = bytes.maketrans(b"0123456789#", b"0000000000 ")


@dataclass(frozen=True)
class Paste:
    """One paste as lines.

    numbers  the number that each line has in what was given, from 1
    raw      the lines joined by newlines, cleaned, typographic quotes as they were
    text     the same with straight quotes; every character at the same place as in ``raw``
    cut      whether some of what was given was left out because there was too much
    """

    numbers: tuple[int, ...]
    raw: str
    text: str
    cut: bool = False

    @cached_property
    def lowered(self) -> str:
        """The text in lower case, for fixed parts. Its places are not those of ``text``."""
        return self.text.lower()

    @cached_property
    def lowers_plainly(self) -> bool:
        """Whether ``lowered`` keeps every place, and no letter but its capital is like a letter of ASCII."""
        return not any(odd in self.text for odd in _ODD_CASES)

    @cached_property
    def ends(self) -> array[int]:
        """Where each line but the last ends in ``text``."""
        return array("L", (found.start() for found in re.finditer("\n", self.text)))

    @cached_property
    def starts(self) -> array[int]:
        """Where each line begins in ``text``."""
        return array("L", (0, *(end + 1 for end in self.ends)))

    @cached_property
    def lines(self) -> list[str]:
        """The lines."""
        return self.raw.split("\n")

    @cached_property
    def _found(self) -> dict[str, list[int]]:
        return {}

    def places(self, part: str) -> list[int]:
        """Where this fixed part (in lower case) stands; of a very frequent one the first and last places only."""
        # Lower case keeps the places in all but a few scripts; whoever asks looks around them anyway.
        if part not in self._found:
            self._found[part] = _places(part, self.lowered)
        return self._found[part]

    def index(self, place: int) -> int:
        """Index of the line that holds this place of the text."""
        return bisect_right(self.starts, place) - 1

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Where the lines from ``first`` to before ``last`` begin and end in the text."""
        first, last = max(first, 0), min(last, len(self.starts))
        if first >= last:
            return 0, 0
        return self.starts[first], self.starts[last] - 1 if last < len(self.starts) else len(self.text)

    def slice(self, first: int, last: int) -> str:
        """The text of the lines from ``first`` to before ``last``."""
        start, end = self.span(first, last)
        return self.text[start:end]

    def searched(self, start: int = 0, end: int | None = None, *, raw: bool = False) -> Text:
        """The text from ``start`` to ``end`` for expressions; ``raw`` with its typographic quotes."""
        lowered = self.lowered if self.lowers_plainly else None
        return Text(self.raw if raw else self.text, lowered, self.ends, start, end)


def _places(part: str, text: str) -> list[int]:
    places: list[int] = []
    at = text.find(part)
    while at >= 0 and len(places) < _MOST_PLACES:
        places.append(at)
        at = text.find(part, at + 1)
    if at >= 0:
        late: list[int] = []
        at = text.rfind(part)
        while at > places[-1] and len(late) < _MOST_PLACES:
            late.append(at)
            at = text.rfind(part, 0, at)
        places += reversed(late)
    return places


def read(data: bytes) -> Paste:
    """The paste that these bytes hold, whatever their encoding and line ends; a trace of ours becomes its dialogue."""
    cut = len(data) > MOST_BYTES
    data = data[:MOST_BYTES]
    numbered = list(_trace_lines(data) if _TRACE_HEAD.match(data) else _text_lines(decode(data)))
    if sum(len(line) for _, line in numbered) > THIN_FROM_CHARS:
        numbered = _thinned(numbered)
    raw = "\n".join(line for _, line in numbered)
    text = raw
    if not raw.isascii():
        for curly, straight in _STRAIGHT.items():
            text = text.replace(curly, straight)
    return Paste(tuple(number for number, _ in numbered) or (1,), raw, text, cut)


def decode(data: bytes) -> str:
    """Text of any encoding that a terminal or an editor saves in."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    wide = _utf16_without_mark(data)
    if wide:
        return data.decode(wide, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as err:
        # A log in UTF-8 with a few bytes of line noise, or an older encoding: UTF-8 has sequences of several bytes.
        if re.search(rb"[\xc3-\xf4][\x80-\xbf]", data) or err.start > len(data) - 4:
            return data.decode("utf-8", "backslashreplace")
        return data.decode("cp1252", "backslashreplace")


def _utf16_without_mark(data: bytes) -> str:
    sample = data[:4096]
    half = len(sample) // 2
    if half < 4:
        return ""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.4 and odd < half * 0.05 else ""


def _text_lines(text: str) -> Iterator[tuple[int, str]]:
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    if "&" in text and _ENTITY.search(text):
        import html  # its table of entities is large, and few pastes are saved web pages

        text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    if "…" in text:
        text = text.replace("…", "...")
    if _INVISIBLE.search(text):
        text = _INVISIBLE.sub("", text)
    if "\r" not in text.replace("\r\n", "\n") and not _RARE.search(text):
        yield from enumerate((line.rstrip() for line in text.replace("\r\n", "\n").split("\n")), 1)
        return
    number = 1
    place = 0
    overwritten: str | None = None
    for end in _LINE_END.finditer(text):
        line, mark = text[place : end.start()], end[0]
        place = end.end()
        redraw = mark.startswith("\r") and mark != "\r\n" and "\n" in text[place : place + 65536]
        if redraw:
            # A bar drawn over itself counts as one line, like in the editor that shows the file.
            if overwritten is not None and _shape(line) != _shape(overwritten) and overwritten.strip():
                yield number, _clean(overwritten)
            overwritten = line
            continue
        if overwritten is not None and overwritten.strip() and _shape(line) != _shape(overwritten):
            yield number, _clean(overwritten)
        overwritten = None
        yield number, _clean(line)
        number += 1
    last = text[place:]
    if overwritten is not None and overwritten.strip() and _shape(last) != _shape(overwritten):
        yield number, _clean(overwritten)
    if last:
        yield number, _clean(last)


def _shape(line: str) -> str:
    return " ".join(line.encode("utf-8", "replace").translate(_DIGITS).decode("utf-8", "replace").split())


def _clean(line: str) -> str:
    if line.isprintable():
        return line.rstrip()
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", line.replace("\t", "    ")).rstrip()


def _trace_lines(data: bytes) -> Iterator[tuple[int, str]]:
    """The dialogue of a trace of ours (doctor/trace.py): what was sent and what came, a line each."""
    pending, begun, direction = "", 1, ""
    for number, line in enumerate(data.splitlines(), 1):
        try:
            record = json.loads(line)
            way = str(record["dir"])
            text = _wire_text(bytes.fromhex(record["hex"])) if "hex" in record else ""
        except (ValueError, KeyError, TypeError):
            continue
        if way not in ("rx", "tx"):
            continue
        if way != direction and pending:
            yield begun, pending
            pending = ""
        direction = way
        pieces = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if not pending:
            begun = number
        pending += pieces[0]
        for piece in pieces[1:]:
            if pending:
                yield begun, pending
            pending, begun = piece, number
    if pending:
        yield begun, pending


def _wire_text(data: bytes) -> str:
    text = data.replace(b"\x04", b"").decode("latin-1")  # the end marks of the raw REPL
    odd = sum(1 for char in text if not (" " <= char <= "~" or char in "\r\n\t"))
    if len(data) >= 16 and odd > len(data) // 3 and data.strip(b"\x00"):
        return f"<{len(data)} bytes of data>\n"
    return "".join(c if " " <= c <= "~" or c in "\r\n" else f"\\x{ord(c):02x}" for c in text)


def _thinned(numbered: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Without the bulk of what repeats itself: long logs are mostly the same lines with other numbers."""
    shapes = "\n".join(line for _, line in numbered).encode("utf-8", "replace").translate(_DIGITS).split(b"\n")
    seen: dict[bytes, int] = {}
    keep = bytearray(len(numbered))
    kept_to = 0
    for at, shape in enumerate(shapes):
        times = seen.get(shape, 0)
        seen[shape] = times + 1
        if times < _SEEN_ENOUGH or at >= len(shapes) - _LAST_LINES:
            first, end = max(kept_to, at - _AROUND_NEWS), min(len(shapes), at + _AROUND_NEWS + 1)
            if end > kept_to:
                keep[first:end] = b"\x01" * (end - first)
                kept_to = end
    return [line for line, kept in zip(numbered, keep, strict=True) if kept]
