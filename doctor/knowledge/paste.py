"""What the user pasted, made comparable: decoded, cut into lines with their numbers, cleaned and thinned."""

from __future__ import annotations

import codecs
import io
import itertools
import re
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from doctor.documents.trace_lines import FOUND, RX, TX, is_trace, lines_of
from doctor.knowledge import errnos, markup
from doctor.knowledge.chain import Text

MOST_BYTES = 64 << 20  #: what is read of one paste; a trace of a whole flash has 14 MB
THIN_FROM_CHARS = 100_000  #: pastes below are searched whole
MOST_KEPT_CHARS = 2_000_000  #: of a thinned paste, before its last lines: more news than that is in no log
_MOST_SHAPES = 50_000  #: shapes of lines that are remembered
_MOST_BLANK = 2  #: blank lines in a row that are kept
MOST_LINE_CHARS = 100_000  #: kept of one line
_SEGMENT_CHARS = 1 << 13  #: cleaned at once, so that copies of the whole are few
_SEEN_ENOUGH = 3  #: so often a line of one shape is news
FAILED = ("fail", "error")  #: what a finding of ours says of a check that closes the gate
_MOST_ID_CHARS = 60
_FOR_THE_MODEM = re.compile(r"AT\b|AT[+!^&EIZ]|\+\+\+|<\d+ bytes of data>", re.IGNORECASE)
_AROUND_NEWS = 60  #: lines kept on both sides of news: what context rules look at
_MOST_PLACES = 40  #: occurrences of a fixed part that are looked at, from both ends of the paste
_LAST_LINES = 200  #: kept whatever they hold: how it ended matters

_JUNK_BLOCK = 1024
_JUNK_BLOCKS = 2  #: of a file that is not text, this much is looked at; the rest costs as little as text does
_JUNK_SHARE = 25  #: one byte in so many is a control character: no console shows that for so long
_IN_NO_TEXT = bytes({*range(1, 32), 127} - {*b"\x04\b\t\n\v\f\r\x1b"})
_JUNK_SHOWN = bytes(code if 32 <= code < 127 or code in b"\n\v\f\r" else 46 for code in range(256))

_LINE_END = re.compile(r"\r\n|\n|\r+|\x0b|\x0c|\x85|\u2028|\u2029")
_SHOWN = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code != 10} | {9: "    "}
_RARE = re.compile(r"[^\n\r -~\xa0-\u2027\u202a-\uffff]")  #: what needs a second look: control marks, rare line ends
_STRAIGHT = {
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u00b4": "'",
    "\u2010": "-",
    "\u2011": "-",
    "\u2212": "-",
    "\u00a0": " ",
}
_ADDED = "\x01"  #: in no cleaned line: control characters are shown as ``\\x01``
_ADDITION = re.compile(f"{_ADDED}[^{_ADDED}]*{_ADDED}")
_BARE_ERRNO = re.compile(
    r"(?:(?i:OSError):? ?\(?(?:\[?Errno )?|\b(?i:errno)[ =:]{1,3})(\d{1,3})\]?(?=[\s,.;:)?!\\'\x22]|\Z)(?! [A-Z])"
)
#: Letters outside ASCII that ``re`` takes for i, s and k when it ignores case; lower case makes two of the first.
_ODD_CASES = "\u0130\u0131\u017f\u212a"
_DIGITS = bytes.maketrans(b"0123456789#", b"0000000000 ")


