"""``fipy-doctor checks``: list the checks, or show the manual page of one."""

from __future__ import annotations

import inspect
from typing import Any

import click

from doctor.cli import command_line, options, values
from doctor.cli.screen import screen_of
from doctor.errors import Exit


@command_line.command("checks", examples=("checks", "checks jumpers-removed"))
@options.common
@click.argument("check_id", metavar="[ID]", required=False, shell_complete=values.offered("checks"))
def command(check_id: str | None, **given: Any) -> int:
    """List all checks, or show the manual page of one."""
    from rich.text import Text

    from doctor.engine import no_such_check
    from doctor.report import as_json
    from doctor.report.prose import Columns
    from doctor.roster import everybody

    screen = screen_of(given)
    roster = everybody()
    checks, warnings = list(roster.checks), roster.warnings
    if check_id is not None:
        known = {check.id: check for check in checks}
        if check_id not in known:
            raise no_such_check(check_id, known)
        checks = [known[check_id]]
    pages = {check.id: inspect.getdoc(check) or check.id for check in checks}
    if screen.as_json:
        members = [
            {
                "id": check.id,
                "page": as_json.Said(pages[check.id]),
                "package": check.package or None,
                "gates": check.gates,
                "overridable": check.overridable,
                "needs": [need.value for need in check.needs],
                "after": list(check.after),
                "deadline_s": check.deadline_s,
                "finds": list(check.finds),
            }
            for check in checks
        ]
        screen.document(as_json.document("checks", Exit.OK, checks=members, warnings=warnings))
        return 0
    for warning in warnings:
        screen.note(Text(f"! {warning}", style="yellow"))
    if check_id is None:
        screen.show(Columns((check.id, Text(pages[check.id].splitlines()[0])) for check in checks))
        screen.show("\nOne of them in full: `fipy-doctor checks modem-answers`", copied=True)
        return 0
    (check,) = checks
    gate = "gates flashing" if check.gates else "does not gate flashing"
    gate += "" if check.overridable or not check.gates else ", and can never be overridden"
    gate += f"; of the package {check.package}" if check.package else ""
    screen.show(Text.assemble((check.id, "bold"), f" ({gate})"))
    for paragraph in pages[check.id].split("\n\n"):  # its lines are as long as those of our source
        screen.show("")
        screen.show(" ".join(paragraph.split()))
    if check.finds:
        screen.show(f"\nKnown failures it finds: {', '.join(check.finds)}")
    return 0
