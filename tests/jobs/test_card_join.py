"""Who joins a board that flashes by itself hears the truth about the file that was given, and the journal keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.events import StepStarted
from doctor.jobs.flash import FlashRequest, FlashResult, flash
from doctor.jobs.memory import journal
from doctor.jobs.status import status
from doctor.sim.practice.image import make_practice_image, make_practice_part
from tests.jobs.flashing import BUILD, SIZE_BYTES, User, small_image
from tests.jobs.test_card_flash import CARD, BoardJob, half, press


class Gone(Exception):
    """The program is killed."""


def die() -> None:
    raise Gone


@pytest.fixture
def left(tmp_path: Path) -> Iterator[BoardJob]:
    """A board in the middle of a flash that a killed run has begun."""
    job = BoardJob(small_image(tmp_path))
    with pytest.raises(Gone):
        job.flash(at=half, act=die)
    job.walk_off()
    yield job
    job.bench.close()


def joined(job: BoardJob, request: FlashRequest = CARD, **options: object) -> FlashResult:
    """Flash with other options over the very link of ``job``."""
    bench = Bench(BenchOptions(port=job.bench.options.port, **options), link=job.bench.link)  # type: ignore[arg-type]
    return flash(bench, request, consent=User())


@pytest.mark.long
def test_another_file_is_refused_and_the_right_one_watched_to_its_proof(left: BoardJob, tmp_path: Path) -> None:
    other = make_practice_image(tmp_path, build=41065, size_bytes=SIZE_BYTES)
    result = joined(left, firmware=(other,))
    assert result.exit_code == 1 and result.proof is None and result.error is not None
    assert result.error.id == "updater-at-work"
    assert left.image.name in result.error.what and f"{other.name} was not flashed" in result.error.what
    assert f"fipy-doctor flash {left.image}" in result.error.next and "fipy-doctor status" in result.error.next
    left.walk_off()
    refused = joined(left, FlashRequest(), card_file="other.dup")
    assert refused.exit_code == 1 and refused.error is not None and "other.dup was not flashed" in refused.error.what
    left.walk_off()
    heard = len(left.events)
    result = left.flash()
    assert result.error is None and result.took_s is None  # nobody disturbed the board, nor knows when it began
    assert left.received()
    places = {event.step: (event.number, event.of) for event in left.events[heard:] if isinstance(event, StepStarted)}
    assert places["deploy"] == (4, 6) and places["prove"] == (6, 6)
    entry = journal.Journal().find({"port": "sim://fipy"})
    assert entry is not None and entry.state == journal.PROVED and entry.steps
    left.bench.forget_modem()
    standing = status(left.bench)
    assert "flashed and proved" in standing.history and "not seen" not in standing.history


@pytest.mark.table
def test_a_pair_is_not_what_a_board_with_one_file_flashes(left: BoardJob, tmp_path: Path) -> None:
    pair = (make_practice_part(tmp_path, 1, 30_000), make_practice_part(tmp_path, 2, 30_000))
    result = joined(left, firmware=pair)
    assert result.exit_code == 1 and result.error is not None and result.error.id == "updater-at-work"


@pytest.mark.table
def test_a_name_on_the_card_joins_its_own_flash(left: BoardJob) -> None:
    result = joined(left, card_file=left.image.name)
    assert result.error is None and result.proof is not None and result.proof.after.build == BUILD


@pytest.mark.table
def test_a_joined_run_that_is_stopped_repeats_what_the_first_one_knew(tmp_path: Path) -> None:
    job = BoardJob(make_practice_image(tmp_path, build=BUILD, size_bytes=400_000))
    with pytest.raises(Gone):
        job.flash(FlashRequest("card", "on-the-fly"), at=half, act=die)
    job.walk_off()
    result = job.flash(user=User(stops=True), at=half, act=press)
    assert result.exit_code == 3 and result.error is not None and result.mode == "recovery"
    assert "--was 38638" in result.error.next and "--method" in result.error.next
    job.bench.close()


@pytest.mark.table
@pytest.mark.parametrize(
    ("fault", "mode"),
    [
        ("nack@10@0", "recovery"),
        ("residue@30@0", "recovery"),
        ("lose@60@0", "recovery"),
        ("corrupt@30@0", "recovery"),
        ("blip@30", "recovery"),
        ("reboot@40", "recovery"),
        ("hang@50", "silent"),
        ("cut@50", "silent"),
        ("die@50", "silent"),
        ("hold@20", "silent"),
    ],
)
def test_whatever_breaks_the_transfer_the_boards_own_word_arrives(tmp_path: Path, fault: str, mode: str) -> None:
    job = BoardJob(make_practice_image(tmp_path, build=BUILD, size_bytes=150_000), f"sim://fipy?fault={fault}")
    result = job.flash(FlashRequest("card", "on-the-fly"))
    assert (result.exit_code, result.mode) == (3, mode) and result.error is not None
    assert result.error.on == "modem"
    assert result.onward is not None
    if mode == "silent":  # status asks it again once the power was off
        assert "take all power off" in result.error.next and "status --done power-off" in result.error.next
    else:
        assert "fipy-doctor flash" in result.error.next and "--was 38638" in result.error.next
        assert "power off" not in result.error.next and "--via" in result.onward.text
    job.bench.close()


@pytest.mark.long
def test_after_a_broken_transfer_the_printed_command_leads_on_with_nobody_there(tmp_path: Path) -> None:
    job = BoardJob(small_image(tmp_path))
    broken = job.flash(FlashRequest("card", "on-the-fly"), user=User(stops=True), at=half, act=press)
    assert broken.mode == "recovery"
    job.bench.forget_board()
    job.bench.forget_modem()

    class Nobody(User):
        def accept(self, name: str, question: str) -> bool:
            raise AssertionError(question)

    result = job.flash(user=Nobody())
    assert result.error is None and job.received()
    finding = result.report.finding("jumpers-removed")
    assert finding is not None and "proved at" in finding.summary and "before the flash began" in finding.summary
    job.bench.close()


@pytest.mark.long
def test_a_silence_names_power_what_is_known_and_a_full_command(tmp_path: Path) -> None:
    job = BoardJob(small_image(tmp_path))
    link = job.bench.link

    def hears_nothing(_most: int, wait_ms: int) -> bytes:
        link.clock.sleep_ms(wait_ms)
        return b""

    result = job.flash(at=half, act=lambda: setattr(link, "read", hears_nothing))
    assert result.exit_code == 3 and result.error is not None
    assert result.mode == "unknown" and "power" in result.error.cause
    assert "fipy-doctor status --port sim://fipy" in result.error.next and "powered" in result.error.next
    del link.read
    job.bench.close()


@pytest.mark.table
def test_what_a_hand_has_begun_is_watched_to_its_end(tmp_path: Path) -> None:
    job = BoardJob(small_image(tmp_path))
    assert job.flash().error is None  # the updater is on the board since then
    job.sim.modem.received.clear()
    code = f"import fipyup; fipyup.run('/sd/{job.image.name}', accept=('jumpers-removed', 'same-build'), yes=True)"
    job.bench.link.write(b"\x02" + code.encode() + b"\r")
    job.sim.world.sleep_ms(8_000)
    job.bench.forget_board()
    other = joined(job, firmware=(make_practice_image(tmp_path, build=41065, size_bytes=SIZE_BYTES),))
    assert other.exit_code == 1 and other.error is not None and other.error.id == "updater-at-work"
    job.bench.forget_board()
    result = job.flash()
    assert result.error is None and result.plan is None and result.proof is not None and result.proof.holds
    assert len(job.sim.modem.received) == 1
    job.bench.close()


@pytest.mark.table
def test_a_pair_is_joined_by_its_own_two_files_only(tmp_path: Path) -> None:
    first, second = make_practice_part(tmp_path, 1, 100_000), make_practice_part(tmp_path, 2, 100_000)
    (tmp_path / "other").mkdir()
    wrong = make_practice_part(tmp_path / "other", 1, 90_000)
    job = BoardJob(first, "sim://gpy?build=41065")
    job.sim.hands.copy_to_card(second)
    with pytest.raises(Gone):
        pair = Bench(BenchOptions(port="sim://gpy?build=41065", firmware=(first, second)), link=job.bench.link)
        flash(pair, CARD, consent=User(), listen=lambda event: die() if half(event) else None)
    job.walk_off()
    refused = joined(job, firmware=(wrong, second))
    assert refused.error is not None and refused.error.id == "updater-at-work"
    job.walk_off()
    result = joined(job, firmware=(first, second))
    assert result.error is None and result.plan is None and result.proof is not None and result.proof.holds
    job.bench.close()
