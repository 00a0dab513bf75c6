"""The cure that has the user take power away: what it sees of the port, and what it believes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.errors import DoctorError
from doctor.remedies.cure import CureContext
from doctor.remedies.power_cycle import PowerCycle
from doctor.sim.bench import SimBench

BOARD = "sim://fipy?release=1.20.2.r4"
BATTERY = f"{BOARD}&battery=fitted"
Hand = Callable[[SimBench], None]


def unplugged(sim: SimBench) -> None:
    sim.hands.unplug()


def away(seconds: float) -> Hand:
    """Out for so long after the port was seen to go."""

    def plug_in(sim: SimBench) -> None:
        sim.world.sleep_ms(seconds * 1000)
        sim.hands.plug_in()

    return plug_in


def idle(_sim: SimBench) -> None:
    """The user is elsewhere."""


def watched(url: str, first: Hand, then: Hand = idle, *, was_off: bool = True) -> str:
    """What the cure says of a user who does ``first`` when told to unplug, and ``then`` when told to plug in."""
    with Bench(BenchOptions(port=url)) as bench:
        sim: SimBench = bench.link.serial.bench
        sim.modem.hang()

        def obey(text: str) -> None:
            (first if text.startswith("Now") else then)(sim)

        done = PowerCycle().do(bench, None, CureContext(obey, lambda _question: was_off, Path()))
        bench.clock.sleep_ms(20_000)
        done += f"; modem: {bench.modem_facts.mode}"
    return done


def refused(*args: Hand, url: str = BOARD, was_off: bool = True) -> DoctorError:
    with pytest.raises(DoctorError) as caught:
        watched(url, *args, was_off=was_off)
    return caught.value


@pytest.mark.parametrize("state", ["", "&state={}"])
def test_a_port_that_was_away_long_enough_brings_the_modem_back(state: str, tmp_path: Path) -> None:
    url = BOARD + state.format(tmp_path / "bench")
    assert watched(url, unplugged, away(10.5)) == "power was off for 10 s; modem: application"


def test_ten_seconds_are_ten_seconds() -> None:
    error = refused(unplugged, away(9.5))
    assert (error.id, "gone for only" in error.what) == ("reset-is-not-power-cycle", True)


def test_a_board_that_was_never_unplugged_is_not_believed_and_not_asked_for_again() -> None:
    error = refused(lambda sim: sim.hands.press_reset())
    assert (error.id, "never vanished" in error.what) == ("reset-is-not-power-cycle", True)
    assert "fix --power-cycle" not in error.next


def test_a_port_that_stays_away_is_looked_for_under_another_name() -> None:
    assert refused(unplugged).id == "port-number-changes-on-replug"


def test_what_the_port_cannot_show_is_asked() -> None:
    assert refused(unplugged, away(30), url=BATTERY, was_off=False).id == "battery-keeps-modem-powered"


def test_a_modem_that_an_updater_in_a_thread_is_flashing_keeps_its_power() -> None:
    def told_to_unplug(_sim: SimBench) -> None:
        pytest.fail("told to unplug")

    url = f"{BOARD}&files=tick:Sending%2054854%20bytes@2500"
    assert refused(told_to_unplug, url=url).id == "updater-at-work"
