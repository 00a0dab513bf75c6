"""What harms nothing comes before what destroys: in every finding, in every entry of the catalogue, and in Next."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from doctor.check import Finding, Grade, Remedy, Status
from doctor.knowledge import entries
from doctor.remedies import cures

from .terminal import Terminal

DESTROYS = re.compile(r"--reformat-sd|--reset-flash|\bfsformat|\bmkfs|\bformat (?:the|it)|\berase", re.IGNORECASE)


def test_cures_that_destroy_stand_last_whatever_a_check_says() -> None:
    remedies = [Remedy(name, grade) for name, grade in (("a", Grade.DESTROYS), ("b", Grade.MANUAL), ("c", Grade.ASKS))]
    for order in itertools.permutations(remedies):
        finding = Finding("x", Status.FAIL, "", remedies=order)
        assert finding.remedies[-1].id == "a"
        assert [r for r in finding.remedies if r.id != "a"] == [r for r in order if r.id != "a"]


def test_cures_that_format_say_that_they_destroy() -> None:
    graded = {cure.id for cure in cures().by_id.values() if cure.grade is Grade.DESTROYS}
    assert graded == {"reformat-sd", "reset-flash"}


@pytest.mark.parametrize("entry_id", [name for name, known in entries().items() if DESTROYS.search(str(known.cure))])
def test_no_entry_begins_with_what_destroys(entry_id: str) -> None:
    first, *_ = entries()[entry_id].cure
    only = re.search(r"copy the files? away|keeps all others|other name|bad itself|what is kept|needs no card", first)
    assert not DESTROYS.search(first) or only, first


@pytest.mark.long
def test_a_card_is_reseated_then_left_out_and_never_formatted_unasked(
    terminal: Terminal, tmp_path: Path, image: Path
) -> None:
    port = f"sim://fipy?scenario=sd-lists-empty&state={tmp_path / 'bench'}"
    said = terminal.type("check", "-v", "--firmware", str(image), "--port", port)
    cured = re.findall(r"^    (?:cure|or): .*", said.out, re.MULTILINE)
    assert "Format" in cured[-1] and "Take the card out" in cured[0]
    assert said.next[:3] == ["check", "--done", "card-reseated"]
    said = terminal.type(*said.next)
    assert said.next[0] == "flash" and said.next[-2:] == ["--via", "usb"]
    assert terminal.type(*said.next, "--yes").code == 0


@pytest.mark.long
def test_a_card_that_cannot_be_read_closes_its_own_way_only(terminal: Terminal, image: Path) -> None:
    port = "sim://fipy?scenario=sd-lists-empty"
    assert terminal.type("plan", str(image), "--port", port).code == 1
    assert terminal.type("plan", str(image), "--via", "card", "--port", port).code == 1
    assert terminal.type("plan", str(image), "--via", "usb", "--port", port).code == 0
