from __future__ import annotations

import hashlib
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from doctor import engine
from doctor.bench import Bench, BenchOptions
from doctor.board.onboard import FOLDER, core_files
from doctor.check import Finding, Status
from doctor.events import Event, Notice, Phase, Progress, StepStarted
from doctor.firmware.image import examine
from doctor.jobs.flash import FlashRequest, FlashResult, flash
from doctor.jobs.flashing.card.start import refusal
from doctor.jobs.flashing.interrupts import Interrupts
from doctor.jobs.hands import WAIT
from doctor.jobs.status import status
from doctor.modem.images import side_content
from doctor.remedies import cures
from doctor.report.next_step import after_flash
from doctor.sim.bench import SimBench
from doctor.sim.practice.image import make_practice_elf, make_practice_image, make_practice_part
from doctor.updater import side_file
from tests.jobs.flashing import BUILD, SIZE_BYTES, User, small_image

CARD = FlashRequest("card")
OLD = "1.17.3.b1"  #: no kbd_intr, no mirror mode of its own


class BoardJob:
    """A bench with a small image on the board's card, and a run of flash that a test may break into.

    installed  the updater is on the board from an earlier run, which saves most of a test's time
    """

    def __init__(
        self,
        image: Path,
        url: str = "sim://fipy",
        *,
        on_card: bool = True,
        accept: tuple[str, ...] = (),
        installed: bool = True,
    ):
        self.image = image
        self.bench = Bench(BenchOptions(port=url, firmware=(image,), accept=frozenset(accept)))
        self.sim: SimBench = self.bench.link.serial.bench
        if on_card:
            self.sim.hands.copy_to_card(image)
        if installed:
            self.sim.board.flash.lay({f"{FOLDER}/{name}": data for name, data in core_files().items()})
        self.events: list[Event] = []

    def flash(
        self,
        request: FlashRequest = CARD,
        *,
        user: User | None = None,
        at: Callable[[Event], bool] = lambda event: False,
        act: Callable[[], None] = lambda: None,
    ) -> FlashResult:
        done: list[Event] = []

        def hear(event: Event) -> None:
            self.events.append(event)
            if not done and at(event):
                done.append(event)
                act()

        return flash(self.bench, request, consent=user or User(), listen=hear)

    def steps(self) -> list[str]:
        return [event.step for event in self.events if isinstance(event, StepStarted)]

    def file(self, path: str) -> bytes:
        return self.sim.card.mount().read(path)

    def walk_off(self) -> None:
        """The PC's program ends here, without a word to the board; the port is closed and opened by another."""
        self.sim.port.close()
        self.sim.world.sleep_ms(3000)
        self.sim.port.open(115200, True)
        self.bench.forget_board()

    def received(self) -> bool:
        return bool(self.sim.modem.received) and self.sim.modem.build == BUILD


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return small_image(tmp_path)


@pytest.fixture
def job(image: Path) -> Iterator[BoardJob]:
    made = BoardJob(image)
    yield made
    made.bench.close()


def half(event: Event) -> bool:
    sent = isinstance(event, Progress) and event.phase is not Phase.PREPARE  # that is the card, read by the board
    return sent and event.done_bytes >= SIZE_BYTES // 2  # type: ignore[union-attr]


def test_the_board_flashes_and_the_modem_got_the_files_bytes(job: BoardJob, image: Path) -> None:
    result = job.flash()
    assert result.error is None and result.proof is not None and result.proof.holds
    assert result.proof.received_sha256 == hashlib.sha256(image.read_bytes()).hexdigest()
    assert job.received()


@pytest.mark.long
def test_progress_is_that_of_every_other_way(job: BoardJob) -> None:
    job.flash()
    assert [s for s in job.steps() if s in ("prepare", "transfer", "deploy", "return", "prove")] == [
        "prepare", "transfer", "deploy", "return", "prove",
    ]  # fmt: skip
    sent = [event for event in job.events if isinstance(event, Progress) and event.phase is not Phase.PREPARE]
    shares = [event.done_bytes for event in sent]
    assert shares[0] == 0 and shares[-1] == SIZE_BYTES and shares == sorted(shares)


