"""Names for files on the PC that stand for files of a board or card, whose names may be any."""

from __future__ import annotations

import hashlib
import re

NAME_MAX_BYTES = 200  #: of UTF-8; file systems take 255, and what tells two alike names apart needs room behind
_MARK_BYTES = 8  #: digits of the hash that marks a name which was cut

#: What Windows does not take in a name, and ``%``, by which such characters are kept; surrogates are no UTF-8.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*%\ud800-\udfff]')
#: Windows reads these as devices, with any extension (Microsoft, "Naming Files, Paths, and Namespaces").
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(\.|$)", re.IGNORECASE)


def host_name(name: str, max_bytes: int = NAME_MAX_BYTES) -> str:
    """One name, no path, that every PC takes: as like ``name`` as can be, at most 200 bytes of UTF-8, always the same.

    What Windows forbids becomes ``%`` and two digits (four behind ``%u`` for half a surrogate pair). What is too long
    is cut and gets eight digits of its hash, so that two names stay two; the extension stays at the end. Names that
    differ in case only are not told apart here: a folder on Windows or macOS holds one of them.
    """
    safe = _UNSAFE.sub(_escaped, name)
    if not safe or safe[-1] in ". ":  # "." and ".." too
        safe = safe[:-1] + (f"%{ord(safe[-1]):02X}" if safe else "%")
    if _DEVICE.match(safe):
        safe = f"%{ord(safe[0]):02X}{safe[1:]}"
    if len(safe.encode()) <= max_bytes:
        return safe
    mark = "%" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK_BYTES]
    stem, dot, ending = safe.rpartition(".")
    ending = dot + ending if stem and len(ending.encode()) <= _MARK_BYTES else ""
    room = max_bytes - len(mark) - len(ending.encode())
    return safe.encode()[:room].decode("utf-8", "ignore") + mark + ending


def _escaped(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"%{code:02X}" if code <= 0xFF else f"%u{code:04X}"
