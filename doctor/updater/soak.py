"""Before anything is sent: many short questions, to see that line and supply are steady (failure-catalogue.md 1)."""

from .at import SETTLE_MS, is_sound, is_unasked, printable
from .contract import Timer
from .session import FlowError, Session  # noqa: F401

try:
    from typing import List, Tuple  # noqa: F401
except ImportError:  # MicroPython
    pass

#: How many questions are asked.
SOAK_COUNT = 500
#: Damaged answers after which nobody needs to know how many more there would be.
DAMAGED_MOST = 20
#: Wait for one answer, in ms.
ANSWER_MS = 1000
READ_BYTES = 64
#: How often it is told how many there were, in ms.
TELL_EVERY_MS = 1000
_LONGEST_BYTES = 512
_QUESTION = "AT"

CAUSE = "a long or bad USB cable, a hub, a weak USB port, jumpers or wires on the modem's pins, or another program"
CURE = "use a short cable directly at the computer, take the RTS and CTS jumpers off, close other programs"


def soak(s, count=SOAK_COUNT, mini=False):
    # type: (Session, int, bool) -> None
    """Ask AT ``count`` times. Raises FlowError if an answer was lost, doubled, cut or garbled.

    What a modem says unasked, an echo, and NULs before or behind a line are no damage: see at.is_sound.

    mini  the boot ROM answers: it has no echo, and takes four commands and nothing else (modem-protocol.md 3.1)
    """
    began_ms = s.clock.ticks_ms()
    awake = not mini and s.at.command("ATE0").sound
    if not awake and not s.wake() and not s.said_something(began_ms):
        raise FlowError("wakeup-without-answer", "the modem no longer answers AT; nothing was sent to it")
    told = Timer(s.clock, 0)
    damaged = []  # type: List[bytes]
    rest = b""
    asked = 0
    while asked < count and len(damaged) < DAMAGED_MOST:
        if told.over():
            s.speaker.counted("testing the line", asked, count, "answers", count * ANSWER_MS, True)
            told = Timer(s.clock, TELL_EVERY_MS)
        asked += 1
        heard, rest = _ask(s, rest)
        sound = is_sound(heard, _QUESTION)
        if not sound:
            damaged.append(heard)
            s.at.listen(ANSWER_MS)  # into step again: what belongs to this question is over then
            rest = b""
        if asked % 50 == 0 or not sound:  # who gave no answer took two seconds
            s.stop_here_if_asked()
    late = rest + s.at.listen(SETTLE_MS)  # an answer too many, of whichever question
    if not damaged and [line for line in printable(late).split("\n") if line and not is_unasked(line, _QUESTION)]:
        damaged.append(late)
    if damaged:
        first = repr(damaged[0][:40]) if damaged[0] else "nothing"
        what = "the line or the power supply is not steady: %d of %d answers were damaged (first: %s)"
        what += "; nothing was sent to the modem"
        raise FlowError("link-unsteady", what % (len(damaged), asked, first), CAUSE, CURE)


def _ask(s, rest):
    # type: (Session, bytes) -> Tuple[bytes, bytes]
    """One question: whole lines up to the result, or what came instead; and the beginning of a line behind them.

    rest  such a beginning that the question before it left
    """
    s.port.write(_QUESTION.encode() + b"\r\n")
    heard = rest
    while len(heard) < _LONGEST_BYTES and b"OK\r\n" not in heard and b"ERROR\r\n" not in heard:
        got = s.port.read(READ_BYTES, ANSWER_MS)
        if not got:
            return heard, b""
        heard += got
    whole = heard.rfind(b"\n") + 1
    return heard[:whole], heard[whole:]
