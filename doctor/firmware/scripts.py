"""What a file that calls itself a Python script really is: parsed with ``ast``, never run.

Probe F3 of failure-catalogue.md 2. Shared by scripts-are-python (files on the PC) and board-scripts-match (files on
the board).
"""

from __future__ import annotations

import ast
import re
import threading
import warnings
from dataclasses import dataclass
from enum import Enum

from doctor.firmware.content import Content, sniff
from doctor.text.escape import hex_bytes, shown

#: Longest source that is parsed; the longest of the vendor's scripts (sqnsbr.py) has 75 KB.
PARSE_MAX_BYTES = 1 << 20
FIRST_BYTES = 16

#: The vendor's set and what each is for; the second name is the one of the set before August 2018.
VENDOR_SCRIPTS = {
    "sqnsupgrade.py": "the vendor's updater",
    "sqnstp.py": "the transfer protocol of the vendor's updater",
    "stp.py": "the transfer protocol of the vendor's old updater",
    "sqnscodec.py": "a helper of the vendor's updater",
    "codec.py": "a helper of the vendor's old updater",
    "sqnscrc.py": "a helper of the vendor's updater",
    "crc.py": "a helper of the vendor's old updater",
    "sqnsbr.py": "the boot ROM of the vendor's updater",
    "sqnsbrz.py": "the boot ROM of the vendor's updater, compressed",
}

_PAGE = "script-is-html-page"
_DAMAGED = "corrupt-upload"


class ScriptKind(str, Enum):
    """What a script file is."""

    PYTHON = "python"
    PYTHON2 = "python2"
    """Real, but written for Python 2, which no board runs."""
    HTML = "html"
    XML = "xml"
    JSON = "json"
    ERROR_TEXT = "error-text"
    ZIP = "zip"
    GZIP = "gzip"
    ARCHIVE = "archive"
    APPLEDOUBLE = "appledouble"
    DOCUMENT = "document"
    """RTF or PDF: the text went through a word processor or a printer."""
    UTF16 = "utf16"
    BOM = "byte-order-mark"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    SMART_QUOTES = "smart-quotes"
    BINARY = "binary"
    SYNTAX_ERROR = "syntax-error"
    TOO_LARGE = "too-large"


@dataclass(frozen=True)
class ScriptVerdict:
    """What one script file is.

    kind         PYTHON is the good one
    line         line where it breaks, 0 if no line is to blame
    first_bytes  the first 16 bytes of the file
    text         what is wrong, as the end of a sentence that starts with the file's name; escaped
    catalogue    id of the known failure, None if it is good or none fits
    """

    kind: ScriptKind
    line: int = 0
    first_bytes: bytes = b""
    text: str = ""
    catalogue: str | None = None

    @property
    def is_python(self) -> bool:
        """Real Python, whether or not the board's version can run it."""
        return self.kind in (ScriptKind.PYTHON, ScriptKind.PYTHON2)


