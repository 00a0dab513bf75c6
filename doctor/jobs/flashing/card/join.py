"""Joining a board that flashes by itself already: started by an earlier run of this program, or by hand.

The board is sent nothing but a wish to stop. Only the very file that was given is watched to its proof: the user who
gave another one must hear that it was not flashed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import PurePosixPath

from doctor import engine
from doctor.bench import Bench
from doctor.board import at_work
from doctor.board.card.image import path_of
from doctor.board.first_contact import Seen
from doctor.errors import DoctorError
from doctor.events import Event, Listener, StepStarted, ignore
from doctor.jobs.flashing.card.ending import Ending
from doctor.jobs.flashing.card.follow import Follower, question
from doctor.jobs.flashing.card.start import sayer
from doctor.jobs.flashing.guard import Recorder
from doctor.jobs.flashing.interrupts import Interrupts, Wish
from doctor.jobs.flashing.plan import FlashRequest, given_files
from doctor.jobs.flashing.result import FlashResult
from doctor.jobs.flashing.steps_done import numbered
from doctor.jobs.memory import journal as journals
from doctor.jobs.memory.journal import FlashEntry, Journal, SentFile
from doctor.jobs.memory.lock import port_lock
from doctor.jobs.onward import Attempt, NextFlash, flash_command
from doctor.jobs.status import attempt_of
from doctor.text.escape import shown
from doctor.updater import states
from doctor.updater.plan import FIRMWARE, SECOND


def last_said(bench: Bench) -> at_work.Told | None:
    """What our own updater on the board said last; None if another's or none is at work. Raises LinkError."""
    if bench.options.via_modem or bench.contact.seen is not Seen.UPDATER:
        return None
    return at_work.last_heard(bench.contact.text)


def join(
    bench: Bench, request: FlashRequest, wish: Callable[[], Wish], listen: Listener = ignore
) -> FlashResult | None:
    """Listen to our own updater that is at work on the board at this port already, until it ends; None if none is.

    Refused if the board flashes another file than the one that was given, or if another run listens already.
    """
    try:
        told = last_said(bench)
        if told is None:
            return None
        if bench.options.card_file is None:
            _ = bench.firmware
    except DoctorError:  # the checks say what is wrong with port or file
        return None
    try:
        return _Joined(bench, request, listen).follow(told, wish)
    except DoctorError as err:
        return FlashResult(engine.Report(()), error=err)


