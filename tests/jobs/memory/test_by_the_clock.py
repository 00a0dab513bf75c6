"""What lies on disk between two runs is believed for as long as it can be true, by a clock that is handed in."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.board.unique_id import unique_id
from doctor.check import Finding, Status
from doctor.clock import Moment, Moments, this_moment
from doctor.engine import Report
from doctor.errors import DoctorError
from doctor.jobs.last_flash import may_write_until
from doctor.jobs.memory import journal as journals
from doctor.jobs.memory.advice_given import SAID, TOLD, AdviceGiven
from doctor.jobs.memory.journal import FlashEntry, Journal
from doctor.jobs.memory.jumper_proof import proof_of, remembered
from doctor.jobs.status import begun_over, without_board
from doctor.link.port_url import PortUrl

NOON = datetime(2024, 2, 29, 12, tzinfo=timezone.utc)
PORT = PortUrl.read("COM25")
PROOF = {"at": NOON.isoformat(), "how": "by ATI"}


def after(**time: float) -> Moments:
    """A clock that shows noon and so much more."""
    return lambda: Moment(NOON + timedelta(**time))


def up(shown: timedelta, boot: str = "b1", **up: float) -> Moments:
    """Of a computer that runs so long, since its start ``boot``, whatever its clock shows."""
    return lambda: Moment(NOON + shown, boot, timedelta(**up).total_seconds())


#: Somebody sets the clock, a time server does, or it has no battery and begins at its birth.
JUMPS = [timedelta(days=3), timedelta(hours=-7), timedelta(days=-20000)]


def test_what_was_tried_is_known_for_an_hour() -> None:
    assert not AdviceGiven(PORT, after()).note(["power-cycle"], SAID)
    assert AdviceGiven(PORT, after(minutes=59.9)).confirmed == {"power-cycle"}
    assert AdviceGiven(PORT, after(minutes=60)).confirmed == frozenset()


def test_an_hour_counts_from_the_last_time() -> None:
    AdviceGiven(PORT, after()).note(["power-cycle"], SAID)
    AdviceGiven(PORT, after(minutes=40)).note(["power-cycle"], SAID)
    AdviceGiven(PORT, after(minutes=50)).note(["power-cycle"], TOLD)
    assert AdviceGiven(PORT, after(minutes=99)).confirmed == {"power-cycle"}
    assert AdviceGiven(PORT, after(minutes=101)).told == frozenset()


def proved(number: str, **members: object) -> None:
    """A flash of that board is in the journal, begun with a proof of its jumpers."""
    about = {"state": journals.UNPROVED, "jumpers": PROOF, **members}
    Journal().write(FlashEntry({"board": number}, (), {}, {}, (), **about))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("members", "later", "known"),
    [
        ({}, {"hours": 6}, True),
        ({}, {"hours": 6, "seconds": 1}, False),
        ({}, {"seconds": -1}, False),
        ({"state": journals.PROVED}, {}, False),
        ({"jumpers": {"at": "soon", "how": "by ATI"}}, {}, False),
        ({"jumpers": {"at": NOON.replace(tzinfo=None).isoformat(), "how": "by ATI"}}, {}, False),
    ],
)
def test_a_proof_of_jumpers_lasts_six_hours(
    members: dict[str, object], later: dict[str, float], known: bool, tmp_path: Path
) -> None:
    with Bench(BenchOptions(port=f"sim://fipy?state={tmp_path / 'bench'}")) as bench:
        proved(unique_id(bench.board), **members)
        assert remembered(bench, after(**later)) == (PROOF if known else {})


def test_a_proof_is_of_one_board_whatever_its_port(tmp_path: Path) -> None:
    with Bench(BenchOptions(port=f"sim://fipy?state={tmp_path / 'bench'}")) as bench:
        number = unique_id(bench.board)
    with Bench(BenchOptions(port=f"sim://fipy?state={tmp_path / 'other'}")) as bench:
        proved(number)
        assert remembered(bench, after()) == {}


@pytest.mark.parametrize(
    ("seen", "at"),
    [({}, NOON), ({"at": (NOON - timedelta(hours=1)).isoformat()}, NOON - timedelta(hours=1))],
)
def test_a_proof_is_as_old_as_the_looking(seen: dict[str, str], at: datetime) -> None:
    proved = {"how": "by ATI", **seen}
    report = Report((Finding("jumpers-removed", Status.PASS, "they are removed", proved=proved),))
    assert proof_of(report, after()) == {"at": seen.get("at", str(Moment(at))), "how": "by ATI"}


def test_a_journal_says_when_it_was_begun_and_written(tmp_path: Path) -> None:
    first = Journal(tmp_path, after()).write(FlashEntry({"port": "COM3"}, (), {}, {}, ()))
    second = Journal(tmp_path, after(minutes=5)).write(first)
    assert (second.begun, second.written) == ("2024-02-29T12:00:00.000+00:00", "2024-02-29T12:05:00.000+00:00")


def test_a_journal_that_gives_way_keeps_the_hour_in_its_name(tmp_path: Path) -> None:
    journal = Journal(tmp_path, after(hours=1))
    journal.write(FlashEntry({"port": "COM3"}, (), {}, {}, ()))
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"\x80")
    assert journal.set_aside({"port": "COM3"}) == path.with_suffix(".20240229-130000.damaged")


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_jumps_makes_nothing_older_or_younger(jump: timedelta, tmp_path: Path) -> None:
    AdviceGiven(PORT, up(timedelta(), hours=1)).note(["power-cycle"], SAID)
    assert AdviceGiven(PORT, up(jump, hours=1.9)).confirmed == {"power-cycle"}
    assert AdviceGiven(PORT, up(jump, hours=2.1)).confirmed == frozenset()
    with Bench(BenchOptions(port=f"sim://fipy?state={tmp_path / 'bench'}")) as bench:
        proved(unique_id(bench.board), jumpers={"at": str(up(timedelta(), hours=1)()), "how": "by ATI"})
        assert remembered(bench, up(jump, hours=6.9)) and not remembered(bench, up(jump, hours=7.1))


@pytest.mark.parametrize("jump", JUMPS)
def test_a_modem_may_write_for_as_long_whatever_the_clock_shows(jump: timedelta, tmp_path: Path) -> None:
    entry = FlashEntry({"port": "COM25"}, (), {}, {}, ("transfer", "deploy"), step="deploy", state=journals.UNPROVED)
    kept = Journal(tmp_path, up(timedelta(), hours=1)).write(entry)
    port = PortUrl.read("COM25")
    assert may_write_until(port, kept, up(jump, minutes=85)) == NOON + jump + timedelta(minutes=5)
    assert may_write_until(port, kept, up(jump, minutes=90)) is None


@pytest.mark.parametrize("jump", JUMPS)
def test_the_last_flash_is_the_last_one_whatever_the_clock_shows(jump: timedelta, tmp_path: Path) -> None:
    early, late = Journal(tmp_path, up(timedelta())), Journal(tmp_path, up(jump))
    early.write(FlashEntry({"port": "COM3", "board": "1"}, (), {"n": 1}, {}, ()))
    late.write(FlashEntry({"port": "COM3", "board": "2"}, (), {"n": 2}, {}, ()))
    found = late.find({"port": "COM3"})
    assert found is not None and found.options["n"] == 2


@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize("state", [journals.UNPROVED, journals.PROVED])
def test_without_a_board_the_last_flash_is_told_whatever_the_clock_shows(
    state: str, jump: timedelta, tmp_path: Path
) -> None:
    for port, now in (("COM3", up(timedelta())), ("COM4", up(jump))):
        Journal(tmp_path, now).write(FlashEntry({"port": port}, (), {}, {}, (), state=state))
    left = ["COM4", "COM3"] if state == journals.UNPROVED else []
    assert [entry.ids["port"] for entry in begun_over(Journal(tmp_path))] == left
    told = without_board(DoctorError("port-not-found", "no board is plugged in"), Journal(tmp_path)).entry
    assert told is not None and told.ids["port"] == "COM4"


@pytest.mark.parametrize(
    "text", ["", "soon", "2024-02-29T12:00:00", f"{NOON.isoformat()} b nan", f"{NOON.isoformat()} b x"]
)
def test_what_is_no_moment_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        Moment.read(text)


def test_a_restart_in_between_leaves_the_clock_to_tell() -> None:
    assert Moment.read(str(up(timedelta(), hours=5)())).ago(up(timedelta(hours=2), "b2")()) == timedelta(hours=2)
    assert this_moment().ago(this_moment()) >= timedelta()