#: Empty is right for these: a package marker says nothing.
_MAY_BE_EMPTY = frozenset({"__init__.py", "boot.py", "main.py"})
_BY_CONTENT: dict[Content, tuple[ScriptKind, str, str]] = {
    Content.HTML: (ScriptKind.HTML, "is a saved web page (HTML), not Python", _PAGE),
    Content.XML: (ScriptKind.XML, "is an XML document, not Python", _PAGE),
    Content.JSON: (ScriptKind.JSON, "is a JSON document (a server's answer), not Python", _PAGE),
    Content.ERROR_TEXT: (ScriptKind.ERROR_TEXT, "is a server's error message, not Python", _PAGE),
    Content.ZIP: (ScriptKind.ZIP, "is a zip archive, not Python", "firmware-still-zipped"),
    Content.GZIP: (ScriptKind.GZIP, "is a gzip archive, not Python", "firmware-still-zipped"),
    Content.ARCHIVE: (ScriptKind.ARCHIVE, "is an archive that is still packed", "firmware-still-zipped"),
    Content.APPLEDOUBLE: (
        ScriptKind.APPLEDOUBLE,
        "is a macOS metadata file (AppleDouble), not the script itself",
        "appledouble-companion",
    ),
    Content.RTF: (ScriptKind.DOCUMENT, "is a word processor document (RTF), not plain text", _DAMAGED),
    Content.PDF: (ScriptKind.DOCUMENT, "is a PDF document, not Python", _DAMAGED),
    Content.UTF16: (ScriptKind.UTF16, "is text in UTF-16, which the board cannot read", _DAMAGED),
    Content.CONSTANT: (
        ScriptKind.BINARY,
        "has the same byte from start to end: its content was never written",
        _DAMAGED,
    ),
    Content.ELF: (ScriptKind.BINARY, "is an ELF program, not Python", "files-swapped"),
}
_BOM = b"\xef\xbb\xbf"
_SMART = re.compile("[\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u00b4\u00a0]")
_PYTHON2_LINE = re.compile(
    r"""^\s*(?:print\s+["'\w(%]|print\s*>>|exec\s+["'\w]|except\s+[\w.]+\s*,\s*\w+\s*:|raise\s+[\w.]+\s*,)|<>|\b\d+L\b|\bur["']"""
)
#: What CPython says if the text ends before the statement does.
_CUT_WORDS = (
    "unexpected EOF",
    "was never closed",
    "unterminated triple-quoted",
    "expected an indented block",
    "expected 'except' or 'finally'",
    "unexpected unindent",
)
#: Python's parser warns about doubtful escapes; the filter that silences it is one for the whole process.
_WARNINGS_LOCK = threading.Lock()


def classify(name: str, data: bytes) -> ScriptVerdict:
    """What ``data``, the content of the script file ``name``, is. Runs nothing, never raises.

    Real Python is never called damaged for what only this Python's parser dislikes: tabs mixed with spaces,
    ``async`` as a name, comments in Latin-1.
    """
    first = data[:FIRST_BYTES]
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    if not data.strip():
        if base in _MAY_BE_EMPTY:
            return ScriptVerdict(ScriptKind.PYTHON, 0, first)
        return ScriptVerdict(ScriptKind.EMPTY, 0, first, f"is empty ({len(data)} bytes)", _DAMAGED)
    content = sniff(data)
    known = _BY_CONTENT.get(content)
    if known is not None and not (content is Content.ERROR_TEXT and _parse_error(data) is None):
        kind, text, catalogue = known
        return ScriptVerdict(kind, 1, first, text, catalogue)
    nul = data.find(b"\x00")
    if nul >= 0:
        return _with_nuls(data, nul)
    if len(data) > PARSE_MAX_BYTES:
        text = f"has {len(data)} bytes, far more than a script for the board"
        return ScriptVerdict(ScriptKind.TOO_LARGE, 0, first, text, _DAMAGED)
    return _parsed(data)


def describe(name: str) -> str:
    """What a script of the vendor's set is for, in words; empty for other names."""
    return VENDOR_SCRIPTS.get(name.replace("\\", "/").rsplit("/", 1)[-1].lower(), "")


def _with_nuls(data: bytes, nul: int) -> ScriptVerdict:
    line = data.count(b"\n", 0, nul) + 1
    first = data[:FIRST_BYTES]
    if not data[nul:].strip(b"\x00") and nul > 0:
        text = f"ends in {len(data) - nul} zero bytes from line {line} on: the copy was cut short"
        return ScriptVerdict(ScriptKind.TRUNCATED, line, first, text, _DAMAGED)
    text = f"is not text: byte {nul} (line {line}) is 00"
    return ScriptVerdict(ScriptKind.BINARY, line, first, text, _DAMAGED)


