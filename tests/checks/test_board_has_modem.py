from __future__ import annotations

import pytest

from checks.board_has_modem import BoardHasModem
from doctor.bench import Bench, BenchOptions
from doctor.check import Finding, Status
from tests.board.old_repl import OldRepl

from .simulated import bench_at


def look(board: OldRepl) -> Finding:
    return BoardHasModem().look(Bench(BenchOptions(port="/dev/ttyACM0"), link=board.wire.link()))


@pytest.mark.parametrize(
    "url, status, words",
    [
        ("sim://fipy", Status.PASS, "FiPy, firmware 1.20.2.r4: good (the built-in sqnsupgrade is used"),
        ("sim://gpy?release=1.18.3", Status.PASS, "GPy, firmware 1.18.3: good"),
        (
            "sim://fipy?release=1.17.3.b1",
            Status.WARN,
            "1.17.3.b1: old, but good enough to flash the modem (on it LTE() never returns",
        ),
        ("sim://fipy?release=1.12.0.b1", Status.WARN, "FiPy, firmware 1.12.0.b1: old, but good enough"),
    ],
)
def test_board_release_and_era_are_named(url: str, status: Status, words: str) -> None:
    with bench_at(url) as bench:
        found = BoardHasModem().look(bench)
    assert (found.status, words in found.summary) == (status, True), found.summary


def test_a_firmware_that_does_not_know_the_modem_fails() -> None:
    board = OldRepl()
    board.features["network"] = object()
    found = look(board)
    assert (found.status, found.catalogue) == (Status.FAIL, "firmware-without-lte-class")


@pytest.mark.parametrize("release", ["1.17.3.b1", "959ffd7-dirty"])
def test_a_release_that_does_not_fit_is_a_warning(release: str) -> None:
    found = look(OldRepl(release=release))
    assert (found.status, found.catalogue) == (Status.WARN, "release-string-lies")


def test_what_the_board_says_is_escaped() -> None:
    found = look(OldRepl(release="\x1b[31mred"))
    assert "\x1b" not in found.summary + str(found.evidence)


def test_looking_calls_nothing_of_the_modem() -> None:
    board = OldRepl()
    look(board)
    assert not any("LTE(" in code or "modem_upgrade_mode(" in code for code in board.runs)
