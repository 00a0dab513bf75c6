"""Kill -9 at random moments of a reformat, a move and a repair, of image files and loop devices: nothing is lost.

``make kill-cards`` runs ``python -m tests.card.kill 100`` on used media, and a pass each on zeros and on 0xFF; not
part of ``make test``. Each killed run is followed by one that finishes the work. Judges are our own reader, and
fsck.fat and mcopy if they are installed.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from docs._build.counts import keep
from doctor.card.change import Rename, change_files
from doctor.card.drives.device import open_source
from doctor.card.drives.find import find_drive
from doctor.card.drives.guard import Identity
from doctor.card.judge import judge
from doctor.card.reformat.device import reformat_device
from doctor.card.reformat.image import reformat_image
from doctor.card.reformat.unfinished import read_mark
from doctor.card.repair import plan_repair, repair
from doctor.card.target import sha256_of
from doctor.errors import CardError
from doctor.fat.directory import walk
from doctor.fat.reader import read_file
from doctor.fat.volume import open_volume
from doctor.fat.writer import best_layout, new_file
from tests.card import media
from tests.card.images import BIG, DUP_NAME, MIB, SBIN, SMALL, START, Inside, card, patched, tool, volume_of, with_mbr
from tests.card.reformat.test_device import attach, detach

SIZE = 48 * MIB
SRC, DST = f"sd/{DUP_NAME}", DUP_NAME
FILES = {
    SRC: random.Random(1).randbytes(3 * MIB),
    "notes/a long name.txt": b"notes" * 1000,
    "READ.ME": b"",
    "a/b/c/deep.bin": b"deep" * 9999,
    "写真/漢字の名前のファイル.jpg": random.Random(2).randbytes(200_000),
    **{f"many/small file {number}.txt": b"%d" % number * number for number in range(100)},
}
WORKER = """
import sys
from pathlib import Path
from tests.card.kill import WORKS
print("ready", flush=True)
WORKS[sys.argv[1]](Path(sys.argv[2]))
"""


def backups_of(path: Path) -> Path:
    """Where the backups of an image or device go; below the folder in which the runs take place."""
    return Path(os.environ["FIPY_DOCTOR_KILL_FOLDER"]) / "backups"


def reformatted(path: Path) -> None:
    """Reformat an image or a device, or go on with a device that was interrupted."""
    if not path.is_block_device():
        reformat_image(path, backup_dir=backups_of(path))
        return
    expected = Identity.of(find_drive(str(path)))
    reformat_device(path, backup_dir=backups_of(path), expected=expected, force=True)


def moved(path: Path) -> None:
    """Bring the .dup to the root, if it is not there yet."""
    if SRC in contents(path):
        change_files(path, [Rename(SRC, DST)])


def repaired(path: Path) -> None:
    """Repair from the good copies."""
    repair(path, backup_dir=backups_of(path), now=datetime.now())


WORKS: dict[str, Callable[[Path], None]] = {"reformat": reformatted, "move": moved, "repair": repaired}


# -- cards -----------------------------------------------------------------------------------------------------------


def plain(path: Path) -> Path:
    """FAT32 behind a partition table."""
    return card(path, FILES, SIZE)


def nearly_full(path: Path) -> Path:
    """Three clusters are left."""
    layout = best_layout(SIZE, [new_file(name, data) for name, data in FILES.items()])
    filling = layout.free_bytes - 3 * layout.plan.geometry.cluster_bytes
    return card(path, {**FILES, "FULL.BIN": random.Random(3).randbytes(filling)}, SIZE)


def super_floppy(path: Path) -> Path:
    """No partition table."""
    with plain(path.with_name("whole")).open("rb") as source, path.open("wb") as target:
        source.seek(START)
        shutil.copyfileobj(source, target, MIB)
    return path


def two_partitions(path: Path) -> Path:
    """FAT32, and another FAT16 volume behind it, which the board does not see."""
    first, second = super_floppy(path.with_name("first")), path.with_name("second")
    with card(path.with_name("other"), {"other/file of the second.bin": b"2" * 99_999}, SMALL).open("rb") as source:
        source.seek(START)
        second.write_bytes(source.read())
    return with_mbr(path, [(0x0C, 2048, first), (0x06, 2048 + SIZE // 512, second)])


CARDS: tuple[Callable[[Path], Path], ...] = (plain, nearly_full, super_floppy, two_partitions)


def damaged(path: Path) -> Path:
    """A card that ``repair`` mends: a stale second FAT, no backup boot sector, marked as not ejected."""
    whole = card(path.with_name("whole"), FILES, BIG)
    inside = Inside(whole)
    stale = {inside.fat(inside.entries[SRC].first_cluster, 1): media.old_bytes(5000)}
    return patched(whole, path, {START + 65: b"\1", START + 6 * 512: media.old_bytes(512), **stale})


# -- judges ----------------------------------------------------------------------------------------------------------


def contents(path: Path) -> dict[str, str]:
    """SHA-256 of every file by its path, on all volumes."""
    found: dict[str, str] = {}
    with open_source(path) as source:
        verdict = judge(source)
        others = [open_volume(source, part.start_sector)[0] for part in verdict.others]
        for volume in (verdict.volume, *others):
            if volume is not None:
                files = [step.entry for step in walk(volume.view, volume.fat, volume.root()) if not step.entry.is_dir]
                found |= {entry.path: sha256_of(read_file(volume, entry)) for entry in files}
    return found


def by_name(found: dict[str, str]) -> dict[str, str]:
    """The same, wherever a file lies."""
    return {path.rpartition("/")[2]: digest for path, digest in found.items()}


def faultless(image: Path) -> None:
    """Our own reader, fsck.fat and mcopy on a card whose work is finished."""
    with open_source(image) as source:
        verdict = judge(source)
        assert verdict.volume is not None
        assert not [problem.text for problem in verdict.problems if problem.stops_changes]
        start = verdict.volume.start_sector * 512
    if shutil.which("fsck.fat", path=SBIN):
        tool("fsck.fat", "-n", volume_of(image, start))
    if shutil.which("mcopy", path=SBIN):
        out = image.parent / "out"
        out.mkdir()
        tool("mcopy", "-s", "-n", "-i", f"{image}@@{start}", "::*", out)
        read = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
        ours = contents(image)
        for name, path in read.items():
            assert sha256_of(iter([path.read_bytes()])) == ours[name], f"mcopy reads other bytes of {name}"
        assert read.keys() >= {name for name in ours if name.rpartition("/")[2] in by_name(dict.fromkeys(FILES, ""))}


# -- runs ------------------------------------------------------------------------------------------------------------


def loop_devices() -> bool:
    """Whether this machine gives loop devices."""
    with tempfile.TemporaryDirectory(prefix="fipy-doctor-kill-") as name:
        try:
            detach(attach(card(Path(name) / "card.img", {})))
        except pytest.skip.Exception as why:
            sys.stdout.write(f"no devices: {why}\n")
            return False
    return True


def killed_after(delay_s: float, *words: str | Path) -> bool:
    """Start a worker and kill it after a while; whether it was killed before it was done."""
    process = subprocess.Popen([sys.executable, "-c", WORKER, *map(str, words)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(delay_s)
    killed = process.poll() is None
    if killed:
        process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert killed or process.returncode == 0
    return killed


def marked(path: Path) -> bool:
    """Whether a device says that its reformat is unfinished."""
    with open_source(path) as source:
        return read_mark(source.read_at(0, 512)) is not None


def kept(path: Path, before: dict[str, str]) -> None:
    """Nothing is lost: all files are on the card, or it is marked and all of them lie whole in a backup."""
    if not marked(path):
        assert by_name(contents(path)) == by_name(before), "a file was lost or changed"
        return
    for folder in backups_of(path).iterdir():
        files = [file for file in (folder / "files").rglob("*") if file.is_file()]
        if {file.name: sha256_of(iter([file.read_bytes()])) for file in files} == by_name(before):
            return
    raise AssertionError("the card is marked, and no backup holds every file whole")


def finish(work: str, path: Path) -> None:
    """What the user does next: the same again, or what the program names if it refuses that."""
    try:
        WORKS[work](path)
    except CardError as refused:
        if work == "reformat":
            raise
        try:
            plan_repair(path)
            repaired(path)
            WORKS[work](path)
        except CardError:
            assert "--re" in refused.next, refused
            reformatted(path)


def one(work: str, on: str, make: Callable[[Path], Path], delay_s: float, folder: Path) -> bool:
    """One killed run and the one that finishes its work; whether it was killed before it was done."""
    os.environ["FIPY_DOCTOR_KILL_FOLDER"] = str(folder)
    image = make(folder / "card.img")
    path = Path(attach(image)) if on == "device" else image
    try:
        before = contents(path)
        killed = killed_after(delay_s, work, path)
        kept(path, before)
        finish(work, path)
        assert by_name(contents(path)) == by_name(before), "the next run did not finish the work"
        if work == "move":
            assert DST in contents(path)
    finally:
        if on == "device":
            detach(str(path))
    faultless(image)
    return killed


def main() -> int:
    """Run as often as asked; prints a line at the end."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    seed = int(os.environ.get(media.SEED_VARIABLE, "0")) or random.SystemRandom().randrange(1, 1 << 30)
    os.environ[media.SEED_VARIABLE] = str(seed)
    if seed != media.SEED:  # the old bytes come from the seed too, and are made when the room is opened
        return subprocess.run([sys.executable, "-m", "tests.card.kill", *sys.argv[1:]], check=False).returncode
    rng = random.Random(seed)
    sys.stdout.write(f"{media.SAID}\n")
    places = ["image", "device"] if loop_devices() else ["image"]
    longest = {(work, on): 0.6 for work in WORKS for on in places}
    killed = 0
    for number in range(times):
        work, on = rng.choice(sorted(longest))
        make = damaged if work == "repair" else rng.choice(CARDS if work == "reformat" else CARDS[:3])
        delay_s = rng.uniform(0, longest[work, on])
        with tempfile.TemporaryDirectory(prefix="fipy-doctor-kill-") as name:
            try:
                was_killed = one(work, on, make, delay_s, Path(name))
            except BaseException:
                sys.stdout.write(f"run {number}: {work} of {make.__name__}, {on}, killed after {delay_s:.3f} s\n")
                raise
        killed += was_killed
        # Aim at the time that the work really takes on this machine.
        longest[work, on] *= 1.1 if was_killed else 0.9
    sys.stdout.write(f"{times} runs, {killed} killed midway, nothing lost, every second run finished\n")
    keep(f"kill-cards-{media.KIND}", runs=times, killed=killed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
