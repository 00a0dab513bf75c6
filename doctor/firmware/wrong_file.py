"""Files that are something else than firmware, and names that went wrong: known failures, each by its id."""

from __future__ import annotations

import re

from doctor.firmware.content import Content
from doctor.firmware.problems import Problem
from doctor.text.escape import hex_bytes, shown

#: The vendor's own updater refuses below this (1.2.4 and later).
MIN_BYTES = 128

_PAGE = "error-page-saved-as-dup"
_PACKED = "firmware-still-zipped"
_CUT = "firmware-file-truncated"
_CATALOGUE = {
    Content.HTML: _PAGE,
    Content.XML: _PAGE,
    Content.JSON: _PAGE,
    Content.ERROR_TEXT: _PAGE,
    Content.RTF: _PAGE,
    Content.PDF: _PAGE,
    Content.UTF16: _PAGE,
    Content.TEXT: _PAGE,
    Content.ZIP: _PACKED,
    Content.GZIP: _PACKED,
    Content.ARCHIVE: _PACKED,
    Content.APPLEDOUBLE: "appledouble-companion",
    Content.CONSTANT: _CUT,
}
_DOUBLE_EXTENSION = re.compile(r"\.(?:dup|elf)(\.[a-z0-9]{1,8})$", re.IGNORECASE)
#: Names of downloads that have not ended.
UNFINISHED = re.compile(r"\.(?:part|partial|crdownload|download|opdownload|tmp)$", re.IGNORECASE)


def wrong_content(content: Content, data: bytes) -> Problem | None:
    """Why ``data`` can be neither a firmware nor an updater image, None if it may be one.

    ELF is for the caller to judge: right for an updater image, wrong for firmware.
    """
    if content is Content.EMPTY:
        return Problem("firmware-file-too-small-message", "is empty (0 bytes)")
    plain = content in (Content.TEXT, Content.CONSTANT)
    if len(data) < MIN_BYTES and (plain or content is Content.BINARY):
        return Problem("firmware-file-too-small-message", f"has only {len(data)} bytes, too few for any image")
    if content is Content.CONSTANT:
        return Problem(_CUT, f"holds nothing but bytes {data[0]:02X}: its content was never written")
    catalogue = _CATALOGUE.get(content)
    if catalogue is None:
        return None
    text = f"is {content.value}, not firmware (first bytes {hex_bytes(data)})"
    if content in (Content.HTML, Content.ERROR_TEXT, Content.TEXT, Content.JSON, Content.XML):
        text += f': "{shown(data.lstrip()[:200].split(bytes([10]))[0].strip(), 40)}"'
    return Problem(catalogue, text)


def wrong_name(name: str) -> Problem | None:
    """What is wrong with the file name itself; never a reason to call the content damaged."""
    if UNFINISHED.search(name):
        return Problem(_CUT, "has the name of an unfinished download", damages=False)
    double = _DOUBLE_EXTENSION.search(name)
    if double:
        return Problem(
            "hidden-double-extension",
            f"ends in {shown(double[1])} after its real extension, which Windows hides",
            damages=False,
        )
    return None
