"""``fipy-doctor restore DIR``: a backup of the board's files back onto the board."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from doctor.bench import BenchOptions
from doctor.board.flash_copy import Kept
from doctor.cli import options
from doctor.errors import DoctorError, Stopped


@click.command("restore")
@options.common
@click.option("--interrupt", is_flag=True, help="A program that runs on the board may be stopped.")
@click.option("--yes", is_flag=True, help="Confirm the plan that is printed, and nothing else.")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
def command(folder: Path, yes: bool, **given: Any) -> int:
    """Write the files of a backup in DIR to the board's flash, those that differ, each proved by its SHA-256.

    Files on the board that the backup does not have stay. The modem and the SD card are not touched.
    """
    from rich.text import Text

    from doctor.jobs.board_copy import restore
    from doctor.report import as_json

    screen = options.screen_of(given)

    def agreed(kept: tuple[Kept, ...]) -> bool:
        for one in kept:
            screen.note(Text(f"  {one.path}, {one.size_bytes:,} bytes"))
        if yes:
            return True
        if not screen.interactive:
            raise DoctorError(
                "not-confirmed",
                "the plan needs a yes, and there is no terminal to ask",
                next="read the plan, then run the same command with --yes",
            )
        return click.confirm("Write these files to the board?", default=False, err=True)

    bench_options = BenchOptions(port=given["port"], interrupt=given["interrupt"])
    with options.open_bench(bench_options, given) as bench:
        done = restore(bench, folder, agreed, lambda text: screen.note(Text(text)))
    if done is None:
        raise Stopped("not confirmed; nothing was written")
    if screen.as_json:
        files = [vars(one) for one in done.files]
        screen.document(as_json.document("restore", options.OK, files=files, written=done.written))
    else:
        screen.show(Text(f"{done.written} of {len(done.files)} files written; the others were there already"))
    return 0
