"""Each parser with some inputs, the same ones each time; make fuzz looks for others."""

from __future__ import annotations

import os
import resource
import sys

import pytest

pytest.importorskip("hypothesis", reason="hypothesis is not installed")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.parser import FOUND, PIECES, Parser, edited
from tests.fuzz.table import ROOMS, parsers_of

PARSERS = tuple(parser for room in ROOMS for parser in parsers_of(room))
EXAMPLES = int(os.environ.get("FIPY_DOCTOR_FUZZ", "0")) or 8
SPOILT = 50  #: inputs in which one value is spoilt
MOST_MEMORY_KIB = 300 << 10  #: that the inputs of one parser, each at most 64 KiB, may add to the process

edits = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(PIECES) | st.binary(min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=3,
)


def peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)


@pytest.mark.sampled(9, "long")
@pytest.mark.parametrize("parser", PARSERS, ids=[parser.name for parser in PARSERS])
def test_a_parser_ends_and_raises_what_it_says(parser: Parser) -> None:
    before = peak_kib()
    for data in (*parser.seeds, *parser.spoilt(SPOILT)):
        parser(data)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize="FIPY_DOCTOR_FUZZ" not in os.environ,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(seed=st.sampled_from(parser.seeds), changed=edits)
    def tried(seed: bytes, changed: list[tuple[int, float, bytes]]) -> None:
        parser(edited(seed, changed))

    tried()
    assert peak_kib() - before < MOST_MEMORY_KIB


@pytest.mark.parametrize(
    ("parser", "name"),
    [(parser, path.name) for parser in PARSERS for path in parser.found()],
    ids=lambda x: str(getattr(x, "name", x)),
)
def test_what_broke_a_parser_once_does_no_more(parser: Parser, name: str) -> None:
    parser((FOUND / parser.name / name).read_bytes())


def test_each_input_that_was_found_belongs_to_a_parser() -> None:
    assert {folder.name for folder in FOUND.iterdir() if folder.is_dir()} <= {parser.name for parser in PARSERS}
