"""A board's REPL over Wi-Fi: its telnet server behind the face of a pySerial port (board-and-repl.md 3.7).

One client at a time; 8-bit bytes, 0xFF doubled both ways (RFC 854). What ends the connection is told as OSError while
it is in use, and as LinkError while it is being made.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket

from doctor.clock import Clock, Deadline
from doctor.errors import LinkError, PortLost, reason
from doctor.link.telnet_url import TelnetAddress, shown_url

CONNECT_S = 10.0  #: one hop over Wi-Fi takes milliseconds; three lost SYNs take 7 s
LOGIN_S = 10.0  #: per prompt: the servers' task shares its core with the interpreter
BEFORE_PASSWORD_MS = 200  #: MicroPython's own tools/pyboard.py waits so long "because of … the telnet server"
WRITE_S = 10.0  #: a board that executes reads nothing; no command of ours is longer than TCP's windows
POLL_S = 0.02
GOING_DOWN_MS = 2_000  #: until a board that was told to restart surely serves nobody any more
RECONNECT_PAUSE_MS = 1_000
CHUNK_BYTES = 4096

#: A board that restarts, or leaves Wi-Fi, says no goodbye: the system asks after it (idle, interval, count).
_KEEPALIVE = (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3))

USER_PROMPT, PASSWORD_PROMPT, LOGGED_IN = b"Login as:", b"Password:", b"Login succeeded!"

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
_NEGOTIATE = (DONT, DO, WONT, WILL)
_ECHO, _GO_AHEAD = 1, 3
_FIRST_COMMAND = SE
_SUBOPTION = re.compile(rb"\xff\xfa(?:[^\xff]|\xff[^\xf0])*\xff\xf0", re.DOTALL)  #: a 0xFF within is doubled
LONGEST_OPTION_BYTES = 1024  #: what has no end within this has none

BUSY_CAUSE = "the board serves one telnet client: an editor's console (Pymakr connects to 192.168.4.1 by itself) has it"
JOIN = "join the Wi-Fi network fipy-wlan-xxxx or gpy-wlan-xxxx (key www.pycom.io), then run the command again"


class TelnetPort:
    """The connection as a pySerial port, as far as ``Link`` uses one. Made closed; ``open`` connects and logs in."""

    def __init__(self, address: TelnetAddress, clock: Clock) -> None:
        self.address = address
        self.clock = clock
        self.name = shown_url(address)
        self.timeout: float = POLL_S
        self.rts = self.dtr = False
        self._socket: socket.socket | None = None
        self._decoder = Decoder()
        self._received = bytearray()
        self._ended = False

    # --- what Link uses ---

    def open(self) -> None:
        """Connect and log in. Raises LinkError that says what is in the way."""
        self._connect(CONNECT_S)
        try:
            self._log_in()
        except LinkError:
            self.close()
            raise
        except OSError as err:
            self.close()
            raise _turned_away(self.name) from err

    def reconnect(self, limit_s: float) -> None:
        """Connect again after the board was restarted: as often as it takes, ``limit_s`` at most. Raises PortLost."""
        limit = Deadline(self.clock, limit_s)
        self.close()
        self.clock.sleep_ms(GOING_DOWN_MS)
        while True:
            try:
                self.open()
                return
            except LinkError as err:
                if limit.expired or err.id == "telnet-login-refused":
                    raise not_back(self.name, limit_s) from err
            self.clock.sleep_ms(limit.slice_ms(RECONNECT_PAUSE_MS))

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read at once; that the connection has ended is told by ``read``, after the last byte."""
        if not self._received:
            with contextlib.suppress(OSError):
                self._fill(0.0)
        return len(self._received)

    def read(self, size: int = 1) -> bytes:
        """Up to ``size`` bytes as soon as there is one; ``b""`` after ``timeout`` seconds. Raises OSError."""
        if not self._received and not self._ended:
            self._fill(self.timeout)
        if not self._received and self._ended:
            raise ConnectionResetError("the connection has ended")
        data = bytes(self._received[:size])
        del self._received[: len(data)]
        return data

    def write(self, data: bytes) -> int:
        """Send all of ``data``. Raises OSError if the connection has ended, or takes nothing."""
        self._send(data.replace(b"\xff", b"\xff\xff"))
        return len(data)

    @property
    def cts(self) -> bool:
        """There are no modem lines."""
        raise NotImplementedError

    def close(self) -> None:
        """End the connection; may be called twice."""
        connection, self._socket = self._socket, None
        self._ended = True
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    # --- making the connection ---

    def _connect(self, limit_s: float) -> None:
        try:
            made = socket.create_connection((self.address.host, self.address.port), limit_s)
        except OSError as err:
            raise _unreachable(self.name, err) from err
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE:
            if hasattr(socket, name):
                with contextlib.suppress(OSError):
                    made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        made.settimeout(WRITE_S)
        self._socket = made
        self._decoder = Decoder()
        self._received.clear()
        self._ended = False

    def _log_in(self) -> None:
        self._await(USER_PROMPT)
        self._send(self.address.user.encode() + b"\r\n")
        self._await(PASSWORD_PROMPT)
        self.clock.sleep_ms(BEFORE_PASSWORD_MS)
        self._send(self.address.password.encode() + b"\r\n")
        self._await(LOGGED_IN)

    def _await(self, wanted: bytes) -> None:
        """Read up to and with ``wanted``. Raises LinkError if something else, or nothing, comes."""
        limit = Deadline(self.clock, LOGIN_S)
        while True:
            at = self._received.find(wanted)
            if at >= 0:
                del self._received[: at + len(wanted)]
                return
            refused = wanted == LOGGED_IN and (USER_PROMPT in self._received or b"nvalid" in self._received)
            if refused or (self._ended and wanted == LOGGED_IN):
                raise _wrong_login(self.name, self.address.user)
            if self._ended or (limit.expired and not self._received):
                raise _turned_away(self.name)
            if limit.expired or len(self._received) > CHUNK_BYTES:
                raise _no_board(self.name)
            self._fill(POLL_S)

    # --- bytes ---

    def _fill(self, wait_s: float) -> None:
        """Take what has come, waiting ``wait_s`` for it; answers what the server wants to negotiate."""
        connection = self._socket
        if connection is None or self._ended:
            return
        ready, _, _ = select.select([connection], [], [], wait_s)
        if not ready:
            return
        try:
            raw = connection.recv(CHUNK_BYTES)
        except OSError:
            self._ended = True
            raise
        if not raw:
            self._ended = True
            return
        data, answer = self._decoder.feed(raw)
        self._received += data
        if answer:
            self._send(answer)

    def _send(self, raw: bytes) -> None:
        if self._socket is None:
            raise ConnectionResetError("the connection has ended")
        self._socket.sendall(raw)


