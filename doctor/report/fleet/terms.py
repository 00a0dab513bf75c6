"""What a watch is going to do to each board that is plugged in, as text: what its one yes is said to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from doctor.fleet.boards import Board
from doctor.report.flash_plan import WAYS, file_line, result_line, warning_line
from doctor.report.prose import pair
from doctor.text.escape import counted

if TYPE_CHECKING:
    from doctor.check import Finding
    from doctor.firmware.image import FirmwareImage
    from doctor.jobs.flash import FlashFile


def terms(
    image: FirmwareImage,
    files: Sequence[FlashFile],
    plugged: Sequence[Board],
    *,
    agreed: Sequence[str],
    warned: Sequence[Finding],
    most: int | None,
    again: bool,
) -> RenderableType:
    """All that is the same for every board; what a board needs besides is refused.

    image    what is to run at the end
    files    all that may be sent
    plugged  the boards that are there now
    agreed   the risks that the user agreed to for every board
    warned   what the checks have to say of the files
    most     after how many boards it ends
    again    a board may be flashed more than once
    """
    there = ", ".join(board.words for board in plugged)
    ends = f"after {counted(most, 'board')}, whatever became of each; " if most is not None else ""
    return Group(
        Text(""),
        Text("Plan for each board that is plugged in from now on", style="bold"),
        *(file_line(file.role, file.path.name, file.size_bytes, file.sha256) for file in files),
        result_line(image.promised_build, image.radio),
        pair("way", f"usb: {WAYS['usb']}; no card is written, nothing is formatted"),
        pair("boards", f"at every port with a Pycom USB id, now at {there}" if there else "none is plugged in yet"),
        pair("first", "each is examined; it is flashed if no check refuses it and it needs no more than this yes"),
        pair("refused", "a board that does need more, with the command that asks for it; nothing is sent to it"),
        pair("once", "--again: a board that is plugged in again may be flashed again" if again else _ONCE),
        pair("power", "leave a board in until its line says that it is flashed and proved"),
        pair("way back", _WAY_BACK),
        pair("stop", f"{ends}Ctrl-C begins no board any more, and asks about those in the middle of it"),
        *([pair("agreed to", ", ".join(agreed))] if agreed else []),
        *(warning_line(found.summary) for found in warned),
    )


_ONCE = "a board to whose modem something was sent is left alone if it is plugged in again (unless --again)"
_WAY_BACK = "an interrupted transfer leaves a modem without firmware; the command that is named then mends it"