@dataclass(frozen=True)
class Paste:
    """One paste as lines.

    numbers  the number that each line has in what was given, from 1
    raw      the lines joined by newlines, cleaned, typographic quotes as they were
    text     the same with straight quotes; every character at the same place as in ``raw``

    Behind the bare number of an error both have its name, between marks that no paste can hold.
    cut      whether some of what was given was left out because there was too much
    """

    numbers: array[int]
    raw: str
    text: str
    cut: bool = False

    @cached_property
    def lowered(self) -> str:
        """The text in lower case, for fixed parts. Its places are not those of ``text``."""
        # In pieces: beyond ASCII, ``lower`` takes twelve bytes a character while it works.
        pieces = range(0, len(self.text), _SEGMENT_CHARS)
        return "".join(self.text[place : place + _SEGMENT_CHARS].lower() for place in pieces)

    @cached_property
    def lowers_plainly(self) -> bool:
        """Whether ``lowered`` keeps every place, and no letter but its capital is like a letter of ASCII."""
        return not any(odd in self.text for odd in _ODD_CASES)

    @cached_property
    def ends(self) -> array[int]:
        """Where each line but the last ends in ``text``."""
        return array("I", (found.start() for found in re.finditer("\n", self.text)))

    @property
    def lines(self) -> list[str]:
        """The lines, as they were typed."""
        return [self.line(index) for index in range(len(self.numbers))]

    def line(self, index: int) -> str:
        """One line, as it was typed."""
        start, end = self.span(index, index + 1)
        return _ADDITION.sub("", self.raw[start:end])

    @cached_property
    def found(self) -> dict[str, list[tuple[int, int]]]:
        """Where expressions stand that were searched in the whole text."""
        return {}

    @cached_property
    def _found(self) -> dict[str, list[int]]:
        return {}

    def places(self, part: str) -> list[int]:
        """Where this fixed part (in lower case) stands; of a very frequent one the first and last places only."""
        # Lower case keeps the places in all but a few scripts; the caller looks around them anyway.
        if part not in self._found:
            self._found[part] = _places(part, self.lowered)
        return self._found[part]

    def index(self, place: int) -> int:
        """Index of the line that holds this place of the text."""
        return bisect_left(self.ends, place)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Where the lines from ``first`` to before ``last`` begin and end in the text."""
        first, last = max(first, 0), min(last, len(self.numbers))
        if first >= last:
            return 0, 0
        start = self.ends[first - 1] + 1 if first else 0
        return start, self.ends[last - 1] if last < len(self.numbers) else len(self.text)

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


#: A number of five digits, or a word before one, as a program reads it from a picture.
_MISREAD = re.compile(
    r"\bBoot[1I|]oader|(?<![A-Za-z0-9])(?=\d{0,4}[OolI])(?=[0-9OolI]{5}(?![A-Za-z0-9]))(?:[OolI]*\d){3}[0-9OolI]*"
)
_LETTERS_AS_DIGITS = str.maketrans("OolI", "0011")


def read(data: bytes) -> Paste:
    """The paste that these bytes hold, whatever their encoding and line ends; a trace of ours becomes its dialogue."""
    cut = len(data) > MOST_BYTES
    data = data[:MOST_BYTES]
    lines = _trace_lines(data) if is_trace(data) else _numbered(decode(data))
    kept = _Kept()
    for number, line in lines:
        kept.add(number, line)
        if kept.chars > THIN_FROM_CHARS:
            kept, left_out = _thinned(itertools.chain(kept.lines(), lines))
            cut = cut or left_out
            break
    raw = kept.text()
    if "OSError" in raw or "rrno" in raw:
        raw = _BARE_ERRNO.sub(_with_name, raw)
    raw = _MISREAD.sub(_as_digits, raw)
    text = raw
    if not raw.isascii():
        for curly, straight in _STRAIGHT.items():
            text = text.replace(curly, straight)
    return Paste(kept.numbers or array("I", (1,)), raw, text, cut)


def _as_digits(found: re.Match[str]) -> str:
    return "Bootloader" if found[0].startswith("B") else found[0].translate(_LETTERS_AS_DIGITS)


def _with_name(found: re.Match[str]) -> str:
    """The name behind a bare number, as old MicroPython prints it."""
    known = errnos.meanings().get(int(found[1]))
    return f"{found[0]}{_ADDED}[Errno {known.number}] {known.name}{_ADDED}" if known else found[0]


class _Kept:
    """Lines with their numbers, in little room."""

    def __init__(self) -> None:
        self.numbers = array("I")
        self.chars = 0
        self._pieces: list[str] = []
        self._last: list[str] = []
        self._blank = 0

    def add(self, number: int, line: str) -> None:
        line = line[:MOST_LINE_CHARS]
        self._blank = 0 if line else self._blank + 1
        if self._blank > _MOST_BLANK:
            return
        self.numbers.append(number)
        self.chars += len(line) + 1
        self._last.append(line)
        if len(self._last) > 500:
            self._pieces.append("\n".join(self._last))
            self._last = []

    def text(self) -> str:
        return "\n".join((*self._pieces, *self._last)) if self._last else "\n".join(self._pieces)

    def lines(self) -> Iterator[tuple[int, str]]:
        text, place = self.text(), 0
        for number in self.numbers:
            end = text.find("\n", place)
            end = end if end >= 0 else len(text)
            yield number, text[place:end]
            place = end + 1


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a text with their numbers, cleaned piece by piece."""
    text = markup.in_lines(text)
    place, number, indented = 0, 1, markup.indent(text)
    while place < len(text) or not place:
        end = place + _SEGMENT_CHARS
        at = text.rfind("\n", place, end) if end < len(text) else -1
        end = at if at > place else end
        number = yield from _text_lines(markup.without(text[place:end], indented), number)
        if text[end : end + 1] not in ("", "\n") and "\r" not in text[place:end]:
            end = rest if (rest := text.find("\n", end)) >= 0 else len(text)  # the rest of an endless line
        whole = text[end : end + 1] == "\n"
        number, place = number + whole, end + whole


