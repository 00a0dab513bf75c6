from __future__ import annotations

import re

import pytest

from doctor.knowledge.beginnings import beginnings, matches
from doctor.knowledge.catalogue import entries
from tests.explain import scoring

PATTERNS = sorted({sign.match or re.escape(sign.has[0]) for entry in entries().values() for sign in entry.signs})


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"Sending \d+", ("sending ",)),
        (r"^\bSending+x", ("sendin",)),
        (r"abc|de", ()),
        (r"abc|[|]def", ()),
        (r"(?:abc|def)x|ghij", ("abc", "def", "ghij")),
        (r"(?:abc)?def", ()),
        (r"(?<![a-z(])ATI!", ("ati!",)),
        (r"\\x1b\[", ("\\x1b[",)),
        (r"\d\.dup", ()),
        (r"(?P<name>abcd)", ()),
        (r"abcd{2}", ("abc",)),
        (r"(?i:abcd)", ()),
        (r"", ()),
    ],
)
def test_beginning_is_what_every_match_begins_with(pattern: str, expected: tuple[str, ...]) -> None:
    assert beginnings(pattern) == expected


def test_every_sign_finds_the_same_places_as_before() -> None:
    text = "\n".join(case.data.decode("utf-8", "replace") for case in scoring.cases(scoring.HERE)[::4])[:60_000]
    used = 0
    for source in PATTERNS:
        pattern = re.compile(source, re.IGNORECASE | re.MULTILINE)
        used += bool(beginnings(source))
        for start, limit in ((0, len(text)), (700, 20_000)):
            wanted = [hit.span() for hit in pattern.finditer(text, start, limit)]
            assert [hit.span() for hit in matches(pattern, text, text.lower(), start, limit)] == wanted, source
    assert used > len(PATTERNS) // 2
