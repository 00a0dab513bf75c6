"""The boards of a fleet: which there are, what each is called, and that no two of them are one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from doctor.errors import LONGEST, UsageError
from doctor.link.port_url import PortUrl, real_device
from doctor.link.ports import PortInfo
from doctor.text.escape import shown


@dataclass(frozen=True)
class Board:
    """One board.

    port  what its process gets as ``--port``
    name  how hands find it: USB slot and serial number, the name of a place; "" if only its port is known
    more  further words of its command line
    key   what it is known by under whatever name of its port; "" for what its port leads to
    """

    port: str
    name: str = ""
    more: tuple[str, ...] = ()
    key: str = ""

    @property
    def words(self) -> str:
        """What it is called where many are told of, on one line: a password in its URL is not shown."""
        port = PortUrl.read(self.port)
        called = port.place or port.text
        return shown(f"{called} ({self.name})" if self.name else called, LONGEST)

    @property
    def identity(self) -> str:
        """The same for two boards that are certainly one."""
        port = PortUrl.read(self.port)
        return self.key or (port.server if not port.place else "") or real_device(port.key)


def named(ports: Iterable[str], found: Sequence[PortInfo]) -> list[Board]:
    """The boards at these ports, with what the system knows of their devices."""
    return [Board(port, _place(port, found)) for port in ports]


def at_port(port: PortInfo) -> Board:
    """The board at a port that the system lists."""
    return Board(port.device, port.place)


def of_carriers(found: Sequence[PortInfo]) -> tuple[list[PortInfo], list[PortInfo]]:
    """The ports with the USB id of a Pycom carrier board, and the other USB ports, which nobody has named."""
    usb = [port for port in found if port.is_usb]
    boards = [port for port in usb if port.carrier is not None and not port.dfu]
    return boards, [port for port in usb if port not in boards]


def plugged_in(found: Sequence[PortInfo]) -> tuple[list[Board], list[PortInfo]]:
    """The boards in all carrier boards of Pycom, and the other USB ports."""
    boards, others = of_carriers(found)
    return [at_port(port) for port in boards], others


def refuse_twice(boards: Sequence[Board]) -> None:
    """Raises UsageError if one board is named twice, under whatever names of its port."""
    seen: dict[str, Board] = {}
    for board in boards:
        other = seen.setdefault(board.identity, board)
        if other is not board:
            raise UsageError(
                "usage",
                f"one board is named twice: {other.words} and {board.words}",
                cause="both names lead to one device",
                next="name each board once",
            )


def one_modem(imeis: Mapping[Board, str]) -> dict[Board, Board]:
    """Boards whose modem is that of another one in the list, and which: a port may have two names."""
    by_imei: dict[str, list[Board]] = {}
    for board, imei in imeis.items():
        by_imei.setdefault(imei, []).append(board)
    groups = [group for group in by_imei.values() if len(group) > 1]
    return {board: next(other for other in group if other is not board) for group in groups for board in group}


def _place(port: str, found: Sequence[PortInfo]) -> str:
    names = {port, real_device(port)}
    return next((info.place for info in found if info.device in names), "")
