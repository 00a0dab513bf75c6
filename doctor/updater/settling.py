"""After the last block: the modem writes, says how it went, and comes back. Nothing stops here.

modem-protocol.md 5.2, steps 6 to 9.
"""

from . import states
from .at import Reply  # noqa: F401
from .contract import Timer
from .session import POLL_MS, FlowError, Session  # noqa: F401
from .shapes import ON_THE_FLY, STORE
from .switching import RESULT_MS, SWITCH_PAUSE_MS, Switcher  # noqa: F401

try:
    from typing import Optional  # noqa: F401
except ImportError:  # MicroPython
    pass

#: Asks for the result of an upgrade.
SMUPGRADE = "AT+SMUPGRADE?"
#: Tries to start the deployment of a stored file.
START_TRIES = 3
#: AT+SMUPGRADE is often not answered, since the modem restarts (modem-protocol.md 5.2, step 6).
DEPLOY_REPLY_MS = 5000
#: Looks at the boot switch after a success, and ms between them (modem-protocol.md 5.2, step 8).
SETTLED_TRIES = 5
SETTLED_EVERY_MS = 2000
#: A modem that did not acknowledge the closing RESET and says nothing for so long, in ms, is asked the STP way, so many
#: times at most: it may wait in transfer mode, where AT brings nothing, or write, and then it hears nothing. No AT
#: comes before the first time, since the session may be open.
UNCLOSED_MS = 60000
UNCLOSED_TRIES = 10


