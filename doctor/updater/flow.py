"""Carry out a plan: flow 5.2 of modem-protocol.md (store and ON_THE_FLY), and 5.4 for Monarch 2.

Success is believed only where the modem came back to its application by itself and said its version there.
"""

from . import states
from .at import AtChannel, Reply  # noqa: F401
from .contract import Clock, Port, Source, Timer  # noqa: F401
from .events import TRANSFER, Speaker
from .plan import ON_THE_FLY, STORE, Plan, Step  # noqa: F401
from .profile import Profile  # noqa: F401
from .stp import Master, StpError

try:
    from typing import Any, Callable, Dict, List, Optional, Tuple  # noqa: F401
except ImportError:  # MicroPython
    pass

#: Boot selectors of AT+SMSWBOOT (modem-protocol.md 3.2).
_TO_APPLICATION = 1
_TO_RECOVERY = 3

#: Tries of AT before the modem counts as not awake, 1 s apart (5.2 step 2).
WAKE_TRIES = 10
WAKE_EVERY_MS = 1000
#: Pause in ms after a refused boot switch, before the other way of saying it (5.2 step 4).
SWITCH_PAUSE_MS = 5000
#: How often a boot switch is asked for, both ways each; retrying cured it in the field (2.1).
SWITCH_TRIES = 4
#: Wait in ms for an answer that a reboot may swallow (2.2).
SWITCH_REPLY_MS = 5000
#: A modem that still answers in its old mode after this many ms did not take the boot switch.
SWITCH_STALE_MS = 30000
#: Pause in ms between two looks at a modem that restarts or writes.
POLL_MS = 1000
#: Tries to start the transfer mode; each may wait 20 s.
START_TRIES = 3
#: AT+SMUPGRADE is often not answered, since the modem restarts (5.2 step 6).
DEPLOY_REPLY_MS = 5000
#: How long in ms a modem that answers again may go without a result (5.2 steps 7 and 8).
RESULT_MS = 300000
#: Looks at the boot switch after a success, and ms between them (5.2 step 8).
SETTLED_TRIES = 5
SETTLED_EVERY_MS = 2000
#: Wait in ms after the closing RESET before AT, where the modem did not acknowledge it (5.2 step 5).
CLOSE_REST_MS = 1500
#: Tries of the version queries; ERROR right after boot is possible (8.3).
VERSION_TRIES = 5

#: Catalogue id of a transfer that failed, by StpError.kind.
_STP_IDS = {
    "silent": "stp-header-too-small",
    "refused": "stp-invalid-answer",
    "damaged": "stp-signature-or-crc",
    "residue": "stp-residue",
    "session": "stp-open-session-failed",
    "source": "sd-read-error-mid-flash",
}


class FlowError(Exception):
    """A step failed: catalogue or check id, and what happened in words."""

    def __init__(self, id, text):
        # type: (str, str) -> None
        self.id = id
        self.text = text


class Outcome(object):
    """How a flow ended.

    proved         True where the modem came back to its application and said its version
    mode           mode of the modem, one of states.*
    version_lines  lines of ATI1 and showver, read at the end
    result_word    what AT+SMUPGRADE? said, "" where nothing
    error          (id, text), or None
    sent_bytes     bytes of the image that the modem acknowledged
    sent_any       True once a block was written to the wire: the modem may hold a part of the image
    """

    def __init__(self):
        # type: () -> None
        self.proved = False
        self.mode = states.UNKNOWN
        self.version_lines = []  # type: List[str]
        self.result_word = ""
        self.error = None  # type: Optional[Tuple[str, str]]
        self.sent_bytes = 0
        self.sent_any = False


