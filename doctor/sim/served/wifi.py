"""The simulated bench in real time for programs that reach the board over Wi-Fi: telnet and FTP beside the cable."""

from __future__ import annotations

import time
from typing import Any

from doctor.sim.served.ftp import FtpServer
from doctor.sim.served.listen import Listener
from doctor.sim.served.telnet import TelnetServer


class WifiListener(Listener):
    """A ``Listener``, with its options, whose board serves telnet and FTP too, on any free ports of localhost.

    Raises as ``Listener``; ValueError for a bare modem, which has no Wi-Fi.
    """

    def __init__(self, url: str, **options: Any) -> None:
        self._servers: tuple[TelnetServer, FtpServer] | None = None
        super().__init__(url, **options)
        board = self.serial.bench.board
        try:
            if board is None:
                raise ValueError("a bare modem has no Wi-Fi: use sim://fipy or sim://gpy")
            self.telnet = TelnetServer(board)
            self.ftp = FtpServer(board)
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
