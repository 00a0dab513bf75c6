"""A trace with stand-ins that still plays back: same bytes in number, same proofs, other secrets.

What crossed the port is several things within each other: text of the board and of the modem, rows of an answer with
their hashes (board/storage/proof.py), base64 of a file or of what the modem said, frames of STP. Each is masked as what
it says, however it was cut into lines of the trace, and what proves it is made anew.
"""

from __future__ import annotations

import ast
import base64
import binascii
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from doctor.board.snippets import checksum, quoted
from doctor.board.storage.proof import END, chain, digest
from doctor.bundle.edits import NOTHING, Edit, Edited, Left
from doctor.bundle.mask import Mask
from doctor.bundle.stand_in import unwired, wire
from doctor.documents import foreign_json
from doctor.documents.trace_lines import RX, TX, read_line
from doctor.updater import stp

PAYLOAD_KEPT = 64  #: bytes of an STP frame that are no firmware; answers of the modem have a dozen
MOST_CONTENT = 1 << 17  #: bytes of one file of a board that are kept; scripts have a tenth of it
_ROW = re.compile(r'@@FD \["([0-9a-f]*)", (-?\d{1,9}), ')
_CAME = re.compile(r'@@FD "([A-Za-z0-9+/=]*)"')
_SENT = re.compile(r"_fd_x\('([A-Za-z0-9+/=]*)', \d+, \d+\)")
_WRITTEN = re.compile(r"_fd_w\(\d+, '([^']*)'")
_GUARDED = re.compile(
    r"c = ('(?:[^'\\\r\n]|\\.)*'|\"(?:[^\"\\\r\n]|\\.)*\")\n if \(len\(c\), [^\n]*\) == \((\d+), (\d+)\):"
)
#: Base64 outside rows that are sound: the line or another thread has spoiled them, nobody can read them, and they may
#: hold half a secret. Words of people have no small and large letters and digits in such a length.
_SPOILED = re.compile(
    r"(?=[A-Za-z+/]{0,99}\d)(?=[A-Z0-9+/]{0,99}[a-z])(?=[a-z0-9+/]{0,99}[A-Z])[A-Za-z0-9+/]{14,}={0,2}"
)
_HEX = re.compile(r'"[0-9a-f]*"')  #: of a hash, or of a board's number
_BASE64 = re.compile(r'"([A-Za-z0-9+/]*={0,2})"')
_FRAME = re.compile((stp.REQUEST + b"|" + stp.REPLY).decode("latin-1"))


@dataclass
class _Row:
    """A row of an answer: where its text stands, and its hash; the text that it has after masking."""

    number: int
    start: int
    end: int
    text: str
    hash_at: int
    hash: str
    now: str = ""

    @property
    def hash_span(self) -> tuple[int, int]:
        """Where its hash stands."""
        return self.hash_at, self.hash_at + len(self.hash)


@dataclass
class _Answer:
    """Rows up to the one with which an answer was whole, among them those of tries that were not; by number."""

    rows: list[_Row] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    end: _Row | None = None

    @property
    def whole(self) -> list[str]:
        """The texts of the answer in order."""
        return [self.texts[number] for number in sorted(self.texts)]


