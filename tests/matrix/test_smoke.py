"""A few cells of the fault matrix (``make matrix`` plays all of them), so that it does not rot between two runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.text.power_off import AFTER_OURS, UNPLUG
from tests.matrix.cells import Cell, _faults, _kind_of, _thinned
from tests.matrix.flows import Stage, make_files
from tests.matrix.follow import next_step
from tests.matrix.play import DEAD, PROVED, RESCUED, play


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    make_files(folder, large=False)
    return folder


def cell(flow: str, where: str, kind: str, **more: object) -> Cell:
    return Cell(flow, kind, where, tuple({"kind": kind, "where": where, **more}.items()), may_die=where == "deploy")


CELLS = [
    (cell("store", "block", "cut", count=3), RESCUED),
    (cell("store", "AT+SMSWBOOT?", "stale", times=4), PROVED),
    (cell("store", "deploy", "fail"), RESCUED),
    (cell("fly", "AT+SMSWBOOT=", "error", times=2), PROVED),
    (cell("fly", "tx", "noise", after="block", count=5, byte=7), PROVED),
    (cell("fly", "block-cmd", "nack", count=9, times=None), RESCUED),
    (cell("fly", "deploy", "cut"), DEAD),
    (cell("diff", "rx", "corrupt-byte", after="block-cmd", count=2, byte=700), PROVED),
    (cell("recovery", "open", "refuse", times=None), RESCUED),
    (cell("recovery", "block", "hang", count=12), RESCUED),
    (cell("ram-updater", "block", "blip", count=4), RESCUED),
    (cell("ffh", "AT+STP", "mute"), PROVED),
    (cell("ffh", "block", "stall", count=4), RESCUED),
    (cell("factory", "AT+IPR", "silent"), PROVED),
    (cell("stp-open", "reset", "lose", count=1), PROVED),
    (cell("pair", "block", "residue", count=2, times=3), PROVED),
    (cell("monarch", "AT+SMUPGRADE?", "urc", times=5), PROVED),
    (cell("monarch-zip", "block", "duplicate", count=3), PROVED),
    (Cell("fly", "unplugged", "0.3", unplug="0.3"), RESCUED),
    (Cell("fly", "switch", "recovery_baud", switches=(("recovery_baud", 115200),)), PROVED),
    (cell("fipy-fly", "block", "reboot", count=6), RESCUED),
    (Cell("fipy-store", "wrong baud", "115200", baud=115200), RESCUED),
    (Cell("diff-33080", "switch", "wrong_base", switches=(("wrong_base", "stay"),), other_base=39529), RESCUED),
]


@pytest.fixture
def own_state(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FIPY_DOCTOR_STATE_DIR", "")  # restored afterwards: each cell sets its own
    yield


@pytest.mark.usefixtures("own_state")
@pytest.mark.sampled(8, "long")
@pytest.mark.parametrize(("one", "verdict"), CELLS, ids=lambda value: value.name if isinstance(value, Cell) else "")
def test_cell(one: Cell, verdict: str, files: Path, tmp_path: Path) -> None:
    played = play(one, tmp_path, files)
    assert played.verdict == verdict, played.reason + "\n" + "\n".join(played.story)


def test_next_step_is_read_as_printed(tmp_path: Path) -> None:
    printed = (
        "x: y\n  next:  take all power off the board for 10 s; then run: fipy-doctor flash FULL-IMAGE.dup --port p\n"
    )
    step = next_step(printed, ("flash",), tmp_path, "38638")
    assert step.hands == ("power-cycle",)
    assert step.command == ("flash", str(tmp_path / "PRACTICE-CATM1-41065.dup"), "--port", "p")
    assert not next_step("nothing at all\n", ("flash",), tmp_path, "38638")


@pytest.mark.parametrize("said", [UNPLUG, AFTER_OURS])
def test_the_words_of_power_off_are_read_as_a_deed(said: str, tmp_path: Path) -> None:
    step = next_step(f"x: y\n  next:  {said}, wait 10 s, then plug in again\n", ("flash",), tmp_path, "38638")
    assert step.hands[-1] == "power-cycle"


def test_thinned_cells_still_hold_every_kind_of_fault_and_every_stage() -> None:
    places = tuple(
        Stage(place, count) for place in ("AT", "AT+SMOD?", "open", "block-cmd", "block") for count in (1, 9)
    )
    pairs = list(_faults(places))
    for number, coarse in [(number, coarse) for number in range(6) for coarse in (False, True)]:
        kept = list(_thinned(pairs, 50, number, coarse=coarse))
        kinds = [{_kind_of(pair, coarse=coarse) for pair in some} for some in (kept, pairs)]
        assert kinds[0] == kinds[1]
        assert {pair[1] for pair in kept} == set(places)
        assert len(kept) < len(pairs) / 5
