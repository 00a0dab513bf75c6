"""The mask of a bundle: learns what is private from the material itself, then puts stand-ins in its place, in any form.

The same secret has the same stand-in wherever it stands. What is said here of texts is said of wire text (stand_in.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Literal

from doctor.bundle.forms import Unescaped, in_base64, in_hex, in_numbers
from doctor.bundle.signs import NOBODY, private_in
from doctor.bundle.stand_in import DIGITS, Private, made, spread, unwired, wire

#: Secrets that are looked for without a sign of theirs; each costs time at each character. Of lists of numbers, the
#: others go by their shape.
MOST_EVERYWHERE = 1000
SHORTEST = 3  #: a shorter word stands in too many others
_BOUNDED_BELOW, _DIGITS_BELOW = 8, 8  #: shorter ones are replaced only as words, and digits only where they were told
_SEPARATORS = re.compile("[ .:-]")
_PRINTABLE = re.compile(r"[\t\r\n -~]")
_TEXT_SHARE = 0.8  #: of printable characters in what is text
_CUT = re.compile(r"\.\.\.|\xe2\x80\xa6|\Z")
#: Characters of the beginning of a secret that are one before the end of a text that was cut.
_CUT_LEAST, _CUT_MOST = 4, 64
_BEFORE, _BEHIND = r"(?:(?<![0-9A-Za-z\x80-\xff])|(?<=\\[nrt]))", r"(?![0-9A-Za-z\x80-\xff])"
#: macOS spells file names otherwise than keyboards do.
_NORMAL_FORMS: tuple[Literal["NFD"], Literal["NFC"]] = ("NFD", "NFC")
_Change = Callable[[str], str]


@dataclass(frozen=True)
class _Span:
    start: int
    end: int
    text: str
    stand_in: str


class Mask:
    """Stand-ins for all that is private in one bundle. First ``learn`` everything, then ask ``masked``.

    words  what this program says itself: a secret that is one of these words is replaced only where its surroundings
           tell what it is, or no text could be read any more
    """

    def __init__(self, words: Collection[str] = ()) -> None:
        self._words = words
        self._known: dict[str, Private] = {}
        self._made: set[str] = set()
        self._used: set[str] = set()
        self._numbers = count(1)
        self._find: re.Pattern[str] | None = None
        self._aliases: dict[str, tuple[Private, str]] = {}
        self._beginnings: dict[str, tuple[Private, str]] = {}

    # --- learning ---

    def know(self, kind: str, secret: str) -> None:
        """Something private that is known from elsewhere: a name of this computer or its user."""
        if secret and secret.lower() not in NOBODY:
            self._add(kind, Unescaped(wire(secret)).means)

    def know_as(self, kind: str, text: str, stand_in: str) -> None:
        """Let ``stand_in`` stand for ``text``: a hash of what was masked."""
        if text not in self._known:
            self._known[text] = Private(kind, text, stand_in)
            self._made.add(stand_in)
            self._find = None

    def learn(self, text: str) -> None:
        """Look for what is private in ``text``, in every form."""
        self._forms(text, self._learned, lambda part: part, inner=False)

    @property
    def counts(self) -> dict[str, int]:
        """How many secrets of each kind were replaced."""
        known = (one for one in self._known.values() if one.stand_in in self._used and one.kind != "hash")
        return dict(Counter(one.kind for one in known))

    def _learned(self, text: str) -> str:
        for _ in self._spans(text):
            pass
        return text

    def _add(self, kind: str, text: str) -> Private:
        key = _key(kind, text)
        known = self._known.get(key)
        if known is not None or key in self._made:
            return known or Private(kind, key, key)
        common = key.lower() in self._words or len(key) < SHORTEST
        told_only = common or (DIGITS.fullmatch(key) is not None and len(key) < _DIGITS_BELOW)
        private = Private(kind, key, made(kind, next(self._numbers), key), not told_only, len(key) < _BOUNDED_BELOW)
        self._known[key] = private
        self._made.add(private.stand_in)
        self._find = None
        return private

    # --- masking ---

    def masked(self, text: str) -> str:
        """``text`` with stand-ins; as long as it was, but for numbers of HTML entities."""
        return self._forms(text, self._replaced, self._known_replaced, inner=False)

    def masked_name(self, name: str) -> str:
        """A file name with stand-ins, as text."""
        return unwired(self.masked(wire(name)))

    def _forms(self, text: str, change: _Change, as_it_stands: _Change, *, inner: bool) -> str:
        """``text`` after ``change`` to what it says, and to what its runs of numbers, hex and base64 say.

        as_it_stands  is done to the text too: what looks like an escape in it may be none; and to what is no text
        """
        said = Unescaped(text)
        text = said.again(change(said.means))
        if said.means != said.text:
            text = as_it_stands(text)
        if inner:
            return text

        def within(part: str) -> str:
            if len(_PRINTABLE.findall(part)) < _TEXT_SHARE * len(part):
                return as_it_stands(part)
            return self._forms(part, change, as_it_stands, inner=True)

        return in_base64(in_hex(in_numbers(text, within), within), within)

    def _replaced(self, text: str) -> str:
        return self._with(text, [*self._spans(text), *self._known_in(text)])

    def _known_replaced(self, text: str) -> str:
        return self._with(text, self._known_in(text))

    def _with(self, text: str, spans: Iterable[_Span]) -> str:
        """``text`` with the spans replaced; where two overlap, the longer one counts, nothing of the other stays."""
        now: dict[int, str] = {}
        for span in sorted(spans, key=lambda span: span.start - span.end):
            self._used.add(span.stand_in)
            for at, char in zip(range(span.start, span.end), span.text, strict=True):
                now.setdefault(at, char)
        pieces, last = [], 0
        for at in sorted(now):
            pieces += [text[last:at], now[at]]
            last = at + 1
        return "".join([*pieces, text[last:]])

    def _spans(self, text: str) -> Iterator[_Span]:
        """What is private in a text without escapes, and what stands there instead."""
        for found in private_in(text):
            secret = text[found.start : found.end]
            if secret not in self._made and _key("", secret) not in self._made:
                private = self._add(found.kind, secret)
                yield _Span(found.start, found.end, _in_form(private, secret), private.stand_in)

    def _known_in(self, text: str) -> Iterator[_Span]:
        """What is known to be private, wherever it stands."""
        pattern = self._find or self._compiled()
        for found in pattern.finditer(text):
            private, stand_in = self._aliases[found[0].lower()]
            yield _Span(*found.span(), _again(stand_in, found[0]), private.stand_in)
        for cut in _CUT.finditer(text):
            yield from self._beginning(text, cut.start())

    def _beginning(self, text: str, end: int) -> Iterator[_Span]:
        """The beginning of a secret at the end of a text, or before the dots with which one was cut."""
        before = text[max(0, end - _CUT_MOST) : end].lower()
        for length in range(len(before), _CUT_LEAST - 1, -1):
            found = self._beginnings.get(before[-length:])
            if found is not None:
                private, stand_in = found
                yield _Span(end - length, end, stand_in[:length], private.stand_in)
                return

    def _compiled(self) -> re.Pattern[str]:
        """All that is replaced everywhere, as one pattern; the longest first."""
        self._aliases = {}
        bounded = set()
        everywhere = [private for private in self._known.values() if private.everywhere]
        for private in sorted(everywhere, key=lambda one: one.text.isdigit())[:MOST_EVERYWHERE]:
            for alias, stand_in in _ways(private):
                if self._aliases.setdefault(alias.lower(), (private, stand_in))[0] is private and private.bounded:
                    bounded.add(alias.lower())
        self._beginnings = {
            alias[:length]: known
            for alias, known in self._aliases.items()
            for length in range(_CUT_LEAST, min(len(alias), _CUT_MOST + 1))
        }
        words = sorted(self._aliases, key=len, reverse=True)
        parts = (f"{_BEFORE}{re.escape(word)}{_BEHIND}" if word in bounded else re.escape(word) for word in words)
        self._find = re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)
        return self._find


def _key(kind: str, text: str) -> str:
    """What a secret is called by: numbers and addresses without what stands between their digits."""
    bare = _SEPARATORS.sub("", text)
    if re.fullmatch(r"\d{14,}|[0-9A-Fa-f]{12}|[0-9A-Fa-f]{32}", bare) and kind not in ("password", "ssid"):
        return bare.lower()
    return text


def _in_form(private: Private, text: str) -> str:
    """The stand-in as ``text`` writes the secret: with its separators, in its case."""
    if len(text) == len(private.text):
        return _again(private.stand_in, text)
    said = iter(private.stand_in)
    return "".join(char if _SEPARATORS.match(char) else next(said, "0") for char in text)


def _again(stand_in: str, text: str) -> str:
    return stand_in.upper() if text.isupper() and re.fullmatch("[0-9a-f]+", stand_in) else stand_in


def _ways(private: Private) -> Iterator[tuple[str, str]]:
    """The ways to write a secret that are no escapes, each with its stand-in."""
    text, stand_in = private.text, private.stand_in
    yield text, stand_in
    if re.fullmatch(r"[0-9a-f]{12}", text):
        for mark in ":-":
            yield mark.join(re.findall("..", text)), mark.join(re.findall("..", stand_in))
        addresses = list(zip(_addresses(text), _addresses(stand_in), strict=True))
        for address, now in addresses:
            yield address.decode("latin-1"), now.decode("latin-1")
        groups, groups_now = (re.findall("....", interface.hex()) for interface in addresses[-1])
        groups = [group.lstrip("0") or "0" for group in groups]
        yield ":".join(groups), ":".join(now[-len(was) :] for was, now in zip(groups, groups_now, strict=True))
    if not text.isascii():
        said, instead = unwired(text), unwired(stand_in)
        if len(said) == len(instead):
            yield _single(said), _single(instead)
        for form in _NORMAL_FORMS:
            other = wire(unicodedata.normalize(form, said))
            if other != text:
                yield other, spread(stand_in, other)


def _addresses(mac: str) -> tuple[bytes, bytes, bytes]:
    """A MAC address of twelve digits as bytes, and the EUI-64 and the IPv6 interface made of it (RFC 4291, App. A)."""
    address = bytes.fromhex(mac)
    eui64 = address[:3] + b"\xff\xfe" + address[3:]
    return address, eui64, bytes([eui64[0] ^ 2]) + eui64[1:]


def _single(text: str) -> str:
    """As Python writes text in escapes: one byte where one is enough."""
    return "".join(char if ord(char) < 0x100 else wire(char) for char in text)


class MaskedText:
    """A text that is to be masked. First ``learn`` from all files, then ``masked``."""

    def __init__(self, data: bytes) -> None:
        self._text = data.decode("latin-1")

    def learn(self, mask: Mask) -> None:
        """Look for what is private."""
        mask.learn(self._text)

    def know_hashes(self, mask: Mask) -> None:
        """There are none of what is masked."""

    def masked(self, mask: Mask) -> bytes:
        """The text with stand-ins."""
        return mask.masked(self._text).encode("latin-1")
