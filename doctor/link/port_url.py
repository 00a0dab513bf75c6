"""What the URL of a port says, read once: a device, ``sim://``, ``rfc2217://``, ``socket://``, ``telnet://``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from doctor.link.telnet_url import without_password

LONGEST_NAME = 40  #: characters of a URL that is shown whole: half a line
_KEY_OF_PLACE = "labgrid:"
_OF_A_DEVICE = ("", "spy", "alt")


def unheld_place(place: str) -> str:
    """What stands for the port of a place that is not held: it can be named, and not be opened."""
    return f"{_KEY_OF_PLACE}{place}@"


def at_place(url: str, place: str, at: str, coordinator: str) -> str:
    """``url`` with the place of a board farm that it leads to, in the part that no server is asked for.

    place        as it is typed behind ``--labgrid``
    at           which port of which exporter, whatever address it is served at
    coordinator  as it was typed; "" if it is the usual one
    """
    words = {"labgrid": place, "coordinator": coordinator, "at": at}
    return f"{url}#{'&'.join(f'{name}={quote(word)}' for name, word in words.items() if word)}"


def real_device(device: str) -> str:
    """The device itself if ``device`` is a link to it, such as ``/dev/serial/by-id/…``.

    Names of Windows are not asked about: whoever looks where COM3 leads has Windows open it.
    """
    return os.path.realpath(device) if device.startswith("/") else device


@dataclass(frozen=True)
class PortUrl:
    """A port by its name or URL. Make it with ``read``, which never fails: what means nothing is refused when opened.

    text      as it was typed, without a password: what may be shown, and typed again
    scheme    the part before ``://`` in lower case; "" for the name of a device
    password  of ``telnet://``, if it stood in the URL
    """

    text: str
    scheme: str
    password: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, typed: str) -> PortUrl:
        """The port that ``typed`` names."""
        text, password = without_password(typed)
        return cls(text, text.split("://", 1)[0].lower() if "://" in text else "", password)

    @property
    def device(self) -> str:
        """The device that is meant; "" if it is none (``sim://``, ``socket://``, the key of a place)."""
        if self.scheme not in _OF_A_DEVICE or self.text.startswith(_KEY_OF_PLACE):
            return ""
        return self.text.split("://", 1)[-1].split("?", 1)[0] if self.scheme else self.text

    @property
    def name(self) -> str:
        """How it reads in a sentence: the device, or the URL; the parameters of a simulated bench can fill lines."""
        if self.place:
            return self.place
        if self.device or len(self.text) <= LONGEST_NAME or "?" not in self.text:
            return self.device or self.text
        return f"{self.text.partition('?')[0]}?..."

    @property
    def key(self) -> str:
        """What journal, lock and memory know it by: its name; of a kept bench, the folder that it is kept in.

        In a board farm it is served at another address each time: there it is the place, and the exporter's port.
        """
        if self.place and not self.text.startswith(_KEY_OF_PLACE):
            return f"{_KEY_OF_PLACE}{self.place.partition('/')[0]}@{self._behind_hash.get('at', '')}"
        if self.kept_in is None:
            return self.device or self.text
        return f"sim://{self._host}?state={self.kept_in.resolve()}"

    @cached_property
    def kept_in(self) -> Path | None:
        """The folder in which a simulated bench is kept (``state=DIR``); None elsewhere."""
        state = self._query.get("state") if self.is_simulated else None
        return Path(state) if state else None

    @property
    def place(self) -> str:
        """The place of a board farm that it leads to, as typed behind ``--labgrid`` (``at_place``); else ""."""
        if self.text.startswith(_KEY_OF_PLACE):
            return self.text[len(_KEY_OF_PLACE) :].rpartition("@")[0]
        return self._behind_hash.get("labgrid", "") if self.scheme == "rfc2217" else ""

    @property
    def recording(self) -> Path | None:
        """The trace that is replayed (``replay://FILE``); None elsewhere."""
        return Path(self.text.split("://", 1)[1]) if self.scheme == "replay" else None

    @property
    def is_simulated(self) -> bool:
        """Whether our simulator is behind it, as the name tells. The practice image and the notes on practising ask."""
        return self.scheme == "sim"

    @property
    def has_address(self) -> bool:
        """Whether it names host and port of a server."""
        try:
            parts = urlsplit(self.text)
            return bool(parts.hostname) and parts.port is not None
        except ValueError:  # the port is not a number
            return False

    @property
    def server(self) -> str:
        """Host and port of its server, the same in every spelling of the URL; "" if it names none."""
        if not self.has_address:
            return ""
        parts = urlsplit(self.text)
        host = parts.hostname or ""
        return f"{'127.0.0.1' if host == 'localhost' else host}:{parts.port}"

    @property
    def is_telnet(self) -> bool:
        """Whether it leads to a board on Wi-Fi."""
        return self.scheme == "telnet"

    @property
    def lasts(self) -> bool:
        """Whether the next process finds the same thing behind it; a bench that is not kept starts again in each."""
        return self.recording is None and (not self.is_simulated or self.kept_in is not None)

    @property
    def in_process(self) -> bool:
        """Whether what is behind it runs in this very process: by a clock of its own, and it stops with us."""
        return self.is_simulated or self.recording is not None

    @property
    def carries_bytes_only(self) -> bool:
        """Whether it has neither a speed that could be changed nor RTS and CTS, whatever pySerial says of them."""
        return self.scheme in ("socket", "telnet")

    @property
    def tells_lines_at_once(self) -> bool:
        """Whether CTS is what it is now; a server of RFC 2217 reports a change when it likes."""
        return self.scheme != "rfc2217"

    @property
    def _host(self) -> str:
        return self.text.split("://", 1)[-1].partition("?")[0].partition("/")[0].lower()

    @property
    def _behind_hash(self) -> Mapping[str, str]:
        return dict(parse_qsl(self.text.partition("#")[2]))

    @property
    def _query(self) -> Mapping[str, str]:
        return dict(parse_qsl(self.text.partition("?")[2].partition("#")[0]))


def simulated(board: str, query: Mapping[str, object]) -> str:
    """The URL of a simulated bench: ``board`` is fipy, gpy or sqn3330; ``query`` holds its parameters."""
    return f"sim://{board}" + (f"?{urlencode(query)}" if query else "")
