"""What a ``sim://`` URL says: which bench, in which state, with which faults."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from doctor.sim.board.eras import sim_era
from doctor.sim.board.file_faults import parse_files
from doctor.sim.carrier import CARRIERS, LABELS
from doctor.sim.modem.faults import Faults
from doctor.sim.modem.flash import parse_loaders
from doctor.sim.scenarios import SCENARIOS

BOARDS = ("fipy", "gpy")
"""Host part of the URL: a module on a carrier board."""
BARE_MODEMS = {"sqn3330": "SQN3330", "gm02s": "MONARCH2"}
"""Host part of the URL and the family of the modem that is at the port without a board."""
DEFAULT_BUILDS = {"gm02s": 60186}
"""What a new bench runs, unless it is the family's usual build: the one genuine file that exists must change it."""
DEFAULT_RELEASE = "1.20.2.r4"
DEFAULT_CARRIER = "expansion3"
PARAMETERS = (
    "scenario", "release", "build", "bootloaders", "radio", "state", "speed", "carrier", "jumpers", "battery", "fault",
    "files", "seed",
)  # fmt: skip
SPEED_MOST = 1000.0
"""Faster, a program that takes a few milliseconds to answer looks as if it had hung; without a speed nothing waits."""
RADIOS = ("CATM1", "NB1")
JUMPERS = {"fitted": LABELS, "removed": (), "only-rts": LABELS[:1], "only-cts": LABELS[1:]}
"""What ``jumpers=`` may say, and the labels of those that are on then."""


@dataclass(frozen=True)
class BenchSpec:
    """One bench as the URL asks for it; None if the URL leaves it open.

    kind       key of BOARDS or BARE_MODEMS
    bootloaders  builds of the modem's three boot loaders, with the star at the one that runs
    scenarios  names from SCENARIOS, applied one after the other (``scenario=a,b``)
    speed      simulated seconds per real second; None: as fast as possible
    jumpers    labels of the jumpers that are on, of RTS and CTS
    battery    True: connected
    faults     texts for Faults.parse
    files      texts of FILE_WORDS: the board's file system, and what goes wrong in it
    """

    kind: str
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

    @property
    def is_bare_modem(self) -> bool:
        """True if no board is in front of the modem."""
        return self.kind in BARE_MODEMS


def parse_sim_url(url: str) -> BenchSpec:
    """Read a ``sim://`` URL. Raises ValueError that names what is valid."""
    parts = urlsplit(url)
    if parts.scheme.lower() != "sim":
        raise ValueError(f"not a sim:// URL: {url}")
    kind = (parts.hostname or "").lower()
    if kind not in BOARDS and kind not in BARE_MODEMS:
        raise ValueError(f"no simulated bench is called {kind!r}: one of {_names((*BOARDS, *BARE_MODEMS))}")
    values: dict[str, str] = {}
    faults: list[str] = []
    files: list[str] = []
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in PARAMETERS:
            raise ValueError(f"sim:// knows no {name!r}: one of {_names(PARAMETERS)}")
        if name == "fault":
            fault = value.replace(" ", "+")  # which a URL turns into a space
            Faults().parse(fault)
            faults.append(fault)
        elif name == "files":
            parse_files([value])
            files.append(value)
        elif name in values:
            raise ValueError(f"{name} is given twice")
        else:
            values[name] = value
    if "bootloaders" in values:
        parse_loaders(values["bootloaders"])
    scenarios = _scenarios(values.get("scenario"), kind)
    if "release" in values and kind in BOARDS:
        sim_era(values["release"])
    return BenchSpec(
        kind=kind,
        scenarios=scenarios,
        release=values.get("release"),
        build=_number(values, "build"),
        bootloaders=values.get("bootloaders"),
        radio=_choice(values, "radio", RADIOS),
        state=Path(values["state"]) if values.get("state") else None,
        speed=_speed(values),
        carrier=_choice(values, "carrier", CARRIERS),
        jumpers=_jumpers(values),
        battery=_switch(values, "battery"),
        faults=tuple(faults),
        files=tuple(files),
        seed=_number(values, "seed") or 0,
    )


def _scenarios(text: str | None, kind: str) -> tuple[str, ...]:
    names = tuple(name for name in (text or "").split(",") if name)
    for name in names:
        scenario = SCENARIOS.get(name)
        if scenario is None:
            raise ValueError(f"no scenario is called {name!r}: one of {_names(SCENARIOS)}")
        if kind in BARE_MODEMS and scenario.needs_board:
            raise ValueError(f"scenario {name!r} needs a board; sim://{kind} is a bare modem")
    return names


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)


def _number(values: dict[str, str], name: str) -> int | None:
    if name not in values:
        return None
    if not values[name].isdecimal() or not values[name].isascii():
        raise ValueError(f"{name} is a number, not {values[name]!r}")
    return int(values[name])


def _speed(values: dict[str, str]) -> float | None:
    if "speed" not in values:
        return None
    try:
        speed = float(values["speed"])
    except ValueError:
        speed = 0.0
    if not 0 < speed <= SPEED_MOST:
        raise ValueError(
            f"speed is simulated seconds per real second, above 0 and at most {SPEED_MOST:g}, not {values['speed']!r}"
        )
    return speed


def _choice(values: dict[str, str], name: str, allowed: tuple[str, ...]) -> str | None:
    value = values.get(name)
    if value is not None and value not in allowed:
        raise ValueError(f"{name} is one of {_names(allowed)}, not {value!r}")
    return value


def _jumpers(values: dict[str, str]) -> tuple[str, ...] | None:
    value = _choice(values, "jumpers", tuple(JUMPERS))
    return None if value is None else JUMPERS[value]


def _switch(values: dict[str, str], name: str) -> bool | None:
    value = _choice(values, name, ("fitted", "removed"))
    return None if value is None else value == "fitted"
