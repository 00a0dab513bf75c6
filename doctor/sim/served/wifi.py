"""The simulated bench in real time for programs that reach the board over Wi-Fi: telnet and FTP beside the cable."""

from __future__ import annotations

import time
from collections.abc import Callable

from doctor.sim.served.ftp import FtpServer
from doctor.sim.served.listen import Listener
from doctor.sim.served.telnet import TelnetServer


class WifiListener(Listener):
    """A ``Listener`` whose board serves telnet and FTP too, on localhost.

    telnet_port, ftp_port  0 = any free one

    Raises as ``Listener``; ValueError for a bare modem, which has no Wi-Fi.
    """

    def __init__(
        self,
        url: str,
        *,
        telnet_port: int = 0,
        ftp_port: int = 0,
        tcp_port: int | None = 0,
        pty: bool = True,
        on_names: Callable[[tuple[str, ...]], None] | None = None,
    ) -> None:
        self._servers: tuple[TelnetServer, FtpServer] | None = None
        super().__init__(url, tcp_port=tcp_port, pty=pty, on_names=on_names)
        board = self.serial.bench.board
        try:
            if board is None:
                raise ValueError("a bare modem has no Wi-Fi: use sim://fipy or sim://gpy")
            self.telnet = TelnetServer(board, telnet_port)
            self.ftp = FtpServer(board, ftp_port)
        except (OSError, ValueError):
            self.close()
            raise
        self._servers = (self.telnet, self.ftp)
        board.on_console = self.telnet.heard
        board.on_restart = self._drop_all

    def __enter__(self) -> WifiListener:
        super().__enter__()
        return self

    @property
    def telnet_name(self) -> str:
        """What other programs connect to; the board's FTP server is named in it."""
        return f"telnet://127.0.0.1:{self.telnet.tcp_port}?ftp={self.ftp.tcp_port}"

    @property
    def names(self) -> tuple[str, ...]:
        """As ``Listener``, and the board's address on Wi-Fi."""
        return super().names if self._servers is None else (*super().names, self.telnet_name)

    def close(self) -> None:
        """Close the ways in and the bench."""
        for server in self._servers or ():
            server.close()
        super().close()

    def _turn(self) -> None:
        for server in self._servers or ():
            if server.turn():
                self._active_s = time.monotonic()
        super()._turn()

    def _drop_all(self) -> None:
        for server in self._servers or ():
            server.drop()
