"""From one boot mode to another: AT+SMSWBOOT in both its forms, and waiting for what comes up (modem-protocol.md 3)."""

from . import states
from .contract import Timer
from .profile import FFH_BAUD
from .session import POLL_MS, WAKE_EVERY_MS, WAKE_TRIES, FlowError, Session  # noqa: F401

#: Boot selectors of AT+SMSWBOOT (modem-protocol.md 3.2).
_TO_FFH = 0
_TO_APPLICATION = 1
_TO_RECOVERY = 3

#: Pause in ms after a refused boot switch, before the other way of saying it (modem-protocol.md 5.2, step 4).
SWITCH_PAUSE_MS = 5000
#: How often a boot switch is asked for, both ways each; retrying cured it in the field (modem-protocol.md 2.1).
SWITCH_TRIES = 4
#: Wait in ms for an answer that a reboot may swallow (modem-protocol.md 2.2).
SWITCH_REPLY_MS = 5000
#: A modem that still answers in its old mode after this many ms did not take the boot switch.
SWITCH_STALE_MS = 30000
#: Silence in ms after which the modem may have come up at its other speed (modem-protocol.md 9.5).
OTHER_SPEED_MS = 20000
#: How many looks are taken at one speed before the other.
LOOKS_PER_SPEED = 3
#: How long in ms a modem that answers again may go without a result (modem-protocol.md 5.2, steps 7 and 8).
RESULT_MS = 300000


