"""A paste says the same whatever a mail, a web page, a logger or a terminal put around its lines."""

from __future__ import annotations

import html
from collections.abc import Callable

import pytest

from doctor.knowledge import explain
from doctor.knowledge.paste import read
from tests.explain.scoring import HERE, cases

#: Those in which it counts how a line begins or ends.
NAMES = (
    "empty-listing",
    "smod-four",
    "not-detected-then-goes-on",
    "describe-dead-links",
    "l-exfat-fdisk",
    "n-lte-fine",
)
TEXTS = [case.data.decode() for case in cases(HERE) if case.name in NAMES]


def each(begin: str, end: str = "\n", written: Callable[[str], str] = str) -> Callable[[str], str]:
    return lambda text: "".join(f"{begin}{written(line)}{end}" for line in text.split("\n"))


AROUND: dict[str, Callable[[str], str]] = {
    "mail": each("> > "),
    "terminal": each("[12:04:43] "),
    "logger": each("2021-08-03T04:42:55.123456+02:00 "),
    "serial monitor": each("12:04:43.123 -> "),
    "syslog": each("Aug  3 04:42:55 host picocom[123]: "),
    "web page": each("", "<br />\n", html.escape),
    "colours as typed": each("^[[31m", "^[[0m\n"),
    "indented": each("    "),
    "PuTTY": lambda text: f"=~=~=~=~=~=~=~= PuTTY log 2021.03.04 10:22:33 =~=~=~=~=~=~=~=\r\n{text}",
}


@pytest.mark.parametrize("around", AROUND)
def test_what_stands_around_the_lines_changes_no_finding(around: str) -> None:
    assert len(TEXTS) == len(NAMES)
    for text in TEXTS:
        bare, wrapped = (explain(one.encode()).matches for one in (text, AROUND[around](text)))
        assert [match.id for match in wrapped] == [match.id for match in bare], text


@pytest.mark.parametrize(
    "text",
    [
        ">>> import sqnsupgrade",
        "12:00:00    0.000 log of this flash: sim://fipy",
        "    two steps in\nand one that is not",
        "a < b and c > d",
        "[41065] is no colour",
    ],
)
def test_what_belongs_to_a_line_stays(text: str) -> None:
    assert read(text.encode()).text == text
