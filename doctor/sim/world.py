"""Virtual time for everything that is simulated: one clock, one queue of events, one runner at a time.

The host (a test, the program behind a ``sim://`` link) lets time pass by waiting; the world then runs event after
event. A ``Process`` is Python code that needs a thread of its own because it sleeps in the middle of its work; it
runs only while the world hands its turn to it, so the whole simulation is as deterministic as a single thread.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext, suppress
from types import TracebackType

_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000

CALL_NS = 20_000
"""What one waiting call costs at least, so that a loop that polls without waiting still lets time pass."""

WIRE_CHUNK_BYTES = 256
"""Bytes that travel as one event: few enough to be interrupted in time, many enough for megabytes in seconds."""

BITS_PER_BYTE = 10
"""8N1: start bit, eight data bits, stop bit (modem-protocol.md 1)."""

BAUD_TOLERANCE_PERCENT = 3
"""Two UARTs understand each other within about this difference in speed."""

BEHIND_S = 0.005
"""Real time that a simulation with a speed may be behind before it gives up catching up."""

_GARBLE_LIMIT_BYTES = 256  # of one chunk: nobody reads more noise than that
_KILL_TRIES = 1000  # a program that catches everything is told to end this often, then left asleep


class Event:
    """Something that will happen; ``cancel`` makes it not happen."""

    __slots__ = ("fn",)

    def __init__(self, fn: Callable[[], object]) -> None:
        self.fn: Callable[[], object] | None = fn

    def cancel(self) -> None:
        """Take it back; harmless when it is over already."""
        self.fn = None


class ProcessKilled(BaseException):
    """Raised inside a process that has to end; not an Exception, so that ``except Exception`` lets it through."""


_open_worlds: weakref.WeakSet[World] = weakref.WeakSet()


def close_all_worlds() -> None:
    """End the processes of every world that is still open; for test fixtures."""
    for world in list(_open_worlds):
        world.close()


class World:
    """The clock of a simulation and its queue of events. Satisfies ``doctor.clock.Clock``.

    speed  simulated seconds per real second; None: as fast as the machine can
    seed   of ``rng``, the only source of chance that simulated things may use

    One host thread at a time gets in; others wait. With a speed, time also passes between the host's calls.
    """

    def __init__(self, speed: float | None = None, seed: int = 0) -> None:
        if speed is not None and speed <= 0:
            raise ValueError(f"speed is simulated seconds per real second and must be above 0, not {speed}")
        self.closed = False
        self.speed = speed
        self.rng = random.Random(seed)
        self._now_ns = 0
        self._real_start = time.monotonic()
        self._heap: list[tuple[int, int, Event]] = []
        self._count = 0
        self._gate = threading.Condition(threading.RLock())
        self._turn: Process | None = None
        self._in_loop = False
        self._watchers: list[Process] = []
        self._processes: list[Process] = []
        self._awaited: Callable[[], object] = _never
        self._horizon_ns = 0
        _open_worlds.add(self)

    # -- time -------------------------------------------------------------------------------------------------

    @property
    def now_ms(self) -> float:
        """Virtual milliseconds since the world began."""
        return self._now_ns / _NS_PER_MS

    def ticks_ms(self) -> int:
        """The clock's reading in whole milliseconds."""
        if self.speed is not None and not self._inside():
            with self._gate:
                self._catch_up()
        return self._now_ns // _NS_PER_MS

    def sleep_ms(self, ms: float) -> None:
        """Let ``ms`` virtual milliseconds pass: events happen, processes run."""
        self.run_until(_never, ms)

    def at(self, delay_ms: float, fn: Callable[[], object]) -> Event:
        """Call ``fn`` in ``delay_ms`` virtual milliseconds. Events of one moment happen in the order of asking."""
        return self._push(self._now_ns + max(0, round(delay_ms * _NS_PER_MS)), fn)

    def run_until(self, predicate: Callable[[], object], limit_ms: float) -> bool:
        """Run event by event until ``predicate()`` holds or ``limit_ms`` are over; the value it had at the end.

        Called inside a process, it is that process that waits.
        """
        process = self._turn
        if process is not None and process.is_current_thread():
            return process.wait_until(predicate, limit_ms)
        with self._gate:
            if self._in_loop:
                raise RuntimeError("an event waits for events: make it a Process or schedule the rest with at()")
            self._in_loop = True
            try:
                self._catch_up()
                return self._run(predicate, self._now_ns + max(CALL_NS, round(limit_ms * _NS_PER_MS)))
            finally:
                self._in_loop = False
                self._forgive()

    # -- life -------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End every process and forget all events; may be called twice."""
        with self._gate:
            for process in list(self._processes):
                process.kill()
            self._heap.clear()
        self.closed = True
        _open_worlds.discard(self)

    def __enter__(self) -> World:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    # -- inside -----------------------------------------------------------------------------------------------

    def _inside(self) -> bool:
        """True in a process that has its turn, and in the thread that is running events."""
        turn = self._turn
        if turn is not None and turn.is_current_thread():
            return True
        return self._in_loop

    def _push(self, when_ns: int, fn: Callable[[], object]) -> Event:
        event = Event(fn)
        turn = self._turn
        inside = turn is not None and turn.is_current_thread()
        with nullcontext() if inside else self._gate:  # inside, the loop waits for us: we would wait for each other
            self._count += 1
            heapq.heappush(self._heap, (when_ns, self._count, event))
            if self.speed is not None and not inside:
                self._gate.notify_all()
        return event

    def _run(self, predicate: Callable[[], object], end_ns: int) -> bool:
        self._awaited, self._horizon_ns = predicate, end_ns
        self._check_watchers()
        while not predicate():
            if not self._step(end_ns):
                return bool(predicate())
        return True

    def _step(self, end_ns: int) -> bool:
        """Let the next event happen that is due until ``end_ns``; False, with the clock at the end, if none is."""
        heap = self._heap
        while True:
            while heap and heap[0][2].fn is None:
                heapq.heappop(heap)
            when = heap[0][0] if heap and heap[0][0] <= end_ns else end_ns
            if self.speed is not None and self._waited_for_real(when):
                continue  # somebody may have added an earlier event by now
            break
        if not heap or heap[0][0] > end_ns:
            self._now_ns = max(self._now_ns, end_ns)
            return False
        when, _, event = heapq.heappop(heap)
        self._now_ns = max(self._now_ns, when)
        fn, event.fn = event.fn, None
        if fn is not None:
            fn()
        if self._watchers:
            self._check_watchers()
        return True

    def jump(self, delay_ns: int) -> bool:
        """Move the clock on without giving up the turn, if nothing would happen in that time (for Process)."""
        wake = self._now_ns + delay_ns
        heap = self._heap
        while heap and heap[0][2].fn is None:
            heapq.heappop(heap)
        if self.speed is not None or self._watchers or wake > self._horizon_ns or (heap and heap[0][0] <= wake):
            return False
        if self._awaited():
            return False
        self._now_ns = wake
        return True

    def _waited_for_real(self, when_ns: int) -> bool:
        assert self.speed is not None
        ahead_s = when_ns / _NS_PER_S / self.speed - (time.monotonic() - self._real_start)
        if ahead_s <= 0.0005:  # finer than a sleep is
            return False
        in_loop, self._in_loop = self._in_loop, False  # others may put bytes on wires while we sleep
        self._gate.wait(ahead_s)
        self._in_loop = in_loop
        return True

    def _catch_up(self) -> None:
        """With a speed: live through what happened while the host was away."""
        if self.speed is None:
            return
        target = round((time.monotonic() - self._real_start) * self.speed * _NS_PER_S)
        if target <= self._now_ns:
            return
        in_loop, self._in_loop = self._in_loop, True
        self._awaited, self._horizon_ns = _never, target
        try:
            self._check_watchers()
            while self._step(target):
                pass
        finally:
            self._in_loop = in_loop
            self._forgive()

    def _forgive(self) -> None:
        """A machine too slow for the speed makes the simulation slower; it does not make the host late.

        Without this, living through what was missed takes longer than what was missed, and each time more of it.
        """
        if self.speed is None:
            return
        behind_s = time.monotonic() - self._real_start - self._now_ns / _NS_PER_S / self.speed
        if behind_s > BEHIND_S:
            self._real_start += behind_s

    def _check_watchers(self) -> None:
        again = bool(self._watchers)
        while again:
            again = False
            for process in list(self._watchers):
                predicate = process.predicate
                if process in self._watchers and predicate is not None and predicate():
                    process.resume(True)
                    again = True


