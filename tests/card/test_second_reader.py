"""The second reader is the real pyfatfs in a real child process; what it stumbles over is on real images."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import struct
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import psutil
import pytest
from pyfatfs.PyFat import PyFat

from doctor.card import second_reader
from doctor.card.drives.device import open_for_writing
from doctor.card.drives.find import find_drive
from doctor.card.drives.guard import Identity
from doctor.card.image import DeviceCard, ImageCard
from doctor.card.pyfat_child import VolumeFile, quick, table
from doctor.card.reformat.device import reformat_device
from doctor.card.reformat.image import reformat_image
from doctor.card.repair import repair
from doctor.card.second_reader import FileDigests, Limits, begun, compare, compare_readers, read_again
from doctor.card.target import leftovers
from doctor.errors import CardError, SecondReaderDiffers
from doctor.events import Event, Note, Outcome, SecondReading, gravest
from doctor.fat.source import FileSource
from doctor.fat.volume import find_volume
from tests.card.images import BIG, DUP, DUP_NAME, FLOPPY, MIB, SMALL, START, Inside, card, mkfs_fat, patched, tool
from tests.card.media import used
from tests.card.reformat.test_device import attach, detach

SECTOR = START // 512
FILES = {
    DUP_NAME: DUP,
    "A.BIN": b"a",
    "EMPTY": b"",
    "sd/deep/Ein langer Name · mit Umläuten.txt": b"deep" * 999,
    "sd/OTHER.TXT": b"other",
}


def meant(files: dict[str, bytes]) -> dict[str, FileDigests]:
    return {path: FileDigests(len(data), hashlib.sha256(data).hexdigest()) for path, data in files.items()}


def read_as_meant(image: Path, limits: Limits | None = None) -> SecondReading:
    """The second reader's answer, if what our own reader reads was meant."""
    with FileSource(image) as source:
        volume = find_volume(source)
        assert volume is not None
        ours = second_reader.contents(volume)
        assert not isinstance(ours, CardError)
        return read_again(image, volume.start_sector, ours, limits)


