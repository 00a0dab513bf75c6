from __future__ import annotations

import pytest

from checks.jumpers_removed import JumpersRemoved
from doctor.bench import SkipReason
from doctor.check import Finding, Status
from doctor.sim.bench import SimBench

from .simulated import Spoil, bench_at, board_of


def nameless(sim: SimBench) -> None:
    """The USB chip's id tells nothing."""
    sim.carrier.known_usb_id = False


def look(url: str = "sim://fipy", spoil: Spoil | None = None, **options: object) -> Finding:
    with bench_at(url, spoil, **options) as bench:
        return JumpersRemoved().look(bench)


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("carrier", ["expansion2", "expansion3"])
@pytest.mark.parametrize("release", ["1.11.0.b1", "1.17.3.b1", "1.18.2.r4", "1.20.2.r4"])
def test_fitted_jumpers_are_found(carrier: str, release: str) -> None:
    found = look(f"sim://fipy?release={release}&carrier={carrier}&jumpers=fitted", carrier=carrier)
    assert found.status is Status.FAIL
    assert found.catalogue == "expansion-rts-cts-jumpers"
    assert found.remedies[0].id == "remove-jumpers"


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("carrier", ["expansion2", "expansion3"])
@pytest.mark.parametrize("release", ["1.11.0.b1", "1.17.3.b1", "1.18.2.r4", "1.20.2.r4"])
def test_removed_jumpers_pass(carrier: str, release: str) -> None:
    assert look(f"sim://fipy?release={release}&carrier={carrier}", carrier=carrier).status is Status.PASS


def test_modem_answers_again_after_the_pins_were_read() -> None:
    with bench_at() as bench:
        JumpersRemoved().look(bench)
        bench.forget_modem()
        assert bench.modem_facts.mode == "application"
        assert bench.link.rts is True


@pytest.mark.parametrize("level", [True, False])
def test_line_held_at_one_level_decides_only_on_expansion_2(level: bool) -> None:
    def hold(sim: SimBench) -> None:
        sim.carrier.g6_held = level

    assert look("sim://fipy?carrier=expansion2", hold).status is Status.PASS
    found = look("sim://fipy?carrier=expansion3", hold)
    assert found.status is Status.WARN
    assert "--accept jumpers-removed" in found.summary


def test_users_word_decides_where_nothing_else_does() -> None:
    def hold(sim: SimBench) -> None:
        sim.carrier.g6_held = False

    assert look(spoil=hold, accept=frozenset({"jumpers-removed"})).status is Status.PASS


def test_users_word_does_not_hide_fitted_jumpers() -> None:
    found = look("sim://fipy?jumpers=fitted", accept=frozenset({"jumpers-removed"}))
    assert found.status is Status.FAIL


@pytest.mark.parametrize(
    ("url", "carrier"), [("sim://gpy", None), ("sim://fipy?carrier=pysense", None), ("sim://fipy", "Pytrack")]
)
def test_boards_without_such_jumpers(url: str, carrier: str | None) -> None:
    found = look(url, nameless, carrier=carrier) if carrier else look(url)
    assert found.status is Status.SKIP
    assert found.skip_reason is SkipReason.NOT_APPLICABLE


@pytest.mark.parametrize("scenario", ["modem-recovery", "modem-ffh", "modem-silent", "stp-fails-midway", "ati-error"])
def test_no_pin_is_touched_unless_the_modem_runs_its_application(scenario: str) -> None:
    with bench_at(f"sim://fipy?scenario={scenario}") as bench:
        found = JumpersRemoved().look(bench)
        assert found.status is Status.WARN
        assert found.caused_by == "modem-answers"
        assert "readings" not in found.evidence
        assert bench.board.repl.run("print('_fd_p19' in globals())").strip() == "False"


def test_port_without_rts_line_is_undecided() -> None:
    with bench_at() as bench:
        bench.link.has_modem_lines = False
        found = JumpersRemoved().look(bench)
        assert found.status is Status.WARN
        assert "no RTS line" in found.summary


def test_old_board_whose_main_starts_an_updater_is_not_reset() -> None:
    with bench_at("sim://fipy?release=1.11.0.b1") as bench:
        flash = board_of(bench.link.serial.bench).flash
        flash.write("main.py", b"import sqnsupgrade\nsqnsupgrade.run('/sd/x.dup', 921600)\n")
        found = JumpersRemoved().look(bench)
        assert found.status is Status.WARN
        assert "a reset would start" in found.summary
        assert "readings" not in found.evidence


def test_safe_boot_gives_the_pins_back_without_running_main() -> None:
    with bench_at() as bench:
        flash = board_of(bench.link.serial.bench).flash
        flash.write("main.py", b"import sqnsupgrade\nsqnsupgrade.run('/sd/x.dup', 921600)\n")
        assert JumpersRemoved().look(bench).status is Status.PASS
        assert bench.board.repl.call("print('@@FD 1')") == 1


def test_a_carrier_that_the_usb_id_contradicts_is_told() -> None:
    found = look("sim://fipy?carrier=expansion3&jumpers=fitted", carrier="pysense")
    assert found.status is Status.FAIL
    assert "--carrier pysense was not used: the carrier is an Expansion Board 3" in found.summary
