"""``fipy-doctor cards``, and the card that a check offers, on drives of our own making."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from doctor.card import found
from doctor.card.drives import find
from doctor.card.drives.drive import Drive, DrivePart
from tests.card.images import DUP, DUP_NAME, MIB, card
from tests.card.media import used_folder
from tests.cli.terminal import Terminal


@pytest.fixture
def mounted(tmp_path: Path) -> Drive:
    root = used_folder(tmp_path / "media")
    (root / DUP_NAME).write_bytes(DUP)
    part = DrivePart("/dev/sdq1", 31_900_000_000, "vfat", "FIPY", (str(root),))
    return Drive("/dev/sdq", "sdq", 32_000_000_000, "Reader\x1b[2J", "77", "usb", removable=True, parts=(part,))


@pytest.fixture
def pc(monkeypatch: pytest.MonkeyPatch) -> list[Drive]:
    """The drives of the PC, to be filled by the test."""
    there: list[Drive] = []
    monkeypatch.setattr(found, "card_drives", lambda: tuple(d for d in there if d.looks_like_a_card))
    return there


def test_no_card(terminal: Terminal, pc: list[Drive]) -> None:
    assert "No card" in terminal.type("cards").out


def test_card_is_listed_with_what_is_on_it(terminal: Terminal, pc: list[Drive], mounted: Drive) -> None:
    pc.append(mounted)
    said = terminal.type("cards")
    assert said.code == 0
    for word in ("32.0GB", "Reader\\x1b[2J", "USB", "on /dev/sdq", mounted.mounts[0]):
        assert word in said.out
    (told,) = terminal.type("cards", "--json").document["cards"]
    assert (told["device"], told["path"], told["size_bytes"]) == ("/dev/sdq", mounted.mounts[0], 32_000_000_000)


def test_card_that_may_not_be_read_is_listed_too(terminal: Terminal, pc: list[Drive], mounted: Drive) -> None:
    pc.append(replace(mounted, parts=(replace(mounted.parts[0], mounts=()),)))
    said = terminal.type("cards")
    assert "not read: " in said.out
    assert "vfat FIPY" in said.out


def test_dup_at_the_root_is_named(tmp_path: Path, pc: list[Drive], terminal: Terminal) -> None:
    image = card(tmp_path / "sdq", {DUP_NAME: DUP}, 40 * MIB)
    pc.append(Drive(str(image), "sdq", 40 * MIB, removable=True))
    assert f"at the root: {DUP_NAME}" in terminal.type("cards").out


def test_check_without_a_card_names_the_only_one(terminal: Terminal, pc: list[Drive], tmp_path: Path) -> None:
    image = card(tmp_path / "sdq", {DUP_NAME: DUP}, 40 * MIB)
    pc.append(Drive(str(image), "sdq", 40 * MIB, removable=True))
    words = ("check", "--select", "dup-at-root")
    assert f"add --sd {image}" in terminal.type(*words).err
    assert "add --sd" not in terminal.type(*words, "--sd", str(image)).err
    assert "add --sd" not in terminal.type(*words, "--quiet").err
    assert "add --sd" not in terminal.type(*words, "--port", "sim://fipy").err  # it has a card of its own
    pc.append(pc[0])
    assert "add --sd" not in terminal.type(*words).err


def test_system_that_does_not_tell_is_no_trouble_for_a_check(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "_output", lambda command: b"{")
    assert found.only_fat_card() is None
    said = terminal.type("check", "--select", "dup-at-root")
    assert (said.code, "no board is plugged in" in said.err) == (2, True)
