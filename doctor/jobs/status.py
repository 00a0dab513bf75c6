"""The job behind ``fipy-doctor status``: where a modem stands, by its own word and the journal's, and what is next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from doctor.bench import Bench, BenchOptions
from doctor.errors import DoctorError, Exit
from doctor.jobs import journal as journals
from doctor.jobs import tried
from doctor.jobs.journal import Entry, Journal
from doctor.jobs.onward import FULL_IMAGE, POWER_CYCLE, PRESS_RESET, WAIT, Attempt, Onward, onward, status_words
from doctor.jobs.steps_done import all_sent
from doctor.jobs.ways import go_through_own_mirror
from doctor.modem.facts import ModemFacts
from doctor.modem.verdict import verdict
from doctor.updater import states
from doctor.updater.plan import BOOTROM, FIRMWARE, SECOND, UPDATER

_GIVEN_UP = (
    "it stays silent after power was taken off; pull the RTS and CTS jumpers of the expansion board, try another cable "
    "and carrier board, and if it was sent firmware leave it powered for an hour; if it is silent even then, it is "
    "dead, and no command brings it back"
)


@dataclass(frozen=True)
class Standing:
    """Where things stand.

    where    of the modem, one sentence
    history  of the last flash that the journal knows, one sentence; "" where it knows none
    onward   the next step; None where nothing is left to do
    running  another run of this program is flashing it right now
    error    why the modem could not be asked
    """

    where: str
    history: str = ""
    onward: Onward | None = None
    running: bool = False
    facts: ModemFacts | None = None
    entry: Entry | None = None
    error: DoctorError | None = None

    @property
    def exit_code(self) -> Exit:
        """0 where nothing is left to do, or where a flash is under way."""
        return Exit.OK if self.running or (self.onward is None and self.error is None) else Exit.FAILED


def status(bench: Bench, journal: Journal | None = None) -> Standing:
    """Ask the modem (an open transfer is closed first, AT comes after), then the journal; changes nothing else."""
    journal = journal or Journal()
    entry = journal.find({"port": journals.port_key(bench.options.port or "")})
    if entry is not None and journals.is_at_work(entry):
        where = f"a flash is under way (process {entry.pid}); leave it alone"
        return Standing(where, told(entry), Onward((), status_words(Attempt(bench.options))), True, entry=entry)
    try:
        facts = _ask(bench)
    except DoctorError as err:
        return _unasked(bench, err, entry)
    entry = journal.find(journals.ids_of(bench)) or entry
    where = verdict(facts, updater_given=False).summary
    if facts.release:
        where += f": {facts.release}"
    step = _not_for_ever(bench.options.port, facts, next_step(bench.options, facts, entry))
    history = told(entry, facts) if entry is not None else ""
    return Standing(where, history, step, facts=facts, entry=entry)


def next_step(options: BenchOptions, facts: ModemFacts, entry: Entry | None) -> Onward | None:
    """What the modem's mode calls for, with the files that the journal remembers."""
    unfinished = entry is not None and entry.state in (journals.RUNNING, journals.UNPROVED)
    if facts.mode == states.APPLICATION and (entry is None or not unfinished or _runs_promised(entry, facts)):
        return None
    if entry is None or not unfinished:
        step = onward(facts.mode, Attempt(_with(options, firmware=(Path(FULL_IMAGE),))))
        remark = f"{FULL_IMAGE} stands for the full image to flash; the journal knows of none for this modem"
        return step if step.remark or "flash" not in step.words else replace(step, remark=remark)
    return onward(facts.mode, attempt_of(options, entry), str(entry.error.get("id", "")))


def _not_for_ever(port: str | None, facts: ModemFacts, step: Onward | None) -> Onward | None:
    """A silent modem is asked to be taken off power once; the second time it is called what it is."""
    if facts.mode != states.SILENT or step is None:
        tried.forget(port)
        return step
    if POWER_CYCLE in tried.tried(port):
        return Onward((), ("fipy-doctor", "open", "modem-dead-escalate"), _GIVEN_UP)
    if POWER_CYCLE in step.hands:
        tried.note(port, (POWER_CYCLE,))
    return step


