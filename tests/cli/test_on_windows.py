"""Commands as they run on Windows: its drives, its names and its locks, answered where the program asks the system."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from doctor.card.drives.device import open_for_writing
from doctor.documents.host_names import host_name
from doctor.errors import CardError
from doctor.sim.practice.image import make_practice_image
from tests.another_system import Windows, powershell_says
from tests.card.images import BIG, DUP, DUP_NAME, START, card
from tests.plugged import COM1, ON_WINDOWS, plug_in

from .terminal import Said, Terminal

ROOT = Path(__file__).parents[2]

DRIVE = r"\\.\PhysicalDrive2"
VOLUME = r"\\?\Volume{5b1f9c4e-0000-0000-0000-100000000000}"
HIDDEN = r"\\?\Volume{5b1f9c4e-0000-0000-0000-200000000000}"  # without a letter
LOCK, DISMOUNT = 0x00090018, 0x00090020
LABEL = "GRÜN"  # in the code page of a console it is other bytes
FILES = {f"sd/{DUP_NAME}": DUP, "notes/one.txt": b"notes"}

posix = pytest.mark.skipif(os.name == "nt", reason="the real one answers by itself")
pytestmark = posix


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Windows:
    return Windows.installed(monkeypatch)


def in_reader(image: Path, windows: Windows, monkeypatch: pytest.MonkeyPatch, *more: dict[str, object]) -> None:
    """Put a card into the reader of this PC; ``more`` are volumes besides E:."""
    first = {"DiskNumber": 2, "PartitionNumber": 1, "DriveLetter": "E", "Size": BIG // 2}
    told = {
        "disks": {"Number": 2, "FriendlyName": "SD reader", "SerialNumber": "1", "BusType": "USB", "Size": BIG},
        "partitions": [first | {"AccessPaths": ["E:\\", f"{VOLUME}\\"]}, *more],
        "volumes": {"DriveLetter": "E", "FileSystem": "FAT32", "FileSystemLabel": LABEL, "Size": BIG // 2},
    }
    powershell_says(json.dumps(told, ensure_ascii=False), image.parent / "bin", monkeypatch)
    windows.named |= {DRIVE: image, VOLUME: image.parent / "volume", HIDDEN: image.parent / "hidden"}
    for name in (VOLUME, HIDDEN):
        windows.named[name].touch()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return card(tmp_path / "card.img", FILES, BIG)


def asked_for(refused: Said) -> str:
    """The name that the plan wants to be confirmed."""
    return (refused.out + refused.err).partition("add --confirm ")[2].split()[0]


def test_a_card_is_found_and_reformatted_with_its_volume_locked(
    terminal: Terminal, image: Path, windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_reader(image, windows, monkeypatch)
    (found,) = terminal.type("cards", "--json").document["cards"]
    assert found["device"] == DRIVE and LABEL in json.dumps(found, ensure_ascii=False)
    words = ("fix", "--reformat-sd", "--sd", DRIVE, "--backup", str(image.parent / "copies"), "--yes")
    said = terminal.type(*words, "--confirm", asked_for(terminal.type(*words)))
    assert said.code == 0, said.out + said.err
    assert [one for one in windows.calls if one[1] in (LOCK, DISMOUNT)] == [(VOLUME, LOCK), (VOLUME, DISMOUNT)]
    assert DUP in image.read_bytes()


def test_a_card_that_a_program_uses_is_left_alone(
    image: Path, windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also on a volume that has no drive letter."""
    hidden = {"DiskNumber": 2, "PartitionNumber": 2, "DriveLetter": "\0", "Size": BIG // 4}
    in_reader(image, windows, monkeypatch, hidden | {"AccessPaths": f"{HIDDEN}\\"})
    before, windows.in_use = image.read_bytes(), {HIDDEN}
    with pytest.raises(CardError) as caught, open_for_writing(Path(DRIVE)):
        pass
    assert caught.value.cause == "a program uses a file on it" and "administrator" not in caught.value.next
    assert image.read_bytes() == before


@pytest.mark.parametrize(
    ("at", "mark"),
    [
        (3, b"-FVE-FS-"),
        (424, bytes.fromhex("3bd66749292ed84a8399f6a339e3d001")),
    ],  # To Go: a FAT32 with a reader for old Windows
)
def test_a_card_that_windows_encrypted_is_never_written(
    terminal: Terminal, image: Path, windows: Windows, monkeypatch: pytest.MonkeyPatch, at: int, mark: bytes
) -> None:
    """Unlocked, Windows shows its files, which we cannot see: a copy of them would hold none."""
    with image.open("r+b") as file:
        file.seek(START + at)
        file.write(mark)
    before = image.read_bytes()
    in_reader(image, windows, monkeypatch)
    words = ("fix", "--reformat-sd", "--backup", str(image.parent / "copies"), "--yes", "--force-device", "--sd")
    for place in (DRIVE, str(image)):
        said = terminal.type(*words, place)
        assert said.code == 1 and "BitLocker" in said.out + said.err, said.out + said.err
    assert image.read_bytes() == before


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (21, "there is no card in the reader"),  # ERROR_NOT_READY
        (1112, "there is no card in the reader"),  # ERROR_NO_MEDIA_IN_DRIVE
        (19, "is write-protected"),  # ERROR_WRITE_PROTECT
        (5, "may not be opened"),  # ERROR_ACCESS_DENIED
        (1, "cannot be opened: error 1"),  # ERROR_INVALID_FUNCTION
    ],
)
def test_why_a_drive_does_not_open_is_told_apart(
    image: Path, windows: Windows, monkeypatch: pytest.MonkeyPatch, number: int, says: str
) -> None:
    in_reader(image, windows, monkeypatch)
    windows.refuses = {DRIVE: number}
    with pytest.raises(CardError) as caught, open_for_writing(Path(DRIVE)):
        pass
    assert caught.value.what == says
    assert ("administrator" in caught.value.next) == (number == 5)


def test_an_image_of_a_card_is_examined_and_changed(terminal: Terminal, image: Path, windows: Windows) -> None:
    assert "dup-at-root" in terminal.type("check", "--sd", str(image)).out
    said = terminal.type("fix", "--move-dup", "--sd", str(image), "--yes")
    assert said.code == 0, said.out + said.err


def test_the_only_board_is_found_and_named_as_windows_does(
    terminal: Terminal, windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_in(monkeypatch, COM1, ON_WINDOWS)
    for words in (("check",), ("check", "--port", "25"), ("check", "--port", "com25"), ("status",)):
        said = terminal.type(*words)
        assert "COM25" in said.out + said.err
    plug_in(monkeypatch, COM1)
    said = terminal.type("check")
    assert said.code == 2 and "Device Manager" in said.err and "--port COM1" in said.err


@pytest.mark.long
def test_a_flash_needs_nothing_that_windows_lacks_and_leaves_names_that_it_takes(
    tmp_path: Path, state_of_its_own: Path
) -> None:
    file = make_practice_image(tmp_path, build=41019, size_bytes=100_000)
    words = ("flash", file, "--port", f"sim://fipy?state={tmp_path / 'bench'}", "--yes", "--via", "usb")
    done = subprocess.run(
        [sys.executable, ROOT / "tests/like_windows.py", *words],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "do not close this window" in done.stdout + done.stderr
    left = [path.name for path in state_of_its_own.rglob("*")]
    assert len(left) > 4 and all(host_name(name) == name for name in left)
