"""A simulated board whose line spoils one chosen byte, and what cures leave behind on board and PC."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from doctor.bench import Bench, BenchOptions
from doctor.remedies.cure import CureContext
from tests.board.one_byte import FROM_BOARD, TO_BOARD, OneByte
from tests.checks.simulated import NotesIn

RELEASES = ("1.17.3.b1", "1.20.2.r4")  #: /flash as FAT, and as LittleFS


class BadSerial:
    """A port that spoils one byte; all else is the port's own."""

    def __init__(self, inner: Any, fault: OneByte) -> None:
        self.__dict__.update(inner=inner, fault=fault)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self.inner, name, value)

    def write(self, data: bytes) -> int:
        """To the board."""
        self.inner.write(self.fault.pass_on(TO_BOARD, bytes(data)))
        return len(data)

    def read(self, size: int) -> bytes:
        """From the board."""
        return bytes(self.fault.pass_on(FROM_BOARD, bytes(self.inner.read(size))))


@contextmanager
def board_with(
    files: dict[str, bytes], release: str = RELEASES[1], *, words: str = "", place: Path | None = None, **options: Any
) -> Iterator[tuple[Bench, Any]]:
    """A bench whose board has these files below /flash, and its file system; ``words`` for ``files=`` of the URL."""
    faults = f"&files={words}" if words else ""
    with Bench(BenchOptions(port=f"sim://gpy?release={release}{faults}", **options), history=NotesIn(place)) as bench:
        flash = bench.link.serial.bench.board.flash
        flash.lay(files)
        yield bench, flash


def spoil(bench: Bench, fault: OneByte) -> None:
    """From now on one byte is hit."""
    bench.board.identify()
    bench.link.serial = BadSerial(bench.link.serial, fault)


def context(folder: Path, **more: Any) -> CureContext:
    """Somebody who says yes to everything."""
    return CureContext(lambda _text: None, lambda _question: True, folder, **more)


def kept_in(folder: Path) -> set[bytes]:
    """The contents of all files below a folder."""
    return {path.read_bytes() for path in folder.rglob("*") if path.is_file()}
