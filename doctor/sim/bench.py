"""A simulated bench: board, modem, card, carrier and cable in one virtual time, as a ``sim://`` URL describes it."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from doctor.sim.board.file_faults import parse_files
from doctor.sim.card.blocks import FileBlocks
from doctor.sim.card.image import CardDevice, build_card
from doctor.sim.carrier import Carrier
from doctor.sim.foreign import ForeignDevice
from doctor.sim.hands import Hands
from doctor.sim.hostport import HostPort, PortVanished
from doctor.sim.modem import state as modem_state
from doctor.sim.modem.modem import Modem
from doctor.sim.modem.switches import Switches
from doctor.sim.numbers import imei, unique_id
from doctor.sim.scenarios import Setup, set_up
from doctor.sim.simurl import (
    BARE_MODEMS,
    DEFAULT_BUILDS,
    DEFAULT_CARRIER,
    DEFAULT_RELEASE,
    BenchSpec,
    parse_sim_url,
)
from doctor.sim.state import BenchBusy, StateDir, StateUnusable
from doctor.sim.world import Wire, World

if TYPE_CHECKING:  # a bare modem has none
    from doctor.sim.board.board import BoardSim

__all__ = ["BenchBusy", "SimBench", "StateUnusable"]

_log = logging.getLogger(__name__)

WATCH_MS = 1000.0
"""With ``state=DIR``: how often a change of the modem's firmware or mode, or of the board's files, is looked for."""

SAVED_PERCENT = 5.0
"""Of a transfer, between two savings."""

BOOT_LIMIT_MS = 10_000.0
"""A bench is found as somebody left it some time ago: booted, at the prompt or busy with what main.py does."""

_unplugged: dict[str, SimBench] = {}
"""Benches that were unplugged under an open port, by URL or directory: the next open finds them as they are then."""
_unplugged_lock = threading.Lock()


def forget_unplugged() -> None:
    """Let go of benches that wait to be plugged in again; for test fixtures."""
    with _unplugged_lock:
        waiting = list(_unplugged.values())
    for bench in waiting:
        bench.release()


class SimBench:
    """One bench. Make it with ``from_url``, give it back with ``release``.

    world    virtual time; the clock of everything here
    port     the PC's end of the serial port
    modem    the modem; ``modem.received`` lists what it was sent
    board    None if the port leads to a bare modem, or to something else
    device   that, if it is neither board nor modem
    card     the slot
    carrier  the carrier board with its jumpers
    hands    what the user can do
    """

    def __init__(self, spec: BenchSpec, store: StateDir | None = None, key: str = "") -> None:
        self.spec = spec
        self._key = key
        self.store = store
        saved = store.load() if store is not None else None
        self.origin = _origin(spec, saved, store)
        setup = set_up(tuple(self.origin["scenario"].split(",")))
        self.world = World(spec.speed, spec.seed)
        self.modem = self._make_modem(setup)
        self.carrier = Carrier(spec.carrier or DEFAULT_CARRIER)
        self.carrier.jumpers_fitted = setup.jumpers_fitted
        self.card = CardDevice(None)
        self.board: BoardSim | None = None
        self.device = None if spec.device is None else ForeignDevice(self.world, spec.device)
        if spec.has_board:
            self._fill_slot(setup, fresh=saved is None)
            self.board = self._make_board(setup)
        self.port = self._make_port()
        self.hands = Hands(
            self.world,
            self.port,
            self.modem,
            self.board,
            self._from_board,
            self.card,
            self.carrier,
            None if store is None else store.card_path,
            bool(spec.battery),
        )
        if saved is not None:
            self._restore(saved)
        self._stretch_pauses()
        if spec.jumpers is not None:
            self.carrier.rts_jumper = "RTS" in spec.jumpers
            self.carrier.cts_jumper = "CTS" in spec.jumpers
        if self.board is not None and self.hands.powered:
            self.board.settle(BOOT_LIMIT_MS)
            self.world.run_until(lambda: not self._from_board.pending, BOOT_LIMIT_MS)
        self._watched: tuple[object, ...] = ()
        if store is not None:
            self.save()
            self.world.at(WATCH_MS, self._watch)

    @classmethod
    def from_url(cls, url: str) -> SimBench:
        """The bench that ``url`` describes: a new one, or with ``state=DIR`` the one kept there.

        A bench that was unplugged while its port was open comes back under the same URL, as it is by then.
        Raises ValueError naming what is valid, BenchBusy if the kept bench is in use,
        StateUnusable if it cannot be kept.
        """
        spec = parse_sim_url(url)
        key = url if spec.state is None else str(spec.state.resolve())
        with _unplugged_lock:
            waiting = _unplugged.get(key)
        if waiting is not None and not waiting.world.closed:
            _origin(spec, {"origin": waiting.origin}, waiting.store)
            return waiting
        if spec.state is None:
            return cls(spec, None, key)
        store = StateDir(spec.state)
        store.lock()
        try:
            return cls(spec, store, key)
        except BaseException as error:
            store.unlock()
            if isinstance(error, OSError):
                raise store.unusable(error) from error
            if isinstance(error, AttributeError | LookupError | TypeError):  # one of its members is of another kind
                raise store.damaged() from error
            raise

    _saved = False

    def open_port(self, baud: int, rts: bool) -> int:
        """Open the PC's port; returns the number of this opening. Raises PortVanished while USB is unplugged."""
        try:
            opened = self.port.open(baud, rts)
        except PortVanished:
            if not self._waits_to_be_plugged_in:
                self.release()
            raise
        self._forget_waiting()
        return opened

    def close_port(self, opened: int) -> None:
        """The end of the handle that ``open_port`` numbered ``opened``."""
        try:
            self.port.check(opened)
        except PortVanished:
            if self._waits_to_be_plugged_in:
                self.save()  # this process may end before the cable comes back
            return
        self.port.close()
        self.release()

    def release(self) -> None:
        """Give the bench back: saved if it is kept, forgotten otherwise; may be called twice."""
        self._forget_waiting()
        self.save()
        self.world.close()
        if self.store is not None:
            self.store.unlock()
            self.store = None

    @property
    def _waits_to_be_plugged_in(self) -> bool:
        with _unplugged_lock:
            return _unplugged.get(self._key) is self

    def _forget_waiting(self) -> None:
        with _unplugged_lock:
            if _unplugged.get(self._key) is self:
                del _unplugged[self._key]

    def _died_under_a_handle(self) -> None:
        if self._key:
            with _unplugged_lock:
                _unplugged[self._key] = self

    # --- building ---

    @property
    def _called(self) -> str:
        """What board and modem are told from all others by: the ``id`` of the URL, else all of it."""
        return self._key if self.spec.id is None else f"id={self.spec.id}"

    def _make_modem(self, setup: Setup) -> Modem:
        family = BARE_MODEMS.get(self.spec.kind, "SQN3330")
        build = self.spec.build or setup.build or DEFAULT_BUILDS.get(self.spec.kind)
        loaders = self.spec.bootloaders or setup.bootloaders
        modem = Modem(self.world, family, build=build, radio=self.spec.radio, mode=setup.modem_mode, loaders=loaders)
        modem.imei = imei(self._called)
        for fault in setup.faults:
            modem.faults.add(fault)
        for text in self.spec.faults:
            modem.faults.parse(text)
        if setup.hung:
            modem.hang()
        return modem

    def _stretch_pauses(self) -> None:
        """A host in real time polls twice a second; at 20 simulated seconds per second that must be no pause either."""
        usual = Switches()
        factor = max(1.0, self.spec.speed or 1.0)
        self.modem.switches.first_at_pause_ms = round(usual.first_at_pause_ms * factor)
        self.modem.switches.partial_ms = round(usual.partial_ms * factor)

    def _fill_slot(self, setup: Setup, *, fresh: bool) -> None:
        if self.store is None:
            self.card.insert(build_card(setup.card, setup.card_layout))
            return
        if fresh:
            build_card(setup.card, setup.card_layout).save(self.store.card_path)
        self.card.insert(FileBlocks(self.store.card_path))

    def _make_board(self, setup: Setup) -> BoardSim:
        from doctor.sim.board.board import BoardSim

        release = self.origin["release"] or setup.release or DEFAULT_RELEASE
        return BoardSim(
            self.world,
            self.modem,
            self.spec.kind,
            release,
            flash=setup.flash,
            card=self.card,
            carrier=self.carrier,
            file_faults=parse_files(self.spec.files),
            unique_id=unique_id(self._called),
        )

    def _make_port(self) -> HostPort:
        board, device = self.board, self.device
        if device is not None:
            port = HostPort(self.world, device.receive, device.lines_changed, lambda: False)
            device.transmit = Wire(self.world, port.arrive).send
        elif board is None:
            port = HostPort(self.world, self.modem.receive, self.modem.set_flow, lambda: self.modem.cts)
            self.modem.transmit = port.arrive
        else:
            port = HostPort(self.world, board.receive, board.set_rts, lambda: board.cts)
        self._from_board = Wire(self.world, port.arrive)
        if board is not None:
            board.transmit = self._from_board.send
        port.latency_ms = self.spec.latency
        port.on_vanish_open = self._died_under_a_handle
        return port

    # --- keeping ---

    def save(self) -> None:
        """Write the state now; does nothing without ``state=DIR``."""
        if self.store is None:
            return
        data: dict[str, Any] = {
            "origin": self.origin,
            "usb_plugged": self.port.present,
            "battery": self.hands.battery,
            "modem": modem_state.dump(self.modem),
        }
        if self.board is not None:
            from doctor.sim.board import state as board_state

            data["board"] = board_state.dump(self.board)
        try:
            self.store.save(data)
        except OSError as error:
            if not self._saved:
                raise
            _log.warning("%s; this run will not be kept", self.store.unusable(error))
        self._saved = True
        self._watched = self._landmarks()

    def _restore(self, saved: dict[str, Any]) -> None:
        self.hands.battery = bool(saved["battery"]) if self.spec.battery is None else self.spec.battery
        modem_state.load(self.modem, saved["modem"])
        if self.board is not None:
            from doctor.sim.board import state as board_state

            board_state.load(self.board, saved["board"])
        if not saved["usb_plugged"]:
            self.hands.unplug()

    def _landmarks(self) -> tuple[object, ...]:
        modem, stp = self.modem, self.modem.stp
        far = None if stp is None else (stp.session_open, int((stp.percent or 0.0) // SAVED_PERCENT))
        changes = 0 if self.board is None else self.board.file_faults.changes
        return (modem.mode, modem.build, modem.flash.whole, len(modem.received), far, changes)

    def _watch(self) -> None:
        """Save as soon as the modem or the board's files went on: a killed program leaves the truth behind."""
        if self.store is None:
            return
        if self._landmarks() != self._watched:
            self.save()
        self.world.at(WATCH_MS, self._watch)


def _origin(spec: BenchSpec, saved: dict[str, Any] | None, store: StateDir | None) -> dict[str, str]:
    """What the bench was made from, by URL parameter; '' where the URL left it open.

    Raises ValueError if the URL asks for another beginning than the kept bench had.
    """
    asked = {
        "kind": spec.kind,
        "device": spec.device or "",
        "scenario": ",".join(spec.scenarios),
        "release": spec.release or "",
        "build": str(spec.build or ""),
        "bootloaders": spec.bootloaders or "",
        "radio": spec.radio or "",
    }
    if saved is None:
        return {**asked, "scenario": asked["scenario"] or "healthy"}
    origin: dict[str, str] = saved["origin"]
    for name, value in asked.items():
        if value and value != origin.get(name, ""):
            where = store.path if store is not None else ""
            raise ValueError(
                f"{where} holds a bench that was made with {name}={origin.get(name) or 'nothing said'}, not {value}: "
                f"leave out {name} to continue with it, or give another directory to start from the beginning"
            )
    return origin
