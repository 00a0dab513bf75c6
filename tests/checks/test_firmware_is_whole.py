from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from checks.firmware_is_whole import FirmwareIsWhole
from doctor.bench import Bench, BenchOptions
from doctor.check import Finding, Status
from tests.firmware import made

NAME = "CATM1-77777.dup"


def look(folder: Path, *files: tuple[str, bytes]) -> Finding:
    paths = []
    for name, data in files:
        paths.append(folder / name)
        paths[-1].write_bytes(data)
    return FirmwareIsWhole().look(Bench(BenchOptions(firmware=tuple(paths))))


def remedies(finding: Finding) -> list[str]:
    return [remedy.id for remedy in finding.remedies]


def test_cannot_be_overridden() -> None:
    assert FirmwareIsWhole.gates
    assert not FirmwareIsWhole.overridable


def test_whole_image_passes_and_says_what_it_is(tmp_path: Path) -> None:
    finding = look(tmp_path, (NAME, made.full_image(b"5.1.1.0 [77777]")))
    assert finding.status is Status.PASS
    for words in (NAME, "full image", "Cat-M1", "build 77777", "all 4 checksums"):
        assert words in finding.summary
    assert (finding.evidence["verdict"], finding.evidence["build"]) == ("verified", 77777)


def test_practice_image_passes(tmp_path: Path) -> None:
    finding = look(tmp_path, ("PRACTICE-CATM1-41065.dup", made.practice_image()))
    assert finding.status is Status.PASS
    assert "practice image" in finding.summary


def test_cut_image_fails(tmp_path: Path) -> None:
    finding = look(tmp_path, (NAME, made.full_image()[:-100]))
    assert (finding.status, finding.catalogue) == (Status.FAIL, "firmware-file-truncated")
    assert remedies(finding) == ["redownload-firmware"]
    assert "cut short" in finding.summary


def test_flipped_bit_fails_and_says_where(tmp_path: Path) -> None:
    data = bytearray(made.full_image())
    data[700] ^= 1
    finding = look(tmp_path, (NAME, bytes(data)))
    assert finding.status is Status.FAIL
    assert "checksum" in finding.summary
    assert isinstance(finding.evidence["problems"], list)
    assert len(finding.evidence["problems"]) >= 2


def test_page_fails_with_its_bytes(tmp_path: Path) -> None:
    finding = look(tmp_path, (NAME, b"<!DOCTYPE html><html>401 Unauthorized</html>"))
    assert (finding.status, finding.catalogue) == (Status.FAIL, "error-page-saved-as-dup")
    assert "3C 21 44 4F" in finding.summary
    assert remedies(finding) == ["redownload-firmware"]


def test_zip_fails_with_its_cure(tmp_path: Path) -> None:
    finding = look(tmp_path, (NAME, b"PK\x03\x04" + bytes(range(250))))
    assert (finding.catalogue, remedies(finding)) == ("firmware-still-zipped", ["unzip-firmware"])


def test_apple_companion_fails(tmp_path: Path) -> None:
    finding = look(tmp_path, ("._" + NAME, b"\x00\x05\x16\x07" + bytes(4092)))
    assert (finding.status, finding.catalogue) == (Status.FAIL, "appledouble-companion")


def test_swapped_files_fail(tmp_path: Path) -> None:
    finding = look(tmp_path, ("updater.elf", made.elf()))
    assert (finding.status, finding.catalogue) == (Status.FAIL, "files-swapped")


def test_hidden_extension_warns(tmp_path: Path) -> None:
    finding = look(tmp_path, (NAME + ".txt", made.full_image(b"5.1.1.0 [77777]")))
    assert (finding.status, finding.catalogue) == (Status.WARN, "hidden-double-extension")
    assert remedies(finding) == ["rename-dup"]


def test_unverifiable_image_warns_with_its_size(tmp_path: Path) -> None:
    data = made.container(b"SFFF", b"SQN3330" + b"x" * 300, signature=3)
    finding = look(tmp_path, (NAME, data))
    assert (finding.status, finding.catalogue) == (Status.WARN, None)
    assert "cannot be verified" in finding.summary
    assert str(len(data)) in finding.summary


def test_unverifiable_image_of_another_size_than_its_name(tmp_path: Path) -> None:
    finding = look(tmp_path, ("CATM1-41065.dup", made.container(b"SFFF", b"x" * 300, signature=3)))
    assert (finding.status, finding.catalogue) == (Status.WARN, "firmware-file-truncated")
    assert "6160982" in finding.summary


@pytest.mark.parametrize(
    "data", [made.full_image(b"5.1.1.0 [77777]"), made.container(b"SFFF", b"x" * 300, signature=3)]
)
def test_hash_of_each_file_is_told_whole_to_be_compared(tmp_path: Path, data: bytes) -> None:
    other = made.full_image(b"5.2.0.0 [77778]")
    finding = look(tmp_path, (NAME, data), ("CATM1-77778.dup", other))
    for one in (data, other):
        assert f"SHA-256 is `{hashlib.sha256(one).hexdigest()}`" in finding.summary


def test_worst_of_several_decides_and_all_are_named(tmp_path: Path) -> None:
    first = ("CATM1-5.2-77777-1.dup", made.full_image(b"5.2.0.0 [77777]"))
    second = ("CATM1-5.2-77777-2.dup", b"<html>")
    finding = look(tmp_path, first, second)
    assert (finding.status, finding.catalogue) == (Status.FAIL, "error-page-saved-as-dup")
    assert finding.summary.index(second[0]) < finding.summary.index(first[0])


def test_every_id_is_declared(tmp_path: Path) -> None:
    ids = {look(tmp_path, (NAME, data)).catalogue for data in (b"", b"{}", made.elf(), b"1F 8B", bytes(500))}
    assert ids <= set(FirmwareIsWhole.finds)
