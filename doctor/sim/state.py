"""A simulated bench that lasts: one directory that holds it between runs, used by one program at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, Any

from doctor.documents.json_file import lock, read_json, write_whole

MAX_BYTES = 64 << 20  #: of a bench; the files of a board and of a small card take some MiB
SCHEMA = "fipy-doctor/sim-state/1"


class BenchBusy(Exception):
    """Another program, or another open port of this one, uses the same bench."""


class StateUnusable(Exception):
    """The directory cannot be made, read or written."""


class StateDir:
    """The directory behind ``state=DIR``: ``bench.json``, ``card.img`` and a lock.

    The card is an ordinary image file: ``--sd DIR/card.img`` is the card taken out and put into the PC.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[bytes] | None = None

    @property
    def card_path(self) -> Path:
        """The card's image file; absent = nothing in the slot."""
        return self.path / "card.img"

    def lock(self) -> None:
        """Make the directory and take it for us alone. Raises BenchBusy, StateUnusable.

        The lock is the system's, so it ends with the process, however that ends.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            handle = (self.path / "lock").open("a+b")
        except OSError as error:
            raise self.unusable(error) from error
        try:
            lock(handle)
        except OSError as error:
            handle.close()
            raise BenchBusy(f"the bench in {self.path} is in use by another program") from error
        self._lock = handle

    def unlock(self) -> None:
        """Give the directory back; may be called twice."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def unusable(self, error: OSError) -> StateUnusable:
        """What to raise if the directory fails us."""
        return StateUnusable(f"{self.path} cannot keep a bench: {error.strerror or error}")

    def load(self) -> dict[str, Any] | None:
        """What was saved; None for a new directory. Raises ValueError for a file that is not ours."""
        path = self.path / "bench.json"
        try:
            data = read_json(path, MAX_BYTES)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise ValueError(
                f"{path} cannot be read: {error}; remove the directory to start from the beginning"
            ) from error
        if not isinstance(data, dict) or data.get("schema") != SCHEMA:
            raise self.damaged()
        return data

    def damaged(self) -> ValueError:
        """What to raise if what was kept makes no sense."""
        return ValueError(
            f"{self.path / 'bench.json'} is not the state of a simulated bench; remove the directory to start from the"
            " beginning"
        )

    def save(self, data: dict[str, Any]) -> None:
        """Replace what was saved; a reader sees the old or the new, never a part."""
        write_whole(self.path / "bench.json", json.dumps({"schema": SCHEMA, **data}, indent=1).encode())
