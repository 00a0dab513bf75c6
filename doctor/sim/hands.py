"""The simulated user's hands: cables, battery, jumpers, buttons and the card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from doctor.sim.card.blocks import FileBlocks, MemoryBlocks, copy_of
from doctor.sim.card.image import CardDevice, put_files
from doctor.sim.carrier import Carrier
from doctor.sim.hostport import HostPort
from doctor.sim.modem.modem import Modem
from doctor.sim.world import Wire, World

if TYPE_CHECKING:
    from doctor.sim.board.board import BoardSim

POWER_CYCLE_S = 12.0
"""The vendor's advice is ten seconds without power (modem-protocol.md 1); a little more is what people do."""


@dataclass
class Hands:
    """What the user can do to a bench; everything lasts, with ``state=DIR`` also between runs.

    board       None: the port leads to a bare modem
    from_board  the cable, from board to PC
    kept_card   the image that a card in the slot is kept in; None: the card is not kept
    battery     True: connected

    Methods that take time let virtual time pass. None may be called from inside a simulated event.
    """

    world: World
    port: HostPort
    modem: Modem
    board: BoardSim | None
    from_board: Wire
    card: CardDevice
    carrier: Carrier
    kept_card: Path | None
    battery: bool
    powered: bool = True

    # --- power ---

    def unplug(self) -> None:
        """Pull the USB cable: the port goes away; without a battery board and modem lose power."""
        self.port.vanish()
        self._settle_power()

    def plug_in(self) -> None:
        """Put the USB cable back: the port appears, a board without power boots."""
        self.port.appear()
        self._settle_power()

    def disconnect_battery(self) -> None:
        """Pull the battery plug."""
        self.battery = False
        self._settle_power()

    def connect_battery(self) -> None:
        """Plug a battery in."""
        self.battery = True
        self._settle_power()

    def power_cycle(self, seconds: float = POWER_CYCLE_S, *, battery_too: bool = True) -> None:
        """Unplug USB, and the battery if there is one, wait, plug in again.

        battery_too  False: the battery stays, and keeps the modem as it is
        """
        battery = self.battery
        self.unplug()
        if battery and battery_too:
            self.disconnect_battery()
        self.world.sleep_ms(seconds * 1000)
        if battery and battery_too:
            self.connect_battery()
        self.plug_in()

    def _settle_power(self) -> None:
        wanted = self.port.present or self.battery
        if wanted == self.powered:
            return
        self.powered = wanted
        if wanted:
            self.modem.power_on()
            if self.board is not None:
                self.board.power_on()
            return
        if self.board is not None:
            self.board.power_off()
            self.from_board.clear()
        self.modem.power_off()

    # --- jumpers and buttons ---

    def pull_jumpers(self) -> None:
        """Take the RTS and CTS jumpers off the expansion board."""
        self.carrier.jumpers_fitted = False

    def fit_jumpers(self) -> None:
        """Put the RTS and CTS jumpers on."""
        self.carrier.jumpers_fitted = True

    def pull_rts_jumper(self) -> None:
        """Take off only the one labelled RTS; the other stays as it is."""
        self.carrier.rts_jumper = False

    def pull_cts_jumper(self) -> None:
        """Take off only the one labelled CTS."""
        self.carrier.cts_jumper = False

    def press_reset(self) -> None:
        """Press the board's reset button; the modem does not notice. Raises ValueError without a board."""
        if self.board is None:
            raise ValueError("a bare modem has no reset button")
        self.board.press_reset()

    # --- card ---

    def put_card(self, blocks: MemoryBlocks | None) -> None:
        """Put another card into the slot, or None."""
        kept = self.kept_card
        if blocks is not None and kept is not None:
            blocks.save(kept)
            self.card.insert(FileBlocks(kept))
            return
        self.card.insert(blocks)
        if kept is not None:
            kept.unlink(missing_ok=True)

    def take_card_out(self) -> None:
        """Empty the slot; the card is gone for good (keep ``card_to`` or the state's card.img to have it back)."""
        self.put_card(None)

    def insert_card(self, image: Path) -> None:
        """Put a card into the slot: the bytes of an image file as they are now. Raises OSError."""
        image.stat()  # FileBlocks takes a missing file for an empty slot
        self.put_card(copy_of(FileBlocks(image)))

    def reseat_card(self) -> None:
        """Take the card out and put it in again: cures bad contact."""
        self.card.insert(self.card.blocks)

    def copy_to_card(self, source: Path, path: str | None = None) -> None:
        """Put the card into the PC, copy a file onto it, put it back.

        path  on the card, from the root of the volume that the board mounts; default: the file's own name

        Raises OSError for the source, CardFault for the card.
        """
        put_files(self.card.mount(), {path or source.name: source.read_bytes()})

    def card_to(self, image: Path) -> None:
        """Save the card as an image file. Raises CardFault if there is none, OSError if it cannot be written."""
        copy_of(self.card.init()).save(image)
