"""The updater on the board: flash the modem from a file on the board's own card, with or without a PC.

By hand, with only a terminal: ``import fipyup; fipyup.run('/sd/X.dup')``. A PC starts the same with ``tagged=True`` and
reads the events. What is refused is refused by plan.py here too.
"""

import sys

from . import states
from .board_console import PROVED, REFUSED, UNPROVED, Console
from .board_file import BoardFile
from .board_hw import PINS, BoardClock, Card, ModemUart, extend_watchdog, is_simulated
from .board_log import Log
from .flow import Flow, Outcome  # noqa: F401
from .plan import FIRMWARE, SECOND, UPDATER, make_plan  # noqa: F401
from .profile import SQN3330
from .shapes import Options, Plan, Refusal, Running  # noqa: F401
from .version_block import loaders_of, version_of

try:
    from typing import Any, Dict, List, Optional, Sequence, Tuple  # noqa: F401

    from .events import Data  # noqa: F401
except ImportError:  # MicroPython
    pass

#: A modem may be starting, in ms.
PATIENCE_MS = 60000
USAGE = "say which file, by its whole path: fipyup.run('/sd/X.dup')"
#: The flash goes over a line that a jumper may hold; nobody but the user's eyes can tell on the board (FiPy only).
JUMPERS = Refusal(
    "expansion-rts-cts-jumpers",
    "nobody has confirmed that the RTS and CTS jumpers of the expansion board are removed",
    "with them the modem stops in the middle as soon as the program on the PC ends",
    "take them off, then add accept=('jumpers-removed',)",
)


RESEAT = (
    "take the card out, put it in again (on the PC: `fipy-doctor open reseat-card`) and retry; then try another card"
)


def running(state, facts, was=0):
    # type: (states.State, states.Facts, int) -> Running
    """What the modem is now, for the planner; ``was`` is the build that the user named."""
    lines = facts.ati1 + facts.showver + state.ati
    family = states.family_of(lines) or state.family
    _, build, radio = version_of(lines, family)
    return Running(state.mode, build, radio, family, loaders_of(lines), was)


class Job(object):
    """One modem, one run. ``files`` by what they are for: plan.FIRMWARE, SECOND, UPDATER."""

    def __init__(self, files, console):
        # type: (Dict[str, BoardFile], Console) -> None
        self.files = files
        self.console = console
        self.clock = BoardClock(console.pulse)
        self.plan = None  # type: Optional[Plan]
        self.running_build = 0
        console.clock = self.clock
        self.name({})

    @property
    def first(self):
        # type: () -> BoardFile
        """The firmware, or the first file of it."""
        return self.files[FIRMWARE]

    @property
    def last(self):
        # type: () -> BoardFile
        """The firmware that is to run at the end."""
        return self.files.get(SECOND) or self.first

    def examine(self, known):
        # type: (Dict[str, Tuple[str, Optional[Sequence[Any]]]]) -> Optional[Refusal]
        """Read every file; why not to go on, or None. Raises OSError.

        known   by path: SHA-256, and (name, kind, radio, build, base, family, part), as a PC has found out
        """
        for role in (UPDATER, FIRMWARE, SECOND):
            if role not in self.files:
                continue
            file = self.files[role]
            sha256, image = known.get(file.path, ("", None))
            refusal = file.examine(image, sha256)
            if refusal is not None:
                return refusal
        self.name({role: file.digest.sha256 for role, file in self.files.items() if file.digest is not None})
        return self._swapped()

    def name(self, sums):
        # type: (Dict[str, str]) -> None
        """From now on the heartbeat says by SHA-256 what is flashed, so that who joins knows whether it is theirs."""
        last = SECOND if SECOND in self.files else FIRMWARE
        facts = {"file": self.files[last].path, "sha256": sums.get(last, "")}
        if last == SECOND:
            facts["first"] = sums.get(FIRMWARE, "")
        self.console.know(facts)

    def _swapped(self):
        # type: () -> Optional[Refusal]
        """A file in another's place; the planner judges what is given as firmware."""
        elf = self.files.get(UPDATER)
        if elf is None or (elf.image is not None and elf.image.kind == "updater-elf"):
            return None
        return Refusal("files-swapped", elf.path + " is not an updater image", "it does not start like a program", "")

    def options(self, method, accept, first_done):
        # type: (str, Sequence[str], bool) -> Options
        """What was chosen, as the planner wants it."""
        elf = self.files[UPDATER].image if UPDATER in self.files else None
        return Options(method, accept, elf, is_simulated(), soak=True, first_done=first_done)

    def ask_modem(self, uart, options, was):
        # type: (ModemUart, Options, int) -> Optional[Refusal]
        """Find out what the modem is, and plan; why not to flash, or None."""
        images = [file.image for file in (self.first, self.last) if file.image is not None]
        profile = SQN3330
        say = self.console.tell
        state = states.detect(uart, self.clock, profile, say, PATIENCE_MS)
        if state.mode == states.STP_OPEN:  # an earlier transfer was left open, and is closed now
            state = states.detect(uart, self.clock, profile, say, PATIENCE_MS)
        now = running(state, states.read_facts(uart, self.clock, profile, state), was)
        self.running_build = now.build
        self.plan = plan = make_plan(now, images if SECOND in self.files else images[:1], options)
        if plan.nothing:
            return Refusal("build-runs-already", plan.nothing, "", "")
        return plan.refusal

    def described(self):
        # type: () -> Data
        """All that is known before anything is sent, for the PC."""
        said = self.last.described()
        if len(self.files) > 1:
            said["files"] = [file.path for file in self.files.values()]
        if self.plan is not None:
            said["mode"] = self.plan.mode
            said["method"] = self.plan.method
            said["build"] = self.running_build
        return said


