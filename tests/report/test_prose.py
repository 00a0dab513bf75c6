from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.text import Text

from doctor.report.prose import Prose

LONG = "fipy-doctor flash '/home/anna/my firmware/CATM1-41065.dup' --via card --port 'sim://fipy?state=b&speed=10'"


def broken(text: str, width: int = 40) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width).print(Prose(Text("next: "), Text(text)), crop=False)
    return out.getvalue().splitlines()


def test_a_command_that_is_told_stands_alone_and_whole() -> None:
    said = broken(f"press the board's reset button, which ends mirror mode; then run: {LONG}; nothing else helps")
    assert said[0].startswith("next: press the board's")
    assert said[1].startswith("      ")
    assert f"    {LONG}" in said
    assert said[-1].strip() == "nothing else helps"


@pytest.mark.parametrize(
    "command",
    [
        LONG,
        "fipy-doctor restore /home/anna/backups/board-20261122 --port COM25",
        "fipy-doctor fix --reset-flash",
        "fipy-doctor open smswboot-30-failed",
        "fipy-doctor check --port rfc2217://10.0.0.7:2217",
        "fipy-doctor sim --make-firmware .",
    ],
)
@pytest.mark.parametrize("width", [20, 47, 80])
def test_no_width_breaks_a_command(command: str, width: int) -> None:
    text = f"what lies on the board was kept; {command} brings all of it back, and {command}, too"
    assert " ".join(broken(text, width)).count(command) == 2
    assert sum(line.count(command) for line in broken(text, width)) == 2


def test_prose_is_broken_as_ever() -> None:
    assert broken("one two three four five six seven", 20) == [
        "next: one two three",
        "      four five six",
        "      seven",
    ]


def test_styles_stay_on_their_words() -> None:
    prose = Prose(Text("x "), Text.assemble(("bold", "bold"), " and plain words that go on"))
    line = next(iter(Console(width=20).render_lines(prose)))
    assert [segment.text for segment in line if segment.style and segment.style.bold] == ["bold"]


def test_the_mark_does_not_colour_the_text() -> None:
    line = next(iter(Console(width=20).render_lines(Prose(Text("x ", style="green"), Text("plain")))))
    assert [segment.text for segment in line if segment.style and segment.style.color] == ["x "]
