"""Where things stand: a board that flashes by itself, a mirror left on, a button to press, a damaged journal."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.errors import BoardError
from doctor.events import Event, Progress
from doctor.jobs.check import check
from doctor.jobs.flash import FlashRequest, Wish, flash
from doctor.jobs.memory import journal as journals
from doctor.jobs.memory.journal import FlashEntry, Journal, SentFile, under_way
from doctor.jobs.memory.lock import port_lock
from doctor.jobs.status import StatusReport, status
from doctor.link.port_url import PortUrl
from doctor.sim.bench import SimBench
from tests.cli.terminal import Terminal
from tests.link import devices

from .flashing import SIZE_BYTES, User, flashed, small_image, words_of

URL = "sim://fipy?state={}"


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return small_image(tmp_path)


@pytest.fixture
def at_work(image: Path) -> Iterator[Bench]:
    """A bench whose board has a part of the file and goes on; the program that began it is gone."""
    bench = Bench(BenchOptions(port="sim://fipy", firmware=(image,)))
    sim: SimBench = bench.link.serial.bench
    sim.hands.copy_to_card(image)
    left: list[Event] = []

    def leave(event: Event) -> None:
        if isinstance(event, Progress) and event.done_bytes >= SIZE_BYTES // 4 and not left:
            left.append(event)
            os.kill(os.getpid(), 2)

    class Leaver(User):
        def stop_board(self) -> Wish:
            return Wish.LEAVE

    assert flash(bench, FlashRequest("card"), consent=Leaver(), listen=leave).exit_code == 3
    bench.forget_board()
    yield bench
    bench.close()


@pytest.mark.long
def test_a_board_that_flashes_by_itself_says_how_far_it_is(at_work: Bench, image: Path, tmp_path: Path) -> None:
    standing = status(at_work)
    assert standing.progress is not None and standing.progress.percent is not None
    assert 25 <= standing.progress.percent <= 100 and f"at {standing.progress.percent} %" in standing.where
    assert standing.running and standing.exit_code == 0
    assert "broke off" not in standing.history and image.name in standing.history
    assert standing.onward is not None and words_of(standing.onward)[1:3] == ("flash", str(image.absolute()))
    assert "joins" in standing.onward.remark
    unknown = status(at_work, Journal(tmp_path / "none"))
    assert unknown.history == "" and unknown.onward is not None
    assert words_of(unknown.onward)[2] == f"card:{image.name}"


def test_a_board_that_flashes_where_a_modem_was_named_is_joined_as_a_board(tmp_path: Path) -> None:
    beat = b'@@FD {"fipyup": "heartbeat", "data": {"step": "transfer", "file": "/sd/x.dup"}}\r\n'
    with Bench(BenchOptions(port="/dev/ttyACM0", via_modem=True), link=devices.talker((200, beat)).link()) as bench:
        standing = status(bench, Journal(tmp_path / "none"))
    assert standing.onward is not None
    assert words_of(standing.onward)[1:] == ("flash", "card:x.dup", "--port", "/dev/ttyACM0")


@pytest.mark.long
def test_whoever_wants_the_prompt_is_told_to_keep_off(at_work: Bench) -> None:
    with pytest.raises(BoardError) as caught:
        at_work.open_board()
    assert caught.value.id == "updater-at-work" and " % (" in caught.value.what
    assert "powered" in caught.value.next and "fipy-doctor status" in caught.value.next
    found = check(at_work).finding("repl-answers")
    assert found is not None and found.catalogue == "updater-at-work" and "percent" in found.evidence


# -- after a proved flash


def test_a_mirror_left_on_by_a_proved_flash_is_no_failure(image: Path, tmp_path: Path) -> None:
    url = URL.format(tmp_path / "bench")
    assert flashed(image, User(), url=url, request=FlashRequest(via="usb")).result.exit_code == 0
    with Bench(BenchOptions(port=url)) as bench:
        standing = status(bench)
    assert standing.where == "the board is still in mirror mode, as the flash left it"
    assert standing.exit_code == 0 and standing.onward is not None and standing.onward.hands == ("press-reset",)


@pytest.mark.long
def test_the_button_that_the_flash_asked_for_is_named_again(image: Path, tmp_path: Path, terminal: Terminal) -> None:
    url = URL.format(tmp_path / "bench")
    with Bench(BenchOptions(port=url, firmware=(image,))) as bench:
        bench.link.serial.hands.copy_to_card(image)
        result = flash(bench, FlashRequest("card"), consent=User())
    assert result.exit_code == 0 and result.advice
    said = terminal.type("status", "--port", url)
    assert said.code == 0 and result.advice in said.out and "Nothing is left" not in said.out


# -- damaged journals


def damage(folder: Path) -> Path:
    (path,) = (folder / "journal").glob("*.json")
    path.write_bytes(b"\x80\x00random")
    return path


def test_a_damaged_journal_is_named_with_what_it_means(
    image: Path, tmp_path: Path, terminal: Terminal, state_of_its_own: Path
) -> None:
    url = "sim://sqn3330?state=" + str(tmp_path / "bench")
    flashed(image, User(), url=url, request=FlashRequest(via="modem"))
    path = damage(state_of_its_own)
    said = terminal.type("status", "--via", "modem", "--port", url)
    assert str(path) in said.out and "cannot be read" in said.out and "knows of none" not in said.out
    assert "compare the version" in said.out
    assert terminal.type("status", "--via", "modem", "--port", url, "--json").document["journal_damaged"][
        "path"
    ] == str(path)


# -- another process


@contextmanager
def at_work_elsewhere(port: str) -> Iterator[None]:
    """The journal and the lock of another process that flashes; by the clock it began before it was started."""
    journal = Journal()
    journal.write(FlashEntry({"port": port}, (SentFile("firmware", "x.dup", "00", 5),), {}, {}, ("prepare",)))
    (path,) = journal.folder.glob("*.json")
    data = {**json.loads(path.read_text()), "pid": 1, "begun": "1990-01-01T00:00:00+00:00"}
    path.write_text(json.dumps(data))
    with port_lock(port):
        found = under_way(PortUrl.read(port))
        assert found is not None and found.state == journals.RUNNING
        yield


@pytest.mark.parametrize(
    "words", [("check",), ("flash", "FILE", "--yes"), ("plan", "FILE"), ("fix",), ("backup", "new"), ("restore", ".")]
)
def test_during_a_flash_every_command_keeps_off(words: tuple[str, ...], image: Path, terminal: Terminal) -> None:
    with at_work_elsewhere("/dev/ttyNOPE7"):
        said = terminal.type(*(str(image) if word == "FILE" else word for word in words), "--port", "/dev/ttyNOPE7")
    assert said.code == 1 and "a flash is under way" in said.err and "process 1" in said.err
    assert "fipy-doctor status --port /dev/ttyNOPE7" in said.err and "close" not in said.err


def test_status_itself_is_not_kept_off(terminal: Terminal) -> None:
    with at_work_elsewhere("/dev/ttyNOPE7"):
        said = terminal.type("status", "--port", "/dev/ttyNOPE7")
    assert said.code == 0 and "a flash is under way (process 1)" in said.out


def test_another_name_of_the_device_is_the_same_port(tmp_path: Path) -> None:
    device, link = tmp_path / "ttyACM0", tmp_path / "by-id"
    device.touch()
    link.symlink_to(device)
    with at_work_elsewhere(str(device)):
        assert under_way(PortUrl.read(str(link))) is not None
        assert under_way(PortUrl.read(str(tmp_path / "ttyACM1"))) is None


def test_nothing_left_is_a_standing_of_exit_0() -> None:
    assert StatusReport("x").exit_code == 0


def test_the_button_is_named_too_where_nobody_saw_the_board_end() -> None:
    url = "sim://fipy?build=41019"  # which is what the file promises
    sent = FlashEntry(
        {"port": url}, (SentFile("firmware", "x.dup", "0", 5),), {"via": "card", "promised_build": 41019}, {}, ()
    )
    Journal().write(sent)
    with Bench(BenchOptions(port=url)) as bench:
        standing = status(bench)
    assert standing.exit_code == 0 and "reset button" in standing.advice
