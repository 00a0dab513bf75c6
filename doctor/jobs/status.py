"""The job behind ``fipy-doctor status``: where a modem stands, by its own word and the journal's, and what is next."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from doctor.bench import Bench, BenchOptions
from doctor.board.at_work import FILE, AtWork, at_work
from doctor.board.storage import begun
from doctor.board.storage.begun import Begun, NotedBook
from doctor.errors import LONGEST, BoardError, DoctorError, Exit, UsageError
from doctor.jobs.done import accept
from doctor.jobs.flashing.card.ending import ADVICE
from doctor.jobs.flashing.steps_done import all_sent_by, first_sent, how_far
from doctor.jobs.flashing.ways import go_through_own_mirror
from doctor.jobs.hands import OTHER_CABLE, PLUG_IN, POWER_CYCLE, PRESS_RESET, PULL_JUMPERS, WAIT, done_words
from doctor.jobs.last_flash import may_write_until
from doctor.jobs.memory import journal as journals
from doctor.jobs.memory.advice_given import TOLD, AdviceGiven
from doctor.jobs.memory.journal import DamagedJournal, FlashEntry, Journal
from doctor.jobs.memory.state_dir import begun_place
from doctor.jobs.onward import LOST, Attempt, NextFlash, flash_command, onward
from doctor.link.port_url import PortUrl
from doctor.modem.facts import ModemFacts
from doctor.modem.verdict import verdict
from doctor.text.command import ON_CARD, Command
from doctor.text.escape import shown
from doctor.updater import states
from doctor.updater.plan import BOOTROM, FIRMWARE, SECOND, UPDATER

#: What was asked for and is not there; a flash that ended before it sent anything too.
_UNFINISHED = (journals.RUNNING, journals.UNPROVED, journals.UNTOUCHED)
_DEAD = "the modem stays silent after everything was tried: it is dead, and no command brings it back"
_WROTE = "; it fell silent while it wrote its firmware"
_UNSEEN = " (you said that its power was off; this program did not see it)"
#: What may be asked of who sits at the terminal, by the step that was asked for before.
_WAS_IT_DONE = {
    POWER_CYCLE: "Was all power (USB and battery) off for 10 s since status asked for it?",
    PULL_JUMPERS: "Are the RTS and CTS jumpers off, or does your carrier board have none?",
    OTHER_CABLE: "Did you try another cable, another socket and, if there is one, another carrier board?",
}


@dataclass(frozen=True)
class StatusReport:
    """Where things stand.

    where    of the modem, one sentence
    history  of the last flash that the journal knows, one sentence; "" if it knows none
    onward   the next step; None if nothing is left to do
    running  it is being flashed right now: by another run of this program, or by the board itself
    error    why the modem could not be asked
    settled  the last flash is proved, and ``onward`` only takes the board out of mirror mode
    advice   what the hands are still to do after a proved flash, if they did not; "" for nothing
    progress of a board that flashes by itself: file, step, done, total, percent
    damaged  a journal that is there and cannot be read
    begun    what was begun with the board's files and has not come to its end
    unread   notes of such things that cannot be read
    looked   what was seen of a power cycle that the user says was done; "" if none was said
    """

    where: str
    history: str = ""
    onward: NextFlash | None = None
    running: bool = False
    facts: ModemFacts | None = None
    entry: FlashEntry | None = None
    error: DoctorError | None = None
    settled: bool = False
    advice: str = ""
    progress: AtWork | None = None
    damaged: DamagedJournal | None = None
    begun: tuple[Begun, ...] = ()
    unread: tuple[Path, ...] = ()
    looked: str = ""

    @property
    def exit_code(self) -> Exit:
        """0 if nothing is left to do with the modem and the board's files, or if a flash is under way."""
        if isinstance(self.error, UsageError) and self.onward is None:
            return self.error.exit_code
        done = self.onward is None and self.error is None and not self.begun and not self.unread
        return Exit.OK if self.running or self.settled or done else Exit.FAILED


