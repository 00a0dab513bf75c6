"""``fipy-doctor restore DIR``: a backup, or any folder, onto the board's flash."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from doctor.cli import command_line, options, values
from doctor.cli.bench import opened
from doctor.cli.fleet.farm import at_a_place
from doctor.cli.screen import screen_of
from doctor.errors import DoctorError, Exit
from doctor.text.command import marked
from doctor.text.escape import counted

if TYPE_CHECKING:
    from doctor.bench import Bench
    from doctor.board.storage.kept_files import KeptFiles
    from doctor.board.storage.upload import Changes
    from doctor.cli.live_line import LiveLine
    from doctor.cli.screen import Screen


@command_line.command(
    "restore",
    short_help="Copy a backup, or any folder, to the board's flash.",
    examples=("restore my-board", "restore my-board --dry-run"),
)
@at_a_place
@options.common
@options.log_file
@click.option("--clean", is_flag=True, help="Remove the files on the board that DIR does not have.")
@click.option(
    "--backup",
    type=values.NEW_FOLDER,
    help="Folder for copies of what is replaced or removed.",
)
@options.interrupt
@options.dry_run
@click.option("--yes", "-y", is_flag=True, help="Confirm the plan that is printed, and nothing else.")
@click.argument("folder", metavar="DIR", type=values.FOLDER)
def command(folder: Path, **given: Any) -> int:
    """Bring the files in DIR to the board's flash: what differs is written, each file proved by its SHA-256.

    DIR is a backup that ``fipy-doctor backup`` made, or any folder of yours: DIR/main.py becomes /flash/main.py. Hidden
    files and __pycache__ are not copied. A saved web page that calls itself a script is refused, and so is a name that
    the board's file system cannot hold. Other files on the board stay, unless --clean. What an interrupted
    restore did not write is written too, unless --clean. The modem and the SD card are not touched.
    """
    from rich.text import Text

    from doctor.cli.live_line import LiveLine
    from doctor.jobs.backup import restore
    from doctor.text.escape import shown

    bench_options = opened.bench_options(given)
    screen = screen_of(given, bench_options)
    copies = given["backup"] or opened.backup_folder()
    plan: list[str] = []

    def agreed(line: LiveLine, source: KeptFiles, changes: Changes) -> bool:
        line.clear()
        plan.extend(changes.lines())
        if source.left_out:
            plan.append(f"leave out {', '.join(shown(name) for name in source.left_out)}")
        if changes.replaced or changes.removed:
            plan.append(f"(a copy of what is replaced or removed goes to {marked(copies)} first)")
        for text in plan:
            screen.notes.print(Text(f"  {text}"))  # -q or not: --yes agrees to what was printed
        if given["dry_run"]:
            return False
        yes: bool = given["yes"] or screen.agreed("Do this?")
        line.go_on()
        return yes

    with opened.open_bench(bench_options, given) as bench, closing(LiveLine(screen, bench.seconds)) as line:
        line.go_on("comparing the files of the board with these")
        done = restore(bench, folder, copies, partial(agreed, line), line.say, clean=given["clean"])
    if done is None and not given["dry_run"]:
        raise DoctorError("not-confirmed", "not confirmed; nothing was written")
    _show(screen, bench, plan, done)
    return 0


def _show(screen: Screen, bench: Bench, plan: list[str], done: tuple[KeptFiles, Changes] | None) -> None:
    from doctor.report import as_json

    source, changes = done or (None, None)
    written = len(changes.new) + len(changes.replaced) if changes is not None else 0
    removed = [one.path for one in changes.removed] if changes is not None else []
    listed = source.files if source is not None else ()
    if screen.as_json:
        files = [vars(one) for one in listed]
        members: dict[str, Any] = {"plan": as_json.said(plan), "files": files, "written": written, "removed": removed}
        screen.document(as_json.document("restore", Exit.OK, **as_json.identity(bench), **members))
        return
    if done is None:
        screen.show("planned only; nothing was written")
    else:
        already = "; the others were there already" if written < len(listed) else ""
        gone = f"; {len(removed)} removed" if removed else ""
        screen.show(f"{written} of {counted(len(listed), 'file')} written{already}{gone}")
    screen.name_log(bench.log, None)