class Settler(object):
    """Waits for the modem's own verdict.

    report_before  what AT+SMUPGRADE? said before the transfer
    """

    def __init__(self, session, switcher, report_before):
        # type: (Session, Switcher, str) -> None
        self._s = session
        self._switcher = switcher
        self._before = report_before
        self._told = False
        self._unclosed = Timer(session.clock, 0)
        self._knocks = 0

    def deploy(self, method, limit_ms):
        # type: (str, int) -> None
        """Let it write, wait for its result. Raises FlowError if that is no success."""
        s = self._s
        s.speaker.waiting("the modem to write its new firmware; it says nothing until then", limit_ms, False)
        timer = Timer(s.clock, limit_ms)
        self._unclosed = Timer(s.clock, UNCLOSED_MS)
        while s.outcome.closing and not self._unclosed.over() and not s.said_something(s.clock.ticks_ms() - POLL_MS):
            s.at.listen(POLL_MS)
        self._knock("")
        if method == STORE:
            self._start(timer)
        word = self._result(timer, method)
        if word.startswith("success") and method == ON_THE_FLY:
            word = self._settled(word)
        s.outcome.result_word = word
        if word.startswith("success"):
            if s.outcome.unsure is not None:
                s.outcome.sent_bytes = s.outcome.unsure[2]
                s.outcome.unsure = None
            return
        self._switcher.await_known_mode()
        if s.outcome.unsure is not None and (word.startswith("fail") or s.outcome.mode != states.UNKNOWN):
            id, text, _ = s.outcome.unsure
            said = "and the modem reports: " + word if word else "and the modem reports nothing about it"
            raise FlowError(id, text + "; the whole file had been sent, " + said)
        if word.startswith("fail"):
            raise FlowError("upgrade-failed-result", "the modem reports: " + word)
        minutes = limit_ms // 60000
        what = "the modem has everything and reported no result within %d minutes" % minutes
        raise FlowError("finish-timeout", what + (" (last word: %s)" % word if word else "") + "; leave power on")

    def _start(self, timer):
        # type: (Timer) -> None
        s = self._s
        while s.outcome.closing and self._knocks < UNCLOSED_TRIES and not timer.over():
            self._knock(s.at.command("AT", POLL_MS).status)
            s.at.listen(POLL_MS)
        s.wake()  # a command that falls into the modem's deafness after the transfer would be lost for good
        for _ in range(START_TRIES):
            if s.at.command("AT+SMUPGRADE", DEPLOY_REPLY_MS, (b"+SYSSTART",)).status != "ERROR":
                return
            s.at.listen(SWITCH_PAUSE_MS)
        self._switcher.await_known_mode()
        raise FlowError("upgrade-failed-result", "the modem kept the file, but refuses to write it")

    def _knock(self, status):
        # type: (str) -> None
        """After an AT: ask a modem that did not acknowledge the closing RESET whether it is in transfer mode still."""
        s = self._s
        if status:
            s.outcome.closing = False
        if not s.outcome.closing or self._knocks >= UNCLOSED_TRIES:
            return
        if not self._unclosed.over() or s.at.quiet_ms() < UNCLOSED_MS:
            return
        self._knocks += 1
        self._unclosed = Timer(s.clock, UNCLOSED_MS)
        if s.ask_stp():
            s.outcome.closing = False

    def _result(self, timer, method):
        # type: (Timer, str) -> str
        """The word after ``+SMUPGRADE:`` once it is final, else the last one at the limit.

        A success that the modem already reported before counts only after the modem was seen at work: silent,
        busy, or in another mode.
        """
        s = self._s
        unsure = s.outcome.unsure is not None
        worked = (method == ON_THE_FLY and not unsure) or not self._before.startswith("success")
        answering = None  # type: Optional[Timer]
        word = ""
        while not timer.over():
            status = s.at.command("AT", POLL_MS).status
            self._knock(status)
            if status == "OK":
                answering = answering or Timer(s.clock, RESULT_MS)
                word = self._asked(word)
                if word.startswith("fail") or (word.startswith("success") and worked):
                    return word
                if word and word[0] not in "sNn":  # neither success nor No report
                    worked = True  # on-going and the like: alive, and no reason to give up before the limit
                    answering = None
                    self._tell_deployment(timer)
                elif answering.over():
                    break
            elif not status:
                worked = True
                answering = None
            s.at.listen(min(timer.left_ms(), POLL_MS))
        return word if worked or not unsure else ""

    def _asked(self, before):
        # type: (str) -> str
        """What it reports now; said if that is another word than ``before``."""
        word = ask_report(self._s)
        if word != before:
            self._s.speaker.note("the modem reports: " + (word or "nothing"))
        return word

    def _tell_deployment(self, timer):
        # type: (Timer) -> None
        """Say once that it answers again and is still at work."""
        if not self._told:
            self._told = True
            what = "the modem to install its new firmware; it answers, and is still at work"
            self._s.speaker.waiting(what, timer.left_ms(), False)

    def _settled(self, word):
        # type: (str) -> str
        """modem-protocol.md 5.2, step 8: the result counts once the boot switch is read; that may be refused."""
        s = self._s
        for _ in range(SETTLED_TRIES):
            text = " ".join(s.at.command("AT+SMSWBOOT?").lines)
            if "RECOVERY" in text or "FFH" in text or "FFF" in text:
                break
            s.at.listen(SETTLED_EVERY_MS)
        return ask_report(s) or word

    def come_back(self, method, limit_ms):
        # type: (str, int) -> None
        """modem-protocol.md 5.2, step 9: the modem comes back to its application by itself, or FlowError."""
        s = self._s
        s.speaker.waiting("the modem to start its new firmware", limit_ms, False)
        back = self._switcher.to_application if method == ON_THE_FLY else self._switcher.await_application
        if not back(limit_ms):
            what = "the modem has written the image, but its application does not start (mode %s)" % s.outcome.mode
            raise FlowError("finish-timeout" if method == STORE else "smswboot-11-error", what)


def ask_report(s, reply=None):
    # type: (Session, Optional[Reply]) -> str
    """What AT+SMUPGRADE? says after the colon, "" if it says nothing; ``reply`` if it was just asked."""
    if reply is None:
        reply = s.at.command(SMUPGRADE)
    for line in reversed(reply.lines):
        if line.startswith("+SMUPGRADE:"):
            return line[len("+SMUPGRADE:") :].strip()
    return ""