def decode(data: bytes) -> str:
    """Text of any encoding that a terminal or an editor saves in."""
    marked = by_mark(data)
    if marked is not None:
        return marked
    wide = _utf16_without_mark(data)
    if wide:
        return data.decode(wide, "replace")
    data = _without_junk(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as err:
        # A log in UTF-8 with a few bytes of line noise, or an older encoding: UTF-8 has sequences of several bytes.
        if re.search(rb"[\xc3-\xf4][\x80-\xbf]", data) or err.start > len(data) - 4:
            return data.decode("utf-8", "backslashreplace")
        return data.decode("cp1252", "backslashreplace")


def by_mark(data: bytes) -> str | None:
    """Text that begins with a mark of its encoding, without the mark; None if there is no mark."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    return None


def _without_junk(data: bytes) -> bytes:
    """The same in ASCII if it is a file and no text: the first of it with its bytes shown, then full stops."""
    if len(data) - len(data.translate(None, _IN_NO_TEXT)) < _JUNK_BLOCK // _JUNK_SHARE:
        return data
    blocks, junk = [], 0
    for place in range(0, len(data), _JUNK_BLOCK):
        block = data[place : place + _JUNK_BLOCK]
        junk += (is_junk := len(block) - len(block.translate(None, _IN_NO_TEXT)) > len(block) // _JUNK_SHARE)
        if is_junk and junk <= _JUNK_BLOCKS:
            block = block.decode("ascii", "backslashreplace").encode()
        blocks.append(block.translate(_JUNK_SHOWN) if is_junk and junk > _JUNK_BLOCKS else block)
    return b"".join(blocks)


def _utf16_without_mark(data: bytes) -> str:
    sample = data[:4096]
    half = len(sample) // 2
    if half < 4:
        return ""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.4 and odd < half * 0.05 else ""


def _text_lines(text: str, number: int) -> Generator[tuple[int, str], None, int]:
    """The lines of a text, numbered from ``number``; returns the number of the last."""
    plain = text.replace("\r\n", "\n")
    if "\r" in plain or _RARE.search(text):
        return (yield from _drawn_lines(text, number))
    lines = plain.split("\n")
    yield from enumerate((line.rstrip() for line in lines), number)
    return number + len(lines) - 1


def _drawn_lines(text: str, number: int) -> Generator[tuple[int, str], None, int]:
    """As ``_text_lines``. A bar drawn over itself counts as one line, like in the editor that shows the file."""
    place, overwritten = 0, ""
    for end in _LINE_END.finditer(text):
        line, mark = text[place : end.start()], end[0]
        place = end.end()
        yield from _left_standing(number, overwritten, line)
        if mark.startswith("\r") and mark != "\r\n" and "\n" in text[place : place + 65536]:
            overwritten = line
        else:
            yield number, _clean(line)
            number, overwritten = number + 1, ""
    last = text[place:]
    yield from _left_standing(number, overwritten, last)
    if last:
        yield number, _clean(last)
    return number


def _left_standing(number: int, overwritten: str, line: str) -> Iterator[tuple[int, str]]:
    """What was drawn over by ``line``, if that says something else."""
    if overwritten.strip() and _shape(line) != _shape(overwritten):
        yield number, _clean(overwritten)


def _shape(line: str) -> str:
    return " ".join(line.encode("utf-8", "replace").translate(_DIGITS).decode("utf-8", "replace").split())


def _clean(line: str) -> str:
    if line.isprintable():
        return line.rstrip()
    return line.translate(_SHOWN).rstrip()


def _trace_lines(data: bytes) -> Iterator[tuple[int, str]]:
    """The dialogue of a trace of ours (doctor/link/trace.py): what came, and what went to the modem, a line each.

    Our code for the board is left out: it names errors that it expects. A check that failed is a line that names its
    entry: what a modem says may have come as code for the board.
    """
    return ((number, text) for number, way, text in _dialogue(data) if way != TX or _FOR_THE_MODEM.match(text))


def _dialogue(data: bytes) -> Iterator[tuple[int, str, str]]:
    pending, begun, direction = "", 1, ""
    for line in lines_of(io.BytesIO(data)):
        number, way = line.number, line.what
        if way == FOUND and (named := _named(line.members.get("value"))):
            yield number, FOUND, f"known as: {named}"
        if way not in (RX, TX):
            continue
        text = _wire_text(line.data)
        if way != direction and pending:
            yield begun, direction, pending
            pending = ""
        direction = way
        pieces = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if not pending:
            begun = number
        pending += pieces[0]
        for piece in pieces[1:]:
            if pending:
                yield begun, direction, pending
            pending, begun = piece, number
    if pending:
        yield begun, direction, pending


def _named(finding: Any) -> str:
    """The entry that a finding in a trace names as a failure; empty if it names none."""
    failed = isinstance(finding, dict) and finding.get("status") in FAILED
    return str(finding.get("catalogue") or "")[:_MOST_ID_CHARS] if failed else ""


def _wire_text(data: bytes) -> str:
    text = data.replace(b"\x04", b"").decode("latin-1")  # the end marks of the raw REPL
    odd = sum(1 for char in text if not (" " <= char <= "~" or char in "\r\n\t"))
    if len(data) >= 16 and odd > len(data) // 3 and data.strip(b"\x00"):
        return f"<{len(data)} bytes of data>\n"
    return "".join(c if " " <= c <= "~" or c in "\r\n" else f"\\x{ord(c):02x}" for c in text)


def _thinned(lines: Iterator[tuple[int, str]]) -> tuple[_Kept, bool]:
    """Without the bulk of what repeats itself, as long logs do; and whether news were left out, too."""
    kept, seen = _Kept(), dict[int, int]()
    before: deque[tuple[int, str]] = deque(maxlen=_AROUND_NEWS)
    last: deque[tuple[int, str]] = deque(maxlen=_LAST_LINES)
    after, kept_to, full = 0, 0, False
    for number, line in lines:
        last.append((number, line))
        shape = hash(line.encode("utf-8", "replace").translate(_DIGITS))
        times = seen.get(shape, 0)
        if times or len(seen) < _MOST_SHAPES:
            seen[shape] = times + 1
        if times < _SEEN_ENOUGH:
            if kept.chars > MOST_KEPT_CHARS:
                full = True
                continue
            for pair in before:
                kept.add(*pair)
            before.clear()
            after = _AROUND_NEWS + 1
        if after:
            kept.add(number, line)
            kept_to, after = number, after - 1
        else:
            before.append((number, line))
    for number, line in last:
        if number > kept_to:
            kept.add(number, line)
    return kept, full
