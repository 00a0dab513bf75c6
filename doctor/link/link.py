"""One open byte stream, whatever the port URL: a device, ``sim://``, ``rfc2217://``, ``socket://``, ``telnet://``.

Satisfies the port contract of the updater core: ``read``, ``write``, ``set_baud``, ``drain``.
Time comes from ``link.clock``: on a simulated bench that is the simulator's own, so waiting there costs nothing.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator
from functools import cached_property
from statistics import median
from typing import Any

from doctor.clock import Clock, Deadline, SystemClock
from doctor.computer import is_mac, is_windows
from doctor.documents.values import as_json
from doctor.errors import DeadlineOverrun, LinkError, PortLost, UsageError
from doctor.link.latency import LowLatency, latency_ms
from doctor.link.open_failed import exclude_others, explain, include_others
from doctor.link.port_url import PortUrl
from doctor.link.ports import PortInfo, port_at, port_info
from doctor.link.telnet_url import TelnetAddress, parse, shown_url
from doctor.link.trace import Trace
from doctor.text.power_off import UNPLUG

POLL_MS = 20  #: longest stay in one read of the driver, so that deadlines and Ctrl-C are noticed
#: Where pySerial looks first: what is behind sim://, and an rfc2217:// that outlives its server's options.
OUR_SCHEMES = ("doctor.sim.urlhandler", "doctor.link.urlhandler")
WRITE_TIMEOUT_S = 5.0  #: 20 kB at 115200 take 1.8 s; a port that takes nothing for 5 s is stuck
DRAIN_S = 1.0  #: a full driver buffer of 1 MB is read in less; a flood has no end that one could wait for
SHORT_BYTES = 8  #: a key, ``AT`` and its line end: a millisecond on the line, even at 115200 baud
SLOW_ANSWER_MS = 200  #: the longest latency timer that USB chips have is 255 ms, and none is used with that
ANSWERS_KEPT, ANSWERS_LEAST = 64, 3
REPL_BAUD = 115200  #: what every Pycom release speaks on UART0 (board-and-repl.md 3.1)

_PORT_ERRORS: tuple[type[Exception], ...] = (OSError, ValueError)
with contextlib.suppress(ImportError):
    import termios

    _PORT_ERRORS += (termios.error,)  # what pySerial lets through on POSIX; it is no OSError

_NO_WRITE_TIMEOUT = ("rfc2217",)  # pySerial refuses to open with one


class Link(contextlib.AbstractContextManager["Link"]):
    """An open port. Made by ``open_link``; use it as a context manager or call ``close``.

    url              of the port
    name             what users call it: the device name, or the URL; of a long one its beginning
    serial           the pySerial object; of a simulated bench it has ``hands`` and ``clock``
    baud             speed now
    can_change_baud  False if the speed is out of our hands (``socket://``)
    has_modem_lines  whether RTS and CTS exist (a pty has none)
    deadline         while set, ``read`` and ``write`` raise DeadlineOverrun once it is over
    notes            things worth telling about how it was opened
    """

    def __init__(
        self,
        serial: Any,
        url: PortUrl,
        *,
        rts: bool,
        trace: Trace | None = None,
        low_latency: LowLatency | None = None,
    ) -> None:
        self.url = url
        self.name = url.name
        self.baud = REPL_BAUD
        self.can_change_baud = not url.carries_bytes_only
        self._time: Clock = getattr(serial, "clock", None) or SystemClock()
        self.clock: Clock = trace or self._time
        self.deadline: Deadline | None = None
        self.notes: tuple[str, ...] = ()
        self.serial = serial
        self._rts = rts
        self._low_latency = low_latency
        self._trace = trace
        self._open = True
        self._asked_ms: int | None = None
        self._is_owed = False  # something was sent that nothing has come back for yet
        self._answers_ms: deque[int] = deque(maxlen=ANSWERS_KEPT)
        self._settling: Deadline | None = None
        self.has_modem_lines = not url.carries_bytes_only and self._lines_answer()
        if trace is not None:
            known = {"lines": self.has_modem_lines, "listed": as_json(self.listed)}
            trace.opened(self._time, url.text, self.baud, **known)
            self._note("rts", rts)

    @property
    def network(self) -> TelnetAddress | None:
        """The board's address on Wi-Fi, if the link leads there; None for every other port."""
        value = getattr(self.serial, "address", None)
        return value if isinstance(value, TelnetAddress) else None

    @cached_property
    def listed(self) -> PortInfo | None:
        """What the system says of the port, asked once; None if it says nothing, as of a network port."""
        usb = getattr(self.serial, "usb_id", None)  # a simulated port carries its id along
        return port_at(self.url.device) if usb is None else port_info(self.name, usb[0], usb[1], None, "")

    @property
    def is_low_latency(self) -> bool:
        """Whether the driver was asked to hand over short reads at once, and says that it does."""
        return self._low_latency is not None and self._low_latency.is_set

    @cached_property
    def latency_ms(self) -> int:
        """The latency timer of the USB chip, as it is in this run; 0 if nobody tells."""
        simulated = getattr(self.serial, "latency_ms", None)
        if simulated is not None:
            return int(simulated)
        return latency_ms(self.url.device) if self.url.device else 0

    def reconnect(self, limit_s: float) -> None:
        """Connect again after a restart of the board that was meant, which ends a connection over Wi-Fi.

        Any other port stays open over restarts: nothing is done there. Raises PortLost after ``limit_s`` seconds.
        """
        if self.network is None:
            return
        self._note("reconnect", self.name)
        self.serial.reconnect(limit_s)

    @property
    def received_sha256(self) -> str | None:
        """What a simulated modem says it was sent last; None on every real port."""
        value = getattr(self.serial, "received_sha256", None)
        return value if isinstance(value, str) else None

    def read(self, max_bytes: int, wait_ms: int) -> bytes:
        """Up to ``max_bytes`` as soon as there is at least one byte; ``b""`` after ``wait_ms``.

        Raises PortLost if the port went away, DeadlineOverrun once ``deadline`` is over.
        """
        self._check_deadline()
        limit = self._limit
        try:
            data = self._read(max_bytes, limit.slice_ms(wait_ms) if limit else wait_ms)
        except _PORT_ERRORS as err:
            raise self._lost(err) from err
        self._received(data)
        if not data:
            self._check_deadline()
        return data

    @property
    def answer_s(self) -> float | None:
        """From a key or a short command to the first byte that comes back, as usual on this port; None if untold.

        What took longer than an echo takes does not count: a program that works, a modem that is asleep; nor does what
        was sent behind bytes without an answer, since the line had those to carry first.
        """
        quick = [ms for ms in self._answers_ms if ms <= SLOW_ANSWER_MS]
        return median(quick) / 1000 if len(quick) >= ANSWERS_LEAST else None

    def write(self, data: bytes) -> None:
        """Send all of ``data``. Raises PortLost, DeadlineOverrun, and LinkError if the port takes nothing."""
        self._check_deadline()
        if self._trace is not None:
            self._trace.sent(data)
        try:
            self.serial.write(data)
        except _PORT_ERRORS as err:
            if type(err).__name__ == "SerialTimeoutException":
                raise LinkError(
                    "port-opens",
                    f"the port took no bytes for {WRITE_TIMEOUT_S:.0f} s",
                    on=self.name,
                    cause="the driver or the USB chip hangs, or another program paused the line",
                    next=f"{UNPLUG}, wait 10 s, and plug in again",
                ) from err
            raise self._lost(err) from err
        # What goes out behind other bytes waits for them on the line, for as long as they are many.
        self._asked_ms = self.clock.ticks_ms() if len(data) <= SHORT_BYTES and not self._is_owed else None
        self._is_owed = True

    def set_baud(self, baud: int) -> None:
        """Change the speed. Raises LinkError if that is not possible."""
        if baud == self.baud:
            return
        if not self.can_change_baud:
            raise LinkError(
                "baud-mismatch-garbage",
                f"the speed of this port cannot be changed to {baud}",
                on=self.name,
                cause="telnet and plain network sockets cannot change the speed",
                next="connect the board by USB, or use rfc2217://",
            )
        try:
            self.serial.baudrate = baud
        except _PORT_ERRORS as err:
            raise self._lost(err) from err
        self.baud = baud
        self._note("baud", baud)

    def drain(self) -> bytes:
        """Discard what was received so far, and return it; of a port that never falls silent, what came in a second."""
        heard = bytearray()
        longest = Deadline(self.clock, DRAIN_S)
        while not longest.expired:
            data = self.read(4096, 0)
            if not data:
                break
            heard += data
        return bytes(heard)

    @property
    def rts(self) -> bool:
        """The RTS line; True = asserted = electrically low. Raises LinkError if the port has none."""
        self._need_lines()
        return self._rts

    @rts.setter
    def rts(self, asserted: bool) -> None:
        self._need_lines()
        try:
            self.serial.rts = asserted
        except _PORT_ERRORS as err:
            raise self._lost(err) from err
        self._rts = asserted
        self._note("rts", asserted)

    @property
    def cts(self) -> bool:
        """The CTS line; True = asserted = electrically low. Raises LinkError if the port has none."""
        self._need_lines()
        try:
            asserted = bool(self.serial.cts)
        except _PORT_ERRORS as err:
            raise self._lost(err) from err
        self._note("cts", asserted)
        return asserted

    @property
    def is_settling(self) -> bool:
        """True while something is put back as it was found: nobody should close the port now."""
        return self._settling is not None

    @contextlib.contextmanager
    def settling(self, limit_s: float) -> Iterator[None]:
        """Put back what was changed at the other end: until then this is the deadline, whatever ``deadline`` says.

        Ctrl-C sets ``deadline`` to 0, and a check's own may be over just then: neither may leave the board half done.
        """
        outer, self._settling = self._settling, Deadline(self.clock, limit_s)
        try:
            yield
        finally:
            self._settling = outer

    def close(self) -> None:
        """Give the port back. Does no harm twice, or on a port that went away."""
        if not self._open:
            return
        self._open = False
        self._note("close", self.name)
        include_others(self.serial)
        if self._low_latency is not None:
            self._low_latency.give_back()
        with contextlib.suppress(*_PORT_ERRORS):  # it may have gone away: nothing is left to give back then
            self.serial.close()

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _received(self, data: bytes) -> None:
        if self._trace is not None:
            self._trace.received(data)
        if data and self._asked_ms is not None:
            self._answers_ms.append(self.clock.ticks_ms() - self._asked_ms)
            self._asked_ms = None
        self._is_owed = self._is_owed and not data

    def _note(self, what: str, value: int | bool | str) -> None:
        if self._trace is not None:
            self._trace.change(what, value)

    def _read(self, max_bytes: int, wait_ms: int) -> bytes:
        data = self._take(max_bytes)
        end_ms = self._time.ticks_ms() + wait_ms
        while not data:
            left_ms = end_ms - self._time.ticks_ms()
            if left_ms <= 0 or self._is_over:
                return b""
            if self.url.in_process:
                # Virtual time: no point in waking up; on real ports a new timeout means a round of ioctls.
                self.serial.timeout = left_ms / 1000
            data = bytes(self.serial.read(1))
            if data:
                return data + self._take(max_bytes - 1)
        return data

    def _take(self, max_bytes: int) -> bytes:
        """What is there already; sockets and network ports count it piece by piece."""
        data = b""
        while len(data) < max_bytes and (waiting := self.serial.in_waiting):
            data += bytes(self.serial.read(min(waiting, max_bytes - len(data))))
        return data

    def _check_deadline(self) -> None:
        if not self._open:
            raise PortLost("port-not-found", "the port was closed", on=self.name)
        limit = self._limit
        if limit is not None and limit.expired:
            raise DeadlineOverrun("deadline", f"not finished within {limit.limit_s:g} s", on=self.name)

    @property
    def _is_over(self) -> bool:
        """Whether somebody else has closed the port meanwhile, or ended the work on it, as Ctrl-C does."""
        limit = self._limit
        return not self._open or (limit is not None and limit.expired)

    @property
    def _limit(self) -> Deadline | None:
        return self._settling or self.deadline

    def _lines_answer(self) -> bool:
        try:
            _ = self.serial.cts
        except NotImplementedError:
            return False
        except _PORT_ERRORS:
            return False
        return True

    def _need_lines(self) -> None:
        if not self.has_modem_lines:
            raise LinkError(
                "port-opens",
                "this port has no RTS and CTS lines",
                on=self.name,
                cause="pseudo terminals, telnet and plain sockets carry bytes only",
                next="use the board's USB port, rfc2217:// or sim://",
            )

    def _lost(self, err: Exception) -> PortLost:
        self._note("lost", str(err))
        if self.network is not None:
            from doctor.link.telnet import lost

            return lost(self.name)
        if "multiple access" in str(err) and not is_windows():
            return PortLost(
                "mirror-terminal-still-open",
                "the port disappeared, or another program reads it too",
                on=self.name,
                cause="unplugged, a power dip, or an editor console that reconnects by itself",
                next="close every program that uses the port, plug the board in again, run the command again",
            )
        if self.url.has_address:
            place = "its place was released or taken, " if self.url.place else ""
            return PortLost(
                "port-number-changes-on-replug",
                "the connection to the server of the port ended while it was in use",
                on=self.name,
                cause=f"the server ended, {place}the board was unplugged there, or the network failed",
                next=f"{SERVER_BACK}; then run the command again",
            )
        now_named = ", run `fipy-doctor ports` to see its name now" if self.url.device else ""
        return PortLost(
            "port-number-changes-on-replug",
            "the port disappeared while it was in use",
            on=self.name,
            cause="unplugged, a power dip or a loose cable",
            next=f"plug the board in{now_named}, and run the command again",
        )


#: What comes before another try if what was lost is not at this computer.
SERVER_BACK = "leave the board powered, and see that the server of its port runs again"


def open_link(
    url: PortUrl,
    *,
    rts: bool = True,
    trace: Trace | None = None,
    password: str | None = None,
    clock: Clock | None = None,
) -> Link:
    """Open a port for us alone, RTS and DTR set beforehand, no flow control.

    password  for ``telnet://``, if it is not in the URL
    clock     for ``telnet://``: what its limits are measured by

    Raises LinkError with the catalogue id of what is in the way (absent, no permission, busy, not a serial port),
    UsageError for a URL that means nothing.
    """
    if url.is_telnet:
        return _open_telnet(url, password, clock or SystemClock(), trace)
    port = _closed_port(url)
    # Before opening: a pulse of RTS would reach the modem through a fitted jumper (board-and-repl.md 6.4).
    port.rts = rts
    port.dtr = True
    try:
        port.open()
    except OSError as err:
        raise explain(err, url) from err
    except (KeyError, TypeError, ValueError) as err:  # pySerial's word for what an RFC 2217 server rejects, too
        raise (explain(err, url) if url.scheme == "rfc2217" else _not_a_port(url, str(err))) from err
    except _PORT_ERRORS as err:
        raise explain(err, url) from err
    try:
        exclude_others(port, url)
    except LinkError:
        port.close()
        raise
    link = Link(port, url, rts=rts, trace=trace, low_latency=LowLatency(port))
    target = _callout_device(url.text)
    if target != url.text:
        link.notes = (f"opened {target} instead of {url.text}: tty.* would wait for a carrier signal",)
    return link


def refuse_senseless(url: PortUrl) -> None:
    """Raises UsageError for a URL that means no port, whatever is plugged in. Opens nothing."""
    if url.is_telnet:
        _telnet_address(url, None)
        return
    if url.recording is not None:
        return
    with contextlib.suppress(LinkError):
        _closed_port(url)


def _closed_port(url: PortUrl) -> Any:
    """pySerial's object for ``url``, not opened yet. Raises UsageError, LinkError."""
    import serial

    if OUR_SCHEMES[0] not in serial.protocol_handler_packages:
        serial.protocol_handler_packages[:0] = OUR_SCHEMES
    if url.scheme in ("socket", "rfc2217") and not url.has_address:  # pySerial trips over them
        raise _not_a_port(url, f"host or port is missing: {url.scheme}://HOST:PORT")
    try:
        return serial.serial_for_url(
            _callout_device(url.text),
            baudrate=REPL_BAUD,
            timeout=POLL_MS / 1000,
            write_timeout=None if url.scheme in _NO_WRITE_TIMEOUT else WRITE_TIMEOUT_S,
            rtscts=False,
            dsrdtr=False,
            exclusive=True,
            do_not_open=True,
        )
    except OSError as err:
        raise explain(err, url) from err
    except Exception as err:  # pySerial trips over wrong URLs in many ways, and over its own messages for them
        raise _not_a_port(url, str(err)) from err


def _open_telnet(url: PortUrl, password: str | None, clock: Clock, trace: Trace | None) -> Link:
    from doctor.link.telnet import TelnetPort

    address = _telnet_address(url, password)
    port = TelnetPort(address, clock)
    port.open()
    return Link(port, PortUrl.read(shown_url(address)), rts=False, trace=trace)


def _telnet_address(url: PortUrl, password: str | None) -> TelnetAddress:
    try:
        return parse(url.text, url.password if password is None else password)
    except ValueError as err:
        raise UsageError(
            "port-not-found",
            "this is not the address of a board",
            on=url.text,
            cause=str(err),
            next="telnet://192.168.4.1 is a board in its own Wi-Fi network; telnet://USER:PASSWORD@HOST names a login",
        ) from err


def _not_a_port(url: PortUrl, cause: str) -> UsageError:
    lists = "`fipy-doctor ports` lists what there is; `fipy-doctor sim --list`, what is simulated"
    return UsageError("port-not-found", "this is not a port", on=url.text, cause=cause, next=lists)


def _callout_device(url: str) -> str:
    """On macOS ``/dev/cu.X`` for ``/dev/tty.X``: the catalogue's macos-tty-vs-cu."""
    if is_mac() and url.startswith("/dev/tty."):
        return "/dev/cu." + url[len("/dev/tty.") :]
    return url
