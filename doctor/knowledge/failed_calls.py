"""Errors with a number in a paste, each with the medium that it came from: /flash is not the SD card."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from doctor.knowledge.catalogue import Entry
from doctor.knowledge.errnos import Meaning, by_name, meanings
from doctor.knowledge.paste import Paste

CARD, FLASH, PORT, UART, NET, COMPUTER = "card", "flash", "port", "uart", "net", "computer"
_Kinds = tuple[tuple[str, re.Pattern[str]], ...]
_MOST = 40  #: errors that are looked at
_LINES_ABOVE, _LINES_BELOW = 8, 3  #: of an error, on which its call is looked for
_SHORT_CHARS = 1_500  #: a text about one matter
_LINE_CHARS = 600  #: looked at of a line

#: Whose call it was, surest first: a path tells more than a word of prose.
_MEDIA: _Kinds = (
    (PORT, re.compile(r"(?<!--port )(?<!-p )/dev/(?:tty|cu)|\bCOM\d|could not open port|\bserial ?port\b", re.I)),
    (COMPUTER, re.compile(r"\b[A-Z]:\\|(?<![\w/])/(?:home|Users|media|mnt|Volumes|run/media|tmp)/")),
    (FLASH, re.compile(r"(?<![\w\"])/flash\b")),
    (CARD, re.compile(r"(?<![\w./])/sd\d?\b|\bSD\(", re.I)),
    (UART, re.compile(r"\b(?:UART|I2C|SPI|Pin|ADC|PWM|LTE)\(")),
    (
        NET,
        re.compile(
            r"\b(?:socket|getaddrinfo|u?requests|mqtt\w*|https?|wlan|wi-?fi)\b|\.(?:connect|bind|accept|recv)\(", re.I
        ),
    ),
    (FLASH, re.compile(r"['\"](?:main|boot)\.py\b|\blittlefs|\binternal flash|\bflash(?:speicher| memory)\b", re.I)),
    (
        CARD,
        re.compile(
            r"\b(?:micro-?)?sd(?:[ -]?(?:cards?|karten?))?\b"
            r"|\b(?:cards?|karte|tarjeta|kaart(?:je)?|carte)\b",
            re.I,
        ),
    ),
    (CARD, re.compile(r"\bmount(?:s|ed|ing)?\b", re.I)),  # nothing else is mounted by hand; but an antenna is, too
)
_PATHS = 6  #: so many of these are calls or paths, the others words
_CALLS: _Kinds = (
    ("mount", re.compile(r"\b(?:re)?mount\w*|\bmont(?:er|e|ar|age|aje)\b|einh[äa]ng", re.I)),
    ("sd", re.compile(r"\bSD\(")),
    ("list", re.compile(r"listdir|\bls\b|\bchdir\(|\bdir\b|\blist(?:ing)?\b", re.I)),
    ("open", re.compile(r"open\(|\bwrit\w+|\bread\w*|\b(?:remove|mkdir|rename|stat|run)\(|\.\w{1,4}\b", re.I)),
)
_ANY_ERROR = re.compile(r"\bE(?:rror|xception)\b|Error:|\[Errno|Traceback")
_SOURCE_LINE = re.compile(r'^\s*File "')  #: of a traceback: its file is the program, not what failed
_PROMPT = re.compile(r"\s{0,4}>>> ?\S")
#: Entries that are about one medium; all others may be about any.
_MEDIUM_OF_AREA = {"sd-card": {CARD}, "serial": {PORT}}
_MEDIUM_OF_ENTRY = {
    "card-read-only-on-pc": {CARD, COMPUTER},
    "part-of-board-in-use": {UART},
    "flash-filesystem-full": {FLASH},
    "path-contains-flash": {CARD, FLASH},
    "no-raw-prompt": set[str](),
}
_OF_FLASH = "board-flash-"


@dataclass(frozen=True)
class FailedCall:
    """An error with a number: what the number says, which medium and call it came from, and the index of its line.

    medium and call are empty if the text does not tell them.
    """

    meaning: Meaning
    medium: str
    call: str
    line: int

    @property
    def entry(self) -> tuple[str, float] | None:
        """Id of the entry that it means there, and how sure that is; None if it tells too little."""
        return self.meaning.entry(self.medium, self.call)


def failed_calls(paste: Paste) -> tuple[FailedCall, ...]:
    """The errors with a number that the paste shows, one a line, from its begin."""
    return tuple(itertools.islice(_failed(paste), _MOST))


@cache
def _error() -> re.Pattern[str]:
    """``[Errno 19]``, a name alone, or the number behind a word for an error."""
    return re.compile(
        rf"\[Errno (\d{{1,3}})\]|\b({'|'.join(by_name())})\b"
        r"|\b(?i:err(?:or|no)|fehler|erreur|fout)(?: (?:code|number|nummer|nr\.?|no\.?))?[ :=]{1,3}(\d{1,3})\b(?![.:%])"
    )


def _failed(paste: Paste) -> Iterator[FailedCall]:
    last = -1
    for found in itertools.islice(_error().finditer(paste.text), 4 * _MOST):
        meaning = by_name().get(found[2]) if found[2] else meanings().get(int(found[1] or found[3]))
        at = paste.index(found.start())
        if meaning is None or at == last:
            continue
        # "error 5" is anything, unless a card or the flash is named.
        medium, call = _where(paste, at, _MEDIA[:-1] if found[3] else _MEDIA)
        if found[3] and medium not in (CARD, FLASH):
            continue
        last = at
        yield FailedCall(meaning, medium, call, at)


def _where(paste: Paste, at: int, media: _Kinds) -> tuple[str, str]:
    """Medium and call of the error on a line: on that line, above it, below it, or what the whole text is about."""
    own = _line(paste, at)
    lines = [own, *_above(paste, at), *(_line(paste, index) for index in range(at + 1, at + 1 + _LINES_BELOW))]
    # A path elsewhere tells more than a word elsewhere, but what the line itself says comes first.
    for kinds, places in ((media, lines[:1]), (media[:_PATHS], lines[1:]), (media, lines[1:])):
        for line in places:
            if medium := _first(kinds, line):
                return medium, _first(_CALLS, line) or next(filter(None, (_first(_CALLS, one) for one in lines)), "")
    if len(paste.text) < _SHORT_CHARS:
        named = {medium for index in range(len(paste.numbers)) if (medium := _first(media, _line(paste, index)))}
        if len(named) == 1:
            return named.pop(), _first(_CALLS, paste.text)
    return "", ""


def _above(paste: Paste, at: int) -> Iterator[str]:
    """The lines above an error, the nearest first, up to the command that was typed or the error before."""
    for index in range(at - 1, max(at - 1 - _LINES_ABOVE, -1), -1):
        line = _line(paste, index)
        if _ANY_ERROR.search(line) and not line.startswith("Traceback"):
            return
        yield line
        if _PROMPT.match(line):
            return


def _line(paste: Paste, index: int) -> str:
    line = paste.line(index)[:_LINE_CHARS] if 0 <= index < len(paste.numbers) else ""
    return "" if _SOURCE_LINE.match(line) else line


def _first(kinds: _Kinds, line: str) -> str:
    return next((kind for kind, pattern in kinds if pattern.search(line)), "")


def media_of(known: Entry) -> set[str]:
    """The media that an entry is about; empty if it may be any."""
    if known.id in _MEDIUM_OF_ENTRY:
        return _MEDIUM_OF_ENTRY[known.id]
    return {FLASH} if known.id.startswith(_OF_FLASH) else _MEDIUM_OF_AREA.get(known.area, set())


def speaks_against(calls: tuple[FailedCall, ...], known: Entry, lines: range | None = None) -> bool:
    """Whether all errors with a number (on these lines, if given) came from another medium than the entry is about."""
    media = media_of(known)
    at = [call for call in calls if lines is None or call.line in lines]
    return bool(media and at) and all(call.medium and call.medium not in media for call in at)
