"""What a file's first bytes say it is (failure-catalogue.md 2, probe F1); shared by images, updaters and scripts."""

from __future__ import annotations

import re
from enum import Enum

from doctor.documents import foreign_json

#: Longest text that is parsed as JSON; error answers and saved pages are smaller.
JSON_MAX_BYTES = 1 << 20
#: How much of a text is looked at to tell HTML from XML, and text from binary.
HEAD_BYTES = 4096
#: Shorter runs of one byte may be the start of a text.
CONSTANT_MIN_BYTES = 16

#: By the name of a Content: how such files begin.
_MAGICS = {
    "ZIP": (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"),
    "GZIP": (b"\x1f\x8b",),
    "ARCHIVE": (b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\xfd7zXZ\x00", b"BZh"),
    "APPLEDOUBLE": (b"\x00\x05\x16\x07", b"\x00\x05\x16\x00"),
    "ELF": (b"\x7fELF",),
    "RTF": (b"{\\rtf",),
    "PDF": (b"%PDF-",),
    "UTF16": (b"\xff\xfe", b"\xfe\xff"),
}
_JSON_HEAD = re.compile(rb'\s*\{\s*"[^"\n]{0,200}"\s*:')
_ERROR_TEXT = re.compile(
    rb"\s*(?:HTTP/\d|[45]\d\d\s*[:\-]?\s*[A-Z]|Not Found|Unauthorized|Forbidden|Access Denied)", re.IGNORECASE
)
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x1b")


class Content(Enum):
    """What kind of content a file has; the value is how a sentence calls it."""

    EMPTY = "an empty file"
    HTML = "a saved web page (HTML)"
    XML = "an XML document"
    JSON = "a JSON document"
    ERROR_TEXT = "a server's error message"
    ZIP = "a zip archive"
    GZIP = "a gzip archive"
    ARCHIVE = "an archive that is still packed"
    APPLEDOUBLE = "a macOS metadata file (AppleDouble)"
    ELF = "an ELF program"
    RTF = "a word processor document (RTF)"
    PDF = "a PDF document"
    UTF16 = "text in UTF-16"
    CONSTANT = "the same byte from start to end"
    TEXT = "plain text"
    BINARY = "binary data"


def sniff(data: bytes) -> Content:
    """What ``data`` (a whole file) is. Looks at bytes only, never fails."""
    if not data:
        return Content.EMPTY
    for kind, magics in _MAGICS.items():
        if data.startswith(magics):
            return Content[kind]
    if len(data) >= CONSTANT_MIN_BYTES and data.count(data[:1]) == len(data):
        return Content.CONSTANT
    head = data[:HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"<") and re.match(rb"<[!?/a-zA-Z]", head):
        lower = head.lower()
        page = any(tag in lower for tag in (b"<html", b"<!doctype html", b"<head", b"<body", b"<meta", b"<div"))
        return Content.HTML if page or b"<?xml" not in lower else Content.XML
    if _is_json(data, head):
        return Content.JSON
    if _is_utf16(data[:HEAD_BYTES]):
        return Content.UTF16
    if not _is_text(data):
        return Content.BINARY
    return Content.ERROR_TEXT if _ERROR_TEXT.match(head) else Content.TEXT


def _is_json(data: bytes, head: bytes) -> bool:
    if not head.startswith((b"{", b"[")):
        return False
    if _JSON_HEAD.match(head):
        return True
    if len(data) > JSON_MAX_BYTES:
        return False
    try:
        foreign_json.read(data)
    except ValueError:
        return False
    return True


def _is_utf16(head: bytes) -> bool:
    """UTF-16 without a byte-order mark: ASCII characters with a NUL at every other place."""
    if len(head) < 8 or b"\x00" not in head[:8]:
        return False
    for high in (0, 1):
        nuls, chars = head[high::2], head[1 - high :: 2]
        if nuls.count(0) >= 0.9 * len(nuls) and sum(32 <= byte < 127 or byte in _TEXT_CONTROLS for byte in chars) >= (
            0.9 * len(chars)
        ):
            return True
    return False


def _is_text(data: bytes) -> bool:
    """No control bytes but those of text, and almost all of it decodes as UTF-8."""
    head = data[:HEAD_BYTES]
    if any(byte < 32 and byte not in _TEXT_CONTROLS for byte in head) or b"\x7f" in head:
        return False
    broken = head.decode("utf-8", "replace").count("\ufffd")
    return broken * 20 <= len(head)
