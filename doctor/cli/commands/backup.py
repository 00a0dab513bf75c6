"""``fipy-doctor backup DIR``: the board's own files into a folder on this computer."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import click

from doctor.cli import command_line, options, values
from doctor.cli.bench import opened
from doctor.cli.fleet.farm import at_a_place
from doctor.cli.screen import screen_of
from doctor.errors import BoardError, Exit
from doctor.text.command import marked
from doctor.text.escape import counted


@command_line.command(
    "backup",
    short_help="Copy all files of the board's flash to this computer.",
    examples=("backup my-board", "backup my-board --interrupt"),
)
@at_a_place
@options.common
@options.log_file
@options.interrupt
@click.argument("folder", metavar="DIR", type=values.NEW_FOLDER)
def command(folder: Path, **given: Any) -> int:
    """Copy all files of the board's flash into DIR, each proved by its SHA-256.

    DIR must be new or empty. The modem and the SD card are not touched. ``fipy-doctor restore DIR`` brings them back.
    """

    from doctor.cli.live_line import LiveLine
    from doctor.jobs.backup import backup
    from doctor.report import as_json, console
    from doctor.text.escape import shown

    bench_options = opened.bench_options(given)
    screen = screen_of(given, bench_options)
    with opened.open_bench(bench_options, given) as bench, closing(LiveLine(screen, bench.seconds)) as line:
        line.go_on("looking at the files of the board")
        done = backup(bench, folder, line.say)
        name = bench.link.name
    error = None
    if done.unreadable:
        error = BoardError(
            "backup-not-whole",
            f"left out: {', '.join(shown(path) for path, _ in done.unreadable)}; all else is kept",
            on=name,
            cause=done.why_unreadable,
            next=done.advice,
        )
    if screen.as_json:
        files = [vars(one) for one in done.kept.files]
        code = error.exit_code if error is not None else Exit.OK
        unreadable = [shown(path, 1000) for path, _ in done.unreadable]
        growing = [shown(path, 1000) for path in done.growing]
        members = {"files": files, "unreadable": unreadable, "growing": growing, **as_json.identity(bench)}
        screen.document(as_json.document("backup", code, error, **members))
    else:
        total = sum(one.size_bytes for one in done.kept.files)
        screen.show(f"kept in {marked(folder)}: {counted(len(done.kept.files), 'file')}, {counted(total, 'byte')}")
        if error is not None:
            screen.notes.print(console.error(error, verbose=screen.verbose))
        screen.name_log(bench.log, error, noted=error is not None)
    return int(error.exit_code) if error is not None else 0
