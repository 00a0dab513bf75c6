"""Places of a labgrid coordinator: which ones are meant, which port of one, and the URL that leads there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from doctor.errors import UsageError
from doctor.link.port_url import at_place
from doctor.text.escape import first_of
from doctor.text.nearest import nearest

#: What ser2net on a port without RTS needs (fleet.md 1); labgrid's own driver always asks for it.
FOR_SER2NET = "?ign_set_control&timeout=3"


@dataclass(frozen=True)
class SerialPort:
    """A serial port of a place.

    exporter, group, name  how labgrid names it; ``match`` is what the place calls it, or ""
    host, port             where it is served; ``port`` is None until the exporter serves it
    path                   the device at the exporter; "" if some other server was exported
    protocol               ``rfc2217`` or ``raw``
    proxy                  it can be reached only through an SSH tunnel
    avail                  the exporter sees the device
    """

    exporter: str
    group: str
    name: str
    host: str = ""
    port: int | None = None
    path: str = ""
    protocol: str = "rfc2217"
    proxy: bool = False
    avail: bool = True
    match: str = ""

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> SerialPort:
        """The port that a line of the helper names. Raises ValueError, KeyError, TypeError."""
        number = told["port"]
        return cls(
            exporter=str(told["exporter"]),
            group=str(told["group"]),
            name=str(told["name"]),
            host=str(told["host"] or ""),
            port=None if number is None else int(number),
            path=str(told["path"]),
            protocol=str(told["protocol"]),
            proxy=bool(told["proxy"]),
            avail=bool(told["avail"]),
            match=str(told.get("match", "")),
        )

    @property
    def at(self) -> str:
        """What stays the same however often it is served anew: exporter, group and name."""
        return f"{self.exporter}/{self.group}/{self.name}"

    @property
    def called(self) -> frozenset[str]:
        """The words that name it within its place."""
        return frozenset({self.match, self.group, self.name} - {""})


@dataclass(frozen=True)
class Place:
    """A place as the coordinator lists it. ``by`` has it now, as HOST/USER; ``reserved``: somebody waits for it."""

    name: str
    by: str = ""
    reserved: bool = False
    ports: tuple[SerialPort, ...] = ()

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Place:
        """The place that a line of the helper names. Raises ValueError, KeyError, TypeError."""
        ports = tuple(map(SerialPort.read, told["ports"]))
        return cls(str(told["name"]), str(told["by"]), bool(told["reserved"]), ports)


@dataclass(frozen=True)
class Wanted:
    """A place that was asked for; ``port`` names one of its ports, "" if it has one only."""

    place: Place
    port: str = ""

    @property
    def typed(self) -> str:
        """As it is typed behind --labgrid."""
        return f"{self.place.name}/{self.port}" if self.port else self.place.name


def matching(places: Sequence[Place], globs: Iterable[str]) -> list[Wanted]:
    """The places that any of ``globs`` means, in the order of their numbers; ``GLOB/NAME`` names one port of each.
    A name that a place has means that place, whatever it would match.

    Raises UsageError for a glob that means none.
    """
    found: dict[str, Wanted] = {}
    for glob in globs:
        fits = [Wanted(place) for place in _meant(places, glob)]
        if not fits and "/" in glob:
            front, _, port = glob.rpartition("/")
            fits = [Wanted(place, port) for place in _meant(places, front)]
        if not fits:
            raise _none(glob, [place.name for place in places])
        found.update((wanted.place.name, wanted) for wanted in fits)
    return sorted(found.values(), key=lambda wanted: _by_number(wanted.place.name))


def _meant(places: Sequence[Place], glob: str) -> list[Place]:
    """Printed commands name a place as it is, and a bracket may be part of its name."""
    itself = [place for place in places if place.name == glob]
    return itself or [place for place in places if fnmatchcase(place.name, glob)]


def _none(glob: str, names: list[str]) -> UsageError:
    close = nearest(glob, names)
    advice = "`labgrid-client places` lists them; `labgrid-client -p NAME create` makes one"
    return UsageError(
        "labgrid-place",
        "means no place of this coordinator",
        on=glob,
        cause=f"its places are {first_of(sorted(names, key=_by_number))}" if names else "it has no places",
        next=f"--labgrid {close[0]}, or another of them" if close else advice,
    )


def _by_number(name: str) -> list[tuple[int, str]]:
    """Sorts bd-2 in front of bd-10."""
    return [(int(word), "") if word.isdecimal() else (-1, word) for word in re.split(r"(\d+)", name) if word]


def serial_port(wanted: Wanted, ports: Sequence[SerialPort]) -> SerialPort | str:
    """The one port that is meant; if there is none that can be used, why."""
    named = [port for port in ports if not wanted.port or wanted.port in port.called]
    if not ports:
        return "it has no serial port: its matches name none that an exporter serves now"
    if not named:
        return f"none of its ports is called {wanted.port}: it has {_list(ports)}"
    if len(named) > 1:
        first = min(named[0].called - named[1].called, default=named[0].group)
        return f"it has {len(named)} serial ports ({_list(named)}); name one: --labgrid {wanted.place.name}/{first}"
    port = named[0]
    if port.protocol != "rfc2217":
        return f"its port is served as {port.protocol}, which cannot change the speed; export it with protocol: rfc2217"
    if not port.avail:
        return "its exporter does not see the device; is the board plugged in there?"
    if port.proxy:
        return "its exporter can be reached only through an SSH tunnel (isolated), which fipy-doctor does not open"
    return port


def _list(ports: Sequence[SerialPort]) -> str:
    return first_of([port.match or f"{port.group}/{port.name}" for port in ports])


def url_of(wanted: Wanted, port: SerialPort, coordinator: str) -> str:
    """The URL of a port that is served. It says which place it belongs to, which outlives the number of the port.

    coordinator  as it was typed; "" if it is the usual one
    """
    host = f"[{port.host}]" if ":" in port.host else port.host
    options = FOR_SER2NET if port.path else ""
    return at_place(f"rfc2217://{host}:{port.port}{options}", wanted.typed, port.at, coordinator)
