"""``fipy-doctor backup DIR``: the board's own files into a folder on this computer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from doctor.bench import BenchOptions
from doctor.cli import options


@click.command("backup")
@options.common
@click.option("--interrupt", is_flag=True, help="A program that runs on the board may be stopped.")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
def command(folder: Path, **given: Any) -> int:
    """Copy all files of the board's flash into DIR, each proved by its SHA-256.

    DIR must be new or empty. The modem and the SD card are not touched. fipy-doctor restore DIR brings them back.
    """
    from rich.text import Text

    from doctor.jobs.board_copy import backup
    from doctor.report import as_json

    screen = options.screen_of(given)
    bench_options = BenchOptions(port=given["port"], interrupt=given["interrupt"])
    with options.open_bench(bench_options, given) as bench:
        done = backup(bench, folder, lambda text: screen.note(Text(text)))
    if screen.as_json:
        screen.document(as_json.document("backup", options.OK, files=[vars(one) for one in done.files]))
    else:
        total = sum(one.size_bytes for one in done.files)
        screen.show(Text(f"{len(done.files)} files, {total:,} bytes, are kept in {folder}"))
    return 0
