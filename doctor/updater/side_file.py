"""The side file X.dup.crc: what a PC has found out about X.dup, so that a slow board need not.

One line of JSON, then the CRC-16 of every block as two bytes, big-endian, then the CRC-16 of all that stands before it.
The block checksums go to the modem as they are: a byte that the board misreads from its card is refused there.
"""

import struct

from .crc import crc16
from .profile import BLOCK_MAX_BYTES
from .shapes import ImageFacts

try:
    import json
except ImportError:  # a board without the short names
    import ujson as json  # type: ignore[import-untyped, no-redef]

try:
    from typing import Any, Dict, Optional  # noqa: F401
except ImportError:  # MicroPython
    pass

#: Appended to the whole name of the firmware file.
SUFFIX = ".crc"
FORMAT = "fipy-doctor/side-file/1"
#: A 64 MiB image has 33 289 blocks; more than this is no side file.
MAX_BYTES = 131072


class SideFile(object):
    """What a side file says.

    size, sha256  of the whole image; SHA-256 in hexadecimal
    block_bytes   length of a block; the last one may be shorter
    image         what it is, as the planner wants to know
    whole         every checksum in the image was found to agree
    """

    def __init__(self, size, sha256, block_bytes, image, crcs, whole=False):
        # type: (int, str, int, ImageFacts, bytes, bool) -> None
        self.size = size
        self.sha256 = sha256
        self.block_bytes = block_bytes
        self.image = image
        self.whole = whole
        self._crcs = crcs

    def crc_of(self, offset, length):
        # type: (int, int) -> Optional[int]
        """CRC-16 of the block at ``offset``; None for anything that is not exactly one block."""
        index = offset // self.block_bytes
        if offset % self.block_bytes or length != min(self.block_bytes, self.size - offset):
            return None
        return int(struct.unpack(">H", self._crcs[2 * index : 2 * index + 2])[0])


def build(data, image, sha256, block_bytes=BLOCK_MAX_BYTES, whole=False):
    # type: (bytes, ImageFacts, str, int, bool) -> bytes
    """The side file for an image whose bytes are all in ``data``; see SideFile."""
    head = {
        "format": FORMAT,
        "size": len(data),
        "sha256": sha256,
        "block": block_bytes,
        "whole": whole,
        "image": [image.name, image.kind, image.radio, image.build, image.base, image.family, image.part],
    }  # type: Dict[str, Any]
    crcs = [crc16(data[at : at + block_bytes]) for at in range(0, len(data), block_bytes)]
    body = json.dumps(head).encode() + b"\n" + b"".join([struct.pack(">H", crc) for crc in crcs])  # type: bytes
    return body + struct.pack(">H", crc16(body))


def parse(content):
    # type: (bytes) -> SideFile
    """The side file that ``content`` is. Raises ValueError with the reason if it is not one, or is damaged."""
    end = content.find(b"\n")
    if end < 0 or len(content) < end + 3 or len(content) > MAX_BYTES:
        raise ValueError("not a side file")
    if crc16(content[:-2]) != struct.unpack(">H", content[-2:])[0]:
        raise ValueError("the side file is damaged")
    try:
        head = json.loads(content[:end].decode())
        size = int(head["size"])
        block = int(head["block"])
        name, kind, radio, build_, base, family, part = (list(head["image"]) + [0])[:7]
        known = head["format"] == FORMAT
        sha256 = str(head["sha256"])
        whole = bool(head.get("whole"))
    except (KeyError, TypeError, ValueError, RuntimeError, OverflowError):  # too deep; an infinite number
        raise ValueError("not a side file")
    crcs = content[end + 1 : -2]
    if not known or block < 1 or size < 1 or len(crcs) != 2 * ((size + block - 1) // block):
        raise ValueError("not a side file that this version knows")
    return SideFile(size, sha256, block, ImageFacts(name, size, kind, radio, build_, base, family, part), crcs, whole)
