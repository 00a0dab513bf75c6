"""The updater on the board: flash the modem from a file on the board's own card, with or without a PC.

By hand, with only a terminal: ``import fipyup; fipyup.run('/sd/X.dup')``. A PC starts the same with ``tagged=True`` and
reads the events. What is refused is refused by plan.py here too.
"""

import sys

from . import states
from .board_console import Console
from .board_hw import PINS, BoardClock, Card, ModemUart, extend_watchdog, is_simulated, module
from .board_log import Log
from .card_source import CardSource, Digest, digest  # noqa: F401
from .flow import Flow, Outcome  # noqa: F401
from .image_file import look
from .modem_version import running
from .plan import ImageFacts, Options, Plan, Refusal, make_plan  # noqa: F401
from .profile import SQN3330
from .side_file import MAX_BYTES, SUFFIX, SideFile, parse  # noqa: F401

try:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple  # noqa: F401
except ImportError:  # MicroPython
    pass

#: A modem may be starting, in ms.
PATIENCE_MS = 60000
_SIZE = 6  # in what os.stat returns

#: The flash goes over a line that a jumper may hold; nobody but the user's eyes can tell on the board (FiPy only).
JUMPERS = Refusal(
    "expansion-rts-cts-jumpers",
    "nobody has said that the RTS and CTS jumpers of the expansion board are removed",
    "with them the modem stops in the middle as soon as the program on the PC ends",
    "take them off, then add accept=('jumpers-removed',)",
)


