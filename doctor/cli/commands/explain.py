"""``fipy-doctor explain``: a pasted log in, the failure and its cure out."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import click

from doctor.cli import command_line, options, values
from doctor.cli.screen import screen_of
from doctor.errors import Exit, UsageError

#: What looks like the name of a file, so that a missing one is named and not taken for a text.
_FILE_NAME = re.compile(r"[^\s'\"()?!=]*(?:[/\\]|\.(?:log|txt|jsonl?|md|html?|csv)$)[^\s'\"()?!=]*")


@command_line.command(
    "explain",
    short_help="Say what a log or a description of a failure means.",
    examples=("explain console.log", "explain 'AT+SMSWBOOT=3,0 failed!'"),
)
@options.common
@click.argument("words", metavar="[FILE|-|TEXT]...", nargs=-1, shell_complete=values.offered("files"))
@click.option("--clipboard", is_flag=True, help="Read the text that you copied last (the clipboard).")
def command(words: tuple[str, ...], clipboard: bool, **given: Any) -> int:
    """Say what a console log, a forum post or a description of a failure means, and what to do.

    Reads FILEs, which may be zips of ``fipy-doctor report``, or standard input if none is given or FILE is -. Words
    that name no file are taken as the text:

        ``fipy-doctor explain 'AT+SMSWBOOT=3,0 failed!'``

    Nothing is sent to anyone.
    """
    from doctor.jobs import explain as job
    from doctor.report import explanation

    screen = screen_of(given)
    if clipboard and words:
        raise UsageError("usage", "give files or --clipboard, not both", next="`fipy-doctor explain --help`")
    if clipboard:
        sources = [(job.CLIPBOARD, job.clipboard())]
    else:
        if not words and screen.interactive:
            screen.note("Paste the text, then press Ctrl-D on a line of its own (Windows: Ctrl-Z and Enter).")
        sources = _sources(words or ("-",))
    if not any(text.strip() for _, text in sources):
        raise UsageError(
            "usage",
            "there is nothing to explain: the text is empty",
            next="type what the console said behind it: `fipy-doctor explain 'AT+SMSWBOOT=3,0 failed!'`",
        )
    explained = job.explain_sources(sources)
    if screen.as_json:
        from doctor.report import as_json

        screen.document(as_json.document("explain", Exit.OK, **explanation.members(explained)))
        return 0
    for number, one in enumerate(explained):
        if number:
            screen.show("")
        screen.show(explanation.console(one, named=len(explained) > 1, verbose=screen.verbose))
    return 0


def _sources(words: tuple[str, ...]) -> list[tuple[str, bytes]]:
    """Files and standard input in the order given; the words that are neither are one text."""
    from doctor.jobs import explain as job

    no_files = [word for word in words if word != "-" and not _is_there(word)]
    missing = [word for word in no_files if _FILE_NAME.fullmatch(word)]
    if len(missing) == len(no_files) and missing:
        raise UsageError(
            "file-unreadable",
            "there is no such file",
            on=missing[0],
            next="name a file that exists, or put a text in quotes: `fipy-doctor explain 'what the console said'`",
        )
    sources = [source for word in words if word not in no_files for source in _read(word)]
    if no_files:
        sources.append((job.TYPED, os.fsencode(" ".join(no_files))))
    return sources


def _is_there(word: str) -> bool:
    try:
        return bool(word) and Path(word).exists()  # an empty word, as from an unset variable, is not the current folder
    except (OSError, ValueError):  # too long for a name, or with a NUL
        return False


def _read(name: str) -> list[tuple[str, bytes]]:
    from doctor.jobs import explain as job

    if name == "-":
        return [(job.STANDARD_INPUT, job.read_standard_input())]
    return job.read_file(Path(name))
