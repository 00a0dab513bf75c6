"""``fix --reformat-sd`` typed exactly so: the card in the board, else the only card in the PC, and never by mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctor.card import found
from doctor.card.drives.drive import Drive, DrivePart
from doctor.card.drives.find import find_drive
from doctor.card.drives.guard import confirmation
from doctor.card.image import ImageCard
from tests.card.images import BIG, DUP, DUP_NAME, card
from tests.card.reformat.test_device import attach, detach
from tests.plugged import EXPANSION, PYSENSE, on_the_bus, plug_in

from .terminal import Terminal
from .test_ctrl_c import Keyboard

WORDS = ("fix", "--reformat-sd")
FILES = {f"sd/{DUP_NAME}": DUP[:4000], "notes/one.txt": b"notes", "main.py": b"print()", "a.txt": b"a", "b.txt": b"b"}


def reader(device: str) -> Drive:
    part = DrivePart(f"{device}1", BIG, "vfat", "FIPY")
    return Drive(device, device.rpartition("/")[2], BIG, "Reader", bus="usb", removable=True, parts=(part,))


@pytest.fixture
def in_pc(monkeypatch: pytest.MonkeyPatch) -> list[Drive]:
    """The cards in this PC, to be filled by the test."""
    there: list[Drive] = []
    monkeypatch.setattr(found, "card_drives", lambda: tuple(there))
    return there


def test_without_board_and_card_it_says_so(terminal: Terminal, in_pc: list[Drive]) -> None:
    said = terminal.type(*WORDS)
    assert said.code == 2 and "no card is in this PC either" in said.err


@pytest.mark.parametrize("more", [(), ("--yes",), ("--json",)], ids=["pipe", "--yes", "--json"])
def test_without_a_terminal_the_card_must_be_named(
    terminal: Terminal, in_pc: list[Drive], monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    in_pc.append(reader("/dev/sdq"))
    if "--json" in more:
        monkeypatch.setattr("sys.stdin", Keyboard("y\n"))
    said = terminal.type(*WORDS, *more)
    told = said.document["error"] if "--json" in more else said.err
    assert said.code == 2
    assert "/dev/sdq, " in str(told) and "Reader" in str(told)
    assert " ".join(("fipy-doctor", *WORDS, *(word for word in more if word != "--json"))) in str(told)
    assert "--sd /dev/sdq" in str(told)


def test_of_several_cards_none_is_taken(
    terminal: Terminal, in_pc: list[Drive], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_pc.extend((reader("/dev/sdq"), reader("/dev/sdr")))
    monkeypatch.setattr("sys.stdin", Keyboard("y\n"))
    said = terminal.type(*WORDS)
    assert said.code == 2 and "/dev/sdq" in said.err and "/dev/sdr" in said.err


@pytest.mark.parametrize("more", [(), ("--via", "modem"), ("--power-cycle",)], ids=["port", "bare modem", "two cures"])
def test_a_board_without_a_readable_card_never_leads_to_a_drive_of_the_pc(
    terminal: Terminal, in_pc: list[Drive], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, more: tuple[str, ...]
) -> None:
    in_pc.append(reader("/dev/sdq"))
    monkeypatch.setattr("sys.stdin", Keyboard("y\n" * 5))
    plugged = {
        (): (("sim://fipy?scenario=sd-lists-empty", *EXPANSION[1:]),),
        ("--via", "modem"): (("sim://sqn3330", *EXPANSION[1:]),),
        ("--power-cycle",): (),
    }[more]
    plug_in(monkeypatch, *plugged)
    said = terminal.type(*WORDS, *more)
    assert said.code != 0 and "sdq" not in said.out + said.err
    plug_in(monkeypatch, ("/dev/ttyNIX", *PYSENSE[1:]))  # a port that does not open
    said = terminal.type(*WORDS, *more)
    assert said.code != 0 and "sdq" not in said.out + said.err
    plug_in(monkeypatch)
    on_the_bus(monkeypatch, tmp_path / "devices", "04d8:ef98")  # a board that has no port
    said = terminal.type(*WORDS, *more)
    assert said.code == 2 and "sdq" not in said.out + said.err


@pytest.mark.sampled(2, "long")
@pytest.mark.needs_tool("losetup")
@pytest.mark.parametrize(
    ("more", "keys", "done"),
    [((), "y\n{name}\n", True), ((), "y\nsdq-1GB\n", False), (("--yes",), "y\ny\n", False), ((), "n\n", False)],
    ids=["its name", "another name", "--yes is no name", "no"],
)
def test_at_the_terminal_the_only_card_is_shown_and_its_name_typed(
    terminal: Terminal,
    in_pc: list[Drive],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    more: tuple[str, ...],
    keys: str,
    done: bool,
) -> None:
    loop = attach(card(tmp_path / "card.img", FILES, BIG))
    try:
        drive = find_drive(loop)
        in_pc.append(drive)
        monkeypatch.setattr("sys.stdin", Keyboard(keys.format(name=confirmation(drive))))
        before = ImageCard(Path(loop)).files()
        said = terminal.type(*WORDS, *more, "--force-device", "--backup", str(tmp_path / "kept"))
        assert f"so this is about the only card in this PC: {loop}, " in said.err
        assert "back up 5 files" in said.err and "notes/one.txt" in said.err
        assert f"this needs --confirm {confirmation(drive)}" in said.err
        assert (said.code == 0) is done
        at_root = DUP_NAME in [file.name for file in ImageCard(Path(loop)).files() if file.at_root]
        assert at_root is done
        assert done or ImageCard(Path(loop)).files() == before
    finally:
        detach(loop)
