"""Kill -9 at random moments of a reformat, of an image file or a loop device, and of moving a file: nothing is lost.

``make kill-cards`` runs ``python -m tests.card.kill 100``; not part of ``make test``.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from doctor.card.device_guard import Identity
from doctor.card.drives import find_drive
from doctor.card.opening import open_card
from doctor.card.reformat import reformat_image
from doctor.card.reformat_device import reformat_device
from tests.card.images import DUP_NAME, MIB, card
from tests.card.test_device import attach, detach

FILES = {
    f"sd/{DUP_NAME}": random.Random(1).randbytes(3 * MIB),
    "notes/a long name.txt": b"notes" * 1000,
    "READ.ME": b"",
}
SIZE = 48 * MIB
WORKER = """
import sys
from pathlib import Path
from doctor.card.image import ImageCard
from doctor.card.reformat import reformat_image
from tests.card.kill import again
image = Path(sys.argv[2])
print("ready", flush=True)
if sys.argv[1] == "move":
    ImageCard(image).move(sys.argv[3], sys.argv[4])
elif sys.argv[1] == "device":
    again(image, Path(sys.argv[3]))
else:
    reformat_image(image, backup_dir=image.parent / "backups")
"""


def loop_devices() -> bool:
    """Whether this machine gives loop devices."""
    with tempfile.TemporaryDirectory(prefix="fipy-doctor-kill-") as name:
        try:
            detach(attach(card(Path(name) / "card.img", {})))
        except pytest.skip.Exception as why:
            sys.stdout.write(f"no devices: {why}\n")
            return False
    return True


def contents(image: Path) -> dict[str, str]:
    """SHA-256 of every file by its name, wherever it lies."""
    medium = open_card(image)
    volume = medium.volume()
    assert volume.problems == (), volume.problems
    return {file.name: medium.sha256(file.path) for file in medium.files() if not file.is_dir}


def again(path: Path, backups: Path) -> None:
    """Reformat a loop device, or go on with a reformat that was interrupted."""
    expected = Identity.of(find_drive(str(path)))
    reformat_device(path, backup_dir=backups, expected=expected, force=True)


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


def one(work: str, folder: Path, delay_s: float) -> bool:
    """An image file: whole at every moment, and the next run goes through."""
    image = card(folder / "card.img", FILES, SIZE)
    before = contents(image)
    killed = killed_after(delay_s, work, image, f"/sd/sd/{DUP_NAME}", f"/sd/{DUP_NAME}")
    assert contents(image) == before, "a file was lost or changed"
    reformat_image(image, backup_dir=folder / "backups")
    assert contents(image) == before, "the next run did not finish the work"
    return killed


def one_device(folder: Path, delay_s: float) -> bool:
    """A loop device: untouched, or marked with every file whole in the backup, from which the next run goes on."""
    image = card(folder / "card.img", FILES, SIZE)
    before = contents(image)
    device, backups = Path(attach(image)), folder / "backups"
    try:
        killed = killed_after(delay_s, "device", device, backups)
        if any("interrupted" in problem.text for problem in open_card(device).volume().problems):
            (kept,) = backups.iterdir()
            for name, data in FILES.items():
                assert (kept / "files" / name).read_bytes() == data, "a file in the backup is not whole"
        else:
            assert contents(device) == before, "a file was lost or changed"
        again(device, backups)
        assert contents(device) == before, "the next run did not finish the work"
    finally:
        detach(str(device))
    return killed


def main() -> int:
    """Run as often as asked; prints a line at the end."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    seed = int(os.environ.get("FIPY_DOCTOR_SEED", "0")) or random.SystemRandom().randrange(1 << 30)
    rng = random.Random(seed)
    sys.stdout.write(f"FIPY_DOCTOR_SEED={seed}\n")
    longest = {"reformat": 0.5, "move": 0.3} | ({"device": 0.6} if loop_devices() else {})
    sys.stdout.write(f"works: {', '.join(longest)}\n")
    killed = 0
    for _ in range(times):
        work = rng.choice(sorted(longest))
        with tempfile.TemporaryDirectory(prefix="fipy-doctor-kill-") as name:
            delay_s = rng.uniform(0, longest[work])
            was_killed = one_device(Path(name), delay_s) if work == "device" else one(work, Path(name), delay_s)
        killed += was_killed
        # Aim at the time that the work really takes on this machine.
        longest[work] *= 1.1 if was_killed else 0.9
    sys.stdout.write(f"{times} runs, {killed} killed midway, nothing lost\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