def begun_over(journal: Journal | None = None) -> list[FlashEntry]:
    """The flashes that this computer began and that are not over, one for each port: at work first, then the newest.

    A simulated bench that is not kept is gone with its process.
    """
    left: dict[str, FlashEntry] = {}
    for entry in sorted((journal or Journal()).entries(), key=journals.is_at_work, reverse=True):
        port = entry.ids.get("port", "")
        if port and PortUrl.read(port).lasts and entry.broke_off:
            left.setdefault(port, entry)
    return list(left.values())


def last_flashes(journal: Journal | None = None) -> list[str]:
    """The last flash over each port, a sentence each, the newest first; none of a bench that is not kept."""
    last: dict[str, FlashEntry] = {}
    for entry in (journal or Journal()).entries():
        port = entry.ids.get("port", "")
        if port and PortUrl.read(port).lasts:
            last.setdefault(port, entry)
    return [f"{shown(port, LONGEST)}: {told(entry)}" for port, entry in last.items()]


def without_board(error: DoctorError, journal: Journal | None = None) -> StatusReport:
    """Where things stand if no modem can be asked, since no port was named and none is certain: what the journal knows.

    error  why no port is certain
    """
    journal = journal or Journal()
    left = begun_over(journal)
    tell = left or journal.entries()[:1]
    history = "\n".join(f"{shown(e.ids.get('port', ''), LONGEST)}: {told(e)}" for e in tell)
    damaged = journal.damaged({})
    if not history and damaged is None:
        history = "this computer has no record of a flash"
    step = None
    if left:
        port = left[0].ids["port"]
        hands = (PLUG_IN,) if PortUrl.read(port).device else ()
        step = NextFlash(hands, Command("status", port=port))
    last = tell[0] if tell else None
    return StatusReport("the modem could not be asked", history, step, entry=last, error=error, damaged=damaged)


def status(
    bench: Bench,
    journal: Journal | None = None,
    *,
    said: Iterable[str] = (),
    done: Callable[[str], bool] = lambda _: False,
) -> StatusReport:
    """Ask the modem (an open transfer is closed first, AT comes after), then the journal; changes nothing else.

    said  ids of steps (jobs/hands.py) that the user says were done
    done  asks the user whether a step was done that an earlier run asked for; False if nobody can answer
    """
    journal = journal or Journal()
    port = journals.port_ids(bench.options.url)
    entry = journals.under_way(bench.options.url, journal) or journal.find(port)
    if entry is not None and journals.is_at_work(entry):
        where = f"a flash is under way (process {entry.pid}); leave it alone"
        return StatusReport(where, told(entry), NextFlash((), _again(bench)), True, entry=entry)
    _, looked = accept(bench, said)
    try:
        facts = _ask(bench)
    except DoctorError as err:
        damaged = journal.damaged(port) if entry is None else None
        return replace(_unasked(bench, err, entry), damaged=damaged, looked=looked)
    ids = journals.ids_of(bench)
    entry = journal.find(ids)
    where = verdict(facts, updater_given=False).summary
    if facts.release:
        where += f": {facts.release}"
    damaged = journal.damaged(ids) if entry is None else None
    step = _through_silence(bench, facts, next_step(bench.options, facts, entry, damaged), entry, done)
    history = told(entry, facts) if entry is not None else ""
    advice = _button(entry, facts) if entry is not None and step is None else ""
    left, unread = _begun(bench)
    standing = StatusReport(where, history, step, facts=facts, entry=entry, advice=advice, damaged=damaged)
    return replace(standing, begun=left, unread=unread, looked=looked)


def _begun(bench: Bench) -> tuple[tuple[Begun, ...], tuple[Path, ...]]:
    """What was begun with the board's files and has not come to its end, and notes of such that cannot be read.

    Nothing if no board can be asked.
    """
    if bench.is_bare_modem:
        return (), ()
    with suppress(BoardError):
        board, book = bench.board, NotedBook(begun_place(bench.options.url), bench.known)
        every = begun.unfinished(board, book)
        left = [one for one in every if begun.gone(board, one)]
        if bench.recording is None:  # the folders of the PC say which command ends it
            left = [replace(one, command=begun.onward(one).words()[1:]) for one in left]
        return tuple(left), begun.damaged(board, book)
    return (), ()