@pytest.mark.long
def test_the_log_on_the_card_tells_before_and_after(job: BoardJob, image: Path) -> None:
    job.flash()
    log = job.file("/fipyup.log").decode()
    assert (
        log.index("---- begin") < log.index(hashlib.sha256(image.read_bytes()).hexdigest()) < log.index("proved: True")
    )
    assert log.rstrip().endswith("---- end")


@pytest.mark.long
def test_the_side_file_is_put_beside_the_image_once(job: BoardJob, image: Path) -> None:
    job.flash()
    side = side_file.parse(job.file(f"/{image.name}.crc"))
    assert side.sha256 == hashlib.sha256(image.read_bytes()).hexdigest()
    written = [e.text for e in job.events if isinstance(e, StepStarted) and "checksums" in e.text]
    assert len(written) == 1


@pytest.mark.long
def test_mounts_and_keys_are_left_as_found(job: BoardJob) -> None:
    job.flash()
    board = job.sim.board
    assert board is not None
    assert list(board.vm.vfs.mounts) == ["flash"]
    assert (board.interrupt_char, board.reset_char, board.dupterm) == (3, 6, True)


@pytest.mark.long
def test_card_colon_name_needs_no_file_on_the_pc(image: Path) -> None:
    with Bench(BenchOptions(port="sim://gpy", card_file=image.name)) as bench:
        bench.link.serial.hands.copy_to_card(image)
        result = flash(bench, FlashRequest(), consent=User())
        assert result.plan is not None and result.plan.via == "card"
        assert result.proof is not None and result.proof.holds


@pytest.mark.long
@pytest.mark.parametrize(
    ("spoil", "side", "gate", "exit_code"),
    [
        pytest.param(lambda d: d, True, Status.PASS, 0, marks=pytest.mark.table),
        pytest.param(lambda d: d[:-500], False, Status.FAIL, 1, marks=pytest.mark.table),
        (lambda d: d[:50_000] + b"!" + d[50_001:], True, Status.WARN, 1),  # the side file is of another file
    ],
)
def test_card_colon_name_is_examined_as_a_file_on_the_pc_is(
    image: Path, spoil: Callable[[bytes], bytes], side: bool, gate: Status, exit_code: int
) -> None:
    whole = image.read_bytes()
    with Bench(BenchOptions(port="sim://gpy", card_file=image.name)) as bench:
        hands = bench.link.serial.hands
        if side:
            image.write_bytes(side_content(examine(image), whole))
            hands.copy_to_card(image, image.name + side_file.SUFFIX)
        image.write_bytes(spoil(whole))
        hands.copy_to_card(image, image.name)
        result = flash(bench, FlashRequest(), consent=User())
        finding = result.report.finding("firmware-is-whole")
        assert finding is not None and finding.status is gate
        assert result.exit_code == exit_code and result.begun is (exit_code == 0)
        assert len(bench.link.serial.bench.modem.received) == (exit_code == 0)


@pytest.mark.long
def test_auto_takes_the_card_where_the_same_bytes_lie_on_it(job: BoardJob) -> None:
    result = job.flash(FlashRequest())
    assert result.plan is not None and result.plan.via == "card"


def test_auto_takes_usb_where_the_card_holds_other_bytes(image: Path) -> None:
    job = BoardJob(image, on_card=False)
    other = bytes(SIZE_BYTES)
    (image.parent / "other").write_bytes(other)
    job.sim.hands.copy_to_card(image.parent / "other", image.name)
    result = job.flash(FlashRequest())
    assert result.plan is not None and result.plan.via == "usb"
    job.bench.close()