def _never() -> bool:
    return False


class Process:
    """Python code with a thread of its own that runs only when the world gives it the turn.

    fn    called with the process; starts at the next event
    name  of the thread, for people

    An exception that leaves ``fn`` is kept in ``error`` and raised in the thread that runs the world.
    """

    def __init__(self, world: World, fn: Callable[[Process], None], name: str = "process") -> None:
        self.world = world
        self.name = name
        self.alive = True
        self.killed = False
        self.error: BaseException | None = None
        self.predicate: Callable[[], object] | None = None
        self._fn = fn
        self._thread: threading.Thread | None = None
        self._ident: int | None = None
        self._go = threading.Lock()
        self._back = threading.Lock()
        self._begun = threading.Lock()
        self._go.acquire()
        self._back.acquire()
        self._turns_given = self._turns_taken = 0
        self._answer = False
        self._pending: BaseException | None = None
        self._raised: BaseException | None = None
        self._timer: Event | None = world.at(0, lambda: self.resume(False))
        world._processes.append(self)

    # -- for the code inside ----------------------------------------------------------------------------------

    def wait(self, ms: float) -> None:
        """Sleep for ``ms`` of virtual time. Raises what ``raise_in`` was given."""
        self.wait_until(None, ms)

    def wait_until(self, predicate: Callable[[], object] | None, limit_ms: float | None = None) -> bool:
        """Sleep until ``predicate()`` holds (asked after each event); False when ``limit_ms`` are over first."""
        if not self.is_current_thread():
            raise RuntimeError("only the process itself can wait")
        self.checkpoint()
        if predicate is not None and predicate():
            return True
        world = self.world
        delay = 0 if limit_ms is None else max(CALL_NS, round(limit_ms * _NS_PER_MS))
        if predicate is None and limit_ms is not None and world.jump(delay):
            return False
        self.predicate = predicate
        if predicate is not None:
            world._watchers.append(self)
        if limit_ms is not None:
            self._timer = world._push(world._now_ns + delay, self._time_is_up)
        self._give_back()
        while self._turns_given == self._turns_taken:
            self._go.acquire()
        self.checkpoint()
        return self._answer

    def checkpoint(self) -> None:
        """Raise now what ``raise_in`` or ``kill`` has left for the process; for code that runs without waiting."""
        if self.killed:
            raise ProcessKilled
        pending, self._pending = self._pending, None
        if pending is not None:
            raise pending

    # -- for everybody else -----------------------------------------------------------------------------------

    def raise_in(self, error: BaseException) -> None:
        """Make the wait that the process is in (else its next one) raise ``error``, such as KeyboardInterrupt."""
        if not self.alive:
            return
        self._pending = error
        if not self.is_current_thread():
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self.world.at(0, self._time_is_up)

    def kill(self) -> None:
        """End it now; returns when it has ended. Inside the process itself: raises ProcessKilled."""
        if not self.alive:
            return
        self.killed = True
        if self.is_current_thread():
            raise ProcessKilled
        if self._thread is None:
            self._ended()
            return
        tries = 0
        while tries < _KILL_TRIES and self._thread is not None:
            self.resume(False)
            tries += 1
        self._ended()  # it may catch everything: then it stays asleep forever, it is a daemon

    def is_current_thread(self) -> bool:
        """True when asked inside the process."""
        return self._ident == threading.get_ident()

    def resume(self, answer: bool) -> None:
        """Give it the turn until it waits or ends (the world's own business; nobody else calls it)."""
        if not self.alive:
            return
        self._forget_waits()
        self._answer = answer
        world = self.world
        before, world._turn = world._turn, self
        late: BaseException | None = None
        self._turns_given = self._turns_taken + 1
        while self._turns_taken < self._turns_given:  # Ctrl-C reaches the host's thread anywhere in here, and again
            try:
                if self._ident is None:
                    self._thread = threading.Thread(target=self._main, name=self.name, daemon=True)
                    self._thread.start()
                _wake(self._go)
                self._back.acquire()
            except BaseException as error:
                late = error
        world._turn = before
        raised, self._raised = self._raised, None
        if late is not None:
            raise late
        if raised is not None:
            raise raised

    # -- inside -----------------------------------------------------------------------------------------------

    def _main(self) -> None:
        if not self._begun.acquire(blocking=False):
            return  # Ctrl-C came while it was started, and it was started again
        self._ident = threading.get_ident()
        try:
            self._fn(self)
        except ProcessKilled:
            pass
        except BaseException as error:
            self.error = self._raised = error
        finally:
            self._ended()
            self._ident = None
            self._give_back()

    def _give_back(self) -> None:
        self._turns_taken = self._turns_given
        _wake(self._back)

    def _ended(self) -> None:
        if not self.alive:
            return
        self.alive = False
        self._thread = None
        self._forget_waits()
        if self in self.world._processes:
            self.world._processes.remove(self)

    def _time_is_up(self) -> None:
        self._timer = None
        self.resume(False)

    def _forget_waits(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.predicate is not None:
            self.predicate = None
            self.world._watchers.remove(self)


def _wake(lock: threading.Lock) -> None:
    """Let whoever waits for ``lock`` look again; one who was woken already, and has not looked yet, looks once."""
    with suppress(RuntimeError):
        lock.release()


class Wire:
    """One direction of a UART: bytes take the time that their baud rate says, in virtual time.

    on_receive  called with (bytes, the baud they were sent at) when they have arrived; the receiver asks ``heard``
                what is left of them at its own speed
    """

    def __init__(self, world: World, on_receive: Callable[[bytes, int], None]) -> None:
        self.world = world
        self.on_receive = on_receive
        self.pending = 0
        """Bytes that were sent and have not arrived yet."""
        self._queue: deque[tuple[bytes, int]] = deque()
        self._sent_of_first = 0
        self.open = True
        """False while flow control holds the sender."""
        self._flying: tuple[bytes, int, int] | None = None
        self._event: Event | None = None

    def send(self, data: bytes, baud: int) -> None:
        """Put bytes on the wire behind those that are still travelling."""
        if not data:
            return
        self.pending += len(data)
        self._queue.append((bytes(data), baud))
        if self._flying is None:
            self._launch()

    def flow(self, may_send: bool) -> None:
        """Flow control speaks: ``release``, or ``hold``."""
        if may_send:
            self.release()
        else:
            self.hold()

    def hold(self) -> None:
        """Flow control stops the sender: what has not left yet waits for ``release``."""
        self.open = False
        if self._flying is None or self._event is None:
            return
        data, baud, started_ns = self._flying
        gone = (self.world._now_ns - started_ns) * baud // (BITS_PER_BYTE * _NS_PER_S)
        gone = min(len(data), max(0, gone))
        self._event.cancel()
        self._flying = None
        if gone < len(data):
            self._give_back(data[gone:], baud)
        if gone:
            self._arrive(data[:gone], baud)

    def release(self) -> None:
        """Flow control lets the sender go on."""
        self.open = True
        if self._flying is None:
            self._launch()

    def clear(self) -> None:
        """Lose everything that has not arrived, as when power goes."""
        if self._event is not None:
            self._event.cancel()
        self._flying = None
        self._queue.clear()
        self._sent_of_first = 0
        self.pending = 0

    def _give_back(self, data: bytes, baud: int) -> None:
        if self._sent_of_first:
            rest, rest_baud = self._queue.popleft()
            self._queue.appendleft((rest[self._sent_of_first :], rest_baud))
            self._sent_of_first = 0
        self._queue.appendleft((data, baud))

    def _launch(self) -> None:
        if not self.open or not self._queue:
            return
        whole, baud = self._queue[0]
        data = whole[self._sent_of_first : self._sent_of_first + WIRE_CHUNK_BYTES]
        self._sent_of_first += len(data)
        if self._sent_of_first == len(whole):
            self._queue.popleft()
            self._sent_of_first = 0
        started = self.world._now_ns
        self._flying = (data, baud, started)
        took = len(data) * BITS_PER_BYTE * _NS_PER_S // max(1, baud)
        self._event = self.world._push(started + took, self._landed)

    def _landed(self) -> None:
        assert self._flying is not None
        data, baud, _ = self._flying
        self._flying = None
        self._launch()  # the next byte follows at once, whatever the receiver does with these
        self._arrive(data, baud)

    def _arrive(self, data: bytes, baud: int) -> None:
        self.pending -= len(data)
        self.on_receive(data, baud)


def same_speed(sent_baud: int, own_baud: int) -> bool:
    """True if two UARTs understand each other."""
    return abs(sent_baud - own_baud) * 100 <= BAUD_TOLERANCE_PERCENT * own_baud


def heard(data: bytes, sent_baud: int, own_baud: int) -> bytes:
    """What a UART at ``own_baud`` hears of bytes sent at ``sent_baud``: the bits on the line, sampled at its own speed.

    Equal speeds give the bytes themselves; others give the usual rubbish (00, FE, F8 …), always the same.
    """
    if same_speed(sent_baud, own_baud):
        return data
    if sent_baud <= 0 or own_baud <= 0:
        return b""
    line = [bit for byte in data[:_GARBLE_LIMIT_BYTES] for bit in (0, *((byte >> k) & 1 for k in range(8)), 1)]
    step = sent_baud / own_baud
    out = bytearray()
    at = 0.0
    while True:
        index = int(at)
        while index < len(line) and line[index]:  # wait for the falling edge of a start bit
            index += 1
        if index >= len(line):
            return bytes(out)
        byte = 0
        for bit in range(8):
            sample = int(index + (1.5 + bit) * step)
            byte |= (line[sample] if sample < len(line) else 1) << bit
        out.append(byte)
        at = index + 9.5 * step
        while int(at) < len(line) and not line[int(at)]:  # framing error: wait until the line rests again
            at += 1