class Flow(object):
    """Sends one image, once.

    port       see contract.Port, at the speed at which the modem answers
    clock      see contract.Clock
    profile    which modem
    emit       called with (name, dict) for events, or None
    max_block  longest block in bytes that the way to the modem bears; 0 = any
    """

    def __init__(self, port, clock, profile, emit=None, max_block=0):
        # type: (Port, Clock, Profile, Optional[Callable[[str, Dict[str, Any]], None]], int) -> None
        self._port = port
        self._clock = clock
        self._profile = profile
        self._emit = emit
        self._speaker = Speaker(emit)
        self._at = AtChannel(port, clock, emit)
        self._master = Master(port, clock, profile, emit, max_block)
        self._outcome = Outcome()
        self._method = ""
        self._report_before = ""
        self._switched = False
        self._should_stop = None  # type: Optional[Callable[[], bool]]

    @property
    def outcome(self):
        # type: () -> Outcome
        """What is known so far; after the port failed in the middle, ``run`` cannot return it."""
        return self._outcome

    def run(self, plan, source, size, should_stop=None):
        # type: (Plan, Source, int, Optional[Callable[[], bool]]) -> Outcome
        """Carry out the steps of ``plan`` with ``size`` bytes of ``source``; never raises for what the modem does.

        should_stop  asked before each step that nothing was sent in yet, and before each block

        Stopped before the first block, the modem is brought back to its application. Stopped during the transfer,
        the session is closed and the mode read. Afterwards ``should_stop`` is not asked any more.
        """
        outcome = self._outcome
        outcome.mode = plan.mode
        self._method = plan.method
        self._should_stop = should_stop
        try:
            for step in plan.steps:
                if step.phase != TRANSFER:
                    self._stop_here_if_asked()
                self._speaker.step(step.id, step.text, step.phase)
                if step.id == "transfer":
                    self._transfer(source, size)
                else:
                    self._carry_out(step, plan)
        except FlowError as err:
            outcome.error = (err.id, err.text)
            if self._switched and not outcome.sent_any:
                self._bring_back()
        return outcome

    def _carry_out(self, step, plan):
        # type: (Step, Plan) -> None
        if step.id == "prepare":
            self._prepare(plan.mode)
        elif step.id == "switch":
            self._switch_to_recovery(step.limit_ms)
        elif step.id == "deploy":
            self._deploy(step.limit_ms)
        elif step.id == "return":
            self._return(step.limit_ms)
        elif step.id == "prove":
            self._prove()
        else:
            raise FlowError("modem-state-unknown", "the plan has a step that is not known here: " + step.id)

    def _stop_here_if_asked(self):
        # type: () -> None
        if not self._outcome.sent_any and self._should_stop is not None and self._should_stop():
            raise FlowError("user-interrupt", "stopped before anything was sent to the modem")

    # -- before the transfer

    def _prepare(self, mode):
        # type: (str) -> None
        """Steps 1 to 3 of 5.2: wake it, make sure of the mode, radio off."""
        awake = self._at.wake(WAKE_TRIES, WAKE_EVERY_MS)
        self._at.command("ATE0")
        found = states.ask_mode(self._at)  # decides: a modem whose every answer has old ones in front still works
        if not found and not awake:
            raise FlowError("wakeup-without-answer", "the modem does not answer AT any more")
        if found != mode:
            self._outcome.mode = found or states.UNKNOWN
            what = "the modem is in mode %s now; the plan was made for %s" % (found or "unknown", mode)
            raise FlowError("modem-state-unknown", what)
        self._report_before = self._ask_report()
        if self._profile.sends_cfun5:
            if mode == states.APPLICATION:
                self._at.command("AT+CFUN=5")
            return
        if mode == states.APPLICATION:
            for line in ("AT+BIND=AT", "AT+SMLOG?", 'AT+SQNSUPGRADENTF="started"', 'AT+SQNWL="sqndcc",2'):
                self._at.command(line)  # notifications; ERROR means nothing (2.2)
        if mode != states.RAM_UPDATER:
            self._at.command("AT+CFUN=4")

    def _switch_to_recovery(self, limit_ms):
        # type: (int) -> None
        self._speaker.waiting("the modem to restart into its updater", limit_ms, True)
        self._switched = True
        if not self._boot_into(_TO_RECOVERY, states.RECOVERY, limit_ms):
            what = "the modem did not change to its updater; nothing was sent to it"
            raise FlowError("smswboot-31-error", what)
        self._at.wake(WAKE_TRIES, WAKE_EVERY_MS)
        self._at.command("ATE0")
        if not self._profile.sends_cfun5:
            self._at.command("AT+CFUN=4")

    def _boot_into(self, selector, mode, limit_ms):
        # type: (int, str, int) -> bool
        """Choose what boots, restart, and wait for ``mode``; False at the limit or after bounded refusals."""
        timer = Timer(self._clock, limit_ms)
        for _ in range(SWITCH_TRIES):
            if self._ask_switch(selector) and self._await_mode(mode, timer.left_ms()):
                return True
            if timer.over():
                break
        return False

    def _ask_switch(self, selector):
        # type: (int) -> bool
        """AT+SMSWBOOT in both of its forms; False where both were refused. No answer may mean that it restarts."""
        ends = (b"+SYSSTART", b"+SHUTDOWN")
        reply = self._at.command("AT+SMSWBOOT=%d,1" % selector, SWITCH_REPLY_MS, ends)
        if reply.status != "ERROR":
            return True
        self._at.listen(SWITCH_PAUSE_MS)
        reply = self._at.command("AT+SMSWBOOT=%d,0" % selector)
        if reply.status == "OK":
            return self._at.command("AT^RESET", SWITCH_REPLY_MS, ends).status != "ERROR"
        self._at.listen(SWITCH_PAUSE_MS)
        return False

    def _await_mode(self, mode, limit_ms):
        # type: (str, int) -> bool
        """Look at the modem until it says ``mode``; False at the limit, or when it clearly stays where it was."""
        timer = Timer(self._clock, limit_ms)
        stale = Timer(self._clock, SWITCH_STALE_MS)
        self._outcome.mode = states.UNKNOWN
        while True:
            reply = self._at.command("AT", POLL_MS, (b"+SYSSTART",))
            if reply.status == "OK":
                found = states.ask_mode(self._at, 1)
                if found:
                    self._outcome.mode = found
                if found == mode:
                    return True
                if found and found != states.DEPLOYING and stale.over():
                    return False
            elif reply.status == "":
                stale = Timer(self._clock, SWITCH_STALE_MS)  # it is restarting: count from its return
            if timer.over():
                return False
            self._at.listen(min(timer.left_ms(), POLL_MS // 2))

    def _bring_back(self):
        # type: () -> None
        """Nothing was sent, but the modem waits in its updater because of us: start its old firmware again."""
        if self._outcome.mode == states.STP_OPEN:
            return
        self._speaker.note("nothing was sent: starting the modem's own firmware again")
        if not self._boot_into(_TO_APPLICATION, states.APPLICATION, RESULT_MS):
            id, text = self._outcome.error or ("", "")
            self._outcome.error = (id, text + "; the modem still waits in its updater")

    # -- transfer

    def _transfer(self, source, size):
        # type: (Source, int) -> None
        """Step 5 of 5.2."""
        self._start_stp()
        outcome = self._outcome
        master = self._master
        try:
            master.open()
            self._stop_here_if_asked()
            self._progress(0, size)
            outcome.sent_bytes = master.send(source, size, self._progress, self._should_stop)
        except StpError as err:
            outcome.sent_any = master.began
            self._leave_stp()
            raise FlowError(self._transfer_id(err), err.detail)
        except FlowError:
            self._leave_stp()
            raise
        outcome.sent_any = master.began
        if outcome.sent_bytes < size:
            self._leave_stp()
            where = "before anything was sent to the modem"
            if outcome.sent_any:
                where = "after %d of %d bytes; the modem needs the whole image from its beginning" % (
                    outcome.sent_bytes,
                    size,
                )
            raise FlowError("user-interrupt", "stopped " + where)
        if not master.close():
            self._at.listen(CLOSE_REST_MS)

    def _transfer_id(self, error):
        # type: (StpError) -> str
        if error.kind == "silent" and self._outcome.sent_any and not self._outcome.sent_bytes:
            return "stall-at-zero-percent"
        return _STP_IDS.get(error.kind, "stp-invalid-answer")

    def _progress(self, done, total):
        # type: (int, int) -> None
        self._outcome.sent_bytes = done
        self._outcome.sent_any = self._master.began
        self._speaker.progress(TRANSFER, done, total, False)

    def _start_stp(self):
        # type: () -> None
        """Bring the modem into transfer mode."""
        line = "AT+SMSTPU" if self._method == STORE else 'AT+SMSTPU="ON_THE_FLY"'
        for _ in range(START_TRIES):
            reply = self._at.command(line)
            if reply.status == "OK":
                return
            if not reply.status:
                # The OK may be lost, so ask the STP way. Where that is not answered there is no session to disturb.
                if self._master.reset():
                    return
                self._port.write(b"\r")
            self._at.listen(POLL_MS)
        raise FlowError("stp-start-refused", "the modem does not take a file")

    def _leave_stp(self):
        # type: () -> None
        """Close a session that did not come to its end, and find out where the modem is now."""
        self._speaker.note("closing the transfer")
        outcome = self._outcome
        closed = self._master.close() or states.close_session(self._port, self._clock, self._profile, self._emit)
        if not closed:
            outcome.mode = states.STP_OPEN
            return
        awake = self._at.wake(WAKE_TRIES, WAKE_EVERY_MS)
        outcome.mode = (states.ask_mode(self._at) if awake else "") or states.UNKNOWN

    # -- after the transfer: nothing here can be stopped

    def _deploy(self, limit_ms):
        # type: (int) -> None
        """Steps 6 to 8 of 5.2: let it write, wait for its result."""
        self._speaker.waiting("the modem to write its new firmware", limit_ms, False)
        timer = Timer(self._clock, limit_ms)
        if self._method == STORE:
            self._start_deployment()
        word = self._await_result(timer)
        if word.startswith("success") and self._method == ON_THE_FLY:
            word = self._settled_result(word)
        self._outcome.result_word = word
        if word.startswith("success"):
            return
        self._await_known_mode()
        if word.startswith("fail"):
            raise FlowError("upgrade-failed-result", "the modem reports: " + word)
        what = "the modem reports no result" + (" (%s)" % word if word else "") + "; leave power on"
        raise FlowError("finish-timeout", what)

    def _start_deployment(self):
        # type: () -> None
        for _ in range(START_TRIES):
            if self._at.command("AT+SMUPGRADE", DEPLOY_REPLY_MS, (b"+SYSSTART",)).status != "ERROR":
                return
            self._at.listen(SWITCH_PAUSE_MS)
        self._await_known_mode()
        raise FlowError("upgrade-failed-result", "the modem kept the file, but refuses to write it")

    def _await_result(self, timer):
        # type: (Timer) -> str
        """The word after ``+SMUPGRADE:`` once it is final, else the last one at the limit.

        A success that the modem already reported before counts only after the modem was seen at work: silent,
        busy, or in another mode.
        """
        worked = self._method == ON_THE_FLY or not self._report_before.startswith("success")
        answering = None  # type: Optional[Timer]
        word = ""
        while not timer.over():
            reply = self._at.command("AT", POLL_MS)
            if reply.status != "OK":
                worked = worked or not reply.status
                answering = None if not reply.status else answering
                self._at.listen(min(timer.left_ms(), POLL_MS))
                continue
            if answering is None:
                answering = Timer(self._clock, RESULT_MS)
            fresh = self._ask_report()
            if fresh != word:
                self._speaker.note("the modem reports: " + (fresh or "nothing"))
            word = fresh
            if word.startswith("fail") or (word.startswith("success") and worked):
                return word
            if word and word[0] not in "sNn":  # neither success nor No report
                worked = True  # on-going and the like: alive, and no reason to give up before the limit
                answering = None
            if answering is not None and answering.over():
                return word
            self._at.listen(min(timer.left_ms(), POLL_MS))
        return word

    def _settled_result(self, word):
        # type: (str) -> str
        """Step 8 of 5.2: the result counts once the boot switch can be read again; that reading may be refused."""
        for _ in range(SETTLED_TRIES):
            text = " ".join(self._at.command("AT+SMSWBOOT?").lines)
            if "RECOVERY" in text or "FFH" in text or "FFF" in text:
                break
            self._at.listen(SETTLED_EVERY_MS)
        return self._ask_report() or word

    def _ask_report(self):
        # type: () -> str
        """What AT+SMUPGRADE? says after the colon, "" where it says nothing."""
        reply = self._at.command("AT+SMUPGRADE?")
        for line in reversed(reply.lines):
            if line.startswith("+SMUPGRADE:"):
                return line[len("+SMUPGRADE:") :].strip()
        return ""

    def _await_known_mode(self):
        # type: () -> None
        """After a failure: where is the modem? Restarting takes a while."""
        timer = Timer(self._clock, RESULT_MS)
        self._outcome.mode = states.UNKNOWN
        while not timer.over():
            if self._at.command("AT", POLL_MS).status == "OK":
                found = states.ask_mode(self._at, 1)
                if found and found != states.DEPLOYING:
                    self._outcome.mode = found
                    return
            self._at.listen(min(timer.left_ms(), POLL_MS))

    def _return(self, limit_ms):
        # type: (int) -> None
        """Step 9 of 5.2: the modem must come back to its application by itself."""
        self._speaker.waiting("the modem to start its new firmware", limit_ms, False)
        if self._method == STORE:
            back = self._await_mode_patiently(limit_ms)
        else:
            back = self._boot_into(_TO_APPLICATION, states.APPLICATION, limit_ms)
        if not back:
            what = "the modem has written the image, but its application does not start (mode %s)" % self._outcome.mode
            raise FlowError("finish-timeout" if self._method == STORE else "smswboot-11-error", what)

    def _await_mode_patiently(self, limit_ms):
        # type: (int) -> bool
        """As ``_await_mode`` for a modem that restarts when it wants to."""
        timer = Timer(self._clock, limit_ms)
        while not timer.over():
            if self._await_mode(states.APPLICATION, timer.left_ms()):
                return True
        return False

    def _prove(self):
        # type: () -> None
        """Step 11 of 5.2: read the version in the application."""
        at = self._at
        at.wake(WAKE_TRIES, WAKE_EVERY_MS, states.CLEAN_OKS)
        if not self._profile.sends_cfun5:
            at.command('AT+SQNSUPGRADENTF="success"')
        mode = states.ask_mode(at)
        if mode != states.APPLICATION:
            self._outcome.mode = mode or states.UNKNOWN
            raise FlowError("invalid-response-after-upgrade", "the modem does not stay in its application")
        self._outcome.mode = mode
        lines = self._version("ATI1")
        self._outcome.version_lines = lines + self._version('AT!="showver"')
        if not lines:
            raise FlowError("invalid-response-after-upgrade", "the modem runs, but does not say its version")
        self._outcome.proved = True

    def _version(self, line):
        # type: (str) -> List[str]
        for _ in range(VERSION_TRIES):
            reply = self._at.command(line)
            if reply.status == "OK" and reply.lines:
                return reply.lines
            self._at.listen(POLL_MS)
        return []
