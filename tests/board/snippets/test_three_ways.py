"""Every snippet by the syntax gate, in a real MicroPython on a described board, and on the simulator: they agree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import zip_longest

import pytest

from tests.board.micropython import needs_micropython
from tests.board.snippets import scan
from tests.board.snippets.described import RELEASES, RULES, Answer
from tests.board.snippets.harm import harm
from tests.board.snippets.rows import GROUPS, ROWS
from tests.board.snippets.three_ways import Cell, normalised, on_micropython, on_simulator
from tests.syntax_gate import violations

#: LTE() hangs half the releases forever; only these may call it, each in eras where it cannot.
MAY_CALL_LTE = {"board.snippets.modem.LTE_TRY", "board.snippets.modem.MIRROR_B1"}

ADVICE = """
Who errs against board-and-repl.md: the stub (tests/board/snippets/stub_board.py), the simulator (doctor/sim)
or the snippet? Mend that one. What may differ between two boards gets a named rule in
tests/board/snippets/described.py."""


@pytest.mark.long
def test_every_snippet_has_a_row() -> None:
    tried = {name for row in ROWS for name in row.of}
    missing = [f"{name} ({where})" for name, where in scan.snippets().items() if name not in tried]
    assert not missing, (
        f"snippets that no row sends: {', '.join(missing)}. Add a Row to tests/board/snippets/rows.py: the code as its "
        "user sends it, the board's state, and the eras in which the board may answer differently"
    )


@pytest.mark.long
def test_every_row_is_of_a_snippet() -> None:
    gone = {name for row in ROWS for name in row.of} - set(scan.snippets())
    assert not gone, f"rows of snippets that are not there any more: {sorted(gone)}"


def test_no_code_is_sent_without_a_name() -> None:
    assert not scan.nameless(), (
        "give the code a name in doctor/board/snippets/, and a row in tests/board/snippets/rows.py"
    )


def test_rows_keep_to_the_boards_python() -> None:
    codes = {piece: row.of for row in ROWS for piece in row.pieces if isinstance(piece, str)}
    codes |= {inner: names for code, names in codes.items() for inner in guarded_in(code)}
    wrong = {f"{names}: {found}" for code, names in codes.items() for found in violations(code)}
    assert not wrong


def guarded_in(code: str) -> Iterator[str]:
    """The code that a guarded snippet holds as a text."""
    if "_fd_g" in code:
        texts = (n.value for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Constant) and isinstance(n.value, str))
        yield from (text for text in texts if "\n" in text)


def test_rows_are_printable_ascii() -> None:
    codes = {piece: row.of for row in ROWS for piece in row.pieces if isinstance(piece, str)}
    assert [names for code, names in codes.items() if not all(c == "\n" or " " <= c <= "~" for c in code)] == []


def test_no_other_snippet_makes_an_lte_object() -> None:
    rows = [row for row in ROWS if not MAY_CALL_LTE & set(row.of)]
    assert [row.of for row in rows if "LTE()" in str(row.pieces[-1])] == []


def test_every_rule_is_needed_and_known() -> None:
    assert {rule for row in ROWS for rule in row.rules} == set(RULES)


@pytest.mark.sampled(4)
@pytest.mark.micropython
@needs_micropython
@pytest.mark.parametrize("group", GROUPS)
def test_a_real_micropython_and_the_simulator_agree(group: str) -> None:
    cells = [Cell(row, era) for row in GROUPS[group] for era in row.eras]
    wrong = []
    for cell, stub in zip(cells, on_micropython(cells), strict=True):
        rules = cell.row.rules
        stub, simulated = normalised(stub, rules), normalised(on_simulator(cell), rules)
        wrong += _differences(cell, stub, simulated)
        if stub and stub[-1].ending != cell.row.ending:
            wrong.append(f"{cell.name}: it ends in {stub[-1].ending}, not in {cell.row.ending}")
        wrong += _mistaken(cell, stub)
        wrong += [f"{cell.name}: piece {n} says nothing at all" for n, answer in enumerate(stub) if answer.is_mute]
        wrong += [f"{cell.name}: piece {n}: {what}" for n, answer in enumerate(stub) for what in harm(cell, n, answer)]
    assert not wrong, "\n".join(wrong) + ADVICE


def _mistaken(cell: Cell, answers: list[Answer]) -> list[str]:
    """Where both boards would agree on something wrong."""
    return [
        f"{cell.name}, piece {number}: it must give {wanted}, not {answer.values}"
        for number, (wanted, answer) in enumerate(zip(cell.row.gives, answers, strict=False))
        if wanted is not ... and answer.values != (wanted if isinstance(wanted, tuple) else (wanted,))
    ]


def _differences(cell: Cell, stub: list[Answer], simulated: list[Answer]) -> list[str]:
    release = RELEASES[cell.era]
    return [
        f"{cell.name} ({release}, {cell.row.on.kind}), piece {number}:\n  stub      {one}\n  simulator {other}"
        for number, (one, other) in enumerate(zip_longest(stub, simulated))
        if one != other
    ]