def _parsed(data: bytes) -> ScriptVerdict:
    first = data[:FIRST_BYTES]
    error = _parse_error(data)
    if error is None:
        if data.startswith(_BOM):
            text = "starts with a byte-order mark (EF BB BF), which the board reads as part of the first word"
            return ScriptVerdict(ScriptKind.BOM, 1, first, text, _DAMAGED)
        return ScriptVerdict(ScriptKind.PYTHON, 0, first)
    lines = data.decode("utf-8", "replace").splitlines()
    number = min(max(error.line, 1), max(len(lines), 1))
    if error.line == 0:
        return ScriptVerdict(ScriptKind.SYNTAX_ERROR, 0, first, f"is not Python: {error.says}", _DAMAGED)
    if any(byte < 32 and byte not in b"\t\n\r\f" for byte in data):
        return _with_controls(data)
    line = lines[number - 1] if lines else ""
    seen = f'line {number}: "{shown(line.strip(), 50)}"'
    smart = _SMART.search(line)
    if smart:
        text = f"has typographic quotes or spaces (U+{ord(smart[0]):04X}) instead of Python's in {seen}"
        return ScriptVerdict(ScriptKind.SMART_QUOTES, number, first, text, "smart-quotes-in-pasted-code")
    if "unicodeescape" in error.says:
        text = f"has a path with backslashes in {seen}"
        return ScriptVerdict(ScriptKind.SYNTAX_ERROR, number, first, text, "windows-path-escapes")
    if _PYTHON2_LINE.search(line):
        text = f"is written for Python 2, which the board does not run: {seen}"
        return ScriptVerdict(ScriptKind.PYTHON2, number, first, text)
    if _ends_early(data, error, number, lines):
        text = f"is cut off at the end ({seen}; {error.says}): the copy is not complete"
        return ScriptVerdict(ScriptKind.TRUNCATED, number, first, text, _DAMAGED)
    text = f"is not Python: {error.says} in {seen}"
    return ScriptVerdict(ScriptKind.SYNTAX_ERROR, number, first, text, _DAMAGED)


def _with_controls(data: bytes) -> ScriptVerdict:
    place = next(index for index, byte in enumerate(data) if byte < 32 and byte not in b"\t\n\r\f")
    line = data.count(b"\n", 0, place) + 1
    text = f"is damaged in line {line}: byte {hex_bytes(data[place : place + 1])} at offset {place} is not text"
    return ScriptVerdict(ScriptKind.BINARY, line, data[:FIRST_BYTES], text, _DAMAGED)


@dataclass(frozen=True)
class _ParseError:
    """Why Python's parser refused; line 0 if it names none."""

    line: int
    says: str


def _parse_error(data: bytes) -> _ParseError | None:
    """None if the text is Python, allowing for what MicroPython takes and this Python does not."""
    error = _ast_error(data)
    if error is None:
        return None
    for eased in _eased(data):
        if _ast_error(eased) is None:
            return None
    return error


def _eased(data: bytes) -> list[bytes | str]:
    """The same source with what the board's Python takes put into words that this Python takes."""
    text = data.removeprefix(_BOM).decode("utf-8", "replace")
    sources: list[bytes | str] = []
    if b"\t" in data:
        sources.append(text.expandtabs(8))
    if b"async" in data or b"await" in data:
        sources.append(re.sub(r"\b(async|await)\b(?!\s+(?:def|for|with)\b)", r"\1_", text))
    if "\ufffd" in text:
        sources.append(text)  # Bytes that are not UTF-8 do no harm in comments and strings, and elsewhere fail again.
    return sources


def _ast_error(source: bytes | str) -> _ParseError | None:
    try:
        with _WARNINGS_LOCK, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except SyntaxError as error:
        return _ParseError(error.lineno or 0, shown(error.msg or "invalid syntax", 80))
    except (ValueError, LookupError) as error:
        return _ParseError(0, shown(str(error), 80))
    except (RecursionError, MemoryError):
        return _ParseError(0, "it is nested too deeply")
    return None


def _ends_early(data: bytes, error: _ParseError, number: int, lines: list[str]) -> bool:
    """Whether the parser stopped because the text did: nothing but the end is to blame."""
    last = max((index for index, line in enumerate(lines, 1) if line.strip()), default=1)
    if any(word in error.says for word in _CUT_WORDS):
        return number >= last or "was never closed" in error.says or "triple-quoted" in error.says
    return number >= last and not data.endswith((b"\n", b"\r"))