def test_a_file_that_is_not_on_the_card_is_refused_before_anything_is_sent(image: Path) -> None:
    job = BoardJob(image, on_card=False)
    result = job.flash()
    assert result.error is not None and result.error.id == "dup-path-enoent"
    assert job.sim.modem.received == [] and not result.begun
    assert result.plan is None  # before the plan, and before anybody was asked
    assert "--via usb" in result.error.next and "telnet://" in result.error.next and "of the card" in result.error.next
    job.bench.close()


@pytest.mark.long
@pytest.mark.parametrize(
    "release",
    [
        pytest.param("1.11.0.b1", marks=pytest.mark.table),
        OLD,
        pytest.param("1.18.1.r2", marks=pytest.mark.table),
        "1.20.2.r4",
    ],
)
def test_ctrl_c_and_ctrl_f_in_the_middle_do_no_harm(image: Path, release: str) -> None:
    job = BoardJob(image, f"sim://fipy?release={release}")
    result = job.flash(at=half, act=lambda: job.bench.link.write(b"\r\x03\x03\x06"))
    assert result.error is None and job.received()
    job.bench.close()


@pytest.mark.long
def test_the_board_goes_on_when_the_program_ends_and_the_next_run_joins_it(job: BoardJob) -> None:
    class Gone(Exception):
        pass

    def die() -> None:
        raise Gone

    with pytest.raises(Gone):
        job.flash(at=half, act=die)
    job.walk_off()
    job.events.clear()
    result = job.flash()
    assert result.error is None and result.proof is not None and result.proof.holds
    assert result.plan is None  # nothing was planned: it was joined
    step = after_flash(result, job.bench.options, cures())
    assert step is not None and "reset button" in step.hands[0]
    assert any(isinstance(e, StepStarted) and "by itself" in e.text for e in job.events)
    assert job.received()


@pytest.mark.long
def test_check_shows_where_the_board_is(job: BoardJob) -> None:
    class Gone(Exception):
        pass

    def die() -> None:
        raise Gone

    with pytest.raises(Gone):
        job.flash(at=half, act=die)
    job.walk_off()
    finding = engine.run(job.bench, select=("repl-answers",)).finding("repl-answers")
    assert finding is not None and finding.status is Status.FAIL
    assert "our updater is at work" in finding.summary and "DO NOT UNPLUG" in finding.summary
    assert "stands_at" in finding.evidence
    standing = status(job.bench)
    assert standing.running and "at 100 %" in standing.where and "press nothing" in standing.where
    job.sim.world.sleep_ms(120_000)
    assert job.received()


def press(*_: object) -> None:
    signal.raise_signal(signal.SIGINT)


def says(words: str) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, StepStarted) and (event.step == words or words in event.text)


MOMENTS = ("copying the updater", "reading the card", "soak", "prepare", "transfer")
QUICK = {("reading the card", OLD)}


@pytest.mark.parametrize(
    ("moment", "release"),
    [
        pytest.param(moment, release, marks=() if (moment, release) in QUICK else pytest.mark.table)
        for moment in MOMENTS
        for release in (OLD, "1.20.2.r4")
    ],
)
def test_ctrl_c_before_the_first_block_stops_and_nothing_was_sent(image: Path, moment: str, release: str) -> None:
    job = BoardJob(image, f"sim://gpy?release={release}", installed=moment != "copying the updater")
    user = User()
    result = job.flash(user=user, at=says(moment), act=press)
    assert (result.exit_code, user.asked, result.begun) == (130, 0, False)
    assert job.sim.modem.received == [] and job.sim.modem.mode == "application"
    assert moment == "transfer" or "transfer" not in job.steps()  # nothing is shown of what is not done any more
    board = job.sim.board
    assert board is not None and (board.interrupt_char, board.reset_char, board.dupterm) == (3, 6, True)
    job.bench.close()


@pytest.mark.long
def test_ctrl_c_that_reaches_the_board_too_late_stops_nothing_unasked(job: BoardJob) -> None:
    user = User()

    def press_and_be_slow() -> None:
        press()
        job.sim.world.sleep_ms(1500)  # the board has begun when the wish comes

    result = job.flash(user=user, at=says("transfer"), act=press_and_be_slow)
    assert (result.exit_code, user.asked) == (0, 1)
    assert job.received()


