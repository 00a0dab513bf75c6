"""``fipy-doctor trace``: a trace as people read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from doctor.cli import command_line, options, stdio, values
from doctor.cli.screen import screen_of
from doctor.errors import Exit


@command_line.command(
    "trace", short_help="Show what crossed the port, line by line.", examples=("trace t.jsonl", "trace -v t.jsonl")
)
@options.common
@click.argument("file", metavar="FILE", type=values.FILE)
def command(file: Path, **given: Any) -> int:
    """Show a trace as people read it.

    AT commands and what a board prints line by line, frames of the modem's transfer protocol (STP) with operation,
    session, number and checksum, everything else in hex; each with the time since the port was opened. -v folds nothing
    away, and shows what the modem's bytes look like on their way through the board.

    To see what was found then, replay it: ``fipy-doctor check --port replay://FILE``.
    """
    from doctor.documents.trace_lines import RX, TX, lines_of
    from doctor.link.replay import open_trace, recording_at
    from doctor.report import as_json, wire

    screen = screen_of(given)
    if screen.as_json:
        recording = recording_at(file)
        members = {
            "path": str(file),
            "version": recording.version,
            "written_by": recording.tool or None,
            "command": recording.command or None,
            "taken_at": recording.at or None,
            "taken_of": recording.url.text or None,
            "duration_ms": recording.last_ms,
            "bytes_sent": recording.bytes[TX],
            "bytes_received": recording.bytes[RX],
            "lines": recording.lines,
        }
        screen.document(as_json.document("trace", Exit.OK, trace=members))
        return 0
    with open_trace(file) as lines:
        screen.show(wire.LEGEND, copied=True)
        for row in wire.rows(lines_of(lines), verbose=screen.verbose):
            screen.out.file.write(f"{row}\n")
            if not stdio.has_reader():
                break
    return 0
