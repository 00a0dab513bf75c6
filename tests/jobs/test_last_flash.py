"""After everything was sent, nothing advises power off before writing must be over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.board.line.mirror import enter
from doctor.clock import Moment
from doctor.errors import DoctorError
from doctor.jobs.check import check
from doctor.jobs.hands import POWER_CYCLE, WAIT
from doctor.jobs.last_flash import broke_off, may_write_until
from doctor.jobs.memory import advice_given
from doctor.jobs.memory import journal as journals
from doctor.jobs.memory.advice_given import AdviceGiven
from doctor.jobs.memory.journal import FlashEntry, Journal, SentFile
from doctor.jobs.status import status
from doctor.link.port_url import PortUrl
from doctor.remedies import cures
from doctor.remedies.cure import CureContext
from doctor.remedies.power_cycle import PowerCycle
from doctor.report.next_step import after
from doctor.text.command import Command

SENT = FlashEntry(
    {"port": "COM25"},
    (SentFile("firmware", "x.dup", "00", 5),),
    {},
    {},
    ("prepare", "transfer", "deploy"),
    step="deploy",
    done=("prepare", "transfer"),
    sent_bytes=5,
    total_bytes=5,
    state=journals.UNPROVED,
)


NOON = datetime(2024, 2, 29, 12, tzinfo=timezone.utc)


def at_noon() -> Moment:
    return Moment(NOON)


def _ago(minutes: float, entry: FlashEntry = SENT) -> FlashEntry:
    return replace(entry, written=(NOON - timedelta(minutes=minutes)).isoformat())


def test_half_an_hour_after_the_last_word() -> None:
    assert may_write_until(PortUrl.read("COM25"), _ago(29.9), at_noon) == NOON + timedelta(minutes=0.1)
    assert may_write_until(PortUrl.read("COM25"), _ago(30), at_noon) is None


@pytest.mark.parametrize(
    "entry",
    [
        None,
        _ago(1, replace(SENT, state=journals.PROVED)),
        _ago(1, replace(SENT, done=("prepare",), step="transfer", sent_bytes=10_000, total_bytes=1_000_000)),
        replace(SENT, written="soon"),
    ],
)
def test_nothing_that_may_be_written(entry: FlashEntry | None) -> None:
    assert may_write_until(PortUrl.read("COM25"), entry, at_noon) is None


@pytest.mark.long
def test_check_and_power_cycle_hold_off_until_the_user_was_told_to_wait(tmp_path: Path) -> None:
    port = f"sim://fipy?scenario=modem-silent&state={tmp_path / 'bench'}"
    Journal().write(replace(SENT, ids={"port": PortUrl.read(port).key}))
    with Bench(BenchOptions(port=port)) as bench:
        finding = check(bench).finding("modem-answers")
        assert finding is not None
        assert [remedy.id for remedy in finding.remedies] == ["wait-for-modem"]
        with pytest.raises(DoctorError, match="may still be writing"):
            PowerCycle().do(bench, finding, CureContext(print, bool, tmp_path))
    AdviceGiven(PortUrl.read(port)).note((WAIT,), advice_given.SAID)
    with Bench(BenchOptions(port=port)) as bench:
        finding = check(bench).finding("modem-answers")
        assert finding is not None and "power-cycle" in [remedy.id for remedy in finding.remedies]


def test_check_sends_to_status_after_a_flash_that_broke_off(tmp_path: Path) -> None:
    port = f"sim://fipy?scenario=modem-recovery&state={tmp_path / 'bench'}"
    with Bench(BenchOptions(port=port)) as bench:
        report = check(bench)
        assert not broke_off(bench)
        Journal().write(replace(SENT, ids={"port": PortUrl.read(port).key}))
        assert broke_off(bench)
    step = after(report, Command("check", port=port), cures(), broke_off=True)
    assert step.command == Command("status", port=port)


def test_modem_behind_the_mirror_of_a_flash_that_broke_off(tmp_path: Path) -> None:
    port = f"sim://fipy?state={tmp_path / 'bench'}"
    with Bench(BenchOptions(port=port)) as bench:
        enter(bench.board, bench.board_facts)
        bench.link.serial.bench.modem.hang()
    Journal().write(replace(SENT, ids={"port": PortUrl.read(port).key}, mirrored=True))
    with Bench(BenchOptions(port=port)) as bench:
        report = check(bench)
    assert report.failed[0].check == "modem-answers"
    assert [remedy.id for remedy in report.failed[0].remedies] == ["wait-for-modem"]


@pytest.mark.long
def test_second_status_says_what_the_first_one_said(tmp_path: Path) -> None:
    port = f"sim://fipy?scenario=modem-silent&state={tmp_path / 'bench'}"
    said = []
    for _ in range(2):
        with Bench(BenchOptions(port=port)) as bench:
            said.append(status(bench).onward)
    assert said[0] is not None and said[0].hands == (POWER_CYCLE,) and said[0] == said[1]


def test_saying_that_one_waited_does_not_shorten_the_wait_of_a_real_modem() -> None:
    AdviceGiven(PortUrl.read("COM25")).note((WAIT,), advice_given.SAID)
    assert may_write_until(PortUrl.read("COM25"), _ago(5), at_noon) is not None
