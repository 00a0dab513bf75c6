"""Places of a labgrid coordinator, held as long as boards are worked on: list, match, acquire, resolve, release."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from doctor.errors import DoctorError
from doctor.fleet.labgrid.helper import Helper, Told
from doctor.fleet.labgrid.interpreter import labgrid_python, no_labgrid_in, too_old
from doctor.fleet.labgrid.owner import Owner, dead_names, forget, own_name
from doctor.fleet.labgrid.places import Place, SerialPort, Wanted, matching, serial_port, url_of
from doctor.jobs.memory.lock import is_held, lock_path
from doctor.link.port_url import PortUrl
from doctor.text.escape import first_of, shown

DEFAULT = "127.0.0.1:20408"
COORDINATOR_VARIABLE = "LG_COORDINATOR"  #: labgrid's own
START_S = 60.0  #: for a Python on a busy computer, and ten seconds to connect
ACQUIRE_S = 60.0  #: for one place: a coordinator gives a dead exporter ten seconds, a port has ten to appear
RELEASE_S = 90.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Held:
    """A place that is ours: its name as typed, the URL of its board, and where that is."""

    place: str
    url: str
    at: str


@dataclass(frozen=True)
class NotHeld:
    """A place that was meant and is not ours, and why: ``in use by HOST/USER``."""

    place: str
    why: str


@dataclass(frozen=True)
class Farm:
    """The places of one run, while they are held, and those that it could not have."""

    held: tuple[Held, ...]
    not_held: tuple[NotHeld, ...]
    _helper: Helper

    def started(self, url: str, pid: int) -> None:
        """A process works on the board at ``url``: its place is kept until that has ended, whatever ends us."""
        self._helper.do("child", place=_place_of(url), pid=pid)


def address_of(coordinator: str | None) -> str:
    """HOST:PORT of the coordinator: as it was typed, else labgrid's own variable, else labgrid's usual one."""
    address = coordinator or os.environ.get(COORDINATOR_VARIABLE) or DEFAULT
    return address if address.rpartition(":")[2].isdecimal() else f"{address}:{DEFAULT.rpartition(':')[2]}"


@contextmanager
def held(globs: Sequence[str], coordinator: str | None, wait_s: float, say: Say) -> Iterator[Farm]:
    """The places that ``globs`` mean and that are free, acquired; given back at the end of the block, whatever ends it.

    wait_s  so long it waits for places that others use
    say     told at once, also by another thread, what happens to a place

    Raises DoctorError: labgrid-missing, labgrid-coordinator, labgrid-place (none of them can be used).
    """
    python, address = labgrid_python(), address_of(coordinator)
    with own_name(address) as owner, _holding(python, owner, say) as helper:
        places = _listed(helper, address, say)
        wanted = matching(places, globs)
        _give_back_of_the_dead(places, helper, owner, say)
        mine, others = _acquired(helper, wanted, wait_s, coordinator or "", say)
        if not mine:
            raise _nothing(others, address)
        yield Farm(tuple(mine), tuple(others), helper)


@contextmanager
def _holding(python: str, owner: Owner, say: Say) -> Iterator[Helper]:
    """A helper, at the end made to give everything back; if it was killed, its name is kept for the next run."""
    helper = Helper(python, owner, lambda told: say(notice(told)))
    try:
        yield helper
    finally:
        kept: list[str] = []
        ended = False
        try:
            for told in helper.end(RELEASE_S):
                ended = ended or told["what"] == "end"
                if told["what"] == "kept":
                    kept.append(str(told["place"]))
        except TimeoutError:
            say("labgrid: places are still being given back; this goes on without fipy-doctor")
        if kept:
            say(f"labgrid: not given back, since the coordinator does not answer: {first_of(kept)}; "
                "the next run with --labgrid gives them back")  # fmt: skip
        elif ended:
            forget(owner)


def _listed(helper: Helper, address: str, say: Say) -> list[Place]:
    """All places of the coordinator."""
    try:
        told = helper.next(START_S)
    except TimeoutError:
        raise _no_coordinator(address, f"{helper.python} says nothing") from None
    if told is None:
        raise DoctorError(
            "labgrid-missing",
            "labgrid does not run",
            on=helper.python,
            cause=helper.last_words(),
            next="`labgrid-client places` shows what is wrong with it; `pipx reinstall labgrid` mends most of it",
        )
    if told["what"] == "error":
        why, said = told.get("why"), shown(str(told.get("said", "")))
        if why == "no-labgrid":
            raise no_labgrid_in(helper.python)
        if why == "old-labgrid":
            raise too_old(said)
        raise _no_coordinator(address, said)
    if not told.get("tried"):
        say(f"labgrid {told.get('labgrid')} is newer than what fipy-doctor was tried with (25 and 26)")
    try:
        return [Place.read(place) for place in told["places"]]
    except (ValueError, KeyError, TypeError) as err:
        raise _no_coordinator(address, f"its answer cannot be read: {err}") from err


def _no_coordinator(address: str, said: str) -> DoctorError:
    through = "; LG_PROXY is set, and fipy-doctor opens no SSH tunnel" if os.environ.get("LG_PROXY") else ""
    return DoctorError(
        "labgrid-coordinator",
        "the coordinator of labgrid does not answer",
        on=address,
        cause=f"{said}{through}",
        next=f"name it, --coordinator HOST:PORT or {COORDINATOR_VARIABLE}, as it is right for `labgrid-client places`",
    )


def _nothing(others: Sequence[NotHeld], address: str) -> DoctorError:
    in_use = any(other.why.startswith(IN_USE) for other in others)
    wait = "wait for it: the same command with --wait 600; `labgrid-client who` lists who has what"
    return DoctorError(
        "labgrid-place",
        "none of these places can be used now" if len(others) > 1 else "this place cannot be used now",
        on=f"labgrid at {address}",
        cause="; ".join(f"{other.place}: {other.why}" for other in others[:8]),
        next=wait
        if in_use
        else "`labgrid-client places`, and `labgrid-client -v resources`, show what the coordinator knows",
    )


def _give_back_of_the_dead(places: Sequence[Place], helper: Helper, owner: Owner, say: Say) -> None:
    """Give back what runs of ours that were killed still hold; nothing of anybody else, and nothing that is flashed."""
    for dead in dead_names(owner.coordinator):
        busy = False
        for place in (place for place in places if place.by == dead.name):
            if any(_works(place.name, port) for port in place.ports):
                busy = True
                say(f"{shown(place.name)}: an earlier run of fipy-doctor still flashes there, so it stays as it is")
                continue
            helper.do("give-back", place=place.name, owner=dead.name)
            say(f"{shown(place.name)}: given back; a run of fipy-doctor that was killed had kept it")
        if not busy:
            forget(dead)


def _works(place: str, port: SerialPort) -> bool:
    """Whether a process of ours holds the lock of this port, as it does while it flashes."""
    url = url_of(Wanted(Place(place)), port, "")
    return is_held(lock_path(PortUrl.read(url).key))


def _acquired(
    helper: Helper, wanted: Sequence[Wanted], wait_s: float, coordinator: str, say: Say
) -> tuple[list[Held], list[NotHeld]]:
    """Those that are ours now, and the others."""
    chosen: dict[str, tuple[Wanted, SerialPort]] = {}
    refused: dict[str, str] = {}
    for one in wanted:
        port = serial_port(one, one.place.ports)
        if isinstance(port, str):
            refused[one.place.name] = port
        else:
            chosen[one.place.name] = (one, port)
    used = [name for name, (one, _) in chosen.items() if one.place.by]
    if wait_s and used:
        say(f"labgrid: waiting up to {wait_s:g} s for {first_of(used)}")
    helper.do("acquire", places=list(chosen), wait_s=wait_s)
    mine: dict[str, Held] = {}
    while (told := _next(helper, wait_s)) is not None and told["what"] != "all":
        name = str(told.get("place"))
        if told["what"] == "acquired" and name in chosen:
            one, before = chosen[name]
            served = (SerialPort.read(port) for port in told["ports"])
            now = next((port for port in served if port.at == before.at), None)
            if now is None:
                refused[name] = WHY["no-port"]
            else:
                mine[name] = Held(one.typed, url_of(one, now, coordinator), now.at)
        elif told["what"] == "refused":
            refused[name] = _why(told)
    order = [one.place.name for one in wanted]
    rest = {name: refused.get(name, "the helper in labgrid's Python ended") for name in order if name not in mine}
    return [mine[name] for name in order if name in mine], [NotHeld(name, why) for name, why in rest.items()]


def _next(helper: Helper, wait_s: float) -> Told | None:
    try:
        return helper.next(wait_s + ACQUIRE_S)
    except TimeoutError:
        return None


IN_USE = "in use by "
#: Why a place is not ours, in words.
WHY = {
    "reserved": "reserved for somebody else",
    "gone": "the coordinator knows it no more",
    "no-port": "its exporter served no port within ten seconds; is the board plugged in there?",
}


def _why(told: Told) -> str:
    if told.get("why") == "in-use":
        return f"{IN_USE}{shown(str(told.get('by') or 'somebody'))}"
    return WHY.get(str(told.get("why")), shown(str(told.get("said", "it could not be acquired"))))


def notice(told: Told) -> str:
    """What happened to a place while it was held, as it is said to the user at once."""
    place = shown(str(told.get("place", "")))
    if told["what"] == "coordinator":
        if told["lost"]:
            return (
                "labgrid: the coordinator is gone; exporters end their ports when they notice, which interrupts what "
                "goes through this computer, and if it restarts, it has forgotten who holds what"
            )
        return "labgrid: the coordinator answers again"
    if told["what"] == "lost":
        by = f"{shown(str(told['by']))} has it now" if told["by"] else "somebody released it (release --kick)"
        return f"{place}: the place is no longer ours: {by}"
    served = [port.get("port") for port in told["ports"]]
    if not served or None in served:
        return f"{place}: its exporter no longer serves the port"
    numbers = first_of([str(number) for number in served])
    return f"{place}: its exporter serves another port now ({numbers}); a run that goes on is not moved to it"


def _place_of(url: str) -> str:
    return PortUrl.read(url).place.partition("/")[0]
