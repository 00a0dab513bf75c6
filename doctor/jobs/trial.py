"""``fipy-doctor trial``: the first real board, step by step, each harmless before the next (doctor/data/trial.toml).

Nothing is kept of it but what its steps leave: the document and the trace of each, by board. How a trial stands is read
from them each time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from doctor.bench import Bench
from doctor.data import tables
from doctor.documents.json_file import read_json, write_whole
from doctor.errors import DoctorError, UsageError, reason
from doctor.jobs.memory import journal
from doctor.jobs.memory.lock import is_held
from doctor.jobs.memory.state_dir import another_place, state_place
from doctor.text.command import Command

BOARD_CHARS = 12  #: of the names of its files stand for the board
MOST_DOCUMENT_BYTES = 4 << 20
_MOST_IDS_BYTES = 1 << 16


@dataclass(frozen=True)
class Step:
    """One step; the members are those of the table."""

    id: str
    title: str
    run: tuple[str, ...]
    does: str
    cannot: str
    changes: str = ""
    file: str = ""


@dataclass(frozen=True)
class Point:
    """An open point of the reference; the members are those of the table."""

    id: str
    at: str
    asks: str
    steps: tuple[str, ...] = ()
    why: str = ""
    log: str = ""
    trace: str = ""
    heard: str = ""
    member: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    assumed: str = ""


class Stage(str, Enum):
    """How a step stands."""

    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    OTHER_BOARD = "other-board"
    SKIPPED = "skipped"
    DUE = "due"
    LATER = "later"


@dataclass(frozen=True)
class Standing:
    """How a step stands, and its document; empty if there is none that can be read."""

    step: Step
    stage: Stage
    document: Mapping[str, Any]


@cache
def steps() -> tuple[Step, ...]:
    """All steps, in order."""
    return tuple(Step(**_row(row)) for row in tables("trial.toml")["steps"])


@cache
def points() -> tuple[Point, ...]:
    """All open points."""
    return tuple(Point(**_row(row)) for row in tables("trial.toml")["points"])


class Trial:
    """The trial of one board, which is known again by any id that it says; one that says none, by its port.

    ids     what the board is known by (jobs/memory/journal.py)
    folder  where the files of all trials lie; None: in the state directory

    Raises DoctorError if nothing can be kept.
    """

    def __init__(self, ids: Mapping[str, str], folder: Path | None = None) -> None:
        self.folder = folder or state_place() / "trial"
        names = [name for name in journal.SURE if name in ids] or ["port"]
        with _needed(self.folder):
            paths = sorted(self.folder.glob(f"{'[0-9a-f]' * BOARD_CHARS}.json"))
        known = {path.stem: _ids(path) for path in paths}
        self.board = next(
            (key for key, kept in known.items() if any(name in ids and kept.get(name) == ids[name] for name in names)),
            hashlib.sha256(" ".join(f"{name} {ids.get(name)}" for name in names).encode()).hexdigest()[:BOARD_CHARS],
        )
        for key, kept in known.items():
            if key != self.board and kept.get("port", "") == ids.get("port"):  # it was there, and this one is there now
                self._know(key, {name: value for name, value in kept.items() if name != "port"})
        self._know(self.board, {**known.get(self.board, {}), **ids})

    def _know(self, board: str, ids: Mapping[str, str]) -> None:
        _keep(self.folder / f"{board}.json", json.dumps(ids, indent=1).encode())

    @classmethod
    def of(cls, bench: Bench) -> Trial:
        """The trial of the board at ``bench``, which is asked for its unique id. Raises UsageError for a replay."""
        if bench.recording is not None:
            raise UsageError(
                "replay-only-reads",
                "behind a trace there is no board that could be tried",
                on=str(bench.recording.path),
                next="type the port of the board",
            )
        return cls(journal.ids_of(bench))  # one in mirror mode, or at work, says none: what it is doing goes on

    def file(self, step: Step, ending: str) -> Path:
        """Where a step leaves its document (``.json``), its trace (``.jsonl``), or the word that it is left out."""
        return self.folder / f"{self.board}-{steps().index(step) + 1}-{step.id}{ending}"

    def make_way(self, step: Step) -> None:
        """Rename what an earlier run of a step left, whatever that is now: a run replaces only what it knows.

        What a run that goes on has in hand stays.
        """
        for path in (self.file(step, ".json"), self.file(step, ".jsonl")):
            if not is_held(path):
                with suppress(OSError):
                    path.replace(path.with_name(f"{path.name}.old"))

    def skip(self, step_id: str) -> None:
        """Leave a step out. Raises UsageError for one that there is not, DoctorError if that cannot be kept."""
        found = next((step for step in steps() if step.id == step_id), None)
        if found is None:
            known = ", ".join(step.id for step in steps())
            raise UsageError("usage", f"there is no step {step_id!r}", next=f"name one of these: {known}")
        _keep(self.file(found, ".skipped"), b"")

    def command(self, step: Step, files: Sequence[Path], port: str | None) -> Command:
        """The command of a step, which leaves its document and its trace here."""
        kept = ("--trace", str(self.file(step, ".jsonl")), "--report", str(self.file(step, ".json")))
        return Command(step.run[0], (*step.run[1:], *kept), firmware=_fitting(step, files), port=port)

    def standings(self) -> Iterator[Standing]:
        """How each step stands; the first that is not over is the next one."""
        first: Mapping[str, Any] = {}
        is_due = True
        for step in steps():
            document = self._document(step)
            stage = self._stage(step, document, first)
            over = stage in (Stage.DONE, Stage.SKIPPED)
            yield Standing(step, stage if over or is_due else Stage.LATER, document)
            is_due = is_due and over
            first = first or document

    def _document(self, step: Step) -> Mapping[str, Any]:
        with suppress(OSError, ValueError):
            read = read_json(self.file(step, ".json"), MOST_DOCUMENT_BYTES)
            if isinstance(read, dict) and str(read.get("schema")).startswith(f"fipy-doctor/{step.run[0]}/"):
                return read
        return {}

    def _stage(self, step: Step, document: Mapping[str, Any], first: Mapping[str, Any]) -> Stage:
        stage = self._stage_told(step, document, first)
        return Stage.SKIPPED if stage is not Stage.DONE and self.file(step, ".skipped").exists() else stage

    def _stage_told(self, step: Step, document: Mapping[str, Any], first: Mapping[str, Any]) -> Stage:
        """How the step stands by what its run left, whether it is left out or not."""
        if not document:
            return Stage.INTERRUPTED if self.file(step, ".jsonl").exists() else Stage.DUE
        then, now = member(first, "modem.imei"), member(document, "modem.imei")
        if then and now and then != now:
            return Stage.OTHER_BOARD
        if member(document, "error.id") == "not-confirmed":  # nobody said yes, and nothing was done
            return Stage.DUE
        flashed = step.run[0] != "flash" or bool(document.get("proof"))
        return Stage.DONE if document.get("exit") == 0 and flashed else Stage.FAILED


def member(document: Mapping[str, Any], path: str) -> Any:
    """What a document says at ``path``, such as ``proof.after.build``; None if it says nothing there."""
    found: Any = document
    for name in path.split("."):
        if name == "evidence" and found is document:
            rows = found.get("findings")
            rows = rows if isinstance(rows, list) else []
            found = {str(row.get("check")): row.get("evidence") for row in rows if isinstance(row, dict)}
        else:
            found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _ids(path: Path) -> dict[str, str]:
    """What a board was known by; nothing of a file that cannot be read."""
    with suppress(OSError, ValueError):
        read = read_json(path, _MOST_IDS_BYTES)
        if isinstance(read, dict):
            return {str(name): str(value) for name, value in read.items()}
    return {}


def _fitting(step: Step, files: Sequence[Path]) -> tuple[Path, ...]:
    """The first of ``files`` that the step takes; none if it looks for one by itself."""
    if not step.file or not files:
        return ()
    from doctor.firmware.image import examine

    wanted = {"differential": (True,), "full": (False,), "any": (True, False)}[step.file]
    kinds = ((file, (image := examine(file)).kind == "diff" or image.base is not None) for file in files)
    return tuple(file for file, differential in kinds if differential in wanted)[:1]


def _keep(path: Path, data: bytes) -> None:
    """Write a file of a trial. Raises DoctorError if that is not possible."""
    with _needed(path.parent):
        write_whole(path, data)


@contextmanager
def _needed(folder: Path) -> Iterator[None]:
    """Raises DoctorError if the block fails at ``folder``."""
    try:
        yield
    except OSError as err:
        raise DoctorError(
            "trial-not-writable",
            f"cannot be written: {reason(err)}; no step was begun",
            on=str(folder),
            next=another_place(folder),
        ) from err


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
