"""What goes to the board says the same as what stands here, in the same lines."""

from __future__ import annotations

import ast
import io
import token
import tokenize
import zlib
from importlib.resources import files as files_of

import pytest

from doctor.board import onboard
from doctor.board.lean import lean

CORE = sorted(onboard.core_files())
SENT_BYTES = 110_000


def source_of(name: str) -> str:
    return files_of("doctor.updater").joinpath(name).read_text("utf-8")


def statements(source: str) -> list[tuple[int, str]]:
    """Every statement but docstrings and ``pass``, with its line."""
    tree = ast.parse(source)
    found = []
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            text = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            if isinstance(child, ast.stmt) and not text and not isinstance(child, ast.Pass):
                found.append((child.lineno, ast.dump(child) if not hasattr(child, "body") else type(child).__name__))
    return found


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("name", CORE)
def test_every_line_of_the_core_keeps_its_number_and_what_it_does(name: str) -> None:
    source, made = source_of(name), onboard.core_files()[name].decode()
    assert statements(made) == statements(source)
    assert not [each for each in tokenize.generate_tokens(io.StringIO(made).readline) if each.type == token.COMMENT]


def test_strings_that_are_no_docstrings_stay_as_they_are() -> None:
    source = '''"""What it is.

    More of it.
    """

class Empty(object):
    """Only this."""  # and this


def f(a):
    # type: (int) -> str
    "Short."
    text = """
        # no comment
    """  # a comment
    if a:  # why
        return ("#" +
                text)
    return a, 'it''s'
'''
    names: dict[str, object] = {}
    made = lean(source)
    exec(made, names)
    assert names["f"](1) == "#\n        # no comment\n    "  # type: ignore[operator]
    assert (names["f"](0), names["Empty"]().__class__.__name__) == ((0, "its"), "Empty")  # type: ignore[operator]
    assert made.count("\n") == source.count("\n")
    assert made.startswith('"""What it is."""\n\n')
    assert "Short" not in made and "why" not in made and "Only" not in made


def test_what_is_sent_for_the_core_stays_small() -> None:
    pieces = [data[at : at + 768] for data in onboard.core_files().values() for at in range(0, len(data), 768)]
    assert sum(len(zlib.compress(piece)) for piece in pieces) <= SENT_BYTES