def attempt_of(options: BenchOptions, entry: Entry) -> Attempt:
    """What the journal remembers of a flash, as far as the next step depends on it."""
    files: dict[str, Path] = {file.role: Path(file.path) for file in entry.files}
    said: Mapping[str, Any] = entry.options
    again = _with(
        options,
        firmware=tuple(files[role] for role in (FIRMWARE, SECOND) if role in files),
        updater_elf=options.updater_elf or files.get(UPDATER),
        bootrom=options.bootrom or files.get(BOOTROM),
        carrier=options.carrier or said.get("carrier"),
        was=options.was or said.get("was"),
        via_modem=options.via_modem or said.get("via") == "modem",
        accept=frozenset(said.get("accept", ())),
    )
    build = entry.before.get("build")
    return Attempt(
        again,
        str(said.get("via", "auto")),
        str(said.get("method", "auto")),
        bool(said.get("differential")),
        int(build) if build else None,
        all_sent=all_sent(entry.steps, entry.done),
        asked=True,
        compress=bool(said.get("compress")),
    )


def told(entry: Entry, facts: ModemFacts | None = None) -> str:
    """The last flash in one sentence."""
    names = " and ".join(Path(file.path).name for file in entry.files)
    begun = entry.begun[:16].replace("T", " ")
    start = f"last flash, begun {begun} UTC: {names}"
    if entry.state == journals.PROVED:
        return f"{start}: flashed and proved"
    if entry.state == journals.UNTOUCHED:
        return f"{start}: nothing was sent"
    if facts is not None and _runs_promised(entry, facts):
        return f"{start}: the modem runs what the file promised, though the end of it was not seen"
    number = entry.steps.index(entry.step) + 1 if entry.step in entry.steps else 0
    at = f"step {number} of {len(entry.steps)} ({entry.step_text})" if number else "its beginning"
    sent = f", {entry.sent_bytes:,} of {entry.total_bytes:,} bytes" if entry.sent_bytes else ""
    word = "now at" if journals.is_at_work(entry) else "broke off in"
    return f"{start}: {word} {at}{sent}"


def _ask(bench: Bench) -> ModemFacts:
    """The modem's mode; after an abandoned transfer was closed, the mode behind it."""
    go_through_own_mirror(bench)
    facts = bench.modem_facts
    if "session-closed" in facts.notes:
        bench.forget_modem()
        facts = bench.modem_facts
    return facts


def _unasked(bench: Bench, err: DoctorError, entry: Entry | None) -> Standing:
    """The modem could not be reached: say what is in the way, and what the journal knows."""
    from doctor.board import onboard
    from doctor.sniff import Seen

    history = told(entry) if entry is not None else ""
    seen = None if bench.link_or_none is None else bench.contact.seen
    words = status_words(Attempt(bench.options))
    if seen is Seen.MIRROR:
        return Standing("the board still mirrors", history, Onward((PRESS_RESET,), words), entry=entry)
    if seen is Seen.UPDATER:
        told_there = onboard.last_heard(bench.contact.text)
        stands = f" ({onboard.in_words(told_there)})" if told_there is not None else ""
        where = f"an updater is at work on the board{stands}; leave it alone"
        return Standing(where, history, Onward((WAIT,), words), True)
    return Standing("the modem could not be asked", history, None, entry=entry, error=err)


def _runs_promised(entry: Entry, facts: ModemFacts) -> bool:
    promised = entry.options.get("promised_build")
    return facts.mode == states.APPLICATION and bool(promised) and facts.build == promised


def _with(options: BenchOptions, **changes: Any) -> BenchOptions:
    return replace(options, **changes)
