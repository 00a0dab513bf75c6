"""The simulated user's hands: cables, battery, jumpers, buttons and the card."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from doctor.sim.card.blocks import Blocks, FileBlocks, copy_of
from doctor.sim.card.image import CardDevice, put_files
from doctor.sim.carrier import LABELS, Carrier
from doctor.sim.hostport import HostPort
from doctor.sim.world import World

POWER_CYCLE_S = 12.0
"""The vendor's advice is ten seconds without power (modem-protocol.md 1); a little more is what people do."""


class Table(Protocol):
    """What lies before the user: the bench, as far as hands reach."""

    world: World
    port: HostPort
    card: CardDevice
    carrier: Carrier
    battery: bool
    powered: bool

    def cut_power(self) -> None:
        """Supply gone for board and modem."""

    def give_power(self) -> None:
        """Supply back."""

    def set_jumpers(self, fitted: Collection[str]) -> None:
        """Have those of the two jumpers on whose label is in ``fitted``."""

    def press_reset(self) -> None:
        """The board's reset button. Raises ValueError without a board."""

    def put_card(self, blocks: Blocks | None) -> None:
        """Put another card into the slot, or None."""


class Hands:
    """What the user can do to a bench; everything lasts, with ``state=DIR`` also between runs.

    Methods that take time let virtual time pass. None may be called from inside a simulated event.
    """

    def __init__(self, bench: Table) -> None:
        self._bench = bench

    # --- power ---

    def unplug(self) -> None:
        """Pull the USB cable: the port goes away; without a battery board and modem lose power."""
        self._bench.port.vanish()
        self._settle_power()

    def plug_in(self) -> None:
        """Put the USB cable back: the port appears, a board without power boots."""
        self._bench.port.appear()
        self._settle_power()

    def disconnect_battery(self) -> None:
        """Pull the battery plug."""
        self._bench.battery = False
        self._settle_power()

    def connect_battery(self) -> None:
        """Plug a battery in."""
        self._bench.battery = True
        self._settle_power()

    def power_cycle(self, seconds: float = POWER_CYCLE_S, *, battery_too: bool = True) -> None:
        """Unplug USB, and the battery if there is one, wait, plug in again.

        battery_too  False: the battery stays, and keeps the modem as it is
        """
        battery = self._bench.battery
        self.unplug()
        if battery and battery_too:
            self.disconnect_battery()
        self._bench.world.sleep_ms(seconds * 1000)
        if battery and battery_too:
            self.connect_battery()
        self.plug_in()

    def _settle_power(self) -> None:
        bench = self._bench
        wanted = bench.port.present or bench.battery
        if wanted == bench.powered:
            return
        if wanted:
            bench.give_power()
        else:
            bench.cut_power()

    # --- jumpers and buttons ---

    def pull_jumpers(self) -> None:
        """Take the RTS and CTS jumpers off the expansion board."""
        self._bench.set_jumpers(())

    def fit_jumpers(self) -> None:
        """Put the RTS and CTS jumpers on."""
        self._bench.set_jumpers(LABELS)

    def pull_rts_jumper(self) -> None:
        """Take off only the one labelled RTS; the other stays as it is."""
        self._bench.set_jumpers(LABELS[1:] if self._bench.carrier.cts_jumper else ())

    def pull_cts_jumper(self) -> None:
        """Take off only the one labelled CTS."""
        self._bench.set_jumpers(LABELS[:1] if self._bench.carrier.rts_jumper else ())

    def press_reset(self) -> None:
        """Press the board's reset button; the modem does not notice. Raises ValueError without a board."""
        self._bench.press_reset()

    # --- card ---

    def take_card_out(self) -> None:
        """Empty the slot; the card is gone for good (keep ``card_to`` or the state's card.img to have it back)."""
        self._bench.put_card(None)

    def insert_card(self, image: Path) -> None:
        """Put a card into the slot: the bytes of an image file as they are now. Raises OSError."""
        image.stat()  # FileBlocks takes a missing file for an empty slot
        self._bench.put_card(copy_of(FileBlocks(image)))

    def reseat_card(self) -> None:
        """Take the card out and put it in again: cures bad contact."""
        self._bench.card.insert(self._bench.card.blocks)

    def copy_to_card(self, source: Path, path: str | None = None) -> None:
        """Put the card into the PC, copy a file onto it, put it back.

        path  on the card, from the root of the volume that the board mounts; default: the file's own name

        Raises OSError for the source, CardFault for the card.
        """
        put_files(self._bench.card.mount(), {path or source.name: source.read_bytes()})

    def card_to(self, image: Path) -> None:
        """Save the card as an image file. Raises CardFault if there is none, OSError if it cannot be written."""
        copy_of(self._bench.card.init()).save(image)
