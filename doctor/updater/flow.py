"""Carry out a plan: modem-protocol.md 5.2 to 5.5, step by step.

Success is believed only if the modem came back to its application by itself and said its version there.
"""

from . import states
from .contract import Clock, Port, Source  # noqa: F401
from .plan import FIRMWARE  # noqa: F401
from .profile import BLOCK_MAX_BYTES, Profile  # noqa: F401
from .rules_loaders import is_old_copy0
from .sending import SILENT_ID, Sender
from .session import POLL_MS, WAKE_EVERY_MS, WAKE_TRIES, FlowError, Outcome, Session
from .settling import SMUPGRADE, Settler, ask_report
from .shapes import BETWEEN_BUILD, RETURN_MS, STILL_MS, STORE, Plan, Step  # noqa: F401
from .switching import SWITCH_REPLY_MS, Switcher
from .version_block import loaders_of, software_of

try:
    from typing import Callable, Dict, List, Optional, Tuple  # noqa: F401

    from .events import Emit  # noqa: F401
except ImportError:  # MicroPython
    pass

__all__ = ["Flow", "FlowError", "Outcome"]

#: Looks at a modem after a failure: the first may only close an open session.
LOOKS = 2
#: How long in ms it is looked for after the user has stopped the flash.
STOPPED_LOOK_MS = 15000
#: Modes in which a modem waits for firmware.
_WAITING = (states.FFH, states.RAM_UPDATER, states.RECOVERY, states.STP_OPEN)
#: Tries of ATI1, and the pause in ms between two of the version block: ERROR right after boot is possible
#: (modem-protocol.md 8.3).
VERSION_TRIES = 5
BLOCK_PAUSE_MS = 4000
#: Wait in ms for the +SYSSTART of a restart. Some users never saw one (modem-protocol.md 2.3); the mode is asked then.
SYSSTART_MS = 60000


