"""Files onto a board by its own FTP server: plain, passive, one client (board-and-repl.md 3.7).

The server knows no REST and no MLSD: a broken copy begins again, and what lies there is judged over the REPL.
"""

from __future__ import annotations

import contextlib
import ftplib
import io
from collections.abc import Callable
from types import TracebackType

from doctor.errors import BoardError
from doctor.link.telnet_url import TelnetAddress
from doctor.text.escape import shown

ANSWER_S = 15.0  #: for the greeting and every reply; the server sleeps at most some milliseconds between two looks
TRANSFER_S = 60.0  #: without a byte taken, and for the reply at the end: a slow card may write what it holds first
BLOCK_BYTES = 8192
MOST_LINES = 100  #: of one reply; the server's have one, and its greeting and help a few
#: What ftplib lets through of what a server says: it decodes text, numbers and ports as they come.
_FAULTS: tuple[type[Exception], ...] = (*ftplib.all_errors, ValueError, OverflowError)


class FtpUnusable(Exception):
    """The board's FTP server cannot be used; the text says why. Nothing was written."""


class _Client(ftplib.FTP):
    """ftplib's, which reads a reply of several lines for as long as a server sends any."""

    _lines = 0

    def getmultiline(self) -> str:
        self._lines = 0
        return super().getmultiline()

    def getline(self) -> str:
        self._lines += 1
        if self._lines > MOST_LINES:
            raise ftplib.error_proto("its reply has no end")
        return super().getline()


class BoardFtp:
    """One login at a board's FTP server; use it as a context manager.

    answer_s  limit for a reply, in seconds
    Raises FtpUnusable if nobody answers, the login is refused, or FTP is switched off for this port.
    """

    def __init__(self, address: TelnetAddress, *, answer_s: float = ANSWER_S) -> None:
        if address.ftp_port is None:
            raise FtpUnusable("it is switched off with ?ftp=off")
        self._ftp = _Client()
        try:
            self._ftp.connect(address.host, address.ftp_port, timeout=answer_s)
            self._ftp.login(address.user, address.password)
            self._ftp.set_pasv(True)
        except ftplib.error_perm as err:
            self._ftp.close()
            raise FtpUnusable("it does not accept the login that telnet accepts") from err
        except ConnectionRefusedError as err:
            raise FtpUnusable(f"nothing listens on port {address.ftp_port}") from err
        except TimeoutError as err:
            self._ftp.close()
            raise FtpUnusable(
                f"no answer in {answer_s:g} s; it serves only one client, and another may be connected"
            ) from err
        except _FAULTS as err:
            self._ftp.close()
            raise FtpUnusable(_said(err) or "the connection ended") from err

    def __enter__(self) -> BoardFtp:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        with contextlib.suppress(*_FAULTS):
            if error is None:
                self._ftp.quit()
        self._ftp.close()

    def store(self, path: str, data: bytes, tell: Callable[[int], None], *, on: str) -> None:
        """Write ``data`` to ``path``; ``tell`` hears how many bytes have left, and may raise to stop.

        Raises FtpUnusable if the server takes no file there, BoardError if the copy is interrupted or ends short.
        """
        done = 0

        def sent(block: bytes) -> None:
            nonlocal done
            done += len(block)
            tell(done)

        assert self._ftp.sock is not None
        self._ftp.timeout = TRANSFER_S  # the data connection takes it over
        self._ftp.sock.settimeout(TRANSFER_S)
        try:
            self._ftp.storbinary(f"STOR {path}", io.BytesIO(data), BLOCK_BYTES, sent)
            there = self._ftp.size(path)
        except (OSError, EOFError) as err:
            raise _broken(path, done, len(data), on, "the connection ended") from err
        except _FAULTS as err:
            if not done:
                raise FtpUnusable(f"it does not accept a file: {_said(err)}") from err
            raise _broken(path, done, len(data), on, _said(err)) from err
        if there != len(data):
            raise _broken(path, there or 0, len(data), on, "the server stored less than it was sent")

    def rename(self, source: str, target: str) -> bool:
        """Give a file another name; False if the server does not."""
        try:
            self._ftp.rename(source, target)
        except _FAULTS:
            return False
        return True


def _said(err: Exception) -> str:
    return "its reply makes no sense" if isinstance(err, (ValueError, OverflowError)) else shown(str(err), 100)


def _broken(path: str, done: int, total: int, on: str, why: str) -> BoardError:
    return BoardError(
        "ftp-truncated-file",
        f"the copy to {path} ended early, after {done:,} of {total:,} bytes: {why}",
        on=on,
        cause="the Wi-Fi connection was lost, another FTP program is connected, or the card is full",
        next="run the same command again; the copy starts again. An unfinished copy never has the image's name",
    )