class _Joined:
    """One run that joins: what the board flashes, and the journal of it."""

    def __init__(self, bench: Bench, request: FlashRequest, listen: Listener) -> None:
        self._bench = bench
        self._request = request
        self._listen = listen
        self._ids = journals.port_ids(bench.options.url)
        self._entry = Journal().find(self._ids)
        self._recorder: Recorder | None = None
        self._stands = ""

    def follow(self, told: at_work.Told, wish: Callable[[], Wish]) -> FlashResult:
        """Until its end. Raises DoctorError."""
        bench, link = self._bench, self._bench.link
        with ExitStack() as stack:
            if link.url.lasts:
                stack.enter_context(port_lock(link.url.key, must=False))
            first = bench.contact.text.encode()
            self._stands = at_work.in_words(told)
            sayer(self._listen)(f"the board is flashing by itself already ({self._stands}); listening to what it does")
            bench.forget_board()
            asks = question(wish, self._listen, in_process=link.url.in_process)
            interrupts = stack.enter_context(Interrupts(asks, self._listen, begun=True))
            follower = Follower(bench, interrupts, self._hear, self._recognise)
            result = Ending(bench, engine.Report(()), None, self._attempt, interrupts, follower).await_it(first)
            if self._recorder is None:
                return self._never_named(result)
            self._recorder.end(result)
            return self._recorder.told(result)

    def _hear(self, event: Event) -> None:
        recorder = self._recorder
        again = isinstance(event, StepStarted) and recorder is not None and event.step == recorder.entry.step
        if recorder is not None and not again:  # said again for who joined late: it has not ended
            recorder.hear(event)
        if isinstance(event, StepStarted) and recorder is not None:
            event = numbered(event, recorder.entry.steps)
        self._listen(event)

    def _recognise(self, said: at_work.Said) -> None:
        """Compare what the board says of its file with what was given. Raises DoctorError if they differ."""
        path, sha256 = str(said.get("file") or said.get("path") or ""), str(said.get("sha256") or "")
        if not path and not sha256:
            return
        options = self._bench.options
        if options.card_file is not None:
            wanted = path_of(options.card_file)
            if path and path != wanted:
                raise self._other(path, sha256, PurePosixPath(wanted).name)
            if not path:
                return
        else:
            given = self._bench.firmware
            first = str(said.get("first") or "")
            if not sha256:
                return
            if not given[-1].sha256.startswith(sha256):
                raise self._other(path, sha256, given[-1].path.name)
            if len(given) > 1 and first and first != given[0].sha256:
                raise self._other(path, first, given[0].path.name)
        if self._recorder is None:
            self._recorder = Recorder(Journal(), self._known(sha256, said), self._listen)

    def _other(self, path: str, sha256: str, given: str) -> DoctorError:
        """The board flashes something else."""
        entry = self._entry
        name = shown(PurePosixPath(path).name, 80) or "another file"
        options = self._bench.options
        watch = status = NextFlash((), options.command("status")).text
        if entry is not None and sha256 and any(file.sha256 == sha256 for file in entry.files):
            known = attempt_of(options, entry)
            joins = flash_command(replace(known, command=replace(known.command, via="card")), states.APPLICATION)
            watch = f"{NextFlash((), joins).text}; to see how far it is, {status}"
        about = f" (SHA-256 {sha256[:16]}…)" if sha256 else ""
        return DoctorError(
            "updater-at-work",
            f"the board is flashing {name}{about} already ({self._stands}): {shown(given, 80)} was not flashed, and"
            " nothing was sent",
            on=self._bench.link.name,
            cause="an earlier run, or somebody at the prompt, started it; it continues without this computer",
            next=f"leave the board powered; to watch it, {watch}; flash {shown(given, 80)} when it has ended",
        )

    def _never_named(self, result: FlashResult) -> FlashResult:
        """It ended before it named its file: then nobody knows that it was the one that was given."""
        if result.error is not None:
            return result
        error = DoctorError(
            "updater-at-work",
            "the board finished a flash without naming its file, so it may not have been yours",
            on=self._bench.link.name,
            next=NextFlash((), self._bench.options.command("status")).text,
        )
        return replace(result, proof=None, error=error)

    def _known(self, sha256: str, said: at_work.Said) -> FlashEntry:
        """The journal's own entry of this flash, or a new one of what the board says."""
        entry, options = self._entry, self._bench.options
        last = [file for file in entry.files if file.role in (FIRMWARE, SECOND)] if entry is not None else []
        if entry is not None and entry.state != journals.PROVED and last and last[-1].sha256.startswith(sha256 or "-"):
            return replace(entry, state=journals.RUNNING)
        if options.card_file is not None:
            files: tuple[SentFile, ...] = (
                SentFile(FIRMWARE, f"card:{options.card_file}", sha256, int(said.get("total") or 0)),
            )
        else:
            given = given_files(self._bench)
            files = tuple(SentFile(f.role, str(f.path.absolute()), f.sha256, f.size_bytes) for f in given)
        image = self._bench.firmware[-1] if options.card_file is None else None
        said_of = {
            **replace(self._request.command(options), via="card").kept(),
            "differential": image is not None and image.base is not None,
            "promised_build": None if image is None else image.promised_build,
        }
        return FlashEntry(ids=self._ids, files=files, options=said_of, before={}, steps=())

    def _attempt(self) -> Attempt:
        """What the next step depends on, as status would tell it."""
        given = replace(self._request.command(self._bench.options), via="card")
        if self._recorder is None:
            return Attempt(given)
        known = attempt_of(self._bench.options, self._recorder.entry)
        consents = given.accept | known.command.accept
        command = replace(known.command, firmware=given.firmware, via="card", accept=consents)
        return replace(known, command=command, asked=False)
