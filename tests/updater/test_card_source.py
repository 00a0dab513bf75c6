from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

import pytest

from doctor.updater import side_file
from doctor.updater.card_source import CardSource, digest
from doctor.updater.crc import crc16
from doctor.updater.image_file import look
from doctor.updater.shapes import ImageFacts
from doctor.updater.side_file import SideFile

DATA = bytes(i * 31 % 253 for i in range(5000))
SHA = hashlib.sha256(DATA).hexdigest()
BLOCK = 2016


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "CATM1-41065.dup"
    path.write_bytes(DATA)
    return path


def side(data: bytes = DATA) -> SideFile:
    image = ImageFacts("CATM1-41065.dup", len(data), "full", "CATM1", 41065, 0, "SQN3330")
    return side_file.parse(side_file.build(data, image, hashlib.sha256(data).hexdigest()))


def read_all(source: CardSource) -> bytes:
    out = b""
    with closing(source):
        while piece := source.read(BLOCK):
            out += piece
            source.ahead()
    return out


@pytest.mark.parametrize("known", [side(), None])
def test_reading_ahead_changes_no_byte(file: Path, known: SideFile | None) -> None:
    assert read_all(CardSource(str(file), len(DATA), SHA, known)) == DATA


def test_checksums_are_right_from_either_place(file: Path) -> None:
    for known in (side(), None):
        with closing(CardSource(str(file), len(DATA), SHA, known)) as source:
            at = 0
            while piece := source.read(BLOCK):
                crc = source.crc_of(at, piece)
                assert crc == (crc16(piece) if known or at else None)  # the first block was not read ahead
                at += len(piece)
                source.ahead()


def test_side_file_knows_whole_blocks_only() -> None:
    known = side()
    assert known.crc_of(BLOCK, BLOCK) == crc16(DATA[BLOCK : 2 * BLOCK])
    assert known.crc_of(2 * BLOCK, len(DATA) - 2 * BLOCK) == crc16(DATA[2 * BLOCK :])
    assert known.crc_of(BLOCK, 512) is None and known.crc_of(7, BLOCK) is None


def test_last_bytes_are_held_back_where_the_card_gives_others_than_before(file: Path) -> None:
    file.write_bytes(DATA[:100] + b"!" + DATA[101:])
    source = CardSource(str(file), len(DATA), SHA, None)
    with pytest.raises(OSError, match="different bytes"):
        read_all(source)


def test_refused_block_is_read_again_and_judged_by_the_side_file(file: Path) -> None:
    with closing(CardSource(str(file), len(DATA), SHA, side())) as source:
        first = source.read(BLOCK)
        source.ahead()
        assert source.again(0, BLOCK) == first
        assert source.read(BLOCK) == DATA[BLOCK : 2 * BLOCK]  # reading goes on where it was
    file.write_bytes(b"?" + DATA[1:])
    with closing(CardSource(str(file), len(DATA), SHA, side())) as source, pytest.raises(OSError, match="misreads"):
        source.again(0, BLOCK)


@pytest.mark.parametrize("spoil", [lambda c: c[:-1], lambda c: b"x" + c[1:], lambda c: b"", lambda c: c + b"\0\0"])
def test_damaged_side_file_is_none(spoil: object) -> None:
    image = ImageFacts("a", len(DATA), "full", "CATM1", 41065, 0, "SQN3330")
    content = side_file.build(DATA, image, SHA)
    with pytest.raises(ValueError):
        side_file.parse(spoil(content))  # type: ignore[operator]


def test_families_are_found_across_pieces(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"\0" * 4093 + b"SQN3330" + b"\0" * 100)
    assert digest(str(path)).families == ["SQN3330"]


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        (b"<html>" + b" " * 300, "error-page-saved-as-dup"),
        (b"PK\x03\x04" + DATA, "firmware-still-zipped"),
        (b"PACK\x03\x00\x00\x00" + (9000).to_bytes(4, "little") + bytes(4000), "firmware-file-truncated"),
        (DATA, None),
    ],
)
def test_what_is_no_firmware_is_seen_at_its_beginning(tmp_path: Path, data: bytes, refused: str | None) -> None:
    path = tmp_path / "CATM1-41065.dup"
    path.write_bytes(data)
    _, refusal = look(str(path), len(data))
    assert (refusal.id if refusal else None) == refused
