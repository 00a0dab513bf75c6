"""The simulated bench in real time, for other programs: on a pseudo terminal and on ``rfc2217://localhost:PORT``."""

from __future__ import annotations

import queue
import select
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait

from serial.serialutil import SerialException

from doctor.computer import is_windows
from doctor.sim.hands import Hands
from doctor.sim.served.network import NetworkClient
from doctor.sim.served.pty import PtyClient
from doctor.sim.urlhandler.protocol_sim import Serial

DEFAULT_SPEED = 20.0
"""Simulated seconds per real second: a 6 MB image takes 65 s on the wire and minutes of work in the modem."""
SLICE_MS = 2.0
"""Real time between two looks at clients while something happens."""
REPLY_S = 0.002
"""Real time to wait for the program after it was told something: most often it answers at once."""
IDLE_S = 0.01
"""Real time between two looks at clients while nothing happens."""
IDLE_AFTER_S = 0.25
CHUNK_BYTES = 4096
STOP_WAIT_S = 5.0


Client = NetworkClient | PtyClient
"""One way in: takes the bench's bytes and brings those of another program. One of them is open at a time."""


class Listener:
    """Serves one ``sim://`` bench until ``stop``. Use as a context manager.

    url       the bench; a ``speed`` in it wins over the default of 20
    tcp_port  of the RFC 2217 server on localhost; 0 = any free one, None = none
    pty       serve a pseudo terminal, if the system has them
    on_names  called with the new names when they change: after a power cycle the pseudo terminal has another name

    Raises ValueError for the URL, SerialException if the bench is in use, OSError if the port is taken.
    """

    def __init__(
        self,
        url: str,
        *,
        tcp_port: int | None = 0,
        pty: bool = True,
        on_names: Callable[[tuple[str, ...]], None] | None = None,
    ) -> None:
        self.serial = Serial(None, baudrate=115200, timeout=0)
        """The bench's own port; while serving, work on it with ``by_hand`` only."""
        self.serial.rts = False
        self.serial.port = with_speed(url)
        self._on_names = on_names
        self._with_pty = pty and not is_windows()
        self.serial.open()
        self._network: NetworkClient | None = None
        self._pty: PtyClient | None = None
        try:
            if tcp_port is not None:
                self._network = NetworkClient(tcp_port)
            if self._with_pty:
                self._pty = PtyClient()
        except OSError:
            self.close()
            raise
        self.error: Exception | None = None
        """What ended the serving, if it was not ``stop``."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sim-listen", daemon=True)
        self._user: Client | None = None
        self._active_s = time.monotonic()
        self._told = False
        self._tasks: queue.SimpleQueue[tuple[Callable[[Hands], None], Future[None]]] = queue.SimpleQueue()

    def __enter__(self) -> Listener:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    @property
    def names(self) -> tuple[str, ...]:
        """What other programs open: the pseudo terminal's device first, then the rfc2217 URL."""
        names = [self._pty.name] if self._pty is not None else []
        if self._network is not None:
            names.append(f"rfc2217://localhost:{self._network.tcp_port}")
        return tuple(names)

    def by_hand(self, work: Callable[[Hands], None]) -> None:
        """Let the simulated user do something while others use the bench; returns when it is done.

        Raises what ``work`` raises, RuntimeError if nothing is served.
        """
        end: Future[None] = Future()
        self._tasks.put((work, end))
        while not wait([end], 0.05).done:
            if not self._thread.is_alive():
                raise RuntimeError("the bench is not being served")
        end.result()

    def start(self) -> None:
        """Begin to serve, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End serving, close everything, save the bench if it is kept; may be called twice."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_WAIT_S)
        self.close()

    def wait(self) -> None:
        """Return when serving has ended; Ctrl-C gets through."""
        while self._thread.is_alive():
            self._thread.join(0.5)

    def close(self) -> None:
        """Close the ways in and the bench."""
        for client in self._clients():
            client.close()
        self.serial.close()

    # --- the pump ---

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._turn()
        except Exception as error:
            self.error = error

    def _work_by_hand(self) -> None:
        """What the user's hands do, in the pump's thread: the bench has one user at a time."""
        while not self._tasks.empty():
            work, end = self._tasks.get()
            try:
                work(self.serial.hands)
                end.set_result(None)
            except Exception as error:
                end.set_exception(error)

    def _turn(self) -> None:
        self._work_by_hand()
        idle = time.monotonic() - self._active_s > IDLE_AFTER_S
        self._wait_for_clients(IDLE_S if idle else REPLY_S if self._told else 0.0)
        try:
            moved = self._from_clients()
            self._told = self._to_clients()
            moved = moved or self._told
        except SerialException:
            self._power_gone()
            return
        if moved:
            self._active_s = time.monotonic()

    def _clients(self) -> list[Client]:
        return [client for client in (self._pty, self._network) if client is not None]

    def _wait_for_clients(self, limit_s: float) -> None:
        wanted = [number for client in self._clients() for number in client.waits_on()]
        if wanted:
            select.select(wanted, [], [], limit_s)
        else:
            self._stop.wait(limit_s)

    def _from_clients(self) -> bool:
        """Bytes of the program that has the port; a second one is told that it is busy."""
        user = self._user
        if user is not None and user.receive(self.serial):
            return True  # the last bytes of one that is leaving still count, and it may leave the next turn
        if user is None or not user.connected():
            self._choose_user()
        for client in self._clients():
            client.look(self.serial)
            if self._user is not None:
                client.refuse_more()
        return False

    def _choose_user(self) -> None:
        """Whoever comes first has the port; RTS follows, as it does when a program opens and closes a real one."""
        before, self._user = self._user, None
        clients = self._clients()
        for client in clients:
            client.reopen()
        self._user = next((client for client in clients if client.arrived(self.serial)), None)
        if self._user is not None and not all(client.shut() for client in clients if client is not self._user):
            self._user.drop()
            self._user = None
        if self._user is before:
            return
        if before is not None and before is self._pty:
            self._pty.forget()
        self.serial.reset_input_buffer()
        if self._user is None or self._user is self._pty:
            self.serial.rts = self._user is not None
        if self._user is None:
            self.serial.baudrate = 115200

    def _to_clients(self) -> bool:
        bench = self.serial.bench
        bench.world.run_until(lambda: bench.port.waiting, SLICE_MS * (bench.world.speed or DEFAULT_SPEED))
        data = self.serial.read(CHUNK_BYTES)
        if self._user is not None:
            self._user.send(data)
        return bool(data)

    def _power_gone(self) -> None:
        """The board was unplugged: programs lose their port; it comes back when the cable does."""
        for client in self._clients():
            client.drop()
        self._user = None
        if self._pty is not None:
            self._pty.close()
            self._pty = None
        bench = self.serial.bench
        while not self._stop.is_set() and not bench.port.present:
            self._work_by_hand()
            bench.world.ticks_ms()
            self._stop.wait(IDLE_S)
        if self._stop.is_set():
            return
        self.serial.reopen()
        if self._with_pty:
            self._pty = PtyClient()
        if self._on_names is not None:
            self._on_names(self.names)


def with_speed(url: str) -> str:
    """The URL with the listener's usual speed if it names none."""
    if "speed=" in url.partition("?")[2]:
        return url
    return f"{url}{'&' if '?' in url else '?'}speed={DEFAULT_SPEED:g}"
