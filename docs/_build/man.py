"""The man page, made of what the commands say of themselves: ``python -m docs._build.man OUT``.

The wheel has it as share/man/man1/fipy-doctor.1 (docs/_build/wheel_hook.py); no file of it lies in the repository.
"""

from __future__ import annotations

import os
import re
import sys
import textwrap
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import click

from doctor import __version__
from doctor.cli.help_page import EveryCommandOption, HelpedCommand
from doctor.cli.main import SECTIONS, SHORT_HELPS, cli
from doctor.cli.settings import SETTINGS, Source
from doctor.text import marks
from doctor.text.command import PROGRAM

COLUMNS = 78  #: of the source
EXITS = Path(__file__).parent.parent / "pictures" / "exit-codes.md"
_FILES = {
    "~/.config/fipy-doctor/fipy-doctor.toml": "your settings; on macOS in ~/Library/Application Support, on Windows in "
    "%LOCALAPPDATA%",
    "fipy-doctor.toml": "settings of a project, in the current folder or the nearest one above it",
    "~/.local/state/fipy-doctor/": "journals, logs and what was begun; on macOS in ~/Library/Application Support, on "
    "Windows in %LOCALAPPDATA%",
}
_EACH = (
    "Each command finds the board that is plugged in, says what is wrong and how to cure it, and ends with the one next "
    "command. Nothing is changed before it was shown and agreed to."
)
_VARIABLES = {
    "FIPY_DOCTOR_CONFIG": "one file of settings in place of all others, or none",
    "FIPY_DOCTOR_STATE_DIR": "where journals and logs lie",
    "FIPY_DOCTOR_TELNET_PASSWORD": "the password of a board on Wi-Fi",
    "NO_COLOR": "no colours",
}


def page() -> str:
    """All of it, in roff with the macros of man(7)."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield f".TH {PROGRAM.upper()} 1 {_day()} {_quoted(f'{PROGRAM} {__version__}')} {_quoted('User Commands')}"
    above = click.Context(cli, info_name=PROGRAM, **cli.context_settings)
    about, *rest = _paragraphs(cli)
    yield from (".SH NAME", rf"{_text(PROGRAM)} \- {_text(about[0].lower() + about[1:].rstrip('.'))}")
    yield from (".SH SYNOPSIS", rf"\fB{_text(PROGRAM)}\fR [\fICOMMAND\fR] [\fIoptions\fR] [\fIarguments\fR]")
    yield ".SH DESCRIPTION"
    yield from _apart([about, *rest, _EACH])
    for heading, names in SECTIONS.items():
        yield f".SH {_quoted(heading.upper())}"
        for name in names:
            yield from _command(name, above)
    yield ".SH OPTIONS OF EVERY COMMAND"
    for option in cli.params:
        if isinstance(option, EveryCommandOption):
            yield from _option(option, above)
    yield from _ends(above)


def _command(name: str, above: click.Context) -> Iterator[str]:
    command = cli.get_command(above, name)
    if command is None:
        raise KeyError(name)
    context = click.Context(command, info_name=name, parent=above)
    yield f".SS {_quoted(' '.join([context.command_path, *command.collect_usage_pieces(context)]))}"
    yield from _apart(_paragraphs(command))
    for heading, options in command.headed(context).items():
        if heading != EveryCommandOption.heading:
            for option in options:
                if "--help" not in option.opts:
                    yield from _option(option, context)


def _option(option: click.Option, context: click.Context) -> Iterator[str]:
    value = "" if option.is_flag else option.make_metavar(context)
    named = ", ".join(sorted(option.opts, key=len))
    more = " May be given several times." if option.multiple else ""
    more += f" Also from {option.envvar}." if option.envvar else ""
    yield from (".TP", rf"\fB{_text(named)}\fR{value and ' ' + _text(value)}", _text(f"{option.help}{more}"))


def _ends(above: click.Context) -> Iterator[str]:
    yield ".SH EXIT STATUS"
    for code, meaning in re.findall(r"^\| (\d+) \| (.*) \|$", EXITS.read_text("utf-8"), re.MULTILINE):
        yield from (".TP", rf"\fB{code}\fR", _text(meaning))
    yield ".SH FILES"
    for path, meaning in _FILES.items():
        yield from (".TP", rf"\fI{_text(path)}\fR", _text(meaning))
    keys = ", ".join(setting.key for setting in SETTINGS.values() if setting.weakest <= Source.USER)
    yield from (".PP", _text(f"Files of settings may hold {keys}; --show-config says what holds. All else is typed."))
    yield ".SH ENVIRONMENT"
    for name, meaning in _VARIABLES.items():
        yield from (".TP", rf"\fB{_text(name)}\fR", _text(meaning))
    yield ".SH EXAMPLES"
    commands = ((name, cli.get_command(above, name)) for name in SHORT_HELPS)
    examples = [*cli.examples, *(words for _, command in commands if command is not None for words in command.examples)]
    yield from (".EX", *(_text(f"{PROGRAM} {words}".rstrip()) for words in examples), ".EE")


def _apart(paragraphs: list[str]) -> Iterator[str]:
    """Paragraphs, with a macro between two of them."""
    for number, paragraph in enumerate(paragraphs):
        yield from ((".PP", _text(paragraph)) if number else (_text(paragraph),))


def _paragraphs(command: HelpedCommand | click.Command) -> list[str]:
    """What the command says of itself, without marks."""
    said = re.sub(r"``(.+?)``", r"\1", command.help or "")
    return [" ".join(marks.plain(one).split()) for one in re.split(r"\n\s*\n", said.replace("\b", "").strip())]


def _day() -> str:
    """The day of the build; builds of one source have one day (SOURCE_DATE_EPOCH)."""
    said = os.environ.get("SOURCE_DATE_EPOCH")
    when = datetime.fromtimestamp(int(said), timezone.utc) if said else datetime.now(timezone.utc)
    return when.strftime("%Y-%m-%d")


def _quoted(text: str) -> str:
    """A text as an argument of a macro."""
    return '"' + _text(text).replace("\n", " ").replace('"', r"\(dq") + '"'


def _text(text: str) -> str:
    """A text in which roff sees nothing to obey: backslashes, hyphens that are to be copied, and dots in front."""
    text = " ".join(marks.plain(text).split()).replace("\\", r"\(rs").replace("-", r"\-").replace("'", r"\(aq")
    text = text.replace("`", r"\(ga").replace("~", r"\(ti").replace("^", r"\(ha")
    text = "".join(letter if letter.isascii() else rf"\[u{ord(letter):04X}]" for letter in text)
    lines = textwrap.wrap(text, COLUMNS, break_long_words=False, break_on_hyphens=False)
    return "\n".join(rf"\&{line}" if line.startswith(".") else line for line in lines)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="ascii")
