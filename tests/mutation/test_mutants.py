"""The mutants themselves: each changes one thing, words are left alone, and every excuse is for one that exists."""

from __future__ import annotations

import multiprocessing
import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.mutation.equivalent import equivalent
from tests.mutation.mutants import Mutant, mutants, sample
from tests.mutation.trial import ALIVE, KILLED, Copy

ROOT = Path(__file__).parent.parent.parent
SOURCE = b'''"""Words."""
from typing import Any
LIMIT = 3
def f(a: int, b=True) -> int:
    """More words."""
    assert a
    if a < LIMIT and not b:
        raise ValueError("too small: %d" % a)
    g(a, b"x")
    return a + 1
'''


def test_each_kind_of_change_is_made_once_and_words_are_left_alone() -> None:
    found = mutants("m.py", SOURCE)
    assert [(one.place, one.before, one.after) for one in found] == [
        ("module", "3", "4"),
        ("f", "True", "False"),
        ("f", "a < LIMIT and not b", "(a < LIMIT or not b)"),
        ("f", "a < LIMIT", "(a <= LIMIT)"),
        ("f", "a < LIMIT", "(a >= LIMIT)"),
        ("f", "not b", "(b)"),
        ("f", 'raise ValueError("too small: %d" % a)', "pass"),
        ("f", 'g(a, b"x")', "pass"),
        ("f", 'b"x"', "b'y'"),
        ("f", "return a + 1", "return None"),
        ("f", "a + 1", "(a - 1)"),
        ("f", "1", "2"),
    ]
    assert [one.early for one in found] == [True, True] + [False] * 10
    assert all(one.applied(SOURCE).count(b"\n") == SOURCE.count(b"\n") for one in found)
    assert len({one.applied(SOURCE) for one in found}) == len(found)


def test_a_change_elsewhere_leaves_most_of_the_choice_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    path.write_bytes(SOURCE)
    before = {one.key for one in sample(tmp_path, ("m.py",), 6, "1")}
    path.write_bytes(SOURCE.replace(b"LIMIT = 3\n", b"LIMIT = 3\nOTHER = LIMIT * 2\n"))
    after = {one.key for one in sample(tmp_path, ("m.py",), 6, "1")}
    assert len(before & after) >= 4
    assert before != {one.key for one in sample(tmp_path, ("m.py",), 6, "2")}


#: A module and its tests: one checks a value, one is named after another value, and a third value is divided by.
MODULE = "LIMIT = 3\nMOST = 7\nSHARE = 6 // (1 - 0)\n"
TESTS = """
import m, pytest
def test_limit(tmp_path):
    assert m.LIMIT == 3
@pytest.mark.parametrize("most", [m.MOST])
def test_most(most):
    assert most
"""
CHOSEN = ["test_gone.py::test_it", "test_m.py::test_limit", "test_m.py::test_most[7]"]


def judged(root: Path, tried: list[Mutant]) -> list[tuple[str, str]]:
    """What becomes of these mutants in one copy: it tells what was compiled from what by counting its changes."""
    copy = Copy(root)
    verdicts = [copy.judge(one, CHOSEN, 60) for one in tried]
    return [(verdict.outcome, verdict.by) for verdict in verdicts]


@pytest.mark.long
def test_a_mutant_is_killed_by_a_test_that_fails_or_cannot_be_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by one that has another name now, nor by other runs that clean up the folder that they share."""
    root = tmp_path / "copy"
    shutil.copytree(ROOT / "tests" / "mutation", root / "tests" / "mutation")
    (root / "tests" / "__init__.py").touch()
    (root / "m.py").write_text(MODULE)
    (root / "test_m.py").write_text(TESTS)
    monkeypatch.setenv("PYTEST_DEBUG_TEMPROOT", str(tmp_path / "taken away"))
    made = {one.before: one for one in mutants("m.py", MODULE.encode())}
    # A fork of this process would have the watchdog of its pytest.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        found = pool.submit(judged, root, [made[value] for value in "370"]).result()
    assert found == [(KILLED, "test_m.py::test_limit"), (ALIVE, ""), (KILLED, "test_m.py")]


@pytest.mark.long
def test_every_excuse_is_for_a_mutant_that_there_is_and_has_a_reason() -> None:
    excused = equivalent()
    modules = {key.split(" ")[0] for key in excused}
    there = {one.key for module in modules for one in mutants(module, (ROOT / module).read_bytes())}
    assert excused.keys() <= there
    assert all(why.endswith(".") and len(why) > 30 for why in excused.values())