def next_step(
    options: BenchOptions, facts: ModemFacts, entry: FlashEntry | None, damaged: DamagedJournal | None = None
) -> NextFlash | None:
    """What the modem's mode calls for, with the files that the journal remembers."""
    unfinished = entry is not None and entry.state in _UNFINISHED
    if facts.mode == states.APPLICATION and (entry is None or not unfinished or _runs_promised(entry, facts)):
        return None
    if entry is None or not unfinished:
        step = onward(facts.mode, Attempt(options.command("flash"), known=False))
        knows = "cannot be read" if damaged is not None else "knows of none for this modem"
        remark = f"it looks for the full image; the journal {knows}"
        flashes = step.command is not None and step.command.verb == "flash"
        return replace(step, remark=remark) if flashes and not step.remark else step
    error_id = str(entry.error.get("id", ""))
    before = error_id if entry.failures > 1 else ""
    known = attempt_of(options, entry)
    attempt = replace(known, build_now=facts.build, failed_before=before, failures=max(0, entry.failures - 1))
    return onward(facts.mode, attempt, error_id)


def _through_silence(
    bench: Bench, facts: ModemFacts, step: NextFlash | None, entry: FlashEntry | None, done: Callable[[str], bool]
) -> NextFlash | None:
    """What is left to try with a modem that power off did not bring back, one thing after the other.

    The next one comes when the user said that the one before was done; as long as nobody says so, the answer stays.
    """
    tried = AdviceGiven(bench.options.url)
    if facts.mode not in LOST or step is None:
        tried.forget()
        return step
    if POWER_CYCLE not in step.hands:
        return step
    jumpers = (PULL_JUMPERS,) if bench.carrier_with_jumpers is not None else ()
    for hand in (POWER_CYCLE, *jumpers, OTHER_CABLE):
        if hand in tried.told and hand not in tried.confirmed and done(_WAS_IT_DONE[hand]):
            accept(bench, [hand])
        if hand not in tried.confirmed:
            tried.note([hand], TOLD)
            return replace(step, hands=(hand,), command=_again(bench, hand))
    judged = verdict(facts, updater_given=False).catalogue or "modem-state-unknown"
    if facts.mode != states.SILENT:
        return NextFlash((), Command("open", (judged,)))
    wrote = entry is not None and entry.state in _UNFINISHED and all_sent_by(entry)
    return NextFlash(
        (),
        Command("open", ("modem-dead-escalate",)),
        _DEAD + _WROTE * wrote + _UNSEEN * (POWER_CYCLE not in tried.seen),
    )


def attempt_of(options: BenchOptions, entry: FlashEntry) -> Attempt:
    """What the journal remembers of a flash, as far as the next step depends on it."""
    files: dict[str, Path] = {file.role: Path(file.path) for file in entry.files}
    given = options.command("flash")
    again = replace(
        given.recalled(entry.options),
        firmware=tuple(files[role] for role in (FIRMWARE, SECOND) if role in files),
        updater_elf=given.updater_elf or files.get(UPDATER),
        bootrom=given.bootrom or files.get(BOOTROM),
    )
    build = entry.before.get("build")
    return Attempt(
        again,
        bool(entry.options.get("differential")),
        build if type(build) is int and build else None,
        all_sent=all_sent_by(entry),
        asked=True,
        waited=may_write_until(options.url, entry) is None,
        first_sent=first_sent(entry.steps, entry.done, len(again.firmware)),
    )


def told(entry: FlashEntry, facts: ModemFacts | None = None) -> str:
    """The last flash in one sentence."""
    start = _start(entry)
    if entry.state == journals.PROVED:
        return f"{start}: flashed and proved"
    if entry.state == journals.UNTOUCHED:
        return f"{start}: nothing was sent"
    if facts is not None and _runs_promised(entry, facts):
        return f"{start}: the modem runs what the file promised, though this program did not see the end"
    word = "now at" if journals.is_at_work(entry) else "was interrupted in"
    text = f" ({entry.step_text})" if entry.step in entry.steps else ""
    return f"{start}: {word} {how_far(entry) or 'its beginning'}{text}"


