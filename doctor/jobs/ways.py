"""The ways over which a modem is flashed: which one is taken, and the port at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from doctor.bench import Bench
from doctor.errors import DoctorError, LinkError, UsageError
from doctor.updater.contract import Port
from doctor.updater.profile import Profile

VIAS = ("auto", "usb", "modem", "card")


@dataclass(frozen=True)
class Way:
    """An open way: the core's port, the largest block it bears (0: any), and how to leave it afterwards."""

    port: Port
    max_block: int = 0
    advice: str = ""


def choose_via(bench: Bench, via: str) -> str | DoctorError:
    """The way that ``auto`` means here, or why the one that was asked for cannot be gone."""
    if via == "auto":
        via = "modem" if bench.is_bare_modem else "usb"
    if via == "usb" and bench.is_bare_modem:
        return UsageError("via-usb", "the port leads to a bare modem", on=bench.link.name, next="use --via modem")
    if via == "usb" and not bench.link.can_change_baud:
        return LinkError(
            "mirror-no-answer",
            "this link cannot change its speed, and mirror mode needs 921600 baud",
            on=bench.link.name,
            next="connect the board by USB, or use rfc2217:// instead of socket://",
        )
    return via


@contextmanager
def open_way(bench: Bench, via: str, profile: Profile) -> Iterator[Way]:
    """The way ``via``, open until the end of the block. Raises BoardError, LinkError."""
    if via == "modem":
        bench.link.set_baud(bench.modem_facts.baud or profile.app_baud)
        yield Way(bench.link)
        return
    from doctor.board import mirror

    with mirror.enter(bench.board, bench.board_facts, clock=bench.clock) as port:
        yield Way(port, port.max_block, port.leave_advice)