@pytest.fixture(params=[SMALL, BIG], ids=["fat16", "fat32"])
def image(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return card(tmp_path / "card.img", FILES, request.param)


def test_both_read_the_same_files(image: Path) -> None:
    assert read_again(image, SECTOR, meant(FILES)) == SecondReading(Outcome.AGREE, "agrees: 5 files", 5)


@pytest.mark.needs_tool("mkfs.fat", "mcopy")
def test_both_read_fat12_and_the_lower_case_of_windows(tmp_path: Path) -> None:
    floppy, local = mkfs_fat(tmp_path / "floppy", FLOPPY, "-F", "12"), tmp_path / "x.bin"
    local.write_bytes(DUP)
    tool("mcopy", "-i", floppy, local, "::x.bin")  # mtools sets the flags for lower case, and writes no long name
    assert read_again(floppy, 0, meant({"x.bin": DUP})).outcome is Outcome.AGREE


def lone_surrogate(path: Path) -> Path:
    source = card(path / "a", FILES)
    return patched(source, path / "b", {START + Inside(source).entries[DUP_NAME].slots[-2] + 1: b"\0\xd8"})


def slot_with_a_cluster(path: Path) -> Path:
    source = card(path / "a", FILES)
    return patched(source, path / "b", {START + Inside(source).entries[DUP_NAME].slots[0] + 26: b"\1\0"})


def slot_twice(path: Path) -> Path:
    source = card(path / "a", FILES)
    slots = Inside(source).entries[DUP_NAME].slots
    return patched(source, path / "b", {START + slots[1]: source.read_bytes()[START + slots[0] :][:1]})


def jump_that_only_the_board_takes(path: Path) -> Path:
    return patched(card(path / "a", FILES), path / "b", {START: b"\xe8"})


def no_signature(path: Path) -> Path:
    return patched(card(path / "a", FILES), path / "b", {START + 510: b"\0\0"})


def high_half_of_a_cluster(path: Path) -> Path:
    source = card(path / "a", FILES)
    return patched(source, path / "b", {START + Inside(source).entries[DUP_NAME].slots[-1] + 20: b"\7\0"})


def folder_that_leads_to_the_root(path: Path) -> Path:
    source = card(path / "a", FILES, BIG)
    root = struct.pack("<H", Inside(source).geometry.root_cluster)
    return patched(source, path / "b", {Inside(source).slot("sd") + 26: root})


def root_in_a_circle(path: Path) -> Path:
    source = card(path / "a", FILES, BIG)
    inside = Inside(source)
    return patched(source, path / "b", inside.fats(inside.geometry.root_cluster, inside.geometry.root_cluster))


#: A part of PyFat's words as in KNOWN, and the image that makes it say so.
STUMBLES: dict[str, Callable[[Path], Path]] = {
    "UnicodeDecodeError": lone_surrogate,
    "invalid first cluster ID": slot_with_a_cluster,
    "has already been added": slot_twice,
    "Boot code must": jump_that_only_the_board_takes,
    "Invalid signature": no_signature,
    "bytes are missing": high_half_of_a_cluster,
    "RecursionError": folder_that_leads_to_the_root,
    "MemoryError": root_in_a_circle,
}


def test_every_known_stumble_has_an_image() -> None:
    assert set(STUMBLES) == set(second_reader.KNOWN)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("words", STUMBLES)
def test_known_stumble_is_told_and_explained(words: str, tmp_path: Path) -> None:
    if words == "MemoryError" and sys.platform != "linux":
        pytest.skip("only Linux bounds the memory of a process")
    answer = read_as_meant(STUMBLES[words](tmp_path), Limits(60, 64 * MIB) if words == "MemoryError" else None)
    assert answer.outcome is Outcome.NOT_COMPARED
    assert words in answer.words
    assert second_reader.KNOWN[words] in answer.words


@pytest.mark.long
@pytest.mark.parametrize("size", [SMALL, BIG])
def test_table_that_is_unpacked_on_demand_is_that_of_pyfatfs(size: int, tmp_path: Path) -> None:
    data = card(tmp_path / "a", FILES, size).read_bytes()[START:]
    one, two = PyFat(), quick(PyFat)()
    for reader in (one, two):
        reader.set_fp(io.BufferedReader(io.BytesIO(data)))
    assert one.fat_type == two.fat_type == (PyFat.FAT_TYPE_FAT16 if size == SMALL else PyFat.FAT_TYPE_FAT32)
    assert one.bytes_per_cluster == two.bytes_per_cluster
    assert one.fat == list(two.fat)
    with pytest.raises(IndexError):
        two.fat[len(two.fat)]


@pytest.mark.parametrize("high", [0x00, 0x10, 0xF0])
def test_the_high_four_bits_of_an_entry_count_for_nothing(high: int) -> None:
    raw = struct.pack("<4I", 0x0FFFFFF8, 0x0FFFFFFF, 0x01234567, 5 | high << 24)
    assert list(table(raw, 4)) == [0x0FFFFFF8, 0x0FFFFFFF, 0x01234567, 5]


def test_a_reader_that_was_begun_reads_when_it_is_told(tmp_path: Path) -> None:
    path = tmp_path / "card.img"
    path.touch()
    with begun(path) as reader:
        path.write_bytes(card(tmp_path / "made.img", FILES).read_bytes())
        assert read_again(path, SECTOR, meant(FILES), reader=reader).outcome is Outcome.AGREE


def test_a_reader_that_was_begun_for_nothing_ends(image: Path) -> None:
    before = psutil.Process().children()
    with pytest.raises(KeyboardInterrupt), begun(image) as reader:
        assert (reader is None) is (sys.platform == "win32")
        raise KeyboardInterrupt
    assert psutil.Process().children() == before


def test_a_reader_that_has_died_is_told(image: Path) -> None:
    before = psutil.Process().children()
    with begun(image) as reader:
        for child in set(psutil.Process().children()) - set(before):
            child.kill()
            child.wait()
        answer = read_again(image, SECTOR, meant(FILES), reader=reader)
    assert answer.outcome is Outcome.NOT_COMPARED


def test_a_card_that_is_not_there_begins_nothing(tmp_path: Path) -> None:
    with begun(tmp_path / "none") as reader:
        assert reader is None


def test_endless_reading_ends_at_its_limit(tmp_path: Path) -> None:
    answer = read_as_meant(root_in_a_circle(tmp_path), Limits(1.0))
    assert answer.words == f"could not compare: it {second_reader.TIMEOUT.format(seconds=1)}"
    assert psutil.Process().children() == []


def test_type_that_pyfatfs_decides_otherwise(tmp_path: Path) -> None:
    source = card(tmp_path / "a", {})
    geometry = Inside(source).geometry
    total = geometry.data_sector + 4085 * geometry.cluster_sectors  # the most that FatFs calls FAT12
    changes = {START + 19: struct.pack("<H", total), START + 32: bytes(4)}
    answer = read_again(patched(source, tmp_path / "b", changes), SECTOR, {})
    assert answer.words == f"could not compare: it {second_reader.WIDTHS.format(theirs=16, ours=12)}"


def test_ghosts_behind_the_end_mark_are_other_names(tmp_path: Path) -> None:
    source = card(tmp_path / "a", {f"F{number}.BIN": b"x" for number in range(40)}, BIG)
    answer = read_as_meant(patched(source, tmp_path / "b", {Inside(source).slot("F5.BIN"): b"\0"}))
    assert answer.outcome is Outcome.NOT_COMPARED
    assert second_reader.OTHER_NAMES in answer.words


def boot_of(image: Path) -> bytes:
    with image.open("rb") as file:
        file.seek(START)
        return file.read(512)


def test_fat_that_is_too_long_for_pyfatfs_is_not_given_to_it(tmp_path: Path) -> None:
    sectors = (64 << 20) // 512 + 1
    total = 32 + 2 * sectors + 70_000
    changes = {START + 14: struct.pack("<H", 32), START + 32: struct.pack("<II", total, sectors)}
    image = patched(
        used(tmp_path / "a", START + total * 512),
        tmp_path / "b",
        {START: boot_of(card(tmp_path / "c", {}, BIG)), **changes},
    )
    answer = read_again(image, SECTOR, {})
    assert answer.words == f"could not compare: it {second_reader.TOO_LONG.format(bytes='67,109,376 bytes')}"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows starts no shell scripts")
def test_one_file_without_a_python_is_its_own_second_reader(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "fipy-doctor"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from doctor.one_file import main; main()" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(program))
    assert read_again(image, SECTOR, meant(FILES)).outcome is Outcome.AGREE


def test_python_that_does_not_know_itself_is_told(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")
    answer = read_again(image, SECTOR, meant(FILES))
    assert answer == SecondReading(Outcome.NOT_COMPARED, f"could not compare: it {second_reader.NO_PYTHON}", 0)


def test_python_that_is_gone_is_told(image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    assert "cannot be started" in read_again(image, SECTOR, meant(FILES)).words


def test_card_that_is_gone_is_told(tmp_path: Path) -> None:
    assert "cannot read the card" in read_again(tmp_path / "none", SECTOR, {}).words


#: Another pyfatfs in front of the real one: what it does when it is imported, and what is told of it.
ODD = {
    "raise SystemExit(3)": "raised SystemExit: 3",
    "raise StopIteration": "raised StopIteration",
    "raise KeyboardInterrupt": "raised KeyboardInterrupt",
    "import os; os._exit(7)": "ended with code 7",
    "import os; print('x' * 99); os.write(1, b'{}'); os.write(2, b'{}'); 1 / 0": "raised ZeroDivisionError",
    "import warnings; warnings.warn('w'); raise ValueError": "raised ValueError",
    "import os; os.write(0, b'written')": "raised OSError",
    "x = []\nwhile True: x.append(bytes(1 << 20))": "raised MemoryError",
}


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize("what", ODD)
def test_whatever_pyfatfs_does_is_an_answer(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "MemoryError" in ODD[what] and sys.platform != "linux":
        pytest.skip("only Linux bounds the memory of a process")
    image = card(tmp_path / "card.img", FILES)
    before = image.read_bytes()
    (tmp_path / "odd" / "pyfatfs").mkdir(parents=True)
    (tmp_path / "odd" / "pyfatfs" / "__init__.py").write_text(f"{what}\n")
    monkeypatch.syspath_prepend(str(tmp_path / "odd"))
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    answer = read_again(image, SECTOR, meant(FILES), Limits(60, 256 * MIB))
    assert answer.outcome is Outcome.NOT_COMPARED
    assert ODD[what] in answer.words
    assert image.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="signals to a thread are a Unix thing")
@pytest.mark.long
def test_ctrl_c_ends_the_child_and_goes_on(tmp_path: Path) -> None:
    image = root_in_a_circle(tmp_path)
    seen: list[psutil.Process] = []
    main = threading.get_ident()

    def press() -> None:
        while not seen:
            # At work: until then the child is still being started, and nobody waits for it yet.
            seen.extend(child for child in psutil.Process().children() if child.cpu_times().user > 0.2)
        signal.pthread_kill(main, signal.SIGINT)

    presser = threading.Thread(target=press)
    presser.start()
    with pytest.raises(KeyboardInterrupt):
        read_again(image, SECTOR, {}, Limits(60))
    presser.join()
    assert not any(child.is_running() for child in seen)


def test_volume_is_read_in_whole_sectors_and_never_beyond(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytes(range(256)) * 64
    (tmp_path / "card").write_bytes(data)
    asked: list[tuple[int, int]] = []
    real = os.read
    with (tmp_path / "card").open("rb", buffering=0) as file:

        def read(handle: int, length: int) -> bytes:
            asked.append((os.lseek(handle, 0, os.SEEK_CUR), length))
            return real(handle, length)

        monkeypatch.setattr(os, "read", read)
        volume = VolumeFile(file.fileno(), 4096 + 512, 8192, 4096)
        volume.seek(100)
        assert volume.read(50) == data[4708:4758]
        assert volume.read(9999) == data[4758 : 4608 + 8192]
        assert volume.read(1) == b""
        assert (volume.seek(0, os.SEEK_END), volume.writable()) == (8192, False)
        with pytest.raises(ValueError, match="negative"):
            volume.seek(-1)
    assert all(at % 4096 == length % 4096 == 0 for at, length in asked)


# -- comparing -------------------------------------------------------------------------------------------------------


def test_names_are_compared_without_case_and_contents_first() -> None:
    (size, sha), other = meant({"x": b"x"})["x"], meant({"x": b"y"})["x"].sha256
    wanted = {"Folder/x.TXT": FileDigests(size, sha), "y": FileDigests(size, sha)}
    assert compare([("FOLDER/X.txt", size, sha, ""), ("Y", size, sha, "")], wanted).outcome is Outcome.AGREE
    odd_ones: tuple[list[tuple[str, int, str | None, str]], ...] = (
        [("Y", size, sha, "")],
        [("folder/x.txt", size, sha, ""), ("y", size, sha, ""), ("z", size, sha, "")],
        [("folder/x.txt", size, sha, ""), ("y", size, sha, ""), ("Y", size, other, "")],
        [("folder/x.txt", size, None, "PyFATException"), ("y", size, sha, "")],
    )
    for odd in odd_ones:
        assert compare(odd, wanted).outcome is Outcome.NOT_COMPARED
    for wrong in (("y", size + 1, None, "short"), ("y", size, other, "")):
        answer = compare([wrong, ("odd", size, sha, "")], wanted)
        assert (answer.outcome, answer.words) == (Outcome.DIFFER, "reads different content in y")


def test_the_gravest_of_several_answers_counts() -> None:
    answers = [SecondReading(outcome, outcome.value, number) for number, outcome in enumerate(Outcome, 1)]
    assert gravest([]) is gravest([Note("x")]) is None
    assert gravest([Note("x"), answers[1], answers[0]]) == SecondReading(Outcome.NOT_COMPARED, "not-compared", 1)
    assert gravest(answers) == answers[2]


# -- after every write -----------------------------------------------------------------------------------------------


def at_noon() -> datetime:
    return datetime(2026, 1, 2, 12, 0, 0)


Write = Callable[[Path, Callable[[Event], None]], object]
WRITES: dict[str, Write] = {
    "move": lambda path, emit: ImageCard(path).move(f"/sd/{DUP_NAME}", "/sd/sd/x.dup", emit),
    "remove": lambda path, emit: ImageCard(path).remove("/sd/A.BIN", emit),
    "write": lambda path, emit: ImageCard(path).write("/sd/A.BIN", b"new", emit),
    "reformat": lambda path, emit: reformat_image(path, backup_dir=path.parent / "b", emit=emit, now=at_noon),
    "repair": lambda path, emit: repair(path, backup_dir=path.parent / "b", emit=emit, now=at_noon()),
}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A card that can be changed, formatted and repaired: the backup of its boot sector differs."""
    source = card(tmp_path / "clean.img", FILES, BIG)
    return patched(source, tmp_path / "card.img", {START + 6 * 512 + 20: b"\1"})


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize("what", WRITES)
def test_every_write_is_read_again(what: str, written: Path) -> None:
    heard: list[Event] = []
    WRITES[what](written, heard.append)
    answers = [event for event in heard if isinstance(event, SecondReading)]
    count = len(FILES) - (what == "remove")
    assert answers == [SecondReading(Outcome.AGREE, f"agrees: {count} files", count)]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("what", WRITES)
def test_image_that_reads_otherwise_stays_as_it_was(what: str, written: Path) -> None:
    """The disk gives other bytes between the two readings."""
    path = written
    before = path.read_bytes()
    heard: list[Event] = []

    def listen(event: Event) -> None:
        heard.append(event)
        if isinstance(event, Note) and "second reader" in event.text:
            (part,) = leftovers(path)
            spoil(part)

    with pytest.raises(SecondReaderDiffers, match=r"OTHER\.TXT"):
        WRITES[what](path, listen)
    assert path.read_bytes() == before
    assert leftovers(path) == ()
    assert isinstance(heard[-1], SecondReading)
    assert heard[-1].outcome is Outcome.DIFFER


def spoil(medium: Path) -> None:
    """Another first byte in OTHER.TXT."""
    with medium.open("rb") as file:
        at = file.read().index(b"other")
    with medium.open("r+b", buffering=0) as file:
        file.seek(at // 512 * 512)
        sector = file.read(512)
        file.seek(at // 512 * 512)
        file.write(b"O" + sector[1:])
        os.fsync(file.fileno())


@pytest.fixture
def device(tmp_path: Path) -> object:
    name = attach(card(tmp_path / "card.img", FILES, BIG))
    yield Path(name)
    detach(name)


def test_device_that_nobody_else_may_open_for_writing_is_read_again(device: Path) -> None:
    with open_for_writing(device):
        assert read_again(device, SECTOR, meant(FILES)).outcome is Outcome.AGREE


@pytest.mark.long
def test_changed_and_formatted_device_is_read_again(device: Path, tmp_path: Path) -> None:
    heard: list[Event] = []
    DeviceCard(device).move(f"/sd/{DUP_NAME}", "/sd/sd/x.dup", heard.append)
    reformat_device(
        device, backup_dir=tmp_path / "b", expected=Identity.of(find_drive(str(device))), force=True, emit=heard.append
    )
    answers = [event.outcome for event in heard if isinstance(event, SecondReading)]
    assert answers == [Outcome.AGREE, Outcome.AGREE]


def test_formatted_device_that_reads_otherwise_is_no_card(device: Path, tmp_path: Path) -> None:
    def listen(event: Event) -> None:
        if isinstance(event, Note) and "second reader" in event.text:
            spoil(device)

    with pytest.raises(SecondReaderDiffers, match=r"OTHER\.TXT") as error:
        reformat_device(
            device, backup_dir=tmp_path / "b", expected=Identity.of(find_drive(str(device))), force=True, emit=listen
        )
    assert "all files are intact" in error.value.next
    assert not DeviceCard(device).volume().board_reads


# -- a check -----------------------------------------------------------------------------------------------------------


def test_readers_are_compared_on_a_card_as_it_is(image: Path, tmp_path: Path) -> None:
    assert compare_readers(image) == SecondReading(Outcome.AGREE, "agrees: 5 files", 5)
    assert compare_readers(patched(image, tmp_path / "none", {START: bytes(512)})) is None


def test_card_with_more_than_a_check_has_time_for_is_not_read(tmp_path: Path) -> None:
    full = card(tmp_path / "card.img", {"A.BIN": bytes(33 * MIB), "B.BIN": bytes(33 * MIB)}, 80 * MIB)
    answer = compare_readers(full)
    assert answer is not None
    assert "69,206,016 bytes are too many" in answer.words