def _button(entry: FlashEntry, facts: ModemFacts) -> str:
    """What the hands may still have to do when the modem is done; nobody sees it done."""
    if entry.mirrored:  # the prompt is back, so it was done
        return ""
    by_card_unseen = (
        entry.options.get("via") == "card" and entry.state != journals.PROVED and _runs_promised(entry, facts)
    )
    return ADVICE if by_card_unseen else entry.advice * (entry.state == journals.PROVED)


def _start(entry: FlashEntry) -> str:
    names = " and ".join(shown(Path(file.path).name) for file in entry.files)
    begun = entry.begun[:16].replace("T", " ")
    return f"last flash, begun {begun} UTC: {names}"


def _ask(bench: Bench) -> ModemFacts:
    """The modem's mode; after an abandoned transfer was closed, the mode behind it."""
    go_through_own_mirror(bench)
    facts = bench.modem_facts
    if "session-closed" in facts.notes:
        bench.forget_modem()
        facts = bench.modem_facts
    return facts


def _unasked(bench: Bench, err: DoctorError, entry: FlashEntry | None) -> StatusReport:
    """The modem could not be reached: say what is in the way, and what the journal knows."""
    from doctor.board.first_contact import Seen

    history = told(entry) if entry is not None else ""
    seen = None if bench.link_or_none is None else bench.contact.seen
    if seen is Seen.MIRROR:
        proved = entry is not None and entry.state == journals.PROVED
        if bench.contact.evidence.get("undecided") and (entry is None or not entry.mirrored):
            again = replace(_again(bench), via="modem")
            where = "a modem answers: it is a bare modem, or it is behind a board in mirror mode"
            remark = "this works for both; the reset button of a board ends its mirror mode"
            return StatusReport(where, history, NextFlash((), again, remark), entry=entry)
        where = "the board is still in mirror mode" + (", as the flash left it" if proved else "")
        step = NextFlash((PRESS_RESET,), _again(bench))
        return StatusReport(where, history, step, entry=entry, settled=proved)
    if seen is Seen.UPDATER:
        return _board_at_work(bench, entry)
    return StatusReport("the modem could not be asked", history, None, entry=entry, error=err)


def _board_at_work(bench: Bench, entry: FlashEntry | None) -> StatusReport:
    """The board flashes by itself: how far it is, and the command that joins it."""
    stands = at_work(bench.contact.text)
    where = f"{stands.words}; leave it powered and press nothing"
    if not stands.ours:
        return StatusReport(where, "", NextFlash((WAIT,), _again(bench)), True, entry=entry)
    if not _is_of(entry, stands):
        entry = None
    history = f"{_start(entry)}: handed to the board, which continues without this program" if entry is not None else ""
    options = replace(bench.options, via_modem=False)  # a board answers, whatever was said
    again = Attempt(options.command("flash", firmware=(f"{ON_CARD}{stands.file}",)))
    if entry is not None and all(Path(file.path).is_file() for file in entry.files):
        again = attempt_of(options, entry)
    remark = "it joins the board: it only listens, shows how far it is, and says how it ended"
    step = NextFlash((), flash_command(again, states.APPLICATION), remark)
    return StatusReport(where, history, step, True, entry=entry, progress=stands)


def _is_of(entry: FlashEntry | None, stands: AtWork) -> bool:
    """Whether the board is at the flash that ``entry`` is about; not one that is over, or went another way."""
    if entry is None or entry.state in (journals.PROVED, journals.UNTOUCHED) or entry.mirrored:
        return False
    return stands.file == FILE or stands.file in [Path(file.path).name.removeprefix(ON_CARD) for file in entry.files]


def _runs_promised(entry: FlashEntry, facts: ModemFacts) -> bool:
    promised = entry.options.get("promised_build")
    return facts.mode == states.APPLICATION and bool(promised) and facts.build == promised


def _again(bench: Bench, hand: str = "") -> Command:
    """Status of this bench; ``hand`` is what the hands are asked for before it."""
    return bench.options.command("status", done=done_words(hand))