class Decoder:
    """Takes the telnet commands out of what a server sends (RFC 854), whatever the pieces it comes in."""

    def __init__(self) -> None:
        self._held = b""
        self._told: set[bytes] = set()

    def feed(self, raw: bytes) -> tuple[bytes, bytes]:
        """(data, what to answer). An end that may go on is kept for the next call."""
        buffer, self._held = self._held + raw, b""
        data, answer = bytearray(), bytearray()
        at = 0
        while at < len(buffer):
            command = buffer.find(IAC, at)
            if command < 0:
                data += buffer[at:]
                break
            data += buffer[at:command]
            end = self._command(buffer, command, data, answer)
            if end is None:
                self._held = buffer[command:]
                break
            at = end
        return bytes(data), bytes(answer)

    def _command(self, buffer: bytes, at: int, data: bytearray, answer: bytearray) -> int | None:
        """Where the command at ``at`` ends; None if the rest of it has not come."""
        if at + 1 >= len(buffer):
            return None
        verb = buffer[at + 1]
        if verb == IAC:
            data.append(IAC)
        elif verb in _NEGOTIATE:
            if at + 2 >= len(buffer):
                return None
            answer += self._answer(verb, buffer[at + 2])
            return at + 3
        elif verb == SB:
            end = _SUBOPTION.match(buffer, at)
            if end is not None:
                return end.end()
            return None if len(buffer) - at < LONGEST_OPTION_BYTES else at + 2
        elif verb < _FIRST_COMMAND:  # no command: a server that does not double its 0xFF
            data += buffer[at : at + 2]
        return at + 2

    def _answer(self, verb: int, option: int) -> bytes:
        """Yes to an echo and to no go-aheads, no to all else; each said once, so that nobody answers forever."""
        agreed = option in (_ECHO, _GO_AHEAD) if verb == WILL else option == _GO_AHEAD
        said = {WILL: (DONT, DO), WONT: (DONT, DONT), DO: (WONT, WILL), DONT: (WONT, WONT)}[verb][agreed]
        reply = bytes((IAC, said, option))
        if reply in self._told:
            return b""
        self._told.add(reply)
        return reply


