"""What was tried lately against a modem, board or card that does not answer as it should, so that advice ends.

Without it ``check`` and ``fix --power-cycle`` would send the user from one to the other forever. Kept by port in the
user's state directory, for an hour: if you come back tomorrow, it starts again. What is kept only ever leads to
advice; it is a consent to nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from doctor.check import Finding, Status
from doctor.clock import Moment, Moments, this_moment
from doctor.documents.json_file import read_json, text_in, write_whole
from doctor.engine import Report
from doctor.jobs.memory.lock import alone
from doctor.jobs.memory.state_dir import VARIABLE, state_place
from doctor.link.port_url import PortUrl
from doctor.text.escape import shown

LASTS = timedelta(hours=1)  #: after this long a cure is worth another try
MAX_BYTES = 1 << 16  #: no such file of ours is nearly this large
#: The checks whose cures are hand work that nobody sees done, or work that may fail again and again.
WATCHED = ("repl-answers", "modem-answers", "board-reads-card")

#: How a step is known: only asked for, carried out in vain, said to be done by the user, or seen by this program.
TOLD, FAILED, SAID, SEEN = "told", "failed", "said", "seen"
_CONFIRMED = (SAID, SEEN)


@dataclass(frozen=True)
class _Note:
    """When a step was tried, and how that is known. Version 0.1 kept the time only: there it was told, or done."""

    at: str
    how: str = TOLD

    @classmethod
    def read(cls, value: object) -> _Note:
        """Raises ValueError, KeyError."""
        if isinstance(value, dict):
            return cls(text_in(value["at"]), text_in(value["how"]))
        return cls(text_in(value))

    def lasts(self, now: Moment) -> bool:
        """Whether it still counts. Raises ValueError for what is no time."""
        return abs(Moment.read(self.at).ago(now)) < LASTS


def failing(report: Report) -> Finding | None:
    """The finding that board, modem or card do not answer as they should; None if they do, or were not asked."""
    found = [report.finding(name) for name in WATCHED]
    return next((finding for finding in found if finding is not None and finding.status is Status.FAIL), None)


class AdviceGiven:
    """What was tried lately at one port.

    port  nothing is kept of None, and of a bench that starts again with every command
    now   tells the moment that is now
    """

    def __init__(self, port: PortUrl | None, now: Moments = this_moment) -> None:
        self._key = port.key if port is not None and port.lasts else ""
        self._now = now

    def so_far(self, report: Report) -> frozenset[str]:
        """Ids of the cures that were carried out lately; none, and none remembered, once all answers."""
        if failing(report) is not None:
            return self._by((FAILED, *_CONFIRMED))
        finding = report.finding("modem-answers")
        if finding is not None and finding.status in (Status.PASS, Status.WARN):
            self.forget()
        return frozenset()

    @property
    def confirmed(self) -> frozenset[str]:
        """Ids of the steps that the user says were done within the last hour, or that were seen done."""
        return self._by(_CONFIRMED)

    @property
    def seen(self) -> frozenset[str]:
        """Ids of the steps that this program saw done."""
        return self._by((SEEN,))

    @property
    def told(self) -> frozenset[str]:
        """Ids of the steps that were asked for within the last hour, whatever became of them."""
        return self._by((TOLD, FAILED, *_CONFIRMED))

    def note(self, steps: Iterable[str], how: str) -> str:
        """Remember steps as tried now. A disk that fails costs the memory, nothing else; it is returned, in words.

        What was only asked for never takes the place of what is known of a step already.
        """
        if not self._key:
            return ""
        with alone(_path()):
            kept = self._read()
            mine = dict(kept.get(self._key, {}))
            now = str(self._now())
            for step in steps:
                if how != TOLD or step not in mine:
                    mine[step] = _Note(now, how)
            return _write({**kept, self._key: mine}) if mine != kept.get(self._key, {}) else ""

    def forget(self) -> None:
        """All answers again."""
        if self._key not in self._read():
            return
        with alone(_path()):
            kept = self._read()
            if kept.pop(self._key, None) is not None:
                _write(kept)

    def _by(self, ways: Iterable[str]) -> frozenset[str]:
        return frozenset(step for step, note in self._read().get(self._key, {}).items() if note.how in ways)

    def _read(self) -> dict[str, dict[str, _Note]]:
        """All that is not too old; nothing if the file is missing or damaged."""
        now = self._now()
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            data = read_json(_path(), MAX_BYTES)
            if not isinstance(data, dict):
                return {}
            read = {key: {step: _Note.read(value) for step, value in steps.items()} for key, steps in data.items()}
            fresh = {key: {s: n for s, n in steps.items() if n.lasts(now)} for key, steps in read.items()}
            return {key: steps for key, steps in fresh.items() if steps}
        return {}


def _path() -> Path:
    return state_place() / "tried.json"


def _write(kept: Mapping[str, Mapping[str, _Note]]) -> str:
    plain = {
        key: {step: {"at": note.at, "how": note.how} for step, note in steps.items()} for key, steps in kept.items()
    }
    try:
        write_whole(_path(), json.dumps(plain, indent=1).encode())
    except OSError as err:
        return (
            f"what you did cannot be recorded in {shown(str(_path().parent), 300)}: {err.strerror}; make room there, "
            f"or name another folder ({VARIABLE}=FOLDER), or you will be asked for the same step again"
        )
    return ""
