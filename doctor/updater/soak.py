"""Before anything is sent: many short questions, to see that line and supply are steady (failure-catalogue.md 1)."""

from .at import AtChannel  # noqa: F401
from .session import WAKE_EVERY_MS, WAKE_TRIES, FlowError, Session  # noqa: F401

#: How many questions must be answered without one bad reply.
SOAK_COUNT = 500
#: Wait for one answer, in ms.
ANSWER_MS = 1000
READ_BYTES = 64
_LONGEST_BYTES = 512


def soak(s, count=SOAK_COUNT, mini=False):
    # type: (Session, int, bool) -> None
    """Ask AT ``count`` times. Raises FlowError for the first answer that is not exactly OK.

    mini  the boot ROM answers: it has no echo, and takes four commands and nothing else (modem-protocol.md 3.1)
    """
    if not mini:
        s.at.command("ATE0")
    if not s.at.wake(WAKE_TRIES, WAKE_EVERY_MS):
        raise FlowError("wakeup-without-answer", "the modem does not answer AT any more; nothing was sent to it")
    s.speaker.waiting("%d answers in a row without a fault" % count, count * ANSWER_MS, True)
    for number in range(1, count + 1):
        heard = _ask(s)
        if not _good(heard):
            seen = repr(heard[:40]) if heard else "nothing"
            what = "the line or the supply is not steady: answer %d of %d was %s; nothing was sent to the modem"
            raise FlowError("link-unsteady", what % (number, count, seen))
        if number % 50 == 0:
            s.stop_here_if_asked()


def _ask(s):
    # type: (Session) -> bytes
    s.port.write(b"AT\r\n")
    heard = b""
    while b"OK\r\n" not in heard and b"ERROR\r\n" not in heard and len(heard) < _LONGEST_BYTES:
        got = s.port.read(READ_BYTES, ANSWER_MS)
        if not got:
            break
        heard += got
    return heard


def _good(heard):
    # type: (bytes) -> bool
    """OK and nothing else but the echo, and what a modem says unasked."""
    lines = [line for line in heard.replace(b"\r", b"\n").split(b"\n") if line]
    said = [line for line in lines if line != b"AT" and not (line[:1] in (b"+", b"^") and _text(line))]
    return said == [b"OK"]


def _text(line):
    # type: (bytes) -> bool
    return all([32 <= byte < 127 for byte in line])
