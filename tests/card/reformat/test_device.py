"""Raw devices: aligned access on a strict fake, and the real thing on loop devices if the machine allows it."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PureWindowsPath

import pytest

from doctor.card.drives.device import DeviceSource, DeviceTarget, device_name, is_device, open_for_writing, whole_device
from doctor.card.drives.find import find_drive
from doctor.card.drives.guard import Identity, confirmation
from doctor.card.drives.raw import RawDevice
from doctor.card.image import ImageCard, open_card
from doctor.card.judge import judge
from doctor.card.reformat.backup import RAW_COPY
from doctor.card.reformat.choice import NOTHING, Choice
from doctor.card.reformat.device import _layout, _write, check_confirmed, plan_reformat_device, reformat_device
from doctor.card.reformat.image import ReformatResult
from doctor.card.reformat.unfinished import Copied, ReformatRecord, read_journal
from doctor.card.repair import plan_repair, repair
from doctor.errors import CardError, DoctorError, Stopped
from doctor.events import Event
from doctor.fat.format import partition_table
from tests.card.images import BIG, DUP, DUP_NAME, START, card, patched, tool, volume_of
from tests.card.media import old_bytes

FILES = {f"sd/{DUP_NAME}": DUP, "notes/a long name.txt": b"notes", "READ.ME": b""}


class StrictDevice(RawDevice):
    """A device as strict as Windows: whole sectors only, short reads and writes now and then."""

    def __init__(self, data: bytes, sector_bytes: int = 512) -> None:
        self.data = bytearray(data)
        self.size_bytes, self.sector_bytes = len(data), sector_bytes
        self.fails_from: int | None = None
        self.error = errno.EIO

    def _check(self, offset: int, length: int) -> None:
        if offset % self.sector_bytes or length % self.sector_bytes or length == 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        if self.fails_from is not None and offset + length > self.fails_from:
            raise OSError(self.error, os.strerror(self.error))

    def fileno(self) -> int:
        raise AssertionError("there is no descriptor")

    def read(self, offset: int, length: int) -> bytes:
        self._check(offset, length)
        return bytes(self.data[offset : offset + min(length, 7 * self.sector_bytes)])

    def write(self, offset: int, data: bytes | memoryview) -> int:
        self._check(offset, len(data))
        taken = bytes(data[: 5 * self.sector_bytes])
        self.data[offset : offset + len(taken)] = taken
        return len(taken)

    def sync(self) -> None:
        """Nothing is held back."""

    def forget(self) -> None:
        """Nothing is remembered."""

    def reread_table(self) -> None:
        """Nobody looks."""

    def close(self) -> None:
        """Nothing to close."""


class Counterfeit(StrictDevice):
    """A card that is smaller than it says: beyond that it loses what is written, once the system has let go of it."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.real_bytes = len(data)
        self._old = data

    def forget(self) -> None:
        self.data[self.real_bytes :] = self._old[self.real_bytes :]