class Flow(object):
    """Carries out one plan, once.

    port       see contract.Port, at the speed at which the modem answers
    clock      see contract.Clock
    profile    which modem
    emit       called with (name, dict) for events, or None
    max_block  longest block in bytes that the way to the modem bears; 0 = any
    block      bytes of a block, as far as the profile has such blocks
    """

    def __init__(self, port, clock, profile, emit=None, max_block=0, block=BLOCK_MAX_BYTES):
        # type: (Port, Clock, Profile, Optional[Emit], int, int) -> None
        self._s = Session(port, clock, profile, emit, max_block, block)
        self._switcher = Switcher(self._s)
        self._settler = Settler(self._s, self._switcher, "")
        self._mode = ""
        self._zero = False
        self._awake = False
        self._switched = False
        self._sending = False
        self._sources = {}  # type: Dict[str, Tuple[Source, int]]
        self._read = []  # type: List[str]  # roles of the files that went over

    @property
    def outcome(self):
        # type: () -> Outcome
        """What is known so far; after the port failed in the middle, ``run`` cannot return it."""
        return self._s.outcome

    def move(self, port, max_block=0):
        # type: (Port, int) -> None
        """Go on over another way to the same modem: ``run`` the rest of the plan then."""
        self._awake = False
        self._s.move(port, max_block)

    def run(self, plan, source, size, should_stop=None, others=None):
        # type: (Plan, Source, int, Optional[Callable[[], bool]], Optional[Dict[str, Tuple[Source, int]]]) -> Outcome
        """Carry out the steps of ``plan``; never raises for what the modem does.

        source, size  the firmware image
        should_stop   asked before each step that nothing was sent in yet, and before each block
        others        further files by name (plan.SECOND, UPDATER, BOOTROM; "packed": the firmware as a zlib stream)

        Stopped before the first block, the modem is brought back to its application. Stopped during the transfer,
        the session is closed and the mode read. Afterwards ``should_stop`` is not asked any more.
        """
        outcome = self._s.outcome
        if not self._mode:
            self._mode = outcome.mode = plan.mode
        self._zero = plan.stop_at_zero
        self._sources = dict(others or {})
        self._sources[FIRMWARE] = (source, size)
        self._s.should_stop = should_stop
        try:
            for step in plan.steps:
                if step.do not in ("transfer", "load"):
                    self._s.stop_here_if_asked()
                if step.if_old and not self._copy0_is_old():
                    continue
                outcome.step = step.id
                self._sending = self._sending or step.do in ("transfer", "load")
                self._s.speaker.step(step.id, step.text, step.phase)
                self._carry_out(step)
                outcome.done.append(step.id)
        except FlowError as err:
            outcome.error = (err.id, err.text)
            outcome.cause, outcome.cure = err.cause, err.cure
            self._s.should_stop = None  # what was begun is ended in order
            if self._switched and not outcome.sent_any:
                self._switcher.bring_back()
            if err.id != "user-interrupt" or outcome.changed or self._sending:  # else it is where it was
                self._look_again()
            self._judge_failure(plan.mode)
        return outcome

    def _judge_failure(self, before):
        # type: (str) -> None
        """What the mode behind a failure says of it."""
        outcome = self._s.outcome
        if outcome.mode != before and outcome.mode in _WAITING:
            outcome.changed = True  # whatever brought it there: the old firmware does not run
        if outcome.error is not None and outcome.error[0] == SILENT_ID and outcome.mode == states.SILENT:
            outcome.error = ("modem-fell-silent", outcome.error[1])

    def _look_again(self):
        # type: () -> None
        """After a failure only the modem itself can say where it is: it may have restarted, or hang since."""
        s = self._s
        patience_ms = states.PATIENCE_MS
        if s.outcome.error is not None and s.outcome.error[0] == "user-interrupt":
            patience_ms = STOPPED_LOOK_MS  # it answered until then, and somebody waits
            s.speaker.waiting("the modem to say where it is", STOPPED_LOOK_MS, False)
        for _ in range(LOOKS):
            outcome = s.outcome
            outcome.mode = states.detect(s.port, s.clock, s.profile, s.emit, patience_ms).mode
            if outcome.mode != states.STP_OPEN:  # else the session is closed now, and there is a mode behind it
                return

    def _carry_out(self, step):
        # type: (Step) -> None
        actions = {
            "soak": self._soak,
            "prepare": self._prepare,
            "switch": self._switch,
            "ffh": self._ffh,
            "speed": self._speed,
            "load": self._load,
            "transfer": self._transfer,
            "deploy": self._deploy,
            "return": self._return,
            "between": self._between,
            "prove": self._prove,
            "prove-loaders": self._prove_loaders,
        }  # type: Dict[str, Callable[[Step], None]]
        if step.do not in actions:
            raise FlowError("modem-state-unknown", "the plan has an unknown step: " + step.do)
        actions[step.do](step)

    def _file(self, step):
        # type: (Step) -> Tuple[Source, int]
        if step.image not in self._sources:
            raise FlowError("firmware-file-truncated", "the plan needs a file that was not handed over: " + step.image)
        source, size = self._sources[step.image]
        if step.image in self._read:
            source.seek(0)  # type: ignore[attr-defined]
        self._read.append(step.image)
        return source, size

    # -- before the transfer

    def _soak(self, step):
        # type: (Step) -> None
        from .soak import soak  # only if it is wanted: memory is short on a board

        soak(self._s, mini=self._mode == states.FFH)
        self._awake = self._mode != states.FFH

    def _is_awake(self):
        # type: () -> bool
        """Whether the modem has just answered many questions, told once: it need not be woken then."""
        awake, self._awake = self._awake, False
        return awake

    def _prepare(self, step):
        # type: (Step) -> None
        """modem-protocol.md 5.2, steps 1 to 3: wake it, make sure of the mode, radio off."""
        s = self._s
        began_ms = s.clock.ticks_ms()
        awake = self._is_awake()  # and without its echo
        if not awake:
            awake = s.wake()
            s.at.command("ATE0")
        # The mode decides: a modem whose every answer has old ones in front still works.
        wanted = [states.SMOD, SMUPGRADE]
        replies = s.at.row(wanted, states.SMOD_MS, lambda said: states.mode_in(said[-1]) == self._mode)
        replies = states.in_step(s.at, replies)
        found = states.ask_mode(s.at, first=replies[0])
        if not found and not awake:
            if s.said_something(began_ms):
                raise FlowError("modem-state-unknown", "the modem answers AT, but the answer cannot be read")
            raise FlowError("wakeup-without-answer", "the modem no longer answers AT")
        if found != self._mode:
            s.outcome.mode = found or states.UNKNOWN
            what = "the modem is in mode %s now; the plan was made for %s" % (found or "unknown", self._mode)
            raise FlowError("modem-state-unknown", what)
        report = replies[1] if len(replies) > 1 and replies[1].status else None
        self._settler = Settler(s, self._switcher, ask_report(s, report))
        if s.profile.sends_cfun5:
            if found == states.APPLICATION:
                s.at.command("AT+CFUN=5")
            return
        if found == states.APPLICATION:
            for line in ("AT+BIND=AT", "AT+SMLOG?", 'AT+SQNSUPGRADENTF="started"', 'AT+SQNWL="sqndcc",2'):
                s.at.command(line)  # notifications; ERROR means nothing (modem-protocol.md 2.2)
        if found != states.RAM_UPDATER:
            s.at.command("AT+CFUN=4")

    def _switch(self, step):
        # type: (Step) -> None
        self._switched = True
        self._switcher.to_recovery(step.limit_ms)
        self._mode = states.RECOVERY

    def _ffh(self, step):
        # type: (Step) -> None
        self._switcher.to_ffh(step.limit_ms)
        self._mode = states.FFH
        self._switched = False  # nothing but an updater image leads out of it

    def _speed(self, step):
        # type: (Step) -> None
        from .loading import raise_speed

        raise_speed(self._s)

    def _load(self, step):
        # type: (Step) -> None
        from .loading import load

        source, size = self._file(step)
        self._mode = load(self._s, source, size, step.limit_ms)

    # -- transfer and after; nothing behind the transfer can be stopped

    def _transfer(self, step):
        # type: (Step) -> None
        """modem-protocol.md 5.2, step 5."""
        source, size = self._file(step)
        line = "AT+SMSTPU" if step.method == STORE else 'AT+SMSTPU="ON_THE_FLY"'
        packed = self._sources.get("packed") if step.image == FIRMWARE else None
        sender = Sender(self._s, line, step.phase, stop_at_zero=self._zero, writes=step.method != STORE)
        sender.send(source, size, packed)

    def _deploy(self, step):
        # type: (Step) -> None
        self._settler.deploy(step.method, step.limit_ms)

    def _return(self, step):
        # type: (Step) -> None
        self._settler.come_back(step.method, step.limit_ms)
        self._mode = states.APPLICATION

    def _between(self, step):
        # type: (Step) -> None
        """After the first file of 48829: the modem must report the build that stands between the two."""
        lines = self._read_version()
        if not _says(lines, BETWEEN_BUILD):
            what = "after the first file the modem does not report build %d, so the second was not sent" % BETWEEN_BUILD
            raise FlowError("48829-second-step-skipped", what + " (it says: %s)" % " | ".join(lines[:2]))

    def _prove(self, step):
        # type: (Step) -> None
        """modem-protocol.md 5.2, step 11: read the version in the application."""
        if not self._s.profile.sends_cfun5:
            self._awake = self._s.at.wake(WAKE_TRIES, WAKE_EVERY_MS, states.CLEAN_OKS)
            self._s.at.command('AT+SQNSUPGRADENTF="success"')
        lines = self._read_version()
        if step.old and _says(lines, step.old):
            lines = self._once_restarted(step.old)
        self._s.outcome.version_lines = lines
        self._s.outcome.proved = True

    def _copy0_is_old(self):
        # type: () -> bool
        """modem-protocol.md 5.2, step 10: whether copy 0 of the boot loader is still the factory's."""
        lines = self._s.outcome.version_lines
        return is_old_copy0(software_of(lines)[1], loaders_of(lines))

    def _prove_loaders(self, step):
        # type: (Step) -> None
        """After a boot ROM: copy 0 must be another one."""
        self._prove(step)
        lines = self._s.outcome.version_lines
        loaders = loaders_of(lines)
        if not loaders.copies or is_old_copy0(software_of(lines)[1], loaders):
            said = "copy 0 is [%d] still" % loaders.copy0 if loaders.copies else "its boot loaders cannot be read"
            raise FlowError("unable-to-upgrade-bootrom", "the boot ROM was sent, and %s" % said)

    def _once_restarted(self, old):
        # type: (int) -> List[str]
        """The version of a modem that may run what it kept and wrote only after a restart. Raises FlowError."""
        s = self._s
        s.speaker.waiting("the modem to say its new version; it still says build %d" % old, STILL_MS, False)
        s.at.listen(STILL_MS)
        lines = self._read_version()
        if not _says(lines, old) or not s.outcome.result_word.startswith("success"):
            return lines
        s.speaker.waiting("the modem to restart: it reported success, and says build %d" % old, RETURN_MS, False)
        s.at.command("AT^RESET", SWITCH_REPLY_MS, (b"+SYSSTART",))
        s.at.wait_urc("+SYSSTART", SYSSTART_MS)
        self._switcher.await_application(RETURN_MS)
        return self._read_version()

    def _read_version(self):
        # type: () -> List[str]
        """What the application says of itself. Raises FlowError if it is not the application that answers."""
        s = self._s
        if not self._is_awake():
            s.at.wake(WAKE_TRIES, WAKE_EVERY_MS, states.CLEAN_OKS)
        # Only an application is asked for its version, and what it refuses is asked again after a pause.
        told = s.at.row(
            [states.SMOD] + _VERSION,
            states.SMOD_MS,
            lambda said: states.has_lines(said[-1]) and states.mode_in(said[0]) == states.APPLICATION,
        )
        told = states.in_step(s.at, told)
        mode = states.ask_mode(s.at, first=told.pop(0))
        s.outcome.mode = mode or states.UNKNOWN
        if mode != states.APPLICATION:
            raise FlowError("invalid-response-after-upgrade", "the modem does not stay in its application")
        for _ in range(VERSION_TRIES):
            told = told or s.at.row(_VERSION, more=lambda said: states.has_lines(said[-1]))
            if states.has_lines(told[0]):
                return told[0].lines + states.read_block(s.at, states.Facts(), told[1:], BLOCK_PAUSE_MS)
            s.at.listen(POLL_MS)
            told = []
        raise FlowError("invalid-response-after-upgrade", "the modem runs, but does not say its version")


#: Questions for the version: a block counts once two readings agree.
_VERSION = ["ATI1"] + [states.SHOWVER] * states.BLOCK_ALIKE


def _says(lines, build):
    # type: (List[str], int) -> bool
    """Whether the application of these lines is ``build``; boot loaders have builds too (modem-protocol.md 8.3)."""
    told = [line + " " for line in lines if "Bootloader" not in line and "BOOTROM" not in line]
    return any(["-%d " % build in line or "[%d]" % build in line for line in told])
