from __future__ import annotations

from pathlib import Path

import pytest

from checks.updater_image_is_elf import UpdaterImageIsElf
from doctor.bench import Bench, BenchOptions
from doctor.check import Finding, Status
from tests.firmware import made

UPGDIFF = "upgdiff_33080-to-41019.dup"


def look(folder: Path, updater: bytes, *firmware: tuple[str, bytes]) -> Finding:
    path = folder / "updater.elf"
    path.write_bytes(updater)
    images = []
    for name, data in firmware:
        images.append(folder / name)
        images[-1].write_bytes(data)
    return UpdaterImageIsElf().look(Bench(BenchOptions(updater_elf=path, firmware=tuple(images))))


def signed(words: bytes = b"") -> bytes:
    return made.container(b"SFFF", words + b"x" * 300, signature=3)


def test_cannot_be_overridden() -> None:
    assert UpdaterImageIsElf.gates
    assert not UpdaterImageIsElf.overridable


@pytest.mark.parametrize("size", [306_076, 371_307, 320_000])
def test_whole_updater_passes(tmp_path: Path, size: int) -> None:
    finding = look(tmp_path, made.elf(size))
    assert finding.status is Status.PASS
    assert str(size) in finding.summary


def test_cut_updater_fails(tmp_path: Path) -> None:
    finding = look(tmp_path, made.elf(306_076)[:-1])
    assert (finding.status, finding.catalogue) == (Status.FAIL, "firmware-file-truncated")


def test_page_fails(tmp_path: Path) -> None:
    finding = look(tmp_path, b"<html>Not found</html>")
    assert (finding.status, finding.catalogue) == (Status.FAIL, "error-page-saved-as-dup")
    assert [remedy.id for remedy in finding.remedies] == ["give-updater-elf"]


def test_firmware_in_its_place_fails(tmp_path: Path) -> None:
    assert look(tmp_path, made.full_image()).catalogue == "files-swapped"


def test_never_with_a_differential(tmp_path: Path) -> None:
    finding = look(tmp_path, made.elf(371_307), (UPGDIFF, signed()))
    assert (finding.status, finding.catalogue) == (Status.FAIL, "diff-with-updater-elf")
    assert UPGDIFF in finding.summary
    assert finding.remedies[0].id == "leave-helper-away"


def test_never_with_a_differential_practice_image(tmp_path: Path) -> None:
    lines = "PRACTICE\nradio=CATM1\nbuild=41065\nversion=LR5.1.1.0-41065\nue=UE5.0.0.0d\nbase=38638\n"
    image = ("PRACTICE-upgdiff_38638-to-41065.dup", made.practice_image(lines))
    assert look(tmp_path, made.elf(371_307), image).catalogue == "diff-with-updater-elf"


@pytest.mark.parametrize(("size", "name"), [(306_076, "NB1-41019.dup"), (371_307, "CATM1-38638.dup")])
def test_updater_of_another_package_warns(tmp_path: Path, size: int, name: str) -> None:
    finding = look(tmp_path, made.elf(size), (name, signed()))
    assert (finding.status, finding.catalogue) == (Status.WARN, "updater-elf-from-other-package")


@pytest.mark.parametrize(("size", "name"), [(371_307, "NB1-41019.dup"), (306_076, "CATM1-38638.dup")])
def test_updater_of_the_same_package_passes(tmp_path: Path, size: int, name: str) -> None:
    assert look(tmp_path, made.elf(size), (name, signed())).status is Status.PASS


def test_updater_of_another_modem_fails(tmp_path: Path) -> None:
    finding = look(tmp_path, made.elf(371_307, b"GM02S SQN34x0"), ("NB1-41019.dup", signed(b"SQN3330")))
    assert (finding.status, finding.catalogue) == (Status.FAIL, "updater-elf-from-other-package")


def test_odd_size_warns(tmp_path: Path) -> None:
    assert look(tmp_path, made.elf(3000)).status is Status.WARN


def test_hidden_extension_warns(tmp_path: Path) -> None:
    path = tmp_path / "updater.elf.txt"
    path.write_bytes(made.elf(371_307))
    finding = UpdaterImageIsElf().look(Bench(BenchOptions(updater_elf=path)))
    assert (finding.status, finding.catalogue) == (Status.WARN, "hidden-double-extension")
