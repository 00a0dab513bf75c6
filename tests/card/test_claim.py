"""Two programs on one image or device exclude each other; what killed runs left is cleared away."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.card.image import ImageCard
from doctor.card.reformat.image import plan_reformat, reformat_image
from doctor.errors import CardError
from doctor.fat import claim
from doctor.fat.claim import claimed
from doctor.remedies.device_consent import device_lines
from tests.card.images import DUP_NAME, card
from tests.card.reformat.test_device import attach, detach
from tests.card.test_cures import context_in

HOLDER = """
import sys
from pathlib import Path
from doctor.fat.claim import claimed
with claimed(Path(sys.argv[1])):
    print("claimed", flush=True)
    sys.stdin.read()
"""
WORDS = {
    "check": ["check"],
    "reformat": ["fix", "--reformat-sd", "--yes", "--force-device", "--confirm", "x"],
    "move": ["fix", "--move-dup", "--yes", "--force-device"],
    "repair": ["fix", "--repair-sd", "--yes", "--force-device"],
}


@pytest.fixture(params=["image", "device"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    image = card(tmp_path / "card.img", {f"sd/{DUP_NAME}": b"x"})
    if request.param == "image":
        yield image
        return
    device = attach(image)
    try:
        yield Path(device)
    finally:
        detach(device)


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another program that has the card."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == "claimed\n"
        yield process
        process.stdin.close()


@pytest.mark.sampled(8, "long")
@pytest.mark.parametrize("words", WORDS)
def test_no_command_works_on_what_another_one_changes(path: Path, holder: object, words: str) -> None:
    before = path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "doctor", *WORDS[words], "--sd", path], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "in use by another program" in done.stdout + done.stderr
    assert path.read_bytes() == before


def test_a_name_more_is_no_way_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim, "_PATIENCE_S", 0.0)
    image = card(tmp_path / "card.img")
    os.link(image, tmp_path / "other.img")
    with claimed(image):
        ImageCard(tmp_path / "other.img").volume()  # we ourselves may look
        done = subprocess.run([sys.executable, "-c", HOLDER, tmp_path / "other.img"], capture_output=True, text=True)
    assert "is in use" in done.stderr


def test_it_is_free_again_whatever_ended_the_work(
    path: Path, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim, "_PATIENCE_S", 0.0)
    with pytest.raises(CardError, match="in use"), claimed(path):
        pass
    holder.kill()
    holder.wait()
    with claimed(path), claimed(path):
        pass


def test_unfinished_copies_of_killed_runs_go(tmp_path: Path) -> None:
    image = card(tmp_path / "card.img")
    left = tmp_path / ".card.img.fipy-doctor-part-abc"
    left.write_bytes(b"half")
    other = tmp_path / ".card2.img.fipy-doctor-part-abc"
    other.write_bytes(b"of another image")
    assert any("remove 1 unfinished copy" in line for line in plan_reformat(image, backup_dir=tmp_path / "b").lines)
    reformat_image(image, backup_dir=tmp_path / "b")
    assert not left.exists()
    assert other.exists()


def test_a_plan_says_that_an_image_has_another_name(tmp_path: Path) -> None:
    image = card(tmp_path / "card.img")
    assert device_lines(image, context_in(tmp_path)) == ()
    os.link(image, tmp_path / "other.img")
    assert any("2 names" in line for line in device_lines(image, context_in(tmp_path)))
    assert any("2 names" in line for line in plan_reformat(image, backup_dir=tmp_path / "b").lines)


@pytest.mark.sampled(8, "long")
@pytest.mark.parametrize(
    "words",
    [
        ["check", "--sd"],
        ["fix", "--sd"],
        ["fix", "--repair-sd", "--sd"],
        ["fix", "--move-dup", "--sd"],
        ["fix", "--reformat-sd", "--yes", "--sd"],
        ["check", "--firmware"],
        ["check", "--updater-elf"],
        ["plan", "--port", "sim://fipy"],
    ],
    ids=" ".join,
)
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.long
def test_a_pipe_is_refused_at_once(tmp_path: Path, words: list[str]) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = subprocess.run(
        [sys.executable, "-m", "doctor", *words, tmp_path / "pipe"],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode in (1, 2)
    assert "pipe" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
