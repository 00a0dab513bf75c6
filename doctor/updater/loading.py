"""The modem in its boot ROM: to full speed, then an updater image into its memory (modem-protocol.md 5.3)."""

from . import states
from .contract import Source, Timer  # noqa: F401
from .events import PREPARE
from .profile import FFH_BAUD
from .sending import Sender
from .session import POLL_MS, WAKE_EVERY_MS, WAKE_TRIES, FlowError, Session  # noqa: F401

#: Tries of AT at the speed that the boot ROM may have been given already.
FAST_TRIES = 2
#: Rounds of asking for the other speed.
SPEED_TRIES = 3
#: Pause in ms after the OK to AT+IPR, before our side changes too (modem-protocol.md 2.2).
SPEED_REST_MS = 100
#: Wait in ms for the started updater to answer: 100 tries, minutes are possible (modem-protocol.md 5.3, step 5).
START_MS = 300000
#: A boot ROM that still answers as such after this many ms did not start what it was sent.
STALE_MS = 30000


def raise_speed(s):
    # type: (Session) -> None
    """modem-protocol.md 5.3, steps 2 and 3: wake the boot ROM at 115200, raise its speed. Raises FlowError."""
    fast, slow = s.profile.app_baud, FFH_BAUD
    s.speaker.waiting("the boot ROM to answer", (WAKE_TRIES + FAST_TRIES) * SPEED_TRIES * WAKE_EVERY_MS, True)
    for _ in range(SPEED_TRIES):
        s.set_baud(fast)
        if _in_ffh(s, FAST_TRIES):
            return
        s.set_baud(slow)
        if not _in_ffh(s, WAKE_TRIES):
            continue
        s.at.command("AT+IPR=%d" % fast)
        s.at.listen(SPEED_REST_MS)
        s.set_baud(fast)
        if _in_ffh(s, WAKE_TRIES):
            return
    s.outcome.mode = states.UNKNOWN
    raise FlowError("at-autonegotiation-failed", "the boot ROM does not answer at %d baud" % fast)


def _in_ffh(s, tries):
    # type: (Session, int) -> bool
    """Whether AT is answered here, and by the boot ROM. Raises FlowError if another program answers."""
    if not s.at.wake(tries, WAKE_EVERY_MS, 1):
        return False
    found = states.ask_mode(s.at)
    if found and found != states.FFH:
        s.outcome.mode = found
        raise FlowError("ipr-or-smod-check-failed", "the modem is in mode %s, not in its boot ROM" % found)
    return bool(found)


def load(s, source, size, limit_ms):
    # type: (Session, Source, int, int) -> str
    """modem-protocol.md 5.3, steps 4 and 5: send the updater image, wait until it runs; returns the mode it reports.

    Raises FlowError; the modem is in its boot ROM then, as before.
    """
    s.speaker.waiting("the boot ROM to take the updater image", limit_ms, False)
    Sender(s, "AT+STP", PREPARE, elf=True).send(source, size)
    s.speaker.waiting("the updater to start in the modem's memory (minutes are possible)", START_MS, False)
    timer = Timer(s.clock, START_MS)
    stale = Timer(s.clock, STALE_MS)
    found = ""
    while not timer.over():
        if s.at.command("AT", POLL_MS).status == "OK":
            found = states.ask_mode(s.at, 1)
            if found in (states.RAM_UPDATER, states.RECOVERY):
                s.outcome.mode = found
                s.outcome.changed = True
                return found
            if found == states.FFH and stale.over():
                break
        s.at.listen(min(timer.left_ms(), POLL_MS))
    s.outcome.mode = found or states.UNKNOWN
    raise FlowError("unable-to-load-updater", "the modem took the updater image, but does not start it")
