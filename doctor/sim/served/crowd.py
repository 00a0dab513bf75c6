"""Many simulated boards served at once, each with numbers of its own, and a file that says where they are."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from doctor.documents.json_file import write_whole
from doctor.sim.served.listen import DEFAULT_SPEED, Listener

FASTEST = 2 * DEFAULT_SPEED
"""Simulated seconds per real second of all boards together: faster, two processors do not keep up with them."""


class Crowd:
    """Serves ``count`` boards of one URL until it is closed. Use as a context manager.

    one         makes the server of a URL
    url         what each board is made from; the second has ``id=2``, and a ``state`` that is a folder within that one
    ports_file  gets the port of each board, a line each, as soon as all are served, and again when one changes: by
                RFC 2217, since a pseudo terminal has no RTS, and nobody can tell there whether the jumpers are off

    Raises what ``one`` raises; OSError if the file cannot be written.
    """

    def __init__(self, one: Callable[[str], Listener], url: str, count: int, ports_file: Path | None = None) -> None:
        self._file = ports_file
        self._lock = threading.Lock()
        self._open = ExitStack()
        self.boards: list[Listener] = []
        try:
            for number in range(1, count + 1):
                self.boards.append(self._open.enter_context(one(url_of(url, number, count))))
            self.tell()
        except BaseException:
            self._open.close()
            raise

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_exception: object) -> None:
        """End serving; the file goes, too: nobody answers at its ports any more."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)
        self._open.close()

    def tell(self) -> None:
        """Write the file. Raises OSError."""
        if self._file is None:
            return
        with self._lock:
            write_whole(self._file, "".join(f"{_port_of(board)}\n" for board in self.boards).encode())

    def wait(self) -> None:
        """Return when no board is served any more; Ctrl-C gets through."""
        for board in self.boards:
            board.wait()


def _port_of(board: Listener) -> str:
    return next((name for name in board.names if name.startswith("rfc2217:")), board.names[0])


def url_of(url: str, number: int, count: int) -> str:
    """The URL of one of so many boards; a single one is what ``url`` says."""
    if count == 1:
        return url
    url = re.sub(r"([?&]state=[^&]+)", rf"\1/{number}", url)
    mark = "&" if "?" in url else "?"
    speed = "" if "speed=" in url else f"&speed={min(DEFAULT_SPEED, FASTEST / count):g}"
    return f"{url}{mark}id={number}{speed}"
