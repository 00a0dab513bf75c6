"""The next step by mode, by what was sent, and by what failed before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.events import CheckEnded, Event
from doctor.jobs.check import check
from doctor.jobs.flash import FlashRequest, flash
from doctor.jobs.flashing.steps_done import all_sent
from doctor.jobs.hands import OTHER_CABLE, POWER_CYCLE, WAIT
from doctor.jobs.onward import Attempt, NextFlash, onward
from doctor.jobs.status import status
from doctor.sim.bench import SimBench
from doctor.sim.modem.faults import DEPLOY, Fault
from doctor.text.command import Command
from doctor.updater import states
from doctor.updater.shapes import FIRST_FULL

from .flashing import User, small_image

TRIED = Attempt(Command("flash", firmware=(Path("x.dup"),), port="sim://sqn3330", via="modem"))


def verb_of(step: NextFlash) -> str:
    return step.command.verb if step.command is not None else ""


def test_same_failure_twice_asks_for_a_power_cycle() -> None:
    again = replace(TRIED, failed_before="stp-start-refused")
    assert onward(states.APPLICATION, TRIED, "stp-start-refused").hands == ()
    assert onward(states.APPLICATION, again, "stp-start-refused").hands == (POWER_CYCLE,)
    assert onward(states.APPLICATION, again, "user-interrupt").hands == ()
    stopped = replace(TRIED, failed_before="user-interrupt", failures=2)
    assert onward(states.RECOVERY, stopped, "user-interrupt") == onward(states.RECOVERY, TRIED, "user-interrupt")


def test_same_failure_three_times_is_told_with_what_may_lie_behind_it() -> None:
    once = replace(TRIED, failed_before="stp-start-refused", failures=1)
    assert onward(states.APPLICATION, once, "stp-start-refused").remark == ""
    often = onward(states.APPLICATION, replace(once, failures=2), "stp-start-refused")
    assert "3 times" in often.remark and "fipy-doctor open stp-start-refused" in often.text
    assert onward(states.APPLICATION, replace(once, failures=2), "link-unsteady").remark == ""


def test_journal_counts_what_ends_in_the_same_way(tmp_path: Path) -> None:
    options = BenchOptions(port=f"sim://sqn3330?state={tmp_path / 'bench'}", via_modem=True)
    for number in (1, 2, 3):
        with Bench(replace(options, firmware=(small_image(tmp_path),))) as bench:
            bench.link.serial.bench.modem.faults.add(Fault("error", "AT+SMSTPU", times=None))
            result = flash(bench, FlashRequest("modem"), consent=User())
        assert result.error is not None and result.error.id == "stp-start-refused"
        assert ("3 times" in str(result.error.next)) == (number == 3)


def test_updater_in_memory_does_not_outlive_a_power_cycle() -> None:
    step = onward(states.RAM_UPDATER, replace(TRIED, failed_before="smswboot-11-error"), "smswboot-11-error")
    assert step.hands == (POWER_CYCLE,)
    assert step.command is not None and step.command.updater_elf is not None


def test_next_command_keeps_what_the_user_gave() -> None:
    options = BenchOptions(
        port="COM3", firmware=(Path("x.dup"),), accept=frozenset({"radio-change"}), interrupt=True, carrier="expansion3"
    )
    said = FlashRequest("usb", "on-the-fly", frozenset({"port-opens"}), compress=True).command(options)
    words = str(onward(states.RECOVERY, Attempt(said)).command)
    for option in ("--via usb", "--method on-the-fly", "--accept radio-change", "--override port-opens"):
        assert option in words
    assert words.endswith("--compress --interrupt`")


@pytest.mark.parametrize("mode", [states.APPLICATION, states.SILENT, states.UNKNOWN])
def test_status_comes_first_where_all_was_sent(mode: str) -> None:
    step = onward(mode, replace(TRIED, all_sent=True), "smswboot-11-error")
    waited = "" if mode == states.APPLICATION else " --done waited"
    assert str(step.command) == f"`fipy-doctor status{waited} --port sim://sqn3330 --via modem`"
    assert step.hands == (() if mode == states.APPLICATION else (WAIT,))


def test_status_does_not_lead_to_itself() -> None:
    asked = replace(TRIED, all_sent=True, asked=True, waited=True)
    assert verb_of(onward(states.APPLICATION, asked, "upgrade-failed-result")) == "flash"
    assert onward(states.SILENT, replace(TRIED, all_sent=True), "finish-timeout").hands == (WAIT,)
    last = onward(states.SILENT, asked, "finish-timeout")
    assert last.hands == (POWER_CYCLE,)
    assert "dead" not in last.text and "fipy-doctor status --done power-off " in last.text


def test_power_comes_off_after_the_wait_where_all_went_out() -> None:
    again = replace(TRIED, all_sent=True, failed_before="stp-residue")
    assert onward(states.RECOVERY, again, "stp-residue").hands == (WAIT, POWER_CYCLE)
    assert onward(states.RECOVERY, replace(again, all_sent=False), "stp-residue").hands == (POWER_CYCLE,)


def test_journal_of_a_killed_flash_counts_the_last_block_as_sent() -> None:
    steps = ("prepare", "transfer", "deploy")
    assert all_sent(steps, ("prepare",), "transfer", 2016)
    assert not all_sent(steps, ("prepare",), "transfer", 60_000)
    assert not all_sent(steps, (), "prepare", 0)


#: The pair, and a modem on 33080 that gets a boot ROM first, as far as files go over.
PAIR_STEPS = ("transfer", "deploy", "return", "between", "second-prepare", "second-transfer", "second-deploy")
FFH_STEPS = ("bootrom-transfer", "bootrom-deploy", "ffh", "load", "transfer", "deploy")


@pytest.mark.parametrize(
    ("steps", "step", "left_bytes", "may_write"),
    [
        (PAIR_STEPS, "transfer", 2016, True),
        (PAIR_STEPS, "deploy", 0, True),
        (PAIR_STEPS, "between", 0, False),
        (PAIR_STEPS, "second-transfer", 60_000, False),
        (PAIR_STEPS, "second-deploy", 0, True),
        (FFH_STEPS, "bootrom-transfer", 2016, True),
        (FFH_STEPS, "bootrom-deploy", 0, True),
        (FFH_STEPS, "ffh", 0, False),
        (FFH_STEPS, "load", 0, False),
        ((), "deploy", None, True),  # of a flash that another run began, and this one joined
        ((), "transfer", 60_000, False),
    ],
)
def test_every_file_that_went_over_may_be_written_until_the_modem_has(
    steps: tuple[str, ...], step: str, left_bytes: int | None, may_write: bool
) -> None:
    done = steps[: steps.index(step)] if steps else ()
    assert all_sent(steps, done, step, left_bytes) is may_write


def test_pair_that_broke_off_in_its_second_file_is_led_on_by_a_full_image() -> None:
    pair = replace(
        TRIED,
        command=Command("flash", firmware=("48829-1.dup", "48829-2.dup"), port="COM3"),
        build_before=38638,
        first_sent=True,
    )
    broken = onward(states.RECOVERY, pair, "transfer-refused")
    assert broken.command == Command("flash", firmware=(FIRST_FULL,), port="COM3", was=39529)
    going_on = onward(states.APPLICATION, replace(pair, build_now=39529), "transfer-refused")
    assert going_on.command == pair.command
    assert FIRST_FULL in onward(states.APPLICATION, replace(pair, build_now=38638), "x").text


@pytest.mark.long
def test_power_lost_while_it_wrote_is_told_as_what_it_is(tmp_path: Path) -> None:
    options = BenchOptions(port=f"sim://sqn3330?state={tmp_path / 'bench'}", via_modem=True)
    with Bench(replace(options, firmware=(small_image(tmp_path),))) as bench:
        bench.link.serial.bench.modem.faults.add(Fault("cut", DEPLOY))
        result = flash(bench, FlashRequest("modem", "on-the-fly"), consent=User())
    assert (result.exit_code, result.mode) == (3, states.SILENT)
    asked = []
    said: list[str] = []
    for _ in range(4):
        with Bench(options) as bench:
            step = status(bench, said=said).onward
        assert step is not None
        asked.append(step.hands)
        said = list(step.hands)
    assert asked == [(WAIT,), (POWER_CYCLE,), (OTHER_CABLE,), ()]
    assert step is not None and "it is dead" in step.text and "it fell silent while it wrote its firmware" in step.text


def test_board_whose_dead_modem_holds_cts_is_not_hung_by_it(tmp_path: Path) -> None:
    url = f"sim://fipy?scenario=modem-silent&state={tmp_path / 'bench'}"
    SimBench.from_url(url).release()
    with Bench(BenchOptions(port=url)) as bench:
        finding = check(bench).finding("modem-answers")
    assert finding is not None
    assert finding.catalogue == "modem-silent"


def test_application_at_a_speed_that_mirror_mode_lacks(tmp_path: Path) -> None:
    url = f"sim://fipy?state={tmp_path / 'bench'}"
    sim = SimBench.from_url(url)
    sim.hands.take_card_out()
    sim.modem.come_up("application", 115200)
    sim.release()
    with Bench(BenchOptions(port=url, firmware=(small_image(tmp_path),))) as bench:
        result = flash(bench, FlashRequest(), consent=User())
    assert result.error is not None
    assert result.error.id == "baud-mismatch-garbage"
    assert "unplug USB" in result.error.next


def test_modem_that_falls_silent_behind_the_mirror(tmp_path: Path) -> None:
    image = small_image(tmp_path)
    with Bench(BenchOptions(port="sim://fipy", firmware=(image,))) as bench:
        sim = bench.link.serial.bench

        def hear(event: Event) -> None:
            if isinstance(event, CheckEnded) and event.finding.check == "step-is-safe":
                sim.modem.hang()

        result = flash(bench, FlashRequest(), consent=User(), listen=hear)
    assert result.error is not None
    assert (result.error.id, result.mode) == ("mirror-no-answer", states.SILENT)
    assert f"then run: `fipy-doctor flash {image}" in result.error.next
    assert sim.modem.received == []
