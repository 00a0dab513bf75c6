"""How the updater on the board talks over the REPL's line: tagged events for a PC, plain lines for a terminal.

Every 2 s a line says that it is at work and where it stands, so that a program that reconnects sees it and keeps off.
Ctrl-C and Ctrl-F, which editors send when they reconnect, do no harm: from 1.18.2 the interpreter is told to take them
for data; before, the REPL's line is taken from it, so that they never reach it.
"""

from .board_hw import BoardClock, module  # noqa: F401
from .events import TRANSFER

try:
    import json
except ImportError:  # a board without the short names
    import ujson as json  # type: ignore[import-untyped, no-redef]

try:
    from typing import Any, Callable, Optional  # noqa: F401

    from .events import Data  # noqa: F401
except ImportError:  # MicroPython
    pass

#: What every tagged line begins with; doctor/board/first_contact.py knows an updater at work by it.
TAG = '@@FD {"fipyup": '
#: What a line for people begins with.
PLAIN = "fipyup: "
#: How such a line says how far it is; doctor/board/at_work.py reads them by the same words.
BEAT = "%d %% %d/%d %s, %s, do not unplug"
WORK = "at work (%s), %s, do not unplug"
#: With what the last one begins.
PROVED = "flashed and proved"
UNPROVED = "NOT PROVED"
REFUSED = "refused"
#: What a PC sends to have a transfer stopped, and to have it stopped only if nothing was sent yet.
STOP_WORD = b"@@FD stop now"
STOP_EARLY_WORD = b"@@FD stop early"
HEARTBEAT_MS = 2000
#: Progress goes out this often; each line takes 10 ms of the line's time.
PROGRESS_MS = 500
#: A warning about the same key is not repeated sooner.
WARN_MS = 10000
#: Of a SHA-256, in a line for a person: enough to tell any two files apart.
SHOWN_DIGITS = 16
REPL_BAUD = 115200
CTRL_C = 3
CTRL_F = 6


