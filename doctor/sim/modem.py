"""The simulated modem (skeleton; being completed)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from doctor.sim.world import World


@dataclass(frozen=True)
class Received:
    """One image that came in whole over STP (up to the closing RESET)."""

    kind: str
    """What the modem took it for: ``elf``, ``bootrom``, ``application``, ``diff``, ``practice``, ``unknown``."""
    size_bytes: int
    sha256: str
    whole: bool
    """False when it is damaged or was cut."""


class Modem:
    """A Sequans modem at the end of its UART.

    family      "SQN3330" (Pycom) or "MONARCH2" (GM02S)
    build       of the application firmware; None: the family's usual one (38638, 59577)
    radio       "CATM1" or "NB1"; None: as the build is known for
    mode        ffh, ram-updater, application, deploying, recovery, stp-open, data, silent
    bootloader0 build of the boot ROM copy 0

    Who sends paces: ``receive`` is called when bytes have arrived (put a ``Wire`` in front of it); ``transmit``
    is called with (bytes, baud) when the modem's own bytes have arrived at the other end.
    """

    def __init__(
        self,
        world: World,
        family: str = "SQN3330",
        *,
        build: int | None = None,
        radio: str | None = None,
        mode: str = "application",
        bootloader0: int | None = None,
        imei: str = "354346099225475",
        powered: bool = True,
    ) -> None:
        self.world = world
        self.family = family
        self.transmit: Callable[[bytes, int], None] = lambda data, baud: None
        self.on_cts: Callable[[bool], None] = lambda ready: None
        self.received: list[Received] = []
        self.switches: Any = None
        self.faults: Any = None

    @property
    def mode(self) -> str:
        """What the modem is doing now, in the words of the design: ffh, application, recovery … or silent."""
        raise NotImplementedError

    @property
    def baud(self) -> int:
        """Speed that its UART has now."""
        raise NotImplementedError

    @property
    def build(self) -> int:
        """Build of the application firmware in its flash."""
        raise NotImplementedError

    @property
    def release(self) -> str:
        """The release string that ATI1 tells, such as ``LR5.1.1.0-38638``."""
        raise NotImplementedError

    @property
    def powered(self) -> bool:
        """True while it has supply."""
        raise NotImplementedError

    @property
    def cts(self) -> bool:
        """True while the modem lets the host send (its RTS output); changes are told to ``on_cts``."""
        raise NotImplementedError

    def receive(self, data: bytes, baud: int) -> None:
        """Bytes arrive on the modem's RX line, sent at ``baud``."""
        raise NotImplementedError

    def set_flow(self, rts_asserted: bool) -> None:
        """The host's RTS: deasserted, the modem may not send and keeps its bytes."""
        raise NotImplementedError

    def power_off(self) -> None:
        """Supply gone: everything but flash is lost."""
        raise NotImplementedError

    def power_on(self) -> None:
        """Supply back: boots as the boot selector says."""
        raise NotImplementedError

    def hang(self) -> None:
        """Make it deaf and dumb until power is removed."""
        raise NotImplementedError

    def die(self) -> None:
        """Make it silent for ever."""
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """All of it, as JSON-able data."""
        raise NotImplementedError

    def restore(self, state: dict[str, Any]) -> None:
        """Become what ``state()`` told."""
        raise NotImplementedError
