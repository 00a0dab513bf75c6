"""The served board's FTP server: passive only, one client, the board's own file systems (board-and-repl.md 3.7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from socket import socket
from typing import TYPE_CHECKING

from doctor.sim.board.vfs import absolute
from doctor.sim.card.image import CardFault
from doctor.sim.served.sockets import Server

if TYPE_CHECKING:
    from doctor.sim.board.board import BoardSim
    from doctor.sim.board.vfs import Volume
    from doctor.sim.card.image import DirEntry

IDLE_LIMIT_MS = 300_000
WIFI_BYTES_PER_S = 100_000
"""Payload over the board's soft AP onto a card; nobody has measured it: **?**"""
CHUNK_BYTES = 16_384
USER, PASSWORD = "micro", "python"

_ENDS_DATA = ("426", "451", "550")
"""Replies that close the data connection; behind a 502 only the next PASV does (board-and-repl.md 3.7)."""
_REPLIES = {
    "exists": "550 exists", "full": "451 no room", "not-found": "550 no such file",
    "no-filesystem": "550 no file system",
}  # fmt: skip


@dataclass
class _Transfer:
    """What goes over the data connection: into a file (``inner`` of ``volume``), or ``content`` out of one."""

    volume: Volume | None = None
    inner: str = ""
    content: bytearray = field(default_factory=bytearray)
    incoming: bool = False


class FtpServer(Server):
    """Serves the file systems of ``board`` on localhost; call ``turn`` regularly.

    keeps_bytes  a server that drops what comes after so many bytes, and says that all went well; None: no such fault
    dead         accepts connections and never says a word
    """

    def __init__(self, board: BoardSim) -> None:
        super().__init__()
        self._data = Server()
        self.keeps_bytes: int | None = None
        self.dead = False
        self.bytes_per_s = WIFI_BYTES_PER_S
        self.idle_limit_ms = IDLE_LIMIT_MS
        self.log: list[str] = []
        """Commands as they came, a password hidden."""
        self._board = board
        self._begin()

    def _begin(self) -> None:
        self._line = bytearray()
        self._user = ""
        self._logged_in = False
        self._cwd = "/"
        self._from: str | None = None
        self._transfer: _Transfer | None = None
        self._passive = False
        self._credit = 0.0
        self._now_ms = self._active_ms = self._board.world.now_ms

    def turn(self) -> bool:
        """Serve what waits; True if something moved."""
        if not self._board.network_up or self.dead:
            return False
        if self.client is None and not self._accept():
            return False
        now = self._board.world.now_ms
        self._credit = min(self._credit + (now - self._now_ms) * self.bytes_per_s / 1000, 4.0 * self.bytes_per_s)
        self._now_ms = now
        moved = self._commands() | self._move()
        self.say(b"")
        if moved:
            self._active_ms = now
        elif now - self._active_ms > self.idle_limit_ms:
            self.drop()
        return moved

    def drop(self) -> None:
        """The client has gone, or the board: what arrived of a file stays, as a file that is too short."""
        transfer = self._transfer
        if transfer is not None and transfer.incoming:
            self._store(transfer)
        super().drop()
        self._hang_up()
        self._begin()

    def close(self) -> None:
        """End connections and servers; may be called twice."""
        super().close()
        self._data.close()

    # --- the control connection ---

    def _accept(self) -> bool:
        if not self.let_in():
            return False
        self._begin()
        self._say("220 Micropython FTP Server")
        return True

    def _say(self, text: str) -> None:
        if text[:3] in _ENDS_DATA:
            self._hang_up()
        self.say(text.encode() + b"\r\n")

    def _hang_up(self) -> None:
        """End the data connection, one that nobody has taken yet too."""
        self._data.drop()
        self._data.turn_away()

    def _commands(self) -> bool:
        raw = self.received(CHUNK_BYTES)
        self._line += raw
        while self.client is not None and b"\n" in self._line:
            line, _, rest = self._line.partition(b"\n")
            self._line = bytearray(rest)
            self._command(line.decode("utf-8", "replace").strip("\r"))
        return bool(raw)

    def _command(self, line: str) -> None:
        verb, _, argument = line.partition(" ")
        verb = verb.upper()
        self.log.append("PASS ***" if verb == "PASS" else line)
        if verb not in _VERBS:
            self._say("502 not implemented")
        elif not self._logged_in and verb not in ("USER", "PASS", "QUIT"):
            self._say("332 ")
        else:
            try:
                _VERBS[verb](self, argument)
            except CardFault as fault:
                self._say(_REPLIES.get(fault.kind, "550 failed"))

    def _user_named(self, name: str) -> None:
        self._user = name
        self._say("331 password")

    def _password_given(self, word: str) -> None:
        self._logged_in = (self._user, word) == (USER, PASSWORD)
        self._say("230 logged in" if self._logged_in else "530 no")

    def _quit(self, _argument: str) -> None:
        self._say("221 bye")
        self.drop()

    def _pasv(self, _argument: str) -> None:
        self._hang_up()
        self._passive = True
        high, low = divmod(self._data.tcp_port, 256)
        self._say(f"227 (127,0,0,1,{high},{low})")

    # --- files ---

    def _path(self, name: str) -> str:
        return absolute(name, self._cwd)

    def _cwd_to(self, name: str) -> None:
        if not self._board.vm.vfs.is_dir(self._path(name)):
            raise CardFault("not-found")
        self._cwd = self._path(name)
        self._say("250 ok")

    def _list(self, _argument: str) -> None:
        entries = self._board.vm.vfs.entries(self._cwd)
        self._send_out("".join(_listing(entry) for entry in entries).encode())

    def _size(self, volume: Volume, inner: str) -> None:
        entry = volume.stat(inner)
        if entry.is_dir:
            raise CardFault("not-found")
        self._say(f"213 {entry.size_bytes}")

    def _mdtm(self, volume: Volume, inner: str) -> None:
        volume.stat(inner)
        self._say("213 19800101000000")

    def _dele(self, volume: Volume, inner: str) -> None:
        volume.stat(inner)
        volume.remove(inner)
        self._say("250 ok")

    def _mkd(self, volume: Volume, inner: str) -> None:
        volume.mkdir(inner)
        self._say("250 ok")

    def _rnfr(self, volume: Volume, inner: str) -> None:
        volume.stat(inner)
        self._from = inner
        self._say("350 go on")

    def _rnto(self, volume: Volume, inner: str) -> None:
        source, self._from = self._from, None
        if source is None:
            self._say("503 RNFR first")
            return
        volume.rename(source, inner)
        self._say("250 ok")

    def _retr(self, volume: Volume, inner: str) -> None:
        self._send_out(volume.read(inner))

    def _stor(self, volume: Volume, inner: str) -> None:
        if not self._passive:
            self._say("425 PASV first")
            return
        volume.write(inner, b"")
        self._transfer = _Transfer(volume, inner, incoming=True)
        self._say("150 send it")

    def _send_out(self, content: bytes) -> None:
        if not self._passive:
            self._say("425 PASV first")
            return
        self._transfer = _Transfer(content=bytearray(content))
        self._say("150 here it comes")

    # --- the data connection ---

    def _move(self) -> bool:
        transfer = self._transfer
        if transfer is None:
            return False
        if not self._data.connected():
            if not self._data.let_in():
                return False
            self._credit = 0.0
        moved = False
        while (connection := self._data.client) is not None and self._credit >= 1:
            room = min(CHUNK_BYTES, int(self._credit))
            try:
                carry = self._take_in if transfer.incoming else self._give_out
                self._credit -= carry(transfer, connection, room)
            except BlockingIOError:
                break
            except OSError:
                self.drop()
                return True
            moved = True
        return moved

    def _take_in(self, transfer: _Transfer, connection: socket, room: int) -> int:
        data = connection.recv(room)
        transfer.content += data
        if not data:
            self._end("226 stored" if self._store(transfer) else "451 no room")
        return len(data)

    def _give_out(self, transfer: _Transfer, connection: socket, room: int) -> int:
        sent = connection.send(transfer.content[:room]) if transfer.content else 0
        del transfer.content[:sent]
        if not transfer.content:
            self._end("226 sent")
        return sent

    def _store(self, transfer: _Transfer) -> bool:
        content = bytes(transfer.content)
        try:
            if transfer.volume is not None:
                transfer.volume.write(transfer.inner, content[: self.keeps_bytes])
        except CardFault:
            return False
        return True

    def _end(self, reply: str) -> None:
        self._hang_up()
        self._transfer = None
        self._passive = False
        self._say(reply)


