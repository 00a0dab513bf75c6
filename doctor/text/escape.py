"""Text that came from a file, a card, a board or a modem, made safe to show.

What devices and files say is untrusted: a control character could move the cursor, recolour or retitle the terminal,
and a pair of backticks would make a command of it (doctor/text/marks.py). Markup of the renderer (rich) is escaped by
the renderer, not here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

CUT_MARK = "..."
MOST_DRAWN = 20_000  #: characters of one text: more than anybody reads, less than a page could not hold
#: Unicode categories that draw nothing or reorder what is drawn: controls, formats (bidi marks, zero width),
#: surrogates, private use, line and paragraph separators.
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "`": "\\x60"}


def shown(text: str | bytes, limit: int = 80) -> str:
    """``text`` on one line with every control character and backtick escaped, at most ``limit`` characters long.

    text   str, or bytes (read as UTF-8; bytes that are not UTF-8 become \\xNN)
    limit  characters in the result; what is cut off is marked by ``...``; escapes are never cut in half
    """
    if isinstance(text, bytes):
        # Four bytes hold at least one character, so this many can never be too few.
        text = text[: 4 * limit + 4].decode("utf-8", "backslashreplace")
    pieces: list[str] = []
    room = limit
    for index, char in enumerate(text):
        piece = _shown_char(char)
        rest = len(text) - index - 1
        if len(piece) + (len(CUT_MARK) if rest else 0) > room and not _fits(text[index:], room):
            pieces.append(CUT_MARK[:room])
            break
        pieces.append(piece)
        room -= len(piece)
    return "".join(pieces)


def drawn(text: str, limit: int = MOST_DRAWN) -> str:
    """``text`` as ``shown``, but with line ends, tabs and backticks: for what has other markup."""
    if not text.isprintable():
        text = "".join(char if char in "\n\t`" else _shown_char(char) for char in text[: limit + 1])
    return text if len(text) <= limit else f"{text[:limit]}{CUT_MARK}"


def told(text: str, limit: int) -> str:
    """A text of ours as ``shown``, but with its marks: everything else in it was escaped before."""
    parts = (part if part == "`" else shown(part, limit) for part in re.split("(`)", text))
    whole = "".join(parts)
    if len(whole) <= limit:
        return whole
    cut = whole[: max(0, limit - len(CUT_MARK))]
    return cut[: cut.rindex("`")] + CUT_MARK if cut.count("`") % 2 else cut + CUT_MARK


def counted(number: int, one: str, many: str = "") -> str:
    """``1 file``, ``2 files``, ``6,160,982 bytes``; ``many`` if it is not ``one`` with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def first_of(names: Sequence[str]) -> str:
    """The first three of ``names``, as ``shown``; the dots say that there are more."""
    return ", ".join(map(shown, names[:3])) + (", …" if len(names) > 3 else "")


def is_hidden(char: str) -> bool:
    """Whether a terminal draws nothing for it, or would obey it."""
    return not " " <= char <= "~" and unicodedata.category(char) in _HIDDEN_CATEGORIES


def hex_bytes(data: bytes, limit: int = 8) -> str:
    """The first ``limit`` bytes as ``3C 21 44 4F``, the way the reference writes them."""
    return data[:limit].hex(" ").upper()


def _fits(rest: str, room: int) -> bool:
    """Whether all of ``rest`` fits, once escaped."""
    return len(rest) <= room and sum(len(_shown_char(char)) for char in rest) <= room


def _shown_char(char: str) -> str:
    if char in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[char]
    if not is_hidden(char):
        return char
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte that is no UTF-8 in a file name
        code -= 0xDC00
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
