"""``fipy-doctor ports``: list the serial ports and what seems to be behind them."""

from __future__ import annotations

from typing import Any

from doctor.cli import options


@options.command("ports")
@options.common
def command(**given: Any) -> int:
    """List the serial ports; opens none."""
    from rich.text import Text

    from doctor.link.ports import list_ports
    from doctor.report import as_json

    screen = options.screen_of(given)
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
        screen.document(as_json.document("ports", options.OK, ports=members))
        return 0
    for port in found:
        ids = f"{port.vid:04x}:{port.pid:04x}" if port.vid is not None and port.pid is not None else "-"
        screen.show(Text.assemble((f"{port.device:24}", "bold"), f"{ids:11} {port.carrier or port.description}"))
    if not found:
        screen.show("No serial port found. Plug the board in with a cable that carries data, then run this again.")
        screen.show("To try everything without a board: `fipy-doctor check --port sim://fipy`")
    return 0