def run(
    path,
    method="auto",
    accept=(),
    was=0,
    yes=False,
    tagged=False,
    dry=False,
    second="",
    updater_elf="",
    first_done=False,
    known=None,
):
    # type: (str, str, Sequence[str], int, bool, bool, bool, str, str, bool, Optional[Data]) -> bool
    """Flash the modem with the file at ``path``; True if it was flashed and proved.

    method   "auto", "store" or "on-the-fly"
    accept   consents by name: "radio-change", "no-way-back", "old-boot-loader", "same-build", "unknown-build",
             "jumpers-removed"
    was      build that the modem runs, if it cannot say it itself
    yes      the plan needs no further yes
    tagged   events as JSON lines for a PC, instead of lines for a person
    dry      show the plan and stop
    second       the second file of 48829
    updater_elf  the updater image for a modem in its boot ROM
    first_done   the first file of 48829 is in the modem already
    known        what a PC has found out about the files: see Job.examine
    """
    console = Console(tagged)
    if not isinstance(path, str) or not path.startswith("/"):
        console.tell("say", {"text": USAGE})
        return False
    paths = {FIRMWARE: path, SECOND: second, UPDATER: updater_elf}
    job = Job({role: BoardFile(paths[role], console) for role in paths if paths[role]}, console)
    end = {"proved": False, "sent_any": False, "sent": 0, "error": None}  # type: Data
    job.name({role: (known or {}).get(paths[role], ("",))[0] for role in job.files})  # as a PC means it to be
    try:
        refusal = _run(job, known or {}, (method, accept, first_done), was, yes or tagged, dry, end)
        if refusal is not None:
            end["error"] = [refusal.id, refusal.what, refusal.why, refusal.next]
        known_before = job.described()
        known_before.update(end)  # the mode that was found at the end counts
        end = known_before
        _last_words(console, end, dry)
        console.tell("end", end)
    finally:
        console.unshield()  # last: a Ctrl-C that is still on its way would cut the last words off
    return bool(end["proved"])


def _run(job, known, chosen, was, yes, dry, end):
    # type: (Job, Data, Tuple[str, Sequence[str], bool], int, bool, bool, Data) -> Optional[Refusal]
    """Examine, plan, ask, flash; why nothing was sent, or None. Mounts are left as found."""
    card = None  # type: Optional[Card]
    try:
        extend_watchdog()
        card = Card(job.first.path)
        refusal = job.examine(known)
        if refusal is None:
            refusal = _with_modem(job, job.options(*chosen), was, chosen[1], yes, dry, end)
        return refusal
    except OSError as err:
        if card is None:
            what = "the card in the board cannot be used: %s" % err
            return Refusal("sd-read-error-mid-flash", what, "there is no card, or it is loose or not FAT32", RESEAT)
        what = "%s cannot be read: %s" % (" or ".join([file.path for file in job.files.values()]), err)
        return Refusal("sd-read-error-mid-flash", what, "the card or its contacts are bad", RESEAT)
    except KeyboardInterrupt:  # the keys are ours until the flash begins
        return Refusal("user-interrupt", "stopped before anything was sent to the modem", "", "")
    finally:
        if card is not None:
            card.close()