@pytest.mark.table
def test_a_wish_to_stop_is_not_kept_for_the_next_run(job: BoardJob) -> None:
    job.flash(at=says("prepare"), act=press)
    assert job.flash().error is None


@pytest.mark.long
def test_who_leaves_a_board_inside_this_program_is_told_that_it_stops_with_it_and_can_join_one_that_does_not(
    job: BoardJob,
) -> None:
    result = job.flash(user=User(leaves=True), at=half, act=press)
    assert result.exit_code == 3 and result.error is not None
    assert "stops with it" in result.error.what and "run: `fipy-doctor flash" in result.error.next
    assert any("stops with it" in event.text for event in job.events if isinstance(event, Notice))
    job.walk_off()
    joined = job.flash()
    assert joined.error is None and joined.plan is None and job.received()


def test_in_a_run_that_joined_ctrl_c_is_always_a_question() -> None:
    user = User(stops=True)
    with Interrupts(user.stop_transfer, lambda event: None, begun=True) as hands:
        press()
        assert not hands.pressed_early and hands.should_stop() and user.asked == 1


@pytest.mark.table
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_sigterm_stops_nothing(job: BoardJob) -> None:
    assert job.flash(at=half, act=lambda: signal.raise_signal(signal.SIGTERM)).error is None
    assert job.received()


@pytest.mark.long
def test_a_wish_to_stop_closes_the_transfer_and_names_the_next_command(job: BoardJob) -> None:
    user = User(stops=True)
    result = job.flash(FlashRequest("card", "on-the-fly"), user=user, at=half, act=press)
    assert user.asked == 1
    assert result.exit_code == 3 and result.error is not None and result.error.id == "user-interrupt"
    assert result.mode == job.sim.modem.mode == "recovery"
    assert "--via card" in result.error.next


@pytest.mark.long
def test_a_reset_in_the_middle_is_told_with_the_way_back(job: BoardJob) -> None:
    result = job.flash(at=half, act=job.sim.hands.press_reset)
    assert result.exit_code == 3 and result.error is not None
    assert "restarted" in result.error.what and "flash" in result.error.next


def wrote(event: Event) -> bool:
    """The file went over, and the modem writes it."""
    return isinstance(event, StepStarted) and event.phase is Phase.WAIT_MODEM


@pytest.mark.long
def test_a_reset_while_the_modem_writes_never_sends_to_the_power(job: BoardJob) -> None:
    result = job.flash(at=wrote, act=job.sim.hands.press_reset)
    assert result.onward is not None and result.onward.hands == (WAIT,)
    assert result.error is not None and "waits for the rest" not in result.error.what