class Console(object):
    """The line to anybody who listens.

    tagged   JSON lines for a PC; else lines for a person
    clock    once time is known
    """

    def __init__(self, tagged):
        # type: (bool) -> None
        self._tagged = tagged
        self._uart = None  # type: Any
        self._moved_keys = False
        self._heard = b""
        self.clock = None  # type: Optional[BoardClock]
        self._next_beat = 0
        self._next_progress = 0
        self._next_warning = 0
        self._status = {"step": "", "phase": "prepare", "done": 0, "total": 0}  # type: Data
        self._stop = False
        self._stop_early = False
        self.began = lambda: False  # type: Callable[[], bool]  # whether a block was sent to the modem

    def know(self, facts):
        # type: (Data) -> None
        """From now on the heartbeat tells ``facts`` too."""
        self._status.update(facts)

    # -- the keys that could do harm

    def shield(self):
        # type: () -> str
        """Make Ctrl-C and Ctrl-F harmless; returns how, for the log."""
        move = getattr(module("micropython"), "kbd_intr", None)
        if move is not None:
            self._moved_keys = True  # first: a Ctrl-C that came just before may strike here
            move(-1, -1)
            return "kbd_intr"
        self._uart = module("machine").UART(0, REPL_BAUD)
        module("os").dupterm(None)
        return "dupterm off"

    def unshield(self):
        # type: () -> None
        """Give the keys and the line back."""
        if self._moved_keys:
            module("micropython").kbd_intr(CTRL_C, CTRL_F)
            self._moved_keys = False
        if self._uart is not None:
            module("os").dupterm(self._uart)
            self._uart = None

    # -- talking

    def say(self, text):
        # type: (str) -> None
        """One line."""
        if self._uart is not None:
            self._uart.write(text.encode() + b"\r\n")
        print(text)  # goes to a telnet client even if the UART is not the interpreter's

    def tell(self, name, data):
        # type: (str, Data) -> None
        """An event of the core or of the runner."""
        if name == "step":
            self._status["step"] = data["step"]
            self._status["phase"] = data["phase"]
            if data["phase"] == TRANSFER:  # what was counted before is not of this file
                self._status["done"] = 0
        elif name == "progress":
            self._status["done"] = data["done"]
            self._status["total"] = data["total"]
            self._stop = self._stop and data["done"] < data["total"]  # too late for this file, and not of the next
            if not self._due("_next_progress", PROGRESS_MS) and data["done"] not in (0, data["total"]):
                return
        if self._tagged:
            self.say(TAG + json.dumps(name) + ', "data": ' + json.dumps(data) + "}")
            return
        line = in_words(name, data)
        if line:
            self.say(PLAIN + line)

    def pulse(self):
        # type: () -> None
        """Called all the time while something is awaited."""
        if not self._due("_next_beat", HEARTBEAT_MS):
            return
        self._listen()
        self.tell("heartbeat", self._status)

    def beat(self, step, done, total):
        # type: (str, int, int) -> None
        """The pulse of work of our own: reading the card."""
        self._status["step"] = step
        self._status["done"] = done
        self._status["total"] = total
        self.pulse()

    def interrupted(self, key="Ctrl-C"):
        # type: (str) -> None
        """Somebody pressed a key that would have stopped us."""
        if self._due("_next_warning", WARN_MS):
            self.tell("warning", {"text": key + " is ignored: an interrupted flash can brick the modem"})

    def should_stop(self):
        # type: () -> bool
        """Whether a PC has asked to stop; asked by the core if stopping is possible.

        A wish that was meant for the time before the first block, and came too late, stops nothing.
        """
        self._listen()
        early = self._stop_early
        self._stop_early = False
        return self._stop or (early and not self.began())

    def _listen(self):
        # type: () -> None
        """Look at what came in since then; it is never executed."""
        uart = self._uart
        if uart is None and self._moved_keys:
            uart = module("os").dupterm()
        if uart is None:
            return
        waiting = uart.any()
        if not waiting:
            return
        got = uart.read(waiting) or b""
        self._heard = (self._heard + got)[-64:]
        if STOP_WORD in self._heard:
            self._stop = True
        elif STOP_EARLY_WORD in self._heard:
            self._stop_early = True
            self._heard = b""
        elif CTRL_C in got:
            self.interrupted()
        elif CTRL_F in got:
            self.interrupted("Ctrl-F")

    def _due(self, name, every_ms):
        # type: (str, int) -> bool
        if self.clock is None:
            return True
        now = self.clock.ticks_ms()
        if now < getattr(self, name):
            return False
        setattr(self, name, now + every_ms)
        return True


def in_words(name, data):
    # type: (str, Data) -> str
    """An event for a person at a terminal; "" for what nobody wants to read there."""
    if name == "heartbeat":
        what = ("%s %s" % (data.get("file", "").split("/")[-1], data.get("sha256", "")[:SHOWN_DIGITS])).strip()
        if not data["total"]:
            return WORK % (data["step"] or data["phase"], what)
        share = 100 * data["done"] // data["total"]
        return BEAT % (share, data["done"], data["total"], data["step"], what)
    if name == "step":
        return "- " + _unmarked(data)
    if name == "waiting":
        unplug = "" if data["may_unplug"] else "; do not unplug"
        return "waiting for %s (up to %d s%s)" % (data["what"], data["limit_ms"] // 1000, unplug)
    if name == "count":
        return "%s: %d of %d %s" % (data["what"], data["done"], data["total"], data["of"])
    if name == "warning":
        return "! " + _unmarked(data)
    if name == "say":
        return _unmarked(data)
    return ""


def _unmarked(data):
    # type: (Data) -> str
    """A text without the backticks that mark commands in it: a terminal would show them."""
    return str(data["text"]).replace("`", "")
