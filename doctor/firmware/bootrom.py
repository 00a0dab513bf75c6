"""Boot ROM packages: taken out of a script by parsing it, never by running it, and known by hash.

Source of the facts: modem-protocol.md 6.5. Only packages that were made for this board are ever accepted.
"""

from __future__ import annotations

import ast
import base64
import binascii
import hashlib
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from doctor.errors import FirmwareError
from doctor.firmware import caba, clear_text
from doctor.firmware.reading import read_whole
from doctor.text.escape import shown

#: SHA-256 of the packages inside the public sqnsbr.py and sqnsbrz.py -> build.
BUILD_OF_SHA256 = {
    "1d65d554d15d8a22f256c1292849a565b9ad8984b4647b2568c804249a616e69": 38638,
    "25820da8fc11593f37b0f4778e4c6cd288caf7db0a53441368342baa2be6062d": 39529,
    "a888e46c70d81d6fefaf6edb1f6fa6c17a7be8534bd9f20959defd07d38d6bf1": 41065,
}
#: What a script may hold and what may come out of it, in bytes; the genuine ones have 75 KB and 55 KB.
MAX_BYTES = 1 << 20
#: How deep decoding calls may be nested; genuine ones have two.
_MAX_DEPTH = 4
_ATTRIBUTE = "BOOTROM"
_BASE64 = ("b64decode", "standard_b64decode", "a2b_base64", "decodebytes")
_ZLIB = ("decompress",)
_BASE64_TEXT = re.compile(rb"[A-Za-z0-9+/=\s]+")
_DESCRIPTION = "bootrom upgrade package"
_MADE_FOR = (b"PYCOM", b"SQN3330")
_MAGICS = (b"UPGR", caba.PRACTICE[:4])
#: In place of a file: the package that the board at the port has frozen (doctor/board/frozen_bootrom.py).
FROM_BOARD = Path("board")


@dataclass(frozen=True)
class BootRom:
    """A boot ROM package that may be sent.

    path    the file it came from, or ``FROM_BOARD``
    data    the package itself
    sha256  of the package
    build   of the boot ROM in it
    family  SQN3330, or practice
    """

    path: Path
    data: bytes
    sha256: str
    build: int
    family: str


def load_bootrom(path: Path) -> BootRom:
    """The package at ``path``: a container, or a script such as sqnsbrz.py that holds one.

    Raises UsageError if there is no such file, FirmwareError if it holds no package for this board.
    """
    data = read_whole(path, id="recovery-bootrom-module-missing", what="boot ROM package")
    on = shown(path.name, 100)
    if data[:4] not in _MAGICS:
        data = _unwrapped(extract(data, on), on)
    return _verified(data, path, on)


def from_attribute(data: bytes, on: str) -> BootRom:
    """The package in the value of a BOOTROM attribute, as it is or still encoded. Raises FirmwareError."""
    return _verified(_unwrapped(data, on), FROM_BOARD, on)


def extract(source: bytes, on: str = "") -> bytes:
    """The bytes that a script binds to BOOTROM, found by parsing. Raises FirmwareError.

    Only literals and nested calls of base64 and zlib decoding are evaluated; nothing of the script runs.
    """
    if len(source) > MAX_BYTES:
        raise _refused(on, f"has {len(source)} bytes, too many for such a script")
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as err:
        raise _refused(on, "is neither a boot ROM package nor a Python script") from err
    values = [value for node in ast.walk(tree) if (value := _bound(node)) is not None]
    if len(values) != 1:
        raise _refused(on, f"binds BOOTROM {len(values)} times, not once")
    try:
        return _value(values[0], 0)
    except (_NotPlain, ValueError, binascii.Error, zlib.error) as err:
        raise _refused(on, f"binds BOOTROM to something that is not an encoded package ({err})") from err


class _NotPlain(Exception):
    """An expression that is more than literals and decoding."""


def _bound(node: ast.AST) -> ast.expr | None:
    """The right side of an assignment to BOOTROM."""
    if isinstance(node, ast.Assign) and any(_is_name(target) for target in node.targets):
        return node.value
    if isinstance(node, ast.AnnAssign) and _is_name(node.target):
        return node.value
    return None


def _is_name(target: ast.expr) -> bool:
    return (isinstance(target, ast.Name) and target.id == _ATTRIBUTE) or (
        isinstance(target, ast.Attribute) and target.attr == _ATTRIBUTE
    )


def _value(node: ast.expr, depth: int) -> bytes:
    if isinstance(node, ast.Constant) and isinstance(node.value, bytes | str):
        return node.value if isinstance(node.value, bytes) else node.value.encode("ascii")
    if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords or depth >= _MAX_DEPTH:
        raise _NotPlain("not a literal in decoding calls")
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    inner = _value(node.args[0], depth + 1)
    if name in _BASE64:
        return base64.b64decode(inner, validate=False)
    if name in _ZLIB:
        return _inflated(inner)
    raise _NotPlain(f"a call of {shown(name, 40)}")


def _unwrapped(data: bytes, on: str) -> bytes:
    """The package itself: some scripts bind BOOTROM to the encoded text and decode it where it is used."""
    try:
        for _ in range(_MAX_DEPTH):
            if data[:4] in _MAGICS:
                break
            data = base64.b64decode(data) if _BASE64_TEXT.fullmatch(data) else _inflated(data)
    except (_NotPlain, ValueError, zlib.error) as err:
        raise _refused(on, f"binds BOOTROM to something that is not an encoded package ({err})") from err
    return data


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    plain = inflater.decompress(data, MAX_BYTES)
    if inflater.unconsumed_tail:
        raise _NotPlain("more than 1 MiB comes out of it")
    return plain


def _verified(data: bytes, path: Path, on: str) -> BootRom:
    walked = caba.walk(data)
    top = [container for container in walked.containers if container.depth == 0]
    if walked.problems:
        raise _refused(on, walked.problems[0].text, damaged=True)
    if len(top) != 1 or not top[0].checked:
        raise _refused(on, "is not a single container with a checksum that agrees", damaged=True)
    sha256 = hashlib.sha256(data).hexdigest()
    only = top[0]
    if only.magic == "PRAC":
        text = clear_text.practice(data[only.data_offset : only.data_offset + only.data_size])
        if text is None or text.kind != "bootrom":
            raise _refused(on, "is a practice image, but no practice boot ROM")
        return BootRom(path, data, sha256, text.build, "practice")
    if only.magic != "UPGR" or only.version != 3 or only.description != _DESCRIPTION:
        raise _refused(on, "is not a boot ROM upgrade package")
    if only.signature_type != caba.Signature.FLETCHER32:
        raise _refused(on, "is signed in a way that boot ROM packages of this modem are not")
    if not all(word in data for word in _MADE_FOR):
        raise _refused(on, "is the boot ROM of another board")
    if sha256 not in BUILD_OF_SHA256:
        raise _refused(on, "is an unknown boot ROM; only the public ones for FiPy and GPy are sent")
    return BootRom(path, data, sha256, BUILD_OF_SHA256[sha256], "SQN3330")


def _refused(on: str, what: str, *, damaged: bool = False) -> FirmwareError:
    return FirmwareError(
        "firmware-file-truncated" if damaged else "recovery-bootrom-module-missing",
        what,
        on=on,
        cause="a boot ROM that does not fit bricks the modem for good, so only known ones are sent",
        next="give the sqnsbrz.py or sqnsbr.py of the vendor's updater with --bootrom, or leave out --bootrom",
    )
