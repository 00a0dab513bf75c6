"""CABA containers, the outer format of .dup files: header, description, data, signature (modem-protocol.md 6.1 to 6.3).

Every length in a file is a claim by its author: each is compared with the bytes that are really there before use.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

from doctor.firmware import checksums, innards
from doctor.firmware.problems import Problem
from doctor.text.escape import hex_bytes, shown

#: Deepest nesting that is walked: a PACK holds UPGRs, which hold images.
MAX_DEPTH = 4
#: Most containers in one file; the genuine Monarch 2 bundle has 6.
MAX_CONTAINERS = 64

PACK = b"PACK"
UPGR = b"UPGR"
PRACTICE = b"PRAC"
#: Magics with a meaning for the modem or, PRAC, for our simulator alone.
KNOWN_MAGICS = frozenset(
    {PACK, UPGR, PRACTICE, b"SFFF", b"SUFF", b"DIFF", b"RASR", b"TEST"}
    | {b"FILE", b"PSIA", b"CRC\x00", b"CRC ", b"RFIL", b"OTP\x00", b"OTP ", b"SIR\x00", b"SIR ", b"SUPG"}
)
CUT = "firmware-file-truncated"


class Signature(IntEnum):
    """Signature types of a container header."""

    NONE = 0
    FLETCHER32 = 1
    ECDSA256 = 2
    RSA_SHA256 = 3
    ZCRC32 = 4


_CHECKSUM_BYTES = 4
#: Shortest ECDSA-256 signature that is plausible: two 32-byte numbers, raw or DER.
_ECDSA_MIN_BYTES = 64
_RSA_BYTES = 256

_START = struct.Struct("<4sHHI")
_V1_SUMS = struct.Struct("<II")
_V2_SIGNATURE = struct.Struct("<HH")
_V3_SIGNATURE = struct.Struct("<HHH")
_U32 = struct.Struct("<I")


@dataclass(frozen=True)
class Container:
    """One container of a file, as its header describes it.

    magic           the four bytes, as text with control characters escaped
    offset          of its header in the file, in bytes
    size            of header, description, data and signature together, in bytes
    description     as the header has it, escaped; empty for versions 1 and 2
    signature_type  0 none, 1 Fletcher-32, 2 ECDSA, 3 RSA, 4 CRC-32; -1 if a version 1 header has none
    checked         True if a checksum over the whole container agrees
    data_offset     of its data in the file
    data_size       in bytes
    depth           0 at top level
    version         of the header, 1 to 3; 0 for an FFF! image that lies in no container
    partition       partition id of an upgrade package (2 = main firmware, 8 = updater), None for others
    """

    magic: str
    offset: int
    size: int
    description: str
    signature_type: int
    checked: bool
    data_offset: int = 0
    data_size: int = 0
    depth: int = 0
    version: int = 3
    partition: int | None = None

    @property
    def end(self) -> int:
        """Offset of the first byte behind it."""
        return self.offset + self.size


@dataclass(frozen=True)
class Walk:
    """What a walk over a file found.

    containers  in file order, outer before inner
    problems    what is wrong, in file order
    """

    containers: tuple[Container, ...]
    problems: tuple[Problem, ...]


def walk(data: bytes) -> Walk:
    """Every container in ``data`` (a whole file), with every checksum recomputed.

    A file that starts with none has no containers and no problems: what else it is, is for the caller to say.
    """
    walker = _Walker(data)
    walker.level(0, len(data), depth=0)
    return Walk(tuple(walker.containers), tuple(walker.problems))


class _Refused(Exception):
    """A container that cannot be read further."""

    def __init__(self, text: str, offset: int) -> None:
        super().__init__(text)
        self.problem = Problem(CUT, text, offset)


class _Walker:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.view = memoryview(data)
        self.containers: list[Container] = []
        self.problems: list[Problem] = []

    def level(self, start: int, end: int, depth: int) -> None:
        """Walk the containers that must fill ``start`` to ``end`` exactly."""
        here = start
        first_index = len(self.containers)
        while here < end:
            if depth == 0 and here == 0 and self._starts_otherwise():
                return
            try:
                container = self._container(here, end, depth)
            except _Refused as refused:
                self.problems.append(refused.problem)
                return
            here = container.end
        level = [container for container in self.containers[first_index:] if container.depth == depth]
        if depth == 0 and len(level) > 1 and any(container.magic == "PACK" for container in level):
            self._problem("holds something beside its bundle (PACK), which must be alone", level[1].offset)

    def _problem(self, text: str, offset: int) -> None:
        self.problems.append(Problem(CUT, text, offset))

    def _starts_otherwise(self) -> bool:
        """Whether the file starts with something that is no container and never was one."""
        if len(self.data) < _START.size:
            return not any(magic.startswith(self.data[:4]) for magic in KNOWN_MAGICS)
        magic, version, _flags, _size = _START.unpack_from(self.data)
        return magic not in KNOWN_MAGICS and version not in (1, 2, 3)

    def _container(self, offset: int, end: int, depth: int) -> Container:
        if len(self.containers) >= MAX_CONTAINERS:
            raise _Refused(f"holds more than {MAX_CONTAINERS} containers", offset)
        header = _Header(self.data, offset, end)
        verified = self._verify(header)
        partition = None
        if header.magic == UPGR and self.data[header.data_offset : header.data_offset + 4] != innards.BOOT_MAGIC:
            partition = _U32.unpack_from(self.data, header.data_offset)[0] if header.data_size >= _U32.size else None
        container = Container(
            magic=shown(header.magic.decode("latin-1").rstrip("\x00 ")),
            offset=offset,
            size=header.end - offset,
            description=self._description(header, verified),
            signature_type=header.signature_type,
            checked=verified,
            data_offset=header.data_offset,
            data_size=header.data_size,
            depth=depth,
            version=header.version,
            partition=partition,
        )
        self.containers.append(container)
        self._inside(header, depth)
        return container

    def _inside(self, header: _Header, depth: int) -> None:
        data_end = header.data_offset + header.data_size
        if header.magic == PACK:
            if depth + 1 >= MAX_DEPTH:
                raise _Refused(f"nests containers more than {MAX_DEPTH} deep", header.offset)
            if header.data_size == 0:
                self._problem("holds an empty bundle (PACK)", header.offset)
            self.level(header.data_offset, data_end, depth + 1)
        elif header.magic == UPGR:
            self.problems += innards.upgrade_package(self.view[header.data_offset : data_end], header.data_offset)

    def _description(self, header: _Header, verified: bool) -> str:
        raw = header.description
        if raw and not verified and (raw[-1] != 0 or any(not 32 <= byte < 127 for byte in raw[:-1])):
            self._problem(f"has a container description that is not text: {shown(raw, 40)}", header.offset)
        return shown(raw.removesuffix(b"\x00"), 60)

    def _verify(self, header: _Header) -> bool:
        """Whether a checksum over the whole container agrees; one that does not agree is a problem."""
        if header.version == 1:
            return self._verify_v1(header)
        covered = self.view[header.offset : header.data_offset + header.data_size]
        stored = header.signature
        name = shown(header.magic)
        part = shown(header.description.removesuffix(b"\x00"), 40)
        if header.signature_type in (Signature.FLETCHER32, Signature.ZCRC32) and len(stored) == _CHECKSUM_BYTES:
            if _sum_agrees(header.signature_type, covered, _U32.unpack(stored)[0]):
                return True
            which = f"{name} container ({part})" if part else f"{name} container"
            self._problem(f"has a wrong checksum over its {which}: some byte changed", header.offset)
            return False
        if _needs_keys(header.signature_type, len(stored)):
            return False
        self._problem(
            f"has a {name} container with signature type {header.signature_type} of {len(stored)} bytes,"
            " which does not exist",
            header.offset,
        )
        return False

    def _verify_v1(self, header: _Header) -> bool:
        data = self.view[header.data_offset : header.data_offset + header.data_size]
        blanked = bytearray(self.data[header.offset : header.data_offset])
        blanked[-4:] = bytes(4)
        for what, covered, wanted in (("data", data, header.data_sum), ("header", bytes(blanked), header.header_sum)):
            if not any(_sum_agrees(kind, covered, wanted) for kind in (Signature.FLETCHER32, Signature.ZCRC32)):
                self._problem(
                    f"has a wrong {what} checksum in its {shown(header.magic)} container: some byte changed",
                    header.offset,
                )
                return False
        return True


class _Header:
    """The fields of one container header, each bounded by ``end``. Raises _Refused if they cannot be true."""

    def __init__(self, data: bytes, offset: int, end: int) -> None:
        left = end - offset
        if left < _START.size:
            raise _Refused(f"is cut short: {left} bytes are left where a container header belongs", offset)
        self.offset = offset
        self.magic, self.version, _flags, self.data_size = _START.unpack_from(data, offset)
        # At the start of a file any magic may be a container's: no genuine SQN3330 file has been seen.
        known = self.magic in KNOWN_MAGICS or offset == 0
        if not known or self.version not in (1, 2, 3):
            raise _Refused(
                f"has no container where one belongs: bytes {hex_bytes(data[offset : offset + 8])} at offset {offset}",
                offset,
            )
        more = {1: _V1_SUMS, 2: _V2_SIGNATURE, 3: _V3_SIGNATURE}[self.version]
        if left < _START.size + more.size:
            raise _Refused("is cut short in the middle of a container header", offset)
        fields = more.unpack_from(data, offset + _START.size)
        self.signature_type, signature_size, description_size = -1, 0, 0
        self.data_sum = self.header_sum = 0
        if self.version == 1:
            self.data_sum, self.header_sum = fields
        elif self.version == 2:
            self.signature_type, signature_size = fields
        else:
            self.signature_type, signature_size, description_size = fields
        description_offset = offset + _START.size + more.size
        self.data_offset = description_offset + description_size
        signature_offset = self.data_offset + self.data_size
        self.end = signature_offset + signature_size
        if self.end > end:
            raise _Refused(
                f"is cut short: its {shown(self.magic)} container needs {self.end - offset} bytes, {left} are there",
                offset,
            )
        self.description = data[description_offset : self.data_offset]
        self.signature = data[signature_offset : self.end]


def _needs_keys(signature_type: int, signature_bytes: int) -> bool:
    """Whether a signature is of a sort that cannot be checked here: none at all, or one that needs the maker's key."""
    plausible = {
        Signature.NONE: signature_bytes == 0,
        Signature.ECDSA256: signature_bytes >= _ECDSA_MIN_BYTES,
        Signature.RSA_SHA256: signature_bytes == _RSA_BYTES,
    }
    return signature_type in tuple(plausible) and plausible[Signature(signature_type)]


def _sum_agrees(kind: int, covered: bytes | memoryview, wanted: int) -> bool:
    if kind == Signature.ZCRC32:
        return zlib.crc32(covered) == wanted
    # Containers use big-endian words, images little-endian ones; nobody has seen an SQN3330 application file,
    # so both are allowed here. One altered bit never turns one sum into the other.
    return checksums.fletcher32(covered, "big") == wanted or checksums.fletcher32(covered, "little") == wanted