class _Stream:
    """All bytes of one direction, as wire text, and what is in them."""

    def __init__(self, text: str, way: str) -> None:
        self.text = text
        self.frames = list(_frames(text))
        self.rows = list(_rows(text)) if way == RX else []
        self.answers = list(_answers(self.rows))
        self.contents = list(_contents(self.answers))
        carried = (_CAME if way == RX else _SENT).finditer(text)
        self.carried = [found.span(1) for found in carried if _decoded(found[1]) is not None]
        modem = "".join(_decoded(text[slice(*span)]) or "" for span in self.carried)
        self.written = [found.span(1) for found in _WRITTEN.finditer(text)] if way == TX else []
        taken = [span for row in self.rows for span in ((row.start, row.end), row.hash_span)]
        self._left = Left(text, [*taken, *self.frames, *self.carried, *self.written])
        self._left_of_modem = Left(modem, list(_frames(modem)))
        self._is_rx = way == RX

    def texts(self) -> Iterator[str]:
        """What may tell of something private."""
        yield self._left.text
        yield self._left_of_modem.text
        for rows in self.contents:
            yield _content(rows)
        of_contents = {id(row) for rows in self.contents for row in rows}
        yield "\n".join(row.text for row in self.rows if id(row) not in of_contents)

    def hashes(self, mask: Mask) -> Iterator[tuple[str, str]]:
        """The hash of each file that was read, and of what is in its place."""
        for rows in self.contents:
            before = _content(rows).encode("latin-1")
            after = _masked_content(rows, mask).encode("latin-1")
            if before != after:
                yield sha256(before).hexdigest(), sha256(after).hexdigest()

    def edits(self, mask: Mask) -> Iterator[Edit]:
        """All that changes."""
        yield from self._rows_now(mask)
        now = _same_length(mask, self._left.text)
        if self._is_rx:
            now = _SPOILED.sub(lambda found: "A" * len(found[0]), now)
        yield from self._left.edits(now)
        modem = self._left_of_modem.filled(_same_length(mask, self._left_of_modem.text))
        at = 0
        for span in self.carried:
            length = len(_decoded(self.text[slice(*span)]) or "")
            yield Edit(*span, base64.b64encode(modem[at : at + length].encode("latin-1")).decode())
            at += length
        for start, end in self.written:
            yield Edit(start, end, "A" * (end - start))
        for start, end in self.frames:
            yield Edit(start, end, "", blank=True)

    def _rows_now(self, mask: Mask) -> Iterator[Edit]:
        for rows in self.contents:
            data = _masked_content(rows, mask)
            for row in rows:
                length = len(_decoded(row.text[1:-1]) or "")
                row.now = f'"{base64.b64encode(data[:length].encode("latin-1")).decode()}"'
                data = data[length:]
        for answer in self.answers:
            same = {(row.number, row.text): row.now for row in answer.rows if row.now}
            for row in answer.rows:
                row.now = same.get((row.number, row.text)) or _same_length(mask, row.text)
                same[row.number, row.text] = row.now
            if answer.end is not None:
                texts = [same[number, answer.texts[number]] for number in sorted(answer.texts)]
                answer.end.now = answer.end.text.replace(_chained(answer.whole), _chained(texts))
        for row in self.rows:
            text = row.now or row.text
            yield Edit(row.start, row.end, text)
            if row.hash:
                yield Edit(*row.hash_span, _digested(row.number, text))


class MaskedTrace:
    """A trace that is to be masked. First ``learn`` from all files, then ``know_hashes`` of all, then ``masked``."""

    def __init__(self, data: bytes) -> None:
        self._lines: list[tuple[dict[str, Any], bytes | None]] = []
        for text in data.splitlines():
            try:
                line = read_line(text)
            except ValueError:
                continue
            self._lines.append((dict(line.members), line.data if line.what in (RX, TX) else None))
        self._ways = {way: _Stream(self._whole(way), way) for way in (RX, TX)}

    def learn(self, mask: Mask) -> None:
        """Look for what is private."""
        for members, data in self._lines:
            if data is None:
                mask.learn(wire(json.dumps(members)))
        for way in self._ways.values():
            for text in way.texts():
                mask.learn(text)

    def know_hashes(self, mask: Mask) -> None:
        """The board says the hash of a file that it sent: another one belongs to what is sent in its place."""
        for way in self._ways.values():
            for before, after in way.hashes(mask):
                mask.know_as("hash", before, after)

    def masked(self, mask: Mask) -> bytes:
        """The trace with stand-ins."""
        pieces = {way: iter(self._pieces(way, mask)) for way in self._ways}
        lines = []
        for members, data in self._lines:
            if data is None:
                marked = {**members, "masked": True} if members.get("dir") == "trace" else members
                lines.append(mask.masked(wire(json.dumps(marked))))
                continue
            for text, blank in next(pieces[members["dir"]]):
                said = {"t": members.get("t", 0), "dir": members["dir"], "hex": text.encode("latin-1").hex()}
                lines.append(json.dumps({**said, "blank": blank} if blank else said))
        return "".join(f"{line}\n" for line in lines).encode("latin-1")

    def _whole(self, way: str) -> str:
        return b"".join(data for members, data in self._lines if data and members["dir"] == way).decode("latin-1")

    def _pieces(self, way: str, mask: Mask) -> Iterator[list[tuple[str, int]]]:
        """For each line of this direction its bytes; behind each piece the number of those that are not kept."""
        stream = self._ways[way]
        edits = _resummed(stream.text, stream.edits(mask)) if way == TX else list(stream.edits(mask))
        edited = Edited(stream.text, edits)
        for members, data in self._lines:
            if data is not None and members["dir"] == way:
                yield edited.take(len(data))