def _with_modem(job, options, was, accept, yes, dry, end):
    # type: (Job, Options, int, Sequence[str], bool, bool, Data) -> Optional[Refusal]
    """Plan, ask, flash; why nothing was sent, or None."""
    if sys.platform not in PINS:
        return Refusal("non-lte-board", "a %s has no LTE modem" % sys.platform, "", "use a FiPy or GPy")
    uart = ModemUart(SQN3330.app_baud, job.clock)
    try:
        refusal = job.ask_modem(uart, options, was)
        if refusal is None and not dry and yes and sys.platform == "FiPy" and "jumpers-removed" not in accept:
            refusal = JUMPERS
        if refusal is not None or dry:
            return refusal
        if not yes and not _agreed(job, "jumpers-removed" in accept):
            return Refusal("not-confirmed", "not confirmed; nothing was sent to the modem", "", "")
        outcome = _flash(job, uart)
        end.update(outcome.words())
    finally:
        end["restored"] = uart.close()
    return None


def _agreed(job, jumpers_accepted):
    # type: (Job, bool) -> bool
    """Ask the person at the terminal."""
    plan = job.plan
    assert plan is not None
    say = job.console.say
    for step in plan.steps:
        say("  - %s (up to %d s%s)" % (step.text, step.limit_ms // 1000, "" if step.may_unplug else "; do not unplug"))
    if plan.loaders:
        say(plan.loaders)
    for warning in plan.warnings:
        say("  ! %s. %s" % (warning.what, warning.why))
    say("Keep USB plugged in until the end: the modem needs power. Closing the terminal does no harm.")
    if sys.platform == "FiPy" and not jumpers_accepted:
        say("The RTS and CTS jumpers of the expansion board must be removed: have you looked?")
    return bool(input("Flash now? Type yes: ").strip().lower() == "yes")


def _flash(job, uart):
    # type: (Job, ModemUart) -> Outcome
    """Carry out the plan, shielded from the keyboard, with a log on the card before and after."""
    assert job.plan is not None
    console = job.console
    log = Log(job.first.path, console)
    shield = console.shield()
    job.clock.on_key = console.interrupted
    log.before(job.described(), shield)
    sources = {role: (file.source(), file.size) for role, file in job.files.items()}  # type: Data
    source, size = sources[FIRMWARE]
    others = {role: sources[role] for role in sources if role != FIRMWARE}
    flow = Flow(uart, job.clock, SQN3330, console.tell)
    console.began = lambda: flow.outcome.sent_any
    try:
        outcome = flow.run(job.plan, source, size, console.should_stop, others)
    except KeyboardInterrupt:  # only through telnet on old releases: the line itself is shielded
        outcome = flow.outcome
        closed = states.close_session(uart, job.clock, console.tell)
        outcome.mode = states.detect(uart, job.clock, SQN3330, console.tell).mode if closed else states.STP_OPEN
        outcome.error = ("user-interrupt", "Ctrl-C came through")
    finally:
        for role in sources:
            sources[role][0].close()
    log.after(outcome)
    return outcome


def _last_words(console, end, dry):
    # type: (Console, Data, bool) -> None
    """What a person at a terminal reads at the end; a PC says it in its own words."""
    said = []  # type: List[str]
    if end["proved"]:
        said = [PROVED + ": " + ", ".join(end["lines"][:2]), "press reset once: the board's LTE needs it"]
    elif end["error"] is not None:
        id, what, why, next = end["error"]
        said = ["%s: %s" % (UNPROVED if end["sent_any"] else REFUSED if why or next else "not flashed", what)]
        said += [text for text in (why, next) if text]
        if next and "step" in end:  # a cure; a refusal says all that is next
            said.append("then flash again")
        said.append("for more, run this on a computer: `fipy-doctor open %s`" % id)
    elif dry:
        said = ["the plan is possible: method " + str(end.get("method"))]
    for text in said:
        console.tell("say", {"text": text})
