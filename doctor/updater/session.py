"""What the parts of a flow share: the way to the modem, what is known of it, and how things stand."""

from . import states
from .at import AtChannel
from .contract import Clock, Port  # noqa: F401
from .events import Speaker
from .profile import BLOCK_MAX_BYTES, Profile  # noqa: F401
from .stp import Master

try:
    from typing import Callable, List, Optional, Tuple  # noqa: F401

    from .events import Data, Emit  # noqa: F401
except ImportError:  # MicroPython
    pass

#: Tries of AT before the modem counts as not awake, 1 s apart (modem-protocol.md 5.2, step 2).
WAKE_TRIES = 10
WAKE_EVERY_MS = 1000
#: How a flash ends that was stopped before the first block.
STOPPED = "stopped before anything was sent to the modem"
#: Pause in ms between two looks at a modem that restarts or writes.
POLL_MS = 1000


class FlowError(Exception):
    """A step failed: catalogue or check id, what happened in words; cause and cure if the step itself knows them."""

    def __init__(self, id, text, cause="", cure=""):
        # type: (str, str, str, str) -> None
        self.id = id
        self.text = text
        self.cause = cause
        self.cure = cure


class Outcome(object):
    """How a flow ended.

    proved         True if the modem came back to its application and said its version
    mode           mode of the modem, one of states.*
    version_lines  lines of ATI1 and showver, read at the end
    result_word    what AT+SMUPGRADE? said, "" if nothing
    error          (id, text), or None
    cause, cure    of that error; "" if only the mode behind it tells
    sent_bytes     bytes of the file at hand that the modem acknowledged
    sent_any       True once a block was written to the wire: the modem may hold a part of a file
    unsure         (id, text, size) if all of the file went out and the modem did not say that it has it; else None
    maybe_all      True if all of a file went out, and it is written as it arrives or the transfer cannot be ended: the
                   modem may write from now on
    closing        True while a closing RESET of ours was not acknowledged, and AT was not answered since
    changed        True if the modem is in another mode than before, though nothing may have been sent
    step           id of the step that was begun last
    done           ids of the steps that are done
    """

    def __init__(self):
        # type: () -> None
        self.proved = False
        self.mode = states.UNKNOWN
        self.version_lines = []  # type: List[str]
        self.result_word = ""
        self.error = None  # type: Optional[Tuple[str, str]]
        self.cause = ""
        self.cure = ""
        self.sent_bytes = 0
        self.sent_any = False
        self.unsure = None  # type: Optional[Tuple[str, str, int]]
        self.maybe_all = False
        self.closing = False
        self.changed = False
        self.step = ""
        self.done = []  # type: List[str]

    def words(self):
        # type: () -> Data
        """What a board says of it to a PC."""
        said = {name: getattr(self, attribute) for name, attribute in _TOLD.items()}
        said["error"] = None if self.error is None else [self.error[0], self.error[1], self.cause, self.cure]
        return said

    @staticmethod
    def of_words(said):
        # type: (Data) -> Outcome
        """What ``words`` brought over the line; what is left out stays as it is at the beginning."""
        outcome = Outcome()
        for name, attribute in _TOLD.items():
            value = said.get(name)
            if value and isinstance(value, type(getattr(outcome, attribute))):
                setattr(outcome, attribute, [str(line) for line in value] if isinstance(value, list) else value)
        if said.get("error"):
            id, text, outcome.cause, outcome.cure = [str(part) for part in said["error"]]
            outcome.error = (id, text)
        return outcome


#: Members of an outcome by the names that they have on the line.
_TOLD = {
    "proved": "proved",
    "mode": "mode",
    "lines": "version_lines",
    "word": "result_word",
    "sent": "sent_bytes",
    "sent_any": "sent_any",
    "maybe_all": "maybe_all",
    "changed": "changed",
    "step": "step",
    "done": "done",
}


class Session(object):
    """One modem while it is flashed.

    port, clock, profile, emit, max_block, block as Flow takes them; outcome: see there
    should_stop  asked if stopping is possible, or None
    baud         speed of the port if we changed it, else 0
    """

    def __init__(self, port, clock, profile, emit, max_block, block=BLOCK_MAX_BYTES):
        # type: (Port, Clock, Profile, Optional[Emit], int, int) -> None
        self.clock = clock
        self.profile = profile
        self.emit = emit
        self.speaker = Speaker(emit)
        self.outcome = Outcome()
        self.should_stop = None  # type: Optional[Callable[[], bool]]
        self._block = min(block, profile.block_bytes)
        self.move(port, max_block)

    def move(self, port, max_block):
        # type: (Port, int) -> None
        """Go on over another way to the same modem."""
        self.port = port
        self.baud = 0
        self.at = AtChannel(port, self.clock, self.emit)
        self.master = Master(port, self.clock, self.emit, max_block, self._block)

    def set_baud(self, baud):
        # type: (int) -> None
        """Change the speed of our side."""
        self.port.set_baud(baud)
        self.baud = baud

    def stop_here_if_asked(self):
        # type: () -> None
        """Raises FlowError if nothing was sent yet and the user wants to stop."""
        if not self.outcome.sent_any and self.should_stop is not None and self.should_stop():
            raise FlowError("user-interrupt", STOPPED)

    def wake(self):
        # type: () -> bool
        """Whether the modem answers AT; one that says nothing is asked the STP way before it counts as silent."""
        began_ms = self.clock.ticks_ms()
        if self.at.wake(WAKE_TRIES, WAKE_EVERY_MS):
            return True
        if self.said_something(began_ms):
            return False  # no transfer mode does that
        return self.ask_stp() and self.at.wake(WAKE_TRIES, WAKE_EVERY_MS)

    def said_something(self, since_ms):
        # type: (int) -> bool
        """Whether more than what silence looks like (at.IDLE_BYTES) came since then, a value of the clock."""
        return self.at.quiet_ms() < self.clock.ticks_ms() - since_ms

    def ask_stp(self):
        # type: () -> bool
        """Whether the modem was in transfer mode, and has left it now: AT brings nothing there."""
        found = self.master.leave_if_there(states.SESSION_PROBE_MS)
        if found:
            self.speaker.note("the modem was still in transfer mode; that is over now")
        return found
