"""No firmware was named: which file is meant, from which place, and who has to confirm it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from doctor.bench import Bench
from doctor.card import found
from doctor.card.drives.drive import Drive, DrivePart
from doctor.card.drives.mounted import MountedOn
from doctor.sim.practice.image import make_practice_elf, make_practice_image, make_practice_part
from tests.another_system import on
from tests.card.media import used_folder

from .terminal import Said, Terminal
from .test_ctrl_c import Keyboard

BOARD = "sim://fipy?scenario=dup-in-folder"  # a card without firmware at its root
MODEM = "sim://sqn3330"
AT_MODEM = ("--port", MODEM, "--via", "modem")
SMALL = 100_000


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Path, Path, Path]:
    """A card in the PC, the folder where one stands, and the downloads: all empty."""
    card, here, downloads = used_folder(tmp_path / "media"), tmp_path / "here", tmp_path / "downloads"
    here.mkdir()
    downloads.mkdir()
    part = DrivePart("/dev/sdq1", 31_900_000_000, "vfat", "FIPY", (str(card),))
    drive = Drive("/dev/sdq", "sdq", 32_000_000_000, "Reader", bus="usb", removable=True, parts=(part,))
    monkeypatch.setattr(found, "card_drives", lambda: (drive,))
    monkeypatch.setattr("doctor.card.drives.mounted.from_mountinfo", lambda *_: MountedOn("vfat", True, "/dev/sdq1"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DOWNLOAD_DIR", str(downloads))
    monkeypatch.chdir(here)
    return card, here, downloads


def plan(terminal: Terminal, *where: str) -> Said:
    return terminal.type("plan", *(where or AT_MODEM))


@pytest.mark.long
def test_the_first_place_that_has_some_decides(terminal: Terminal, places: tuple[Path, Path, Path]) -> None:
    builds = iter((41065, 41019, 38638 + 3000))
    for folder, where in zip(reversed(places), ("downloads", "in this folder", "on the card in this PC"), strict=True):
        name = make_practice_image(folder, build=next(builds), size_bytes=SMALL).name
        said = plan(terminal)
        assert f"Found {name} (SHA-256 " in said.err and where in said.err
    said = plan(terminal, "--port", "sim://fipy")
    assert "Found PRACTICE-CATM1-41065.dup" in said.err and "on the card in the board" in said.err
    said = terminal.type(
        "plan", "--port", "sim://fipy", "--via", "usb"
    )  # from the card in the board it goes no such way
    assert "on the card in this PC" in said.err


def test_what_does_not_fit_does_not_count(terminal: Terminal, places: tuple[Path, Path, Path]) -> None:
    _, here, downloads = places
    whole = make_practice_image(downloads, size_bytes=SMALL)
    (here / "cut.dup").write_bytes(whole.read_bytes()[:50_000])
    (here / "CATM1-41065.dup").write_bytes(b"<!DOCTYPE html><title>Sign in</title>" + os.urandom(3000))
    (here / "LR8.0.5.13-59577.dup").write_bytes(os.urandom(600_000))
    (here / "._PRACTICE.dup").write_bytes(os.urandom(4096))
    (here / "folder.dup").mkdir()
    make_practice_image(here, build=41065, base=40000, size_bytes=SMALL)
    make_practice_part(here, 1, 30_000)
    assert f"Found {whole.name}" in plan(terminal).err
    whole.unlink()
    said = plan(terminal)
    assert said.code == 2
    assert "there is no firmware file that fits this modem" in said.err
    for word in ("cut.dup", "CATM1-41065.dup", "LR8.0.5.13-59577.dup", "40000", "one file of a pair"):
        assert word in said.err, word


def test_what_nobody_named_is_no_link(terminal: Terminal, places: tuple[Path, Path, Path], tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("root:$6$hash:20228::::::\n" * 20)
    (places[2] / "CATM1-41065.dup").symlink_to(secret)
    if Path("/proc/kmsg").exists():  # a regular file that may be read only once, and waits
        (places[2] / "log.dup").symlink_to("/proc/kmsg")
    os.mkfifo(places[2] / "pipe.dup")
    said = plan(terminal)
    assert said.code == 2 and "CATM1-41065.dup" in said.err and "only a link: name it if it is meant" in said.err
    assert "root:" not in said.err
    image = make_practice_image(tmp_path, build=41019, size_bytes=SMALL)
    (places[1] / "mine.dup").symlink_to(image)
    assert plan(terminal).code == 2
    assert terminal.type("plan", "mine.dup", *AT_MODEM).code == 0


def test_a_folder_full_of_them_hides_none_in_silence(terminal: Terminal, places: tuple[Path, Path, Path]) -> None:
    for number in range(70):
        (places[2] / f"{number:02}.dup").write_bytes(b"<html>" + b"%02d" % number * 100)
    make_practice_image(places[2], build=41019, size_bytes=SMALL)
    said = plan(terminal)
    assert said.code == 2
    assert "21 of 71 .dup files, which are too many to read" in said.err
    assert "and 46 more" in said.err


def test_of_two_pairs_none_is_taken(terminal: Terminal, places: tuple[Path, Path, Path]) -> None:
    first = make_practice_part(places[1], 1, 30_500)
    first.rename(first.with_stem("PRACTICE-first"))
    make_practice_part(places[1], 1, 30_000)
    make_practice_part(places[1], 2, 30_000)
    said = plan(terminal)
    assert said.code == 2 and "2 firmware files fit this modem" in said.err


def test_a_folder_that_cannot_be_listed_is_no_empty_one(
    terminal: Terminal, places: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.scandir

    def forbidden(folder: Path) -> object:
        if str(folder) == str(places[2]):
            raise PermissionError(13, "Permission denied", str(folder))
        return real(folder)

    monkeypatch.setattr("os.scandir", forbidden)
    said = plan(terminal)
    assert said.code == 2 and f"{places[2]} cannot be listed (Permission denied)" in said.err


def test_a_practice_image_does_not_count_at_a_real_port(
    terminal: Terminal, places: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_practice_image(places[1], size_bytes=SMALL)
    monkeypatch.setattr(Bench, "simulated", property(lambda _bench: False))
    said = plan(terminal)
    assert said.code == 2 and "this is a practice image" in said.err


def test_a_pair_is_one_candidate_and_so_are_two_copies(terminal: Terminal, places: tuple[Path, Path, Path]) -> None:
    first, second = (make_practice_part(places[1], part, 30_000) for part in (1, 2))
    (places[1] / f"{second.stem} (1).dup").write_bytes(second.read_bytes())
    said = plan(terminal)
    assert f"Found {first.name} (SHA-256 " in said.err and f" and {second.name} (SHA-256 " in said.err


def test_several_that_fit_are_listed(terminal: Terminal, places: tuple[Path, Path, Path]) -> None:
    names = [make_practice_image(places[1], build=build, size_bytes=SMALL).name for build in (41019, 41065)]
    said = terminal.type("flash", *AT_MODEM)
    assert said.code == 2 and "2 firmware files fit this modem, in this folder" in said.err
    assert all(name in said.err for name in names)
    assert f"fipy-doctor flash {names[0]} --port {MODEM} --via modem" in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("flash", f"--port={MODEM}", "--via=modem"),
        ("flash", f"-vp{MODEM}", "--via", "modem"),
        ("--port", MODEM, "--quiet", "flash", "--via", "modem"),
    ],
    ids=["equals signs", "one word", "in front"],
)
def test_the_printed_command_can_be_typed_however_the_port_was(
    terminal: Terminal, places: tuple[Path, Path, Path], words: tuple[str, ...]
) -> None:
    image = make_practice_image(places[2], build=41019, size_bytes=SMALL)
    told = terminal.type(*words).err
    again = told[told.index("fipy-doctor ") :].splitlines()[0].split()[1:]
    assert again[0] == "flash" and str(image) in again
    assert terminal.type(*again, "--dry-run").code == 0


@pytest.mark.parametrize("more", [(), ("--yes",), ("--json",)], ids=["pipe", "--yes", "--json"])
def test_what_the_program_chose_must_be_named_where_nobody_confirms_it(
    terminal: Terminal, places: tuple[Path, Path, Path], more: tuple[str, ...]
) -> None:
    image = make_practice_image(places[2], build=41019, size_bytes=SMALL)
    said = terminal.type("flash", *more, *AT_MODEM)
    told = said.document["error"]["next"] if "--json" in more else said.err
    assert said.code == 2
    assert f"{image} --port {MODEM}" in told
    words = [word for word in told[told.index("fipy-doctor ") :].splitlines()[0].split() if word != "fipy-doctor"]
    assert terminal.type(*words, "--dry-run").code == 0


@pytest.mark.parametrize(("keys", "code"), [("y\ny\n", 0), ("n\n", 1), ("\n", 1)], ids=["yes", "no", "enter"])
def test_at_the_terminal_it_is_confirmed_by_name_and_hash(
    terminal: Terminal, places: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch, keys: str, code: int
) -> None:
    image = make_practice_image(places[1], build=41019, size_bytes=SMALL)
    monkeypatch.setattr("sys.stdin", Keyboard(keys))
    said = terminal.type("flash", *AT_MODEM)
    assert said.code == code
    assert f"Found {image.name} (SHA-256 " in said.err and "Is this the firmware to flash? [y/N]" in said.err
    assert ("Flashed and proved" in said.out) is (code == 0)


def test_yes_confirms_no_file_at_the_terminal_either(
    terminal: Terminal, places: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_practice_image(places[1], build=41019, size_bytes=SMALL)
    monkeypatch.setattr("sys.stdin", Keyboard("y\ny\n"))
    assert terminal.type("flash", *AT_MODEM, "--yes").code == 2


def test_downloads_are_not_opened_where_the_system_asks(
    terminal: Terminal, places: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_practice_image(places[2], size_bytes=SMALL)
    on(monkeypatch, "darwin")
    assert "downloads" not in plan(terminal).err


def test_what_belongs_together_lies_together(terminal: Terminal, tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    image, updater = make_practice_image(package, size_bytes=SMALL), make_practice_elf(package)
    said = plan(terminal, *AT_MODEM, "--updater-elf", str(updater))
    assert f"Found {image.name}" in said.err and f"beside {updater.name}" in said.err


def test_without_any_it_is_said_where_they_come_from(
    terminal: Terminal, places: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = plan(terminal, "--port", BOARD)
    assert said.code == 2
    assert all(place in said.err for place in ("on the card in the board", "on the card in this PC", "in this folder"))
    assert "fipy-doctor sim --make-firmware .; then run the same command again" in " ".join(said.err.split())
    monkeypatch.setattr("doctor.report.practice.is_simulated", lambda _given: False)
    places[1].rmdir()  # the folder where one stands is gone, too
    assert "old SD cards" in plan(terminal).err