class Switcher(object):
    """Changes what runs in the modem."""

    def __init__(self, session):
        # type: (Session) -> None
        self._s = session

    def to_recovery(self, limit_ms):
        # type: (int) -> None
        """Restart into recovery. Raises FlowError."""
        s = self._s
        alone = not s.outcome.sent_any  # between the two files of a pair lost power has bricked modems
        s.speaker.waiting("the modem to restart into its updater; its radio is off", limit_ms, alone)
        s.outcome.changed = True
        if not self._boot_into(_TO_RECOVERY, states.RECOVERY, limit_ms):
            if s.outcome.mode == states.UNKNOWN:
                what = "the modem went into its updater and does not answer there at this speed; nothing was sent to it"
                raise FlowError("smswboot-31-error", what)
            raise FlowError("smswboot-31-error", "the modem did not change to its updater; nothing was sent to it")
        s.wake()
        s.at.command("ATE0")
        if not s.profile.sends_cfun5:
            s.at.command("AT+CFUN=4")

    def to_ffh(self, limit_ms):
        # type: (int) -> None
        """Restart into the boot ROM, which listens at its own speed. Raises FlowError."""
        s = self._s
        s.speaker.waiting("the modem to restart into its boot ROM", limit_ms, True)
        s.outcome.changed = True
        timer = Timer(s.clock, limit_ms)
        for _ in range(SWITCH_TRIES):
            if not self._ask(_TO_FFH):
                continue
            s.set_baud(FFH_BAUD)
            s.at.wake(WAKE_TRIES, WAKE_EVERY_MS, 1)
            if states.ask_mode(s.at) == states.FFH:
                s.outcome.mode = states.FFH
                return
            s.set_baud(s.profile.app_baud)
            if timer.over():
                break
        awake = s.wake()
        s.outcome.mode = (states.ask_mode(s.at) if awake else "") or states.UNKNOWN
        raise FlowError("smswboot-01-error", "the modem did not change to its boot ROM")

    def to_application(self, limit_ms):
        # type: (int) -> bool
        """Restart into the application; False if it does not come up."""
        return self._boot_into(_TO_APPLICATION, states.APPLICATION, limit_ms)

    def await_application(self, limit_ms):
        # type: (int) -> bool
        """Wait for a modem that restarts when it wants to; False at the limit."""
        timer = Timer(self._s.clock, limit_ms)
        while not timer.over():
            if self._await_mode(states.APPLICATION, timer.left_ms()):
                return True
        return False

    def await_known_mode(self):
        # type: () -> None
        """After a failure: where is the modem? Restarting takes a while."""
        s = self._s
        timer = Timer(s.clock, RESULT_MS)
        s.outcome.mode = states.UNKNOWN
        while not timer.over():
            if s.at.command("AT", POLL_MS).status == "OK":
                found = states.ask_mode(s.at, 1)
                if found and found != states.DEPLOYING:
                    s.outcome.mode = found
                    return
            s.at.listen(min(timer.left_ms(), POLL_MS))

    def bring_back(self):
        # type: () -> None
        """Nothing was sent, but the modem waits in its updater because of us: start its old firmware again."""
        s = self._s
        if s.outcome.mode in (states.STP_OPEN, states.FFH):
            return
        s.speaker.note("nothing was sent: starting the modem's own firmware again")
        s.speaker.waiting("the modem to start its own firmware again; nothing was sent to it", RESULT_MS, True)
        id, text = s.outcome.error or ("", "")
        if self.to_application(RESULT_MS):
            s.outcome.changed = False
            s.outcome.error = (id, text + "; its old firmware runs again")
            return
        s.outcome.error = (id, text + "; the modem still waits in its updater")

    def _boot_into(self, selector, mode, limit_ms):
        # type: (int, str, int) -> bool
        """Choose what boots, restart, and wait for ``mode``; False at the limit or after bounded refusals."""
        timer = Timer(self._s.clock, limit_ms)
        for _ in range(SWITCH_TRIES):
            if self._ask(selector) and self._await_mode(mode, timer.left_ms()):
                return True
            if timer.over():
                break
        return False

    def _ask(self, selector):
        # type: (int) -> bool
        """AT+SMSWBOOT in both of its forms; False if both were refused. No answer may mean that it restarts."""
        at = self._s.at
        ends = (b"+SYSSTART", b"+SHUTDOWN")
        reply = at.command("AT+SMSWBOOT=%d,1" % selector, SWITCH_REPLY_MS, ends)
        if reply.status != "ERROR":
            return True
        at.listen(SWITCH_PAUSE_MS)
        reply = at.command("AT+SMSWBOOT=%d,0" % selector)
        if reply.status == "OK":
            return at.command("AT^RESET", SWITCH_REPLY_MS, ends).status != "ERROR"
        at.listen(SWITCH_PAUSE_MS)
        return False

    def _await_mode(self, mode, limit_ms):
        # type: (str, int) -> bool
        """Look at the modem until it says ``mode``; False at the limit, or when it clearly stays where it was."""
        s = self._s
        timer = Timer(s.clock, limit_ms)
        stale = Timer(s.clock, SWITCH_STALE_MS)
        silent = 0
        asked = False
        quiet = Timer(s.clock, OTHER_SPEED_MS)
        s.outcome.mode = states.UNKNOWN
        while True:
            reply = s.at.command("AT", POLL_MS, (b"+SYSSTART",))
            if reply.status == "OK":
                found = states.ask_mode(s.at, 1)
                if found:
                    s.outcome.mode = found
                    quiet = Timer(s.clock, OTHER_SPEED_MS)
                if found == mode:
                    return True
                if found and found != states.DEPLOYING and stale.over():
                    return False
            elif reply.status == "":
                stale = Timer(s.clock, SWITCH_STALE_MS)  # it is restarting: count from its return
                silent += 1
                if quiet.over() and silent % LOOKS_PER_SPEED == 0:
                    self._other_speed()
            if timer.over():
                if reply.status or asked or not s.ask_stp():
                    return False
                asked = True
                timer = Timer(s.clock, OTHER_SPEED_MS)
            s.at.listen(min(timer.left_ms(), POLL_MS // 2))

    def _other_speed(self):
        # type: () -> None
        """Listen at the other speed for a while: what comes up may use it (modem-protocol.md 9.5)."""
        s = self._s
        usual, other = s.profile.bauds
        s.set_baud(usual if s.baud == other else other)