def test_a_card_that_loses_what_is_written_is_found_out_before_its_partition_table_is_written(tmp_path: Path) -> None:
    content = random.Random(1).randbytes(2_000_000)  # of a medium full of ones it would not differ by its loss
    (tmp_path / "kept").write_bytes(content)
    raw = Counterfeit(old_bytes(BIG))
    copied = Copied("A.DUP", "kept", hashlib.sha256(content).hexdigest(), len(content), 0, bytes(10).hex())
    journal = ReformatRecord("0" * 32, tmp_path, "/dev/none", BIG, "", "", "PYCOM", (copied,))
    layout, _ = _layout(journal, journal.files, BIG)
    (first, count), *_ = sorted(layout.chains, key=lambda chain: -chain[1])
    raw.real_bytes = layout.plan.start_sector * 512 + layout.plan.geometry.cluster_offset(first + count // 2)
    with pytest.raises(CardError, match="reads back differently"):
        _write(DeviceTarget(Path("/dev/none"), raw), journal, journal.files, layout, 1, lambda event: None)
    assert raw.data[:512] != partition_table(layout.plan, 1)


@pytest.mark.parametrize("sector", [512, 4096])
@pytest.mark.parametrize(("offset", "length"), [(0, 512), (1, 1), (500, 30), (4095, 4098), (8192 * 2, 20_000)])
def test_any_place_is_read_and_written_in_whole_sectors(sector: int, offset: int, length: int) -> None:
    data = old_bytes(102_400)
    raw = StrictDevice(data, sector)
    target = DeviceTarget(Path("/dev/none"), raw)
    assert target.read_at(offset, length) == data[offset : offset + length]
    target.write_at(offset, b"w" * length)
    assert raw.data == data[:offset] + b"w" * length + data[offset + length :]


def test_card_is_judged_on_a_strict_device(tmp_path: Path) -> None:
    source = DeviceSource(Path("/dev/none"), StrictDevice(card(tmp_path / "card.img").read_bytes()))
    assert judge(source).problems == ()


def test_outside_is_an_error(tmp_path: Path) -> None:
    target = DeviceTarget(Path("/dev/none"), StrictDevice(old_bytes(4096)))
    with pytest.raises(CardError, match="sector 8"):
        target.read_at(4096, 1)
    with pytest.raises(ValueError, match="outside"):
        target.write_at(4000, bytes(200))


def test_read_and_write_errors_say_the_sector_and_what_to_do() -> None:
    raw = StrictDevice(old_bytes(8192))
    target = DeviceTarget(Path("/dev/none"), raw)
    raw.fails_from = 4096
    with pytest.raises(CardError, match="sector 8") as failed:
        target.read_at(4096, 10)
    assert failed.value.next
    raw.error = errno.EROFS
    with pytest.raises(CardError) as refused:
        target.write_at(4096, bytes(512))
    assert "lock switch" in refused.value.cause


def test_empty_reader_is_named() -> None:
    with pytest.raises(CardError, match="no card in the reader"):
        DeviceSource(Path("/dev/none"), StrictDevice(b""))


@pytest.mark.parametrize("name", [r"\\.\PhysicalDrive2", r"\\?\physicaldrive2", "//./PhysicalDrive2"])
def test_windows_names(name: str) -> None:
    path = PureWindowsPath(name)
    assert is_device(Path(str(path)))
    assert device_name(Path(str(path))) == r"\\.\PhysicalDrive2"


def test_partition_of_a_mac_is_known_by_its_name() -> None:
    assert whole_device(Path("/dev/disk4s1")) == "/dev/disk4"
    assert whole_device(Path("/dev/disk4")) == ""


# -- loop devices: only ever made from files of this test ----------------------------------------------------------


def attach(image: Path, *options: str) -> str:
    """A loop device on an image file; skips, and says why, if the machine gives none."""
    where = shutil.which("losetup", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if where is None or os.name != "posix" or os.geteuid() != 0:
        pytest.skip("losetup is missing, or this is not root: no loop devices")
    done = subprocess.run(
        [where, "-f", *options, "--show", image], capture_output=True, text=True, timeout=20, check=False
    )
    if done.returncode:
        pytest.skip(f"this machine gives no loop device: {done.stderr.strip()}")
    return done.stdout.strip()


def detach(device: str) -> None:
    subprocess.run(["losetup", "-d", device], timeout=20, check=True)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return card(tmp_path / "card.img", FILES, BIG)


@pytest.fixture
def device(image: Path) -> Iterator[Path]:
    name = attach(image)
    try:
        yield Path(name)
    finally:
        detach(name)


def at_noon() -> datetime:
    return datetime(2026, 1, 2, 12, 0, 0)


def go(device: Path, backups: Path, stop: str = "") -> ReformatResult:
    """Reformat; ``stop`` presses Ctrl-C when a note holds that word."""

    def listen(event: Event) -> None:
        if stop and stop in str(event):
            raise KeyboardInterrupt

    expected = Identity.of(find_drive(str(device)))
    return reformat_device(device, backup_dir=backups, expected=expected, force=True, emit=listen, now=at_noon)


def test_device_is_a_card_like_its_image(device: Path, image: Path) -> None:
    mine = open_card(device)
    assert mine.kind == "device"
    assert mine.volume() == ImageCard(image).volume()
    assert b"".join(mine.read(f"/sd/sd/{DUP_NAME}")) == DUP


@pytest.mark.medium
@pytest.mark.needs_tool("fsck.fat", "mdir")
def test_device_is_formatted_and_filled_again(device: Path, image: Path, tmp_path: Path) -> None:
    result = go(device, tmp_path / "backups")
    assert result.moved == ((f"/sd/sd/{DUP_NAME}", f"/sd/{DUP_NAME}"),)
    new = open_card(device)
    assert b"".join(new.read(f"/sd/{DUP_NAME}")) == DUP
    assert b"".join(new.read("/sd/notes/a long name.txt")) == b"notes"
    assert new.volume().problems == ()
    journal = read_journal(result.backup)
    assert journal is not None
    assert journal.done
    tool("fsck.fat", "-n", volume_of(image))
    assert f"::/{DUP_NAME}" in tool("mdir", "-b", "-i", f"{image}@@4M", "::").splitlines()


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("moment", ["formatting", "putting", "comparing"])
def test_interrupted_device_says_where_its_files_are_and_is_finished_later(
    device: Path, tmp_path: Path, moment: str
) -> None:
    backups = tmp_path / "backups"
    with pytest.raises(Stopped) as stopped:
        go(device, backups, stop=moment)
    (folder,) = backups.iterdir()
    assert str(folder) in stopped.value.next
    assert (folder / "files" / "sd" / DUP_NAME).read_bytes() == DUP
    if moment != "formatting":
        (problem,) = open_card(device).volume().problems
        assert "interrupted" in problem.text
        assert folder.name in problem.text
        plan = plan_reformat_device(device, backup_dir=tmp_path / "elsewhere", force=True)
        assert "an earlier run was interrupted: continue" in "\n".join(plan.lines)
        assert any("continue with its backup" in line for line in plan.lines)
    go(device, backups)
    assert b"".join(open_card(device).read(f"/sd/{DUP_NAME}")) == DUP


def test_changed_backup_is_not_put_back(device: Path, tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    with pytest.raises(Stopped):
        go(device, backups, stop="putting")
    (folder,) = backups.iterdir()
    (folder / "files" / "sd" / DUP_NAME).write_bytes(b"other")
    with pytest.raises(CardError, match="was changed since"):
        go(device, backups)


def test_mark_that_no_journal_knows_means_nothing(device: Path, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        go(device, tmp_path / "backups", stop="putting")
    shutil.rmtree(tmp_path / "backups")
    with pytest.raises(CardError, match="backup that holds its files is not here") as refused:
        plan_reformat_device(device, backup_dir=tmp_path / "backups", force=True)
    assert "--put-back none" in refused.value.next
    plan = plan_reformat_device(device, backup_dir=tmp_path / "backups", choice=Choice((NOTHING,)), force=True)
    assert "an earlier run was interrupted: continue" not in "\n".join(plan.lines)
    assert not any(RAW_COPY in line for line in plan.lines)


def test_device_that_is_no_card_for_sure_needs_force(device: Path, tmp_path: Path) -> None:
    with pytest.raises(CardError, match="neither removable") as refused:
        plan_reformat_device(device, backup_dir=tmp_path)
    assert "--force-device" in refused.value.next


def test_name_and_size_confirm_and_nothing_else(device: Path) -> None:
    drive = find_drive(str(device))
    for given, typed in ((None, None), (None, "yes"), ("yes", confirmation(drive)), (drive.name, None)):
        with pytest.raises(DoctorError) as refused:
            check_confirmed(drive, given, lambda _question, typed=typed: typed)  # type: ignore[misc]
        assert confirmation(drive) in refused.value.next
    check_confirmed(drive, confirmation(drive), lambda _question: None)
    check_confirmed(drive, None, lambda _question: f"/dev/{confirmation(drive)} ".upper())


def test_another_card_than_confirmed_is_left_alone(device: Path, image: Path, tmp_path: Path) -> None:
    before = image.read_bytes()
    other = replace(Identity.of(find_drive(str(device))), serial="other")
    with pytest.raises(CardError, match="not the card"):
        reformat_device(device, backup_dir=tmp_path / "b", expected=other, force=True)
    with pytest.raises(CardError, match="not the card"), open_for_writing(device, expected=other):
        pass
    assert image.read_bytes() == before


def test_device_in_use_is_not_opened(device: Path) -> None:
    with open_for_writing(device), pytest.raises(CardError, match="in use"), open_for_writing(device):
        pass


def test_files_on_a_device_are_moved_and_deleted(device: Path, image: Path) -> None:
    mine = open_card(device)
    mine.move(f"/sd/sd/{DUP_NAME}", f"/sd/{DUP_NAME}")
    mine.remove("/sd/READ.ME")
    names = {file.path for file in ImageCard(image).files() if not file.is_dir}
    assert names == {f"/sd/{DUP_NAME}", "/sd/notes/a long name.txt"}
    assert ImageCard(image).volume().problems == ()


def test_device_is_repaired_in_place(tmp_path: Path) -> None:
    source = card(tmp_path / "a", FILES, BIG)
    image = patched(source, tmp_path / "card.img", {START: bytes(512)})
    name = attach(image)
    try:
        assert plan_repair(Path(name)) == ("restore the boot sector at sector 8192 from its backup copy",)
        repair(Path(name), backup_dir=tmp_path / "backups", now=at_noon())
        assert open_card(Path(name)).volume().problems == ()
    finally:
        detach(name)


@pytest.mark.long
def test_exfat_device_is_kept_whole(tmp_path: Path) -> None:
    source = card(tmp_path / "a", {}, BIG)
    image = patched(source, tmp_path / "card.img", {START: b"\xeb\x76\x90EXFAT   " + bytes(501)})
    before = image.read_bytes()
    name = attach(image)
    try:
        with pytest.raises(CardError, match="exFAT"):
            plan_reformat_device(Path(name), backup_dir=tmp_path / "b")
        result = go(Path(name), tmp_path / "backups")
        assert result.raw_copy is not None
        assert result.raw_copy.read_bytes() == before
        assert open_card(Path(name)).volume().board_reads
    finally:
        detach(name)


def test_device_that_refuses_a_write_does_not_speak_of_a_backup_that_nobody_made() -> None:
    raw = StrictDevice(old_bytes(4096))
    raw.fails_from = 0
    with DeviceTarget(Path("/dev/x"), raw) as target, pytest.raises(CardError, match="cannot be written") as refused:
        target.write_at(0, bytes(512))
    assert refused.value.next == "put the card in again"
