"""A file on a card, as the PC or the board lists it, and what other systems leave there."""

from __future__ import annotations

from dataclasses import dataclass

ROOT = "/sd"  #: where the board mounts its card, so paths read as the user types them there
HOUSEKEEPING = frozenset({"system volume information", ".spotlight-v100", ".trashes", ".fseventsd", ".trash-1000"})
APPLE_DOUBLE_MAGIC = bytes.fromhex("00051607")  #: how every ``._`` file of macOS starts


@dataclass(frozen=True)
class CardFile:
    """A file or folder on a card; ``path`` is the board's, such as ``/sd/x.dup``.

    size_bytes  -1 if the board cannot tell it
    """

    path: str
    name: str
    size_bytes: int
    is_dir: bool

    @property
    def is_companion(self) -> bool:
        """Whether it has the name of one of the files in which macOS keeps what FAT cannot hold."""
        return self.name.startswith("._")

    @property
    def is_housekeeping(self) -> bool:
        """Whether it is, or lies in, a folder that Windows or macOS puts on every card; harmless."""
        return self.path.count("/") > 1 and self.path.lower().split("/")[2] in HOUSEKEEPING

    @property
    def at_root(self) -> bool:
        """Whether it lies at the top level of the card."""
        return self.path.count("/") == 2