def _frames(text: str) -> Iterator[tuple[int, int]]:
    """Where the long payloads of STP frames are (modem-protocol.md 4.1); one that was cut ends with the stream."""
    at = 0
    while (found := _FRAME.search(text, at)) is not None:
        at = found.end()
        header = text[found.start() : found.start() + stp.HEADER_BYTES].encode("latin-1")
        if len(header) < stp.HEADER_BYTES:
            return
        op, _, length, *_ = stp.unpack(header)
        if op < 0:
            continue
        start = found.start() + stp.HEADER_BYTES
        at = min(len(text), start + length)
        if length > PAYLOAD_KEPT:
            yield start, at


def _rows(text: str) -> Iterator[_Row]:
    """The rows of answers whose hash fits, and those of releases that cannot hash."""
    for found in _ROW.finditer(text):
        try:
            _, end = foreign_json.first_in(text, found.end())
        except ValueError:
            continue
        number, said = int(found[2]), text[found.end() : end]
        if text[end : end + 1] == "]" and (not found[1] or found[1] == _digested(number, said)):
            yield _Row(number, found.end(), end, said, found.start(1), found[1])


def _answers(rows: Sequence[_Row]) -> Iterator[_Answer]:
    """The rows as they belong together: an answer that did not come whole is asked for again."""
    answer = _Answer()
    before: list[str] | None = None
    for row in rows:
        if row.number != END:
            answer.rows.append(row)
            answer.texts[row.number] = row.text
            continue
        count = next(map(int, re.findall(r"\d+", row.text)), 0)
        known = {number: text for number, text in answer.texts.items() if number < count}
        whole = [known[number] for number in sorted(known)]
        proved = f'"{_chained(whole)}"' in row.text if row.hash else whole == before  # or it has come twice alike
        before = whole
        if len(known) == count and proved:
            answer.texts, answer.end = known, row if row.hash else None
            yield answer
            answer, before = _Answer(), None
    yield answer


def _contents(answers: Sequence[_Answer]) -> Iterator[list[_Row]]:
    """The rows that hold one file: base64, in one answer or several that follow each other."""
    content: list[_Row] = []
    for answer in answers:
        rows = _in_order(answer)
        if rows and all(_is_piece(row.text) for row in rows):
            content += rows
            continue
        if content:
            yield content
        content = []
    if content:
        yield content


def _in_order(answer: _Answer) -> list[_Row]:
    last = {row.number: row for row in answer.rows if answer.texts.get(row.number) == row.text}
    return [last[number] for number in sorted(last)]


def _is_piece(text: str) -> bool:
    return _BASE64.fullmatch(text) is not None and not _HEX.fullmatch(text) and _decoded(text[1:-1]) is not None


def _content(rows: Sequence[_Row]) -> str:
    return "".join(_decoded(row.text[1:-1]) or "" for row in rows)


def _masked_content(rows: Sequence[_Row], mask: Mask) -> str:
    content = _content(rows)
    return NOTHING * len(content) if len(content) > MOST_CONTENT else _same_length(mask, content)


def _decoded(text: str) -> str | None:
    """What base64 says, as wire text; None if it is none that a board writes."""
    try:
        return base64.b64decode(text, validate=True).decode("latin-1")
    except (binascii.Error, ValueError):
        return None


def _same_length(mask: Mask, text: str) -> str:
    """``text`` masked; the lines that would become longer or shorter are made unreadable instead."""
    now = mask.masked(text)
    if len(now) == len(text):
        return now
    lines = ((line, mask.masked(line)) for line in text.split("\n"))
    return "\n".join(after if len(after) == len(line) else "x" * len(line) for line, after in lines)


def _resummed(text: str, edits: Iterator[Edit]) -> list[Edit]:
    """The edits of what was sent, and the checksums of the code that they change (snippets.guarded)."""
    changed = sorted(edits, key=lambda edit: edit.start)
    sums = []
    for found in _GUARDED.finditer(text):
        within = [edit for edit in changed if found.start(1) <= edit.start and edit.end <= found.end(1)]
        if not within or any(edit.blank for edit in within):
            continue
        code, last = "", found.start(1)
        for edit in within:
            code += text[last : edit.start] + edit.text
            last = edit.end
        code += text[last : found.end(1)]
        try:
            said = ast.literal_eval(code)
        except (ValueError, SyntaxError):
            continue
        if isinstance(said, str) and said.isascii() and quoted(said) == code:
            sums += [Edit(*found.span(2), str(len(said))), Edit(*found.span(3), str(checksum(said)))]
    return [*changed, *sums]


def _text(wire_text: str) -> str:
    """Wire text as the board's answers are read."""
    return unwired(wire_text, "surrogateescape")


def _digested(number: int, text: str) -> str:
    return digest(f"{number} {_text(text)}")


def _chained(texts: Sequence[str]) -> str:
    return chain([_text(text) for text in texts])
