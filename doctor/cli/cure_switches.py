"""The switches of ``fipy-doctor fix``, one a cure that the program carries out.

Ours stand here too, so that ``--help`` loads no cure; a test holds them against the cures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from doctor import plugins
from doctor.cli.help_page import CureOption

#: What each of our cures says of itself, by id.
OURS = {
    "disable-autorun": "Keep boot.py and main.py from starting an updater by themselves",
    "disable-lte-autostart": "Keep the board's firmware from starting its modem at every boot",
    "move-dup": "Put the firmware image at the card's root under its right name",
    "power-cycle": "If no flash of this modem began within the last hour: "
    "take all power from the board for ten seconds",
    "reformat-sd": "Format the SD card so that the board reads it",
    "repair-sd": "Repair the card from the good copies on it",
    "reset-flash": "Format the board's own flash, after all its files were copied to this PC",
    "stop-program": "Stop the program that runs on the board",
    "upload-scripts": "Remove the bad scripts from the board: nothing needs them (with --scripts: replace them by good "
    "ones)",
}


def added(command: click.Command) -> click.Command:
    """``command`` with a switch for each cure, in the order of their names."""
    for flag, title in sorted(titles().items()):
        name = f"cure_{flag.replace('-', '_')}"  # an identifier, or click takes it for another switch
        command.params.append(CureOption([f"--{flag}", name], is_flag=True, help=f"{title}."))
    return command


def titles() -> dict[str, str]:
    """What each cure says of itself, by id; of the cures of other packages too, which are loaded if there are any."""
    if not plugins.are_there(plugins.CURES):
        return OURS
    from doctor.remedies import cures

    return {cure_id: cure.title for cure_id, cure in cures().doable().items()}


def asked_for(given: Mapping[str, Any]) -> list[str]:
    """Ids of the cures whose switches were given to the command of this run, in the order of their names."""
    switches = (param for param in click.get_current_context().command.params if isinstance(param, CureOption))
    return [switch.opts[0].removeprefix("--") for switch in switches if given[switch.name or ""]]