def _listing(entry: DirEntry) -> str:
    kind = "d" if entry.is_dir else "-"
    return f"{kind}rw-rw-rw-   1 root  root {entry.size_bytes:9} Jan  1  1980 {entry.name}\r\n"


def _on_file(act: Callable[[FtpServer, Volume, str], None]) -> Callable[[FtpServer, str], None]:
    """What is done to a path within a volume, by the name that the client gives."""
    return lambda ftp, name: act(ftp, *ftp._board.vm.vfs.locate(ftp._path(name)))


#: All that the board's server knows; no NLST, MLSD, EPSV, REST, PORT.
_VERBS: dict[str, Callable[[FtpServer, str], None]] = {
    "USER": FtpServer._user_named,
    "PASS": FtpServer._password_given,
    "QUIT": FtpServer._quit,
    "PASV": FtpServer._pasv,
    "CWD": FtpServer._cwd_to,
    "CDUP": lambda ftp, _: ftp._cwd_to(".."),
    "PWD": lambda ftp, _: ftp._say(f"257 {ftp._cwd}"),
    "XPWD": lambda ftp, _: ftp._say(f"257 {ftp._cwd}"),
    "FEAT": lambda ftp, _: ftp._say("211 no-features"),
    "SYST": lambda ftp, _: ftp._say("215 UNIX Type: L8"),
    "TYPE": lambda ftp, _: ftp._say("200 ok"),
    "NOOP": lambda ftp, _: ftp._say("200 ok"),
    "LIST": FtpServer._list,
    "SIZE": _on_file(FtpServer._size),
    "MDTM": _on_file(FtpServer._mdtm),
    "DELE": _on_file(FtpServer._dele),
    "RMD": _on_file(FtpServer._dele),
    "MKD": _on_file(FtpServer._mkd),
    "RNFR": _on_file(FtpServer._rnfr),
    "RNTO": _on_file(FtpServer._rnto),
    "RETR": _on_file(FtpServer._retr),
    "STOR": _on_file(FtpServer._stor),
}
