"""``fipy-doctor report OUT.zip``: what whoever helps needs to see, without what is private."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from doctor.cli import command_line, options, values
from doctor.cli.screen import screen_of
from doctor.errors import DoctorError, Exit
from doctor.text.escape import counted, shown

if TYPE_CHECKING:
    from doctor.cli.screen import Screen
    from doctor.jobs.bundle import Bundle

#: What a kind of secret is called, one and many, if that is not the kind with an s.
_KINDS = {
    "user": ("user name", ""),
    "host": ("computer name", ""),
    "number": ("number such as an IMEI", "numbers such as IMEIs"),
    "imei": ("IMEI", ""),
    "imsi": ("IMSI", ""),
    "iccid": ("ICCID", ""),
    "mac": ("MAC address", "MAC addresses"),
    "ssid": ("Wi-Fi name", ""),
    "pin": ("PIN", ""),
    "serial": ("serial number", ""),
    "id": ("unique id", ""),
    "phone": ("phone number", ""),
    "mail": ("mail address", "mail addresses"),
}


@command_line.command(
    "report",
    short_help="Put logs, journal and traces in one zip, without private data.",
    examples=("report out.zip", "report out.zip t.jsonl"),
)
@options.common
@click.option("--unmasked", is_flag=True, help="Leave everything as it is, private or not.")
@options.dry_run
@click.option("--yes", "-y", is_flag=True, help="Agree to the list that is printed.")
@click.argument("target", metavar="OUT.zip", type=values.NEW_FILE)
@click.argument("files", metavar="[FILE]...", nargs=-1, type=values.FILE)
def command(target: Path, files: tuple[Path, ...], unmasked: bool, **given: Any) -> int:
    """Put into one zip what whoever helps you needs to see: logs, journal, notes of what was begun, trials, versions.

    FILEs of yours go in too: traces (--trace), reports (--report), logs of other programs. The list is shown first, and
    nothing is sent to anyone. IMEI, ICCID and IMSI, serial numbers, MAC addresses, names of user and computer, Wi-Fi
    names and passwords are replaced by numbered stand-ins, the same ones in all files. No firmware goes in.
    """
    from doctor.jobs import bundle as job

    screen = screen_of(given)
    job.refuse_target(target)
    made = job.bundle(files, unmasked=unmasked)
    _show(made, target, screen)
    written = None
    if not given["dry_run"]:
        if not (given["yes"] or screen.agreed("Write it?")):
            raise DoctorError("not-confirmed", "not confirmed; nothing was written")
        written = job.write(target, made)
    if screen.as_json:
        from doctor.report import as_json

        members: dict[str, Any] = {
            "bundle": None if written is None else str(target),
            "size_bytes": written,
            "masked": made.stand_ins is not None,
            "stand_ins": dict(made.stand_ins or {}),
            "files": [job.listed(entry) for entry in made.entries],
            "left_out": [{"name": name, "why": why} for name, why in made.left_out],
        }
        screen.document(as_json.document("report", Exit.OK, **members))
    elif written is None:
        screen.show("planned only; nothing was written")
    else:
        screen.show(
            f"{shown(str(target), 300)}: {counted(written, 'byte')}. Look into it before you send it to anyone."
        )
    return 0


def _show(made: Bundle, target: Path, screen: Screen) -> None:
    """The list, whatever was asked for: --yes agrees to what was printed."""
    from rich.text import Text

    from doctor.jobs import bundle as job

    screen.notes.print(Text(f"In {shown(str(target), 300)}:"))
    for entry in made.entries:
        cut = f", the last {job.MOST_BYTES:,} of them" if entry.cut else ""
        screen.notes.print(Text(f"  {shown(entry.name, 200)}  {counted(entry.size_bytes, 'byte')}{cut}"))
    for name, why in made.left_out:
        screen.notes.print(Text(f"  left out: {shown(name, 200)}: {shown(why, 200)}"))
    if made.stand_ins is None:
        screen.notes.print("NOTHING IS MASKED (--unmasked): send it only to somebody whom you trust.")
    else:
        kinds = ", ".join(counted(number, *_KINDS.get(kind, (kind,))) for kind, number in made.stand_ins.items())
        screen.notes.print(f"Masked: {kinds or 'nothing private was found'}.")
