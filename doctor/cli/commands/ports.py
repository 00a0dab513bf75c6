"""``fipy-doctor ports``: list the serial ports and what seems to be behind them."""

from __future__ import annotations

from typing import Any

from doctor.cli import command_line, options
from doctor.cli.screen import screen_of
from doctor.errors import Exit


@command_line.command("ports", examples=("ports", "ports --json"))
@options.common
def command(**given: Any) -> int:
    """List the serial ports; opens none."""
    from rich.text import Text

    from doctor.link.choice import likely, nothing_plugged_in
    from doctor.link.ports import list_ports
    from doctor.report import as_json

    screen = screen_of(given)
    found = list_ports()
    if screen.as_json:
        members = [
            {
                "device": p.device,
                "vid": p.vid,
                "pid": p.pid,
                "serial": p.serial,
                "description": p.description,
                "carrier": p.carrier,
                "dfu": p.dfu,
            }
            for p in found
        ]
        screen.document(as_json.document("ports", Exit.OK, ports=members))
        return 0
    for port in found:
        screen.show(Text.assemble((f"{port.device:24}", "bold"), port.words))
    if not likely(found):
        from doctor.report import console  # loads what examines a bench

        screen.show(console.error(nothing_plugged_in(found)))
    return 0
