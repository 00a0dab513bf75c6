from __future__ import annotations

from pathlib import Path

import pytest

from doctor.errors import UsageError
from doctor.firmware.elf import ElfImage, examine_elf, examine_elf_bytes
from tests.firmware import made


def look(data: bytes, name: str = "updater.elf") -> ElfImage:
    return examine_elf_bytes(data, Path(name))


def test_whole() -> None:
    image = look(made.elf())
    assert (image.damaged, image.problems, image.machine, image.little_endian) == (False, (), 167, True)


def test_every_cut_is_found() -> None:
    whole = made.elf(1500)
    assert [size for size in range(len(whole)) if not look(whole[:size]).damaged] == []


def test_known_size_names_the_packages() -> None:
    assert "2018" in look(made.elf(306_076)).package


def test_odd_size_is_a_warning() -> None:
    image = look(made.elf(2000))
    assert not image.damaged
    assert image.problems[0].catalogue == "updater-elf-from-other-package"


def test_firmware_in_its_place() -> None:
    assert look(made.full_image()).problems[0].catalogue == "files-swapped"


@pytest.mark.parametrize(
    ("data", "catalogue"),
    [
        (b"<html><body>404</body></html>", "error-page-saved-as-dup"),
        (b"PK\x03\x04" + bytes(500), "firmware-still-zipped"),
        (b"\x00\x05\x16\x07" + bytes(4092), "appledouble-companion"),
        (b"", "firmware-file-too-small-message"),
        (bytes(range(1, 256)) * 300, "updater-elf-from-other-package"),
        (b"\x7fELF\x09\x01" + bytes(range(250)), "firmware-file-truncated"),
        (b"\x7fELF\x01\x01" + bytes(250), "firmware-file-truncated"),
    ],
)
def test_something_else(data: bytes, catalogue: str) -> None:
    image = look(data)
    assert image.damaged
    assert image.problems[0].catalogue == catalogue


def test_family_of_the_names_inside() -> None:
    assert look(made.elf(words=b"GM02S SQN34x0")).family == "MONARCH2"


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        examine_elf(tmp_path / "updater.elf")