def lost(name: str) -> PortLost:
    """The connection ended while it was in use."""
    return PortLost(
        "wifi-connection-lost",
        "the Wi-Fi connection to the board was lost",
        on=name,
        cause="the board restarted (every reset ends the connection), it lost power, or this computer left its network",
        next=f"leave the board powered and wait 10 s; {JOIN}",
    )


def not_back(name: str, waited_s: float) -> PortLost:
    """The board was restarted and its servers do not come back."""
    return PortLost(
        "wifi-connection-lost",
        f"the board was restarted and did not answer telnet again within {waited_s:.0f} s",
        on=name,
        cause="this computer did not join the board's network again, or Wi-Fi is off after a start",
        next=JOIN,
    )


def _unreachable(name: str, err: OSError) -> LinkError:
    if isinstance(err, ConnectionRefusedError):
        return LinkError(
            "board-not-on-wifi",
            "there is a computer at this address, but no telnet server on it",
            on=name,
            cause="the address is another device's, the board's servers are switched off, or it is in mirror mode",
            next="check the address; if it is the board's, press its reset button, or connect it by USB",
        )
    if isinstance(err, socket.gaierror):
        why = "this name is not known"
    elif isinstance(err, TimeoutError):
        why = f"no answer in {CONNECT_S:.0f} s"
    else:
        why = reason(err)
    return LinkError(
        "board-not-on-wifi",
        f"the board cannot be reached over Wi-Fi: {why}",
        on=name,
        cause="this computer is not in the board's own Wi-Fi network, or the board has no power or no Wi-Fi",
        next=f"{JOIN}; or connect the board by USB",
    )


def _turned_away(name: str) -> LinkError:
    return LinkError(
        "port-busy",
        "the board accepts the connection but does not ask for a login",
        on=name,
        cause=BUSY_CAUSE,
        next="disconnect it (in an editor: disconnect, and switch off auto-connect), then run the command again; a"
        " fipy-doctor may be flashing: leave it alone",
    )


def _no_board(name: str) -> LinkError:
    return LinkError(
        "board-not-on-wifi",
        "what answers there is not a board: it does not ask for a login, as boards do",
        on=name,
        cause="the address is another device's",
        next="give the board's address; in its own Wi-Fi network that is telnet://192.168.4.1",
    )


def _wrong_login(name: str, user: str) -> LinkError:
    return LinkError(
        "telnet-login-refused",
        f"the board does not accept the login of user {user}",
        on=name,
        cause="the user or the password is not the board's (Server(login=…)); usual are micro and python",
        next="give them as telnet://USER:PASSWORD@HOST, or the password in FIPY_DOCTOR_TELNET_PASSWORD",
    )
