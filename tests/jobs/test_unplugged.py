"""The cable is pulled under an open port.

An unplugged bench waits under its URL to be plugged in again, so each test has a URL of its own.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from doctor.bench import Bench, BenchOptions
from doctor.cli.main import run
from doctor.events import CheckStarted, Event
from doctor.jobs.check import check
from doctor.report.next_step import after_broken_flash
from doctor.sim.bench import SimBench
from doctor.text.command import Command

from .flashing import User, after_bytes, flashed, in_step, small_image


def unplug(sim: SimBench) -> None:
    sim.hands.unplug()


def test_unplugged_between_two_checks() -> None:
    with Bench(BenchOptions(port="sim://fipy?seed=1")) as bench:

        def pull(event: Event) -> None:
            if isinstance(event, CheckStarted) and event.check == "board-reads-card":
                bench.link.serial.hands.unplug()

        report = check(bench, listen=pull)
    assert report.exit_code == 1
    first = report.findings[0]
    assert first.check == "board-reads-card"
    assert "vanished" in first.summary or "went away" in first.summary or "unplugged" in first.cause
    assert not [f.check for f in report.findings if f.status.value == "error"]


def test_unplugged_in_the_middle_of_the_transfer(tmp_path: Path) -> None:
    done = flashed(small_image(tmp_path), User(), after_bytes(0.5), unplug, url="sim://fipy?seed=2")
    error = done.result.error
    assert done.result.exit_code == 3
    assert error is not None and done.result.far.endswith("50,400 of 100,000 bytes")
    assert "fipy-doctor status" in error.next


def test_unplugged_before_anything_was_sent(tmp_path: Path) -> None:
    done = flashed(small_image(tmp_path), User(), in_step("prepare"), unplug, url="sim://fipy?seed=3")
    assert done.result.exit_code == 1
    assert done.sim.modem.received == []


def test_the_hands_of_a_simulated_bench_plug_it_in_again(tmp_path: Path) -> None:
    port = f"sim://fipy?state={tmp_path / 'bench'}"
    done = flashed(small_image(tmp_path), User(), in_step("deploy"), unplug, url=port)
    assert done.result.onward is not None
    step = after_broken_flash(done.result.onward, Command("flash", port=port))
    assert step.hands[0] == "plug the board in"
    hands = re.search("your hands are: `fipy-doctor (.*)`", " ".join(step.notes))
    assert hands is not None and run(shlex.split(hands[1])) == 0
    sim = SimBench.from_url(port)
    assert sim.port.present
    sim.release()
