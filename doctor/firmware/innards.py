"""What lies inside an upgrade package (UPGR): an ``FFF!`` image or a boot package (modem-protocol.md 6.2)."""

from __future__ import annotations

import struct
import zlib

from doctor.firmware import checksums
from doctor.firmware.problems import Problem
from doctor.text.escape import shown

BOOT_MAGIC = b"toob"
IMAGE_MAGIC = b"FFF!"
_BOOT_HEAD = struct.Struct("<4sII4s")
_BOOT_LENGTHS = struct.Struct(">III")
_BOOT_HEAD_BYTES = _BOOT_HEAD.size + _BOOT_LENGTHS.size
_ID = struct.Struct("<I")
#: FFF! "slim" header: magic, 0, features, 4 x 0, size, two u16, signature type, signature size.
_IMAGE_HEAD = struct.Struct("<4sII4IIHHHH")
_SLIM = 1
_CHUNK = struct.Struct("<4sII")
_CHUNK_MAGICS = (b"IELF", b"IECO")
#: Most chunk entries that are read; genuine images have one or two.
_MAX_CHUNKS = 64
_FLETCHER, _ZCRC = 1, 4
CUT = "firmware-file-truncated"


def upgrade_package(data: memoryview, offset: int) -> list[Problem]:
    """What is wrong with the data of an UPGR container.

    data    the data; lengths in it are checked against what is there
    offset  of the data in the file, for messages
    """
    if bytes(data[:4]) == BOOT_MAGIC:
        return _boot_package(data, offset)
    if bytes(data[_ID.size : _ID.size + 4]) == IMAGE_MAGIC:
        return image(data[_ID.size :], offset + _ID.size)[0]
    if len(data) < _ID.size:
        return [Problem(CUT, "holds an upgrade package without content", offset)]
    return []


def _boot_package(data: memoryview, offset: int) -> list[Problem]:
    if len(data) < _BOOT_HEAD_BYTES:
        return [Problem(CUT, "holds a boot package that is cut short", offset)]
    _magic, _zero, _one, inner = _BOOT_HEAD.unpack_from(data)
    if inner != b"sbpk":
        return [Problem(CUT, f"holds a boot package with {shown(inner)} where sbpk belongs", offset)]
    wanted = _BOOT_HEAD_BYTES + sum(_BOOT_LENGTHS.unpack_from(data, _BOOT_HEAD.size))
    if wanted != len(data):
        return [
            Problem(CUT, f"holds a boot package whose parts sum up to {wanted} bytes, {len(data)} are there", offset)
        ]
    return []


def image(data: memoryview, offset: int) -> tuple[list[Problem], bool]:
    """What is wrong with an ``FFF!`` image, and whether its checksum was there to be verified and agrees.

    data    from the magic to the end of what surrounds it
    offset  of the magic in the file, for messages
    """
    if len(data) < _IMAGE_HEAD.size:
        return [Problem(CUT, "holds an image (FFF!) that is cut short in its header", offset)], False
    fields = _IMAGE_HEAD.unpack_from(data)
    features, size, signature_type, signature_size = fields[2], fields[7], fields[10], fields[11]
    if not features & _SLIM:
        return [], False  # The long header of early images is not known well enough to be judged.
    body_end = _IMAGE_HEAD.size + size
    if body_end + signature_size != len(data):
        there, wanted = len(data), body_end + signature_size
        return [Problem(CUT, f"holds an image (FFF!) of {wanted} bytes where {there} belong", offset)], False
    problems = _chunks(data[_IMAGE_HEAD.size : body_end], offset)
    if signature_size != 4 or signature_type not in (_FLETCHER, _ZCRC):
        return problems, False
    wanted = _ID.unpack_from(data, body_end)[0]
    covered = data[:body_end]
    sum_now = checksums.fletcher32(covered, "little") if signature_type == _FLETCHER else zlib.crc32(covered)
    if sum_now == wanted or (signature_type == _FLETCHER and checksums.fletcher32(covered, "big") == wanted):
        return problems, not problems
    problems.append(Problem(CUT, "has a wrong checksum over an image (FFF!): some byte changed", offset))
    return problems, False


def _chunks(body: memoryview, offset: int) -> list[Problem]:
    for index in range(min(_MAX_CHUNKS, len(body) // _CHUNK.size)):
        magic, start, length = _CHUNK.unpack_from(body, index * _CHUNK.size)
        if magic not in _CHUNK_MAGICS:
            break
        if start + length > len(body):
            return [Problem(CUT, f"holds an image (FFF!) whose part {shown(magic)} reaches past its end", offset)]
    return []
