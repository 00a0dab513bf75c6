"""The way into a served bench through a pseudo terminal, if the system has them (Windows does not)."""

from __future__ import annotations

import contextlib
import os
import select

from doctor.computer import is_windows
from doctor.sim.urlhandler.protocol_sim import Serial

CHUNK_BYTES = 4096


class PtyClient:
    """A pseudo terminal: bytes only, no RTS and CTS; knows when a program has it open, and at which speed.

    Two programs on the same terminal exclude each other only by the lock that pySerial, and so mpremote and we, takes:
    the system's own mark (TIOCEXCL) would outlive a program that is killed, and the program that serves the terminal
    could not lift it, since that needs an opening.
    """

    def __init__(self) -> None:
        import pty
        import tty

        self._master, slave = pty.openpty()
        self.name = os.ttyname(slave)
        tty.setraw(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        self._closed = False
        self._shut: int | None = None
        self._unread = bytearray()

    def waits_on(self) -> tuple[int, ...]:
        """The master's descriptor while a program has the terminal open: else it hangs up without end."""
        return (self._master,) if self.connected() else ()

    def connected(self) -> bool:
        """True while a program has the terminal open: the system says so by not hanging up."""
        return not self._signs() & select.POLLHUP

    def arrived(self, port: Serial) -> bool:
        """Whether a program has opened the terminal, or has come, written and gone since."""
        return self.connected() or bool(self._signs() & select.POLLIN)

    def _signs(self) -> int:
        """What the system says of the terminal now."""
        if self._closed or self._shut is not None:
            return select.POLLHUP
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        return next((event for _, event in poll.poll(0)), 0)

    def forget(self) -> None:
        """The program has closed the terminal: what it has not read is gone, as with a driver."""
        import termios

        self._unread.clear()
        with contextlib.suppress(OSError, termios.error):
            slave = os.open(self.name, os.O_RDWR | os.O_NOCTTY)
            termios.tcflush(slave, termios.TCIFLUSH)
            os.close(slave)

    def shut(self) -> bool:
        """Keep the terminal from others while the bench is in use elsewhere; False if somebody was quicker.

        The lock refuses programs that lock, root's too; the mark refuses all others, but never root.
        """
        import fcntl
        import termios

        try:
            slave = os.open(self.name, os.O_RDWR | os.O_NOCTTY)
        except OSError:
            return False
        try:
            fcntl.flock(slave, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.ioctl(slave, termios.TIOCEXCL)
        except OSError:
            os.close(slave)
            return False
        self._shut = slave
        return True

    def reopen(self) -> None:
        """Let others have the terminal again; what was typed into it until now is lost."""
        import fcntl
        import termios

        if self._shut is None:
            return
        with contextlib.suppress(OSError, termios.error):
            fcntl.ioctl(self._shut, termios.TIOCNXCL)
            termios.tcflush(self._shut, termios.TCIOFLUSH)
        with contextlib.suppress(OSError):
            while os.read(self._master, CHUNK_BYTES):
                pass
        os.close(self._shut)
        self._shut = None

    def refuse_more(self) -> None:
        """Nobody waits at this door: the opening itself fails, see ``shut``."""

    def receive(self, port: Serial) -> bool:
        """Hand over what the program wrote, at the speed that it has set."""
        try:
            data = os.read(self._master, CHUNK_BYTES)
        except OSError:
            return False
        self._follow_speed(port)
        if data:
            port.write(data)
        return bool(data)

    def send(self, data: bytes) -> None:
        """Hand over the bench's bytes as the program reads them; call it until all have gone."""
        self._unread += data
        with contextlib.suppress(OSError):
            while self._unread:
                del self._unread[: os.write(self._master, self._unread)]

    def look(self, port: Serial) -> None:
        """Follow the speed that the program has set."""
        if self.connected():
            self._follow_speed(port)

    def drop(self) -> None:
        """Closing is all that a terminal can do."""

    def close(self) -> None:
        """Hang up; may be called twice."""
        if not self._closed:
            self.reopen()
            self._closed = True
            os.close(self._master)

    def _follow_speed(self, port: Serial) -> None:
        import termios

        try:
            code = termios.tcgetattr(self._master)[5]
        except (OSError, termios.error):
            return
        baud = _SPEEDS.get(code)
        if baud is not None and baud != port.baudrate:
            port.baudrate = baud


def _speeds() -> dict[int, int]:
    if is_windows():
        return {}
    import termios

    bauds = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
    return {getattr(termios, f"B{baud}"): baud for baud in bauds if hasattr(termios, f"B{baud}")}


_SPEEDS = _speeds()