class Job(object):
    """One file, one modem, one run.

    Members are what is known so far: ``side``, ``digest``, ``image``, ``plan``, ``state``.
    """

    def __init__(self, path, console):
        # type: (str, Console) -> None
        self.path = path
        self.console = console
        self.clock = BoardClock(console.pulse)
        self.size = 0
        self.side = None  # type: Optional[SideFile]
        self.digest = None  # type: Optional[Digest]
        self.image = None  # type: Optional[ImageFacts]
        self.plan = None  # type: Optional[Plan]
        self.running_build = 0
        self.shield = ""
        console.about(self.clock, {"file": path})

    def examine(self, given, sha256):
        # type: (Optional[Sequence[Any]], str) -> Optional[Refusal]
        """Read the file, twice or against what is known of it; why not to go on, or None. Raises OSError.

        given   (name, kind, radio, build, base, family) that a PC found out about a file with this ``sha256``
        """
        self.size = module("os").stat(self.path)[_SIZE]
        trouble = self._read_side_file()
        first = self._digest("reading the card")
        self.digest = first
        if self.side is None or self.side.sha256 != first.sha256:
            if self.side is not None:
                trouble = "the side file belongs to another file"
                self.side = None
            second = self._digest("reading the card again")
            if second.sha256 != first.sha256:
                return _misread("%s reads differently each time" % self.path)
        if trouble:
            self.console.tell("warning", {"text": trouble + "; going on without it, slower"})
        if first.size != self.size:
            return _misread("%s has %d bytes, and %d can be read" % (self.path, self.size, first.size))
        if sha256 and sha256 != first.sha256:
            return _misread("%s is not the file that is meant: its SHA-256 differs" % self.path)
        self.console.about(self.clock, {"file": self.path, "sha256": first.sha256, "total": self.size, "done": 0})
        self.image, refusal = look(self.path, self.size, first.families)
        if given is not None:
            name, kind, radio, build, base, family = given
            self.image = ImageFacts(name, self.size, kind, radio, build, base, family)
        elif self.side is not None:
            self.image = self.side.image
        elif refusal is None:
            return self._verify()
        return refusal

    def _verify(self):
        # type: () -> Optional[Refusal]
        """Walk the containers and recompute their checksums, where no PC has done so. Raises OSError."""
        from . import containers  # only where it is wanted: memory is short on a board

        stream = open(self.path, "rb")
        try:

            def read_at(offset, count):
                # type: (int, int) -> bytes
                stream.seek(offset)
                return stream.read(count)

            walk = containers.Walk(read_at, self.size)
            trouble = walk.trouble
            what = "verifying the checksums in the file"
            if not trouble and containers.wrong_sum(stream, walk.sums, self._beat(what)):
                trouble = "has a wrong checksum: some byte changed"
        finally:
            stream.close()
        if trouble:
            text = self.path.split("/")[-1] + " " + trouble
            return Refusal("firmware-file-truncated", text, "the download or the copy was damaged", "copy it again")
        if not walk.sums:
            text = "nothing in the file can be verified here: compare its SHA-256 with a source that you trust"
            self.console.tell("warning", {"text": text})
        return None

    def _beat(self, what):
        # type: (str) -> Callable[[int], None]
        """Tells how far reading has come."""
        console = self.console
        size = self.size
        return lambda done: console.beat(what, done, size)

    def _digest(self, what):
        # type: (str) -> Digest
        return digest(self.path, self._beat(what))

    def _read_side_file(self):
        # type: () -> str
        """Take the side file if there is one that fits; returns why one that is there is not used."""
        try:
            stream = open(self.path + SUFFIX, "rb")
        except OSError:
            return ""
        try:
            self.side = parse(stream.read(MAX_BYTES + 1))
        except (OSError, ValueError) as err:
            return str(err)
        finally:
            stream.close()
        if self.side.size != self.size:
            self.side = None
            return "the side file belongs to a file of another size"
        return ""

    def ask_modem(self, uart, options, was):
        # type: (ModemUart, Options, int) -> Optional[Refusal]
        """Find out what the modem is, and plan; why not to flash, or None."""
        assert self.image is not None
        profile = SQN3330
        say = self.console.tell
        state = states.detect(uart, self.clock, profile, say, PATIENCE_MS)
        if state.mode == states.STP_OPEN:  # an earlier transfer was left open, and is closed now
            state = states.detect(uart, self.clock, profile, say, PATIENCE_MS)
        now = running(state, states.read_facts(uart, self.clock, profile, state), was)
        self.running_build = now.build
        self.plan = make_plan(now, [self.image], options)
        return self.plan.refusal

    def described(self):
        # type: () -> Dict[str, Any]
        """All that is known before anything is sent, for the PC."""
        image, plan, hashed = self.image, self.plan, self.digest
        said = {"path": self.path, "size": self.size, "side_file": self.side is not None}  # type: Dict[str, Any]
        if hashed is not None:
            said["sha256"] = hashed.sha256
        if image is not None:
            said["image"] = [image.name, image.kind, image.radio, image.build, image.base, image.family]
        if plan is not None:
            said["mode"] = plan.mode
            said["method"] = plan.method
            said["build"] = self.running_build
        return said


def _misread(what):
    # type: (str) -> Refusal
    return Refusal(
        "sd-read-error-mid-flash",
        what,
        "the card or its contacts are bad, or the file is still being copied",
        "take all power away, clean and reseat the card, copy the file again",
    )


def run(
    path,
    method="auto",
    accept=(),
    was=0,
    yes=False,
    tagged=False,
    dry=False,
    sha256="",
    image=None,
):
    # type: (str, str, Sequence[str], int, bool, bool, bool, str, Optional[Sequence[Any]]) -> bool
    """Flash the modem with the file at ``path``; True where it was flashed and proved.

    method   "auto", "store" or "on-the-fly"
    accept   consents by name: "radio-change", "no-way-back", "jumpers-removed"
    was      build that the modem runs, where it cannot say it itself
    yes      the plan needs no further yes
    tagged   events as JSON lines for a PC, instead of lines for a person
    dry      show the plan and stop
    sha256   what the file must be
    image    what a PC has found out about the file
    """
    console = Console(tagged)
    job = Job(path, console)
    end = {"proved": False, "sent_any": False, "sent": 0, "error": None}  # type: Dict[str, Any]
    try:
        refusal = _run(job, method, accept, was, yes or tagged, dry, sha256, image, end)
        if refusal is not None:
            end["error"] = [refusal.id, refusal.what, refusal.why, refusal.next]
        end.update(job.described())
        _last_words(console, end, dry)
        console.tell("end", end)
    finally:
        console.unshield()  # last: a Ctrl-C that is still on its way would cut the last words off
    return bool(end["proved"])


