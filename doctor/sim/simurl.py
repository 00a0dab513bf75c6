"""What a ``sim://`` URL says: which bench, in which state, with which faults."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from doctor.sim.board.eras import sim_era
from doctor.sim.board.file_faults import parse_files
from doctor.sim.carrier import CARRIERS, LABELS
from doctor.sim.foreign import DEVICES
from doctor.sim.modem.faults import Faults
from doctor.sim.modem.flash import parse_loaders
from doctor.sim.scenarios import SCENARIOS
from doctor.text.nearest import did_you_mean

BOARDS = ("fipy", "gpy")
"""Host part of the URL: a module on a carrier board."""
BARE_MODEMS = {"sqn3330": "SQN3330", "gm02s": "MONARCH2"}
"""Host part of the URL and the family of the modem that is at the port without a board."""
FOREIGN = "foreign"
"""Host part of the URL: something else is at the port, ``device`` says what."""
DEVICE_SCENARIOS = {f"{FOREIGN}-{name}": name for name in DEVICES}
"""Scenarios that put such a device at the port, by name, and keys of DEVICES."""
DEFAULT_BUILDS = {"gm02s": 60186}
"""What a new bench runs, unless it is the family's usual build: the one genuine file that exists must change it."""
DEFAULT_RELEASE = "1.20.2.r4"
DEFAULT_CARRIER = "expansion3"
SPEED_MOST = 1000.0
"""Faster, a program that takes a few milliseconds to answer looks as if it had hung; without a speed nothing waits."""
LATENCY_MOST_MS = 255
"""The longest that FTDI's chips have (AN232B-04)."""


_ANY_SCENARIO = (*SCENARIOS, *DEVICE_SCENARIOS)
_Reader = Callable[[str, str], object]


@dataclass(frozen=True)
class BenchSpec:
    """One bench as the URL asks for it; None if the URL leaves it open.

    kind       key of BOARDS or BARE_MODEMS, or FOREIGN
    device     key of DEVICES, for FOREIGN
    bootloaders  builds of the modem's three boot loaders, with the star at the one that runs
    scenarios  names from SCENARIOS, applied one after the other (``scenario=a,b``)
    speed      simulated seconds per real second; None: as fast as possible
    jumpers    labels of the jumpers that are on, of RTS and CTS
    battery    True: connected
    faults     texts for Faults.parse
    files      texts of FILE_WORDS: the board's file system, and what goes wrong in it
    latency    milliseconds of the USB chip's latency timer; 0: what it has goes to the PC at once
    id         which of many boards: its IMEI and its unique id follow from it
    """

    kind: str
    device: str | None = None
    scenarios: tuple[str, ...] = ()
    release: str | None = None
    build: int | None = None
    bootloaders: str | None = None
    radio: str | None = None
    state: Path | None = None
    speed: float | None = None
    carrier: str | None = None
    jumpers: tuple[str, ...] | None = None
    battery: bool | None = None
    faults: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    seed: int = 0
    latency: int = 0
    id: int | None = None

    @property
    def has_board(self) -> bool:
        """False if a bare modem is at the port, or something else."""
        return self.kind in BOARDS


def parse_sim_url(url: str) -> BenchSpec:
    """Read a ``sim://`` URL. Raises ValueError that names what is valid."""
    parts = urlsplit(url)
    if parts.scheme.lower() != "sim":
        raise ValueError(f"not a sim:// URL: {url}")
    kind = (parts.hostname or "").lower()
    if kind not in (*BOARDS, *BARE_MODEMS, FOREIGN):
        raise ValueError(_no_such("simulated bench", kind, (*BOARDS, *BARE_MODEMS, FOREIGN)))
    read: dict[str, Any] = {"faults": (), "files": ()}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name == "scenario" and value in DEVICE_SCENARIOS:
            kind, name, value = FOREIGN, "device", DEVICE_SCENARIOS[value]
        if name not in _READERS:
            raise ValueError(f"sim:// knows no {name!r}: one of {', '.join(_READERS)}")
        said = _READERS[name](name, value)
        field = {"scenario": "scenarios", "fault": "faults"}.get(name, name)
        if field in ("faults", "files"):
            said = (*read[field], said)
        elif field in read:
            raise ValueError(f"{name} is given twice")
        read[field] = said
    if (kind == FOREIGN) is not ("device" in read):
        raise ValueError(f"sim://{FOREIGN}?device=NAME, and no other, has a device: one of {', '.join(DEVICES)}")
    for name in read.get("scenarios", ()):
        if kind in BARE_MODEMS and SCENARIOS[name].needs_board:
            raise ValueError(f"scenario {name!r} needs a board; sim://{kind} is a bare modem")
    if "release" in read and kind in BOARDS:
        sim_era(read["release"])
    return BenchSpec(kind, **read)


