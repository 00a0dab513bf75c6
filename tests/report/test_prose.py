from __future__ import annotations

import io
import re

import pytest
from rich.console import Console, Group, RenderableType
from rich.text import Text

from doctor.report.prose import BenchConsole, Prose
from doctor.text.command import Command, marked

LONG = "fipy-doctor flash '/home/anna/my firmware/CATM1-41065.dup' --via card --port 'sim://fipy?state=b&speed=10'"


def broken(text: str, width: int = 40) -> list[str]:
    out = io.StringIO()
    BenchConsole(file=out, width=width).print(Prose(Text("next: "), Text(text)))
    return out.getvalue().splitlines()


def test_a_command_that_is_told_stands_alone_and_whole() -> None:
    said = broken(
        f"press the board's reset button, which ends mirror mode; then run: {marked(LONG)}; nothing else helps"
    )
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
    text = f"what lies on the board was kept; {marked(command)} brings all of it back, and ({marked(command)}), too"
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


AGAIN = "then `fipy-doctor check` again"


def shown(what: RenderableType, width: int = 40, *, styled: bool = False, **bench: str | bool) -> str:
    out = io.StringIO()
    console = BenchConsole(bench=Command("", **bench), file=out, width=width, force_terminal=styled)  # type: ignore[arg-type]
    console.print(what)
    return out.getvalue()


@pytest.mark.parametrize(
    "what", ["then `fipy-doctor check` again", Text("then `fipy-doctor check` again", no_wrap=True)]
)
def test_what_is_shown_has_no_marks_and_names_the_bench(what: str | Text) -> None:
    assert shown(what, 80, port="COM3") == "then fipy-doctor check --port COM3 again\n"


def test_all_that_is_marked_looks_the_same_whatever_stands_around_it() -> None:
    text = Group(Text("do `x y` ", style="dim").append("or `z`", style="bold"))
    said = shown(text, styled=True)
    assert said.count("`") == 0
    assert re.findall(r"\x1b\[([\d;]*36)m([^\x1b]*)", said) == [("36", "x y"), ("36", "z")]


def test_a_list_within_a_group_keeps_its_margins() -> None:
    group = Group(Text("first\n  second line that is too long for it\n\nlast"))
    assert shown(group, 24) == "first\n  second line that is\n  too long for it\n\nlast\n"


def test_what_was_marked_is_not_looked_at_again() -> None:
    path = "/home/anna/`fipy-doctor fix`/b"
    assert shown(f"full log: {marked(path)}", 80, port="COM3") == f"full log: {path}\n"


def test_a_name_that_a_terminal_would_obey_is_escaped_wherever_it_stands() -> None:
    text = Text("kept in /e\x1b[2J\u202e/", style="bold")
    assert shown(Group(text, "next\nline"), 80) == "kept in /e\\x1b[2J\\u202e/\nnext\nline\n"
