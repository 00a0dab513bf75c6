from __future__ import annotations

from dataclasses import replace

import pytest

from doctor.check import Finding, Status
from doctor.remedies import cures
from doctor.report.page import all_pages

CURE = cures().get("remove-jumpers")
NARROW = 38  #: columns of a narrow terminal, behind a margin
IN_VAIN = "if they were off already"


def found(carrier: str = "unknown", status: Status = Status.FAIL) -> Finding:
    return Finding("jumpers-removed", status, "", evidence={"carrier": carrier})


@pytest.mark.parametrize(
    ("carrier", "says"),
    [
        ("expansion2", "Expansion Board 2.x"),
        ("Expansion Board 2.0", "Expansion Board 2.x"),
        ("Expansion Board 3.x", "Safe Boot button"),
        ("unknown", "2.x and 3.x alike"),
    ],
)
def test_drawing_is_of_the_board_that_the_user_has(carrier: str, says: str) -> None:
    lines = CURE.drawing(found(carrier))
    assert says in "\n".join(lines)
    assert [line.split()[0] for line in lines if "PULL IT OFF" in line] == ["RTS", "CTS"]
    assert [line.split()[0] for line in lines if "leave it on" in line] == ["TX", "RX"]
    assert all(line.isascii() and len(line) <= NARROW for line in lines)


def test_power_comes_off_first() -> None:
    first, second, *_ = CURE.steps(found())
    assert "unplug USB and any battery" in first
    assert "RTS and CTS" in second


def test_who_looked_in_vain_is_told_how_to_go_on() -> None:
    unsure = found(status=Status.WARN)
    assert IN_VAIN in CURE.steps(unsure)[-1]
    assert IN_VAIN not in CURE.steps(found())[-1]
    assert IN_VAIN not in CURE.steps(replace(unsure, caused_by="modem-answers"))[-1]


@pytest.mark.parametrize("page", ["remove-jumpers", "expansion-rts-cts-jumpers"])
def test_pages_show_it(page: str) -> None:
    drawn = [section.drawing for section in all_pages()[page].sections if section.drawing]
    assert [CURE.drawing(Finding("", Status.FAIL, ""))] == drawn
