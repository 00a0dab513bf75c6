"""``fipy-doctor explain``: a pasted log in, the failure and its cure out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from doctor.cli import options
from doctor.errors import UsageError

_FILES = click.Path(exists=True, dir_okay=False, allow_dash=True)


@options.command("explain", short_help="Say what a log or a description of a failure means.")
@options.common
@click.argument("files", metavar="[FILE|-]...", nargs=-1, type=_FILES)
@click.option("--clipboard", is_flag=True, help="Read what was copied last.")
def command(files: tuple[str, ...], clipboard: bool, **given: Any) -> int:
    """Say what a console log, a forum post or a description of a failure means, and what to do.

    Reads FILEs, or standard input where none is given or FILE is -. Nothing is sent to anyone.
    """
    from doctor.jobs import explain as job
    from doctor.report import explanation

    screen = options.screen_of(given)
    if clipboard and files:
        raise UsageError("usage", "give files or --clipboard, not both", next="fipy-doctor explain --help")
    if clipboard:
        sources = [(job.CLIPBOARD, job.clipboard())]
    else:
        if not files and screen.interactive:
            screen.note("Paste the text, then press Ctrl-D on a line of its own (Windows: Ctrl-Z and Enter).")
        sources = [_read(name) for name in files or ("-",)]
    explained = job.explain_sources(sources)
    if screen.as_json:
        from doctor.report import as_json

        screen.document(as_json.document("explain", options.OK, **explanation.members(explained)))
        return 0
    for number, one in enumerate(explained):
        if number:
            screen.show("")
        screen.show(explanation.console(one, named=len(explained) > 1, verbose=screen.verbose))
    return 0


def _read(name: str) -> tuple[str, bytes]:
    from doctor.jobs import explain as job
    from doctor.knowledge.paste import MOST_BYTES

    if name == "-":
        return job.STANDARD_INPUT, sys.stdin.buffer.read(MOST_BYTES + 1)
    return name, job.read_file(Path(name))