def _run(job, method, accept, was, yes, dry, sha256, image, end):
    # type: (Job, str, Sequence[str], int, bool, bool, str, Optional[Sequence[Any]], Dict[str, Any]) -> Optional[Refusal]
    """Examine, plan, ask, flash; why nothing was sent, or None. Mounts are left as found."""
    card = None  # type: Optional[Card]
    try:
        extend_watchdog()
        card = Card(job.path)
        refusal = job.examine(image, sha256)
        if refusal is None:
            options = Options(method, accept, None, is_simulated(), soak=True)
            refusal = _with_modem(job, options, was, accept, yes, dry, end)
        return refusal
    except OSError as err:
        what = "%s cannot be used: %s" % (job.path, err)
        return Refusal("sd-read-error-mid-flash", what, "", "run fipy-doctor check")
    except KeyboardInterrupt:  # the keys are ours until the flash begins
        return Refusal("user-interrupt", "stopped before anything was sent to the modem", "", "")
    finally:
        if card is not None:
            card.close()


def _with_modem(job, options, was, accept, yes, dry, end):
    # type: (Job, Options, int, Sequence[str], bool, bool, Dict[str, Any]) -> Optional[Refusal]
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
        end["proved"] = outcome.proved
        end["mode"] = outcome.mode
        end["lines"] = outcome.version_lines
        end["word"] = outcome.result_word
        end["sent"] = outcome.sent_bytes
        end["sent_any"] = outcome.sent_any
        end["changed"] = outcome.changed
        end["step"] = outcome.step
        end["done"] = outcome.done
        if outcome.error is not None:
            end["error"] = [outcome.error[0], outcome.error[1], "", ""]
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
    for warning in plan.warnings:
        say("  ! %s. %s" % (warning.what, warning.why))
    say("Power must stay until the end: keep USB plugged in. Closing the terminal does no harm.")
    if sys.platform == "FiPy" and not jumpers_accepted:
        say("The RTS and CTS jumpers of the expansion board must be removed: have you looked?")
    return bool(input("Flash now? Type yes: ").strip().lower() == "yes")


def _flash(job, uart):
    # type: (Job, ModemUart) -> Outcome
    """Carry out the plan, shielded from the keyboard, with a log on the card before and after."""
    assert job.plan is not None and job.digest is not None
    console = job.console
    log = Log(job.path, console)
    shield = console.shield()
    job.clock.on_key = console.interrupted
    log.before(job.described(), shield)
    source = CardSource(job.path, job.size, job.digest.sha256, job.side)
    flow = Flow(uart, job.clock, SQN3330, console.tell)
    console.began = lambda: flow.outcome.sent_any
    try:
        outcome = flow.run(job.plan, source, job.size, console.should_stop)
    except KeyboardInterrupt:  # only through telnet on old releases: the line itself is shielded
        outcome = flow.outcome
        closed = states.close_session(uart, job.clock, SQN3330, console.tell)
        outcome.mode = states.detect(uart, job.clock, SQN3330, console.tell).mode if closed else states.STP_OPEN
        outcome.error = ("user-interrupt", "Ctrl-C came through")
    finally:
        source.close()
    log.after(outcome)
    return outcome


def _last_words(console, end, dry):
    # type: (Console, Dict[str, Any], bool) -> None
    """What a person at a terminal reads at the end; a PC says it in its own words."""
    said = []  # type: List[str]
    if end["proved"]:
        said = ["flashed and proved: " + ", ".join(end["lines"][:2]), "press reset once: the board's LTE needs it"]
    elif end["error"] is not None:
        id, what, why, next = end["error"]
        said = ["%s: %s" % ("NOT PROVED" if end["sent_any"] else "refused", what)]
        said += [text for text in (why, next) if text]
        said.append("fipy-doctor explain knows more: " + id)
    elif dry:
        said = ["the plan is possible: method " + str(end.get("method"))]
    for text in said:
        console.tell("say", {"text": text})
