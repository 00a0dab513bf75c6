"""What an earlier flash from this computer means for the modem and board that are found now.

A modem to which everything went out may be writing it while it says nothing, and power off is then how it dies
(modem-protocol.md 7): until writing must be over, nothing may advise that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from doctor.bench import Bench, History
from doctor.clock import Moment, Moments, this_moment
from doctor.errors import DoctorError
from doctor.jobs.flashing.steps_done import all_sent_by
from doctor.jobs.flashing.ways import go_through_own_mirror
from doctor.jobs.hands import WAIT
from doctor.jobs.memory import journal as journals
from doctor.jobs.memory import jumper_proof
from doctor.jobs.memory.advice_given import AdviceGiven
from doctor.jobs.memory.journal import FlashEntry, Journal
from doctor.jobs.memory.state_dir import begun_place
from doctor.link.port_url import PortUrl
from doctor.updater import states
from doctor.updater.shapes import DEPLOY_MS

T = TypeVar("T")
WRITES = timedelta(milliseconds=DEPLOY_MS)


class KeptHistory(History):
    """What the files of this computer know (doctor/jobs/memory)."""

    def __init__(self, now: Moments = this_moment) -> None:
        self._now = now

    def jumpers_proved(self, bench: Bench) -> Mapping[str, str]:
        """As the journal of a flash keeps it that has not come to its proof."""
        return jumper_proof.remembered(bench, self._now)

    def may_write_until(self, bench: Bench) -> str:
        """As the function of that name, in words."""

        def told(entry: FlashEntry | None) -> str:
            until = may_write_until(bench.options.url, entry, self._now)
            return until.strftime("%H:%M UTC") if until is not None else ""

        return _of_last(bench, "may_write_until", told)

    def ran_before(self, bench: Bench) -> int:
        """As the journal knows."""
        return _of_last(bench, "ran_before", _ran)

    def begun_place(self, bench: Bench) -> Path | None:
        """In the state directory."""
        return begun_place(bench.options.url)


def tell_history(bench: Bench) -> None:
    """Give ``bench``, if it has none, what this computer knows, and the modem behind a mirror of ours."""
    with suppress(DoctorError):  # the checks say what is wrong with the port
        go_through_own_mirror(bench)
    if type(bench.history) is History:
        bench.history = KeptHistory()


def _of_last(bench: Bench, name: str, tell: Callable[[FlashEntry | None], T]) -> T:
    """What ``tell`` says of the last flash of the modem on ``bench``, as the journal knows it."""
    nothing = tell(None)
    if bench.recording is not None and bench.recording.never_knew(name):
        return nothing  # and the board was not asked who it is
    ids = journals.ids_of(bench)
    return bench.known(name, type(nothing), lambda: tell(Journal().find(ids)), default=nothing)


def broke_off(bench: Bench) -> bool:
    """Whether the last flash of this modem broke off, and the modem does not run its application since."""
    facts = bench.modem_facts_or_none
    if facts is None or facts.mode == states.APPLICATION:
        return False
    return _of_last(bench, "broke_off", lambda entry: entry is not None and entry.broke_off)


def may_write_until(port: PortUrl | None, entry: FlashEntry | None, now: Moments = this_moment) -> datetime | None:
    """Until when the modem may be writing what ``entry`` sent; None if it is not, or must be done.

    Of a bench that has a time of its own, the user says when it is done (--done waited). Elsewhere the clock decides,
    whatever is said.
    """
    if entry is None or not entry.broke_off or not all_sent_by(entry):
        return None
    if port is not None and port.in_process and (not port.lasts or WAIT in AdviceGiven(port, now).confirmed):
        return None
    moment = now()
    try:
        left = WRITES - max(Moment.read(entry.written).ago(moment), timedelta())
    except ValueError:
        return None
    return moment.at + left if left > timedelta() else None


def _ran(entry: FlashEntry | None) -> int:
    """The build that the modem ran last, as the journal knows; 0 if it does not."""
    if entry is None:
        return 0
    proved = entry.options.get("promised_build") if entry.state == journals.PROVED else None
    build = proved or entry.before.get("build") or entry.options.get("was")
    return build if isinstance(build, int) else 0