def continued(url: str) -> list[str]:
    """What the beginning of a ``sim://`` URL may become: its host, then a parameter, then a value that has a name."""
    host, mark, query = url.removeprefix("sim://").partition("?")
    if not mark:
        names = [f"sim://{name}" for name in (*BOARDS, *BARE_MODEMS)]
        return [*names, f"sim://{FOREIGN}?device=", *(f"{name}?" for name in names if host in BOARDS and name == url)]
    if host not in (*BOARDS, *BARE_MODEMS, FOREIGN):
        return []
    front, ampersand, last = query.rpartition("&")
    front = f"sim://{host}?{front}{ampersand}"
    name, equals, value = last.partition("=")
    if not equals:
        return [f"{front}{known}=" for known in _READERS if (known == "device") is (host == FOREIGN)]
    before = value[: value.rfind(",") + 1] if name == "scenario" else ""
    named: dict[str, Collection[str]] = {
        "scenario": _ANY_SCENARIO,
        "device": DEVICES,
        "carrier": CARRIERS,
        "radio": ("CATM1", "NB1"),
    }
    return [f"{front}{name}={before}{known}" for known in named.get(name, ())]


def _no_such(what: str, name: str, known: Collection[str]) -> str:
    meant = did_you_mean(name, known, "")
    if not meant and name in _ANY_SCENARIO:
        meant = f"did you mean sim://fipy?scenario={name}?"
    return f"no {what} is called {name!r}: {meant + ' There are ' if meant else 'one of '}{', '.join(known)}"


def _number(name: str, value: str) -> int:
    if not value.isdecimal() or not value.isascii():
        raise ValueError(f"{name} is a number, not {value!r}")
    return int(value)


def _latency(name: str, value: str) -> int:
    number = _number(name, value)
    if not 0 <= number <= LATENCY_MOST_MS:
        raise ValueError(f"latency is milliseconds, at most {LATENCY_MOST_MS}, not {value!r}")
    return number


def _one_of(allowed: Mapping[str, object]) -> _Reader:
    def read(name: str, value: str) -> object:
        if value not in allowed:
            raise ValueError(_no_such(name, value, allowed))
        return allowed[value]

    return read


def _scenarios(_name: str, value: str) -> tuple[str, ...]:
    names = tuple(name for name in value.split(",") if name)
    for name in names:
        if name in DEVICE_SCENARIOS:
            raise ValueError(f"scenario {name!r} is another device at the port: no other scenario goes with it")
        if name not in SCENARIOS:
            raise ValueError(_no_such("scenario", name, _ANY_SCENARIO))
    return names


def _unless(refused: Callable[[str], object]) -> _Reader:
    def read(_name: str, value: str) -> str:
        refused(value)
        return value

    return read


def _state(_name: str, value: str) -> Path | None:
    return Path(value) if value else None


def _speed(_name: str, value: str) -> float:
    try:
        speed = float(value)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= SPEED_MOST:
        raise ValueError(
            f"speed is simulated seconds per real second, above 0 and at most {SPEED_MOST:g}, not {value!r}"
        )
    return speed


def _fault(_name: str, value: str) -> str:
    fault = value.replace(" ", "+")  # which a URL turns into a space
    Faults().parse(fault)
    return fault


_READERS: dict[str, _Reader] = {
    "device": _one_of({name: name for name in DEVICES}),
    "scenario": _scenarios,
    "release": lambda _name, value: value,
    "build": _number,
    "bootloaders": _unless(parse_loaders),
    "radio": _one_of({"CATM1": "CATM1", "NB1": "NB1"}),
    "state": _state,
    "speed": _speed,
    "carrier": _one_of({name: name for name in CARRIERS}),
    "jumpers": _one_of({"fitted": LABELS, "removed": (), "only-rts": LABELS[:1], "only-cts": LABELS[1:]}),
    "battery": _one_of({"fitted": True, "removed": False}),
    "fault": _fault,
    "files": _unless(lambda value: parse_files([value])),
    "seed": _number,
    "latency": _latency,
    "id": _number,
}
"""What reads the value of each parameter; raises ValueError that names what is valid."""