@pytest.mark.long
def test_who_joins_without_a_journal_while_the_modem_writes_is_never_sent_to_the_power(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = BoardJob(image, f"sim://fipy?state={tmp_path / 'bench'}")

    def die() -> None:
        raise RuntimeError("the program dies here")

    with pytest.raises(RuntimeError):
        job.flash(at=wrote, act=die)
    job.walk_off()
    monkeypatch.setenv("FIPY_DOCTOR_STATE_DIR", str(tmp_path / "elsewhere"))
    result = job.flash(at=wrote, act=job.sim.hands.press_reset)
    job.bench.close()
    assert result.onward is not None and result.onward.hands == (WAIT,)


@pytest.mark.long
def test_the_run_after_a_reset_brings_it_to_its_end(job: BoardJob) -> None:
    job.flash(at=half, act=job.sim.hands.press_reset)
    assert job.sim.board is not None
    job.sim.board.settle()
    job.bench.forget_board()
    assert job.flash().error is None
    assert job.received()


@pytest.mark.long
@pytest.mark.parametrize("silently", [True, False])
def test_a_card_that_is_pulled_in_the_middle_leaves_a_named_mode(tmp_path: Path, silently: bool) -> None:
    job = BoardJob(
        make_practice_image(tmp_path, build=BUILD, size_bytes=400_000)
    )  # more than the simulator reads ahead
    job.sim.card.hides_errors = silently
    result = job.flash(at=half, act=job.sim.hands.take_card_out)
    assert result.exit_code == 3 and result.error is not None
    assert result.error.id == "sd-read-error-mid-flash" and result.mode == "application"


@pytest.mark.long
def test_a_pulled_cable_is_told_as_lost(job: BoardJob) -> None:
    job.sim.hands.connect_battery()
    result = job.flash(at=half, act=job.sim.port.vanish)
    assert result.exit_code == 3 and result.error is not None
    assert "powered" in result.error.next
    job.sim.world.sleep_ms(120_000)
    assert job.received()  # the battery kept it going
    job.sim.hands.plug_in()


@pytest.mark.long
def test_jumpers_that_are_not_proved_to_be_gone_close_the_way(job: BoardJob, monkeypatch: pytest.MonkeyPatch) -> None:
    report = engine.Report((Finding("jumpers-removed", Status.WARN, "cannot be told"),))
    plan = job.flash().plan
    assert plan is not None
    no = refusal(job.bench, report, plan, CARD)
    assert no is not None and "--accept jumpers-removed" in no.next


@pytest.mark.long
def test_a_watchdog_of_the_users_does_not_bite(image: Path) -> None:
    job = BoardJob(image, accept=("jumpers-removed",))
    assert job.sim.board is not None
    job.bench.board.repl.run("from machine import WDT\nWDT(timeout=60000)\n")
    assert job.flash().error is None
    job.bench.close()


def several(files: tuple[Path, ...], elf: Path | None, url: str, left_out: tuple[Path, ...] = ()) -> FlashResult:
    with Bench(BenchOptions(port=url, firmware=files, updater_elf=elf)) as bench:
        for path in (*files, *([elf] if elf is not None else [])):
            if path not in left_out:
                bench.link.serial.hands.copy_to_card(path)
        result = flash(bench, CARD, consent=User())
        received = [image.sha256 for image in bench.link.serial.bench.modem.received]
        if result.error is None:
            sent = [path for path in (elf, *files) if path is not None]
            assert received == [hashlib.sha256(path.read_bytes()).hexdigest() for path in sent]
        else:
            assert received == []
        return result


@pytest.mark.long
def test_both_files_of_the_pair_go_from_the_card_in_their_order(tmp_path: Path) -> None:
    pair = (make_practice_part(tmp_path, 1, 30_000), make_practice_part(tmp_path, 2, 30_000))
    result = several(pair, None, "sim://gpy?build=41065")
    assert result.error is None and result.proof is not None and result.proof.holds
    assert result.proof.after.build == 48829


@pytest.mark.table
def test_a_pair_of_which_one_file_is_not_on_the_card_is_refused(tmp_path: Path) -> None:
    pair = (make_practice_part(tmp_path, 1, 30_000), make_practice_part(tmp_path, 2, 30_000))
    result = several(pair, None, "sim://gpy?build=41065", pair[1:])
    assert result.error is not None and result.error.id == "dup-path-enoent" and result.exit_code == 1


@pytest.mark.table
def test_a_modem_in_its_boot_rom_is_saved_from_the_card(tmp_path: Path) -> None:
    image = make_practice_image(tmp_path, build=41065, size_bytes=30_000)
    result = several((image,), make_practice_elf(tmp_path), "sim://gpy?scenario=modem-ffh")
    assert result.error is None and result.mode == "application"


def test_a_boot_rom_does_not_go_from_the_card(job: BoardJob) -> None:
    plan = SimpleNamespace(files=(SimpleNamespace(role="bootrom"),))
    no = refusal(job.bench, engine.Report(()), plan, CARD)  # type: ignore[arg-type]
    assert no is not None and "--via usb" in no.next
