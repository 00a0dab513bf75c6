"""In which mode the modem is, and what it says of itself there (modem-protocol.md 3; failure-catalogue.md 3)."""

from .at import SETTLE_MS, AtChannel, Reply, odd_bytes  # noqa: F401
from .contract import Clock, Port, Timer  # noqa: F401
from .events import Speaker
from .profile import FFH_BAUD, MONARCH2_FAMILY, Profile  # noqa: F401
from .stp import Master
from .version_block import agreed

try:
    from typing import Dict, List, Optional, Sequence, Tuple  # noqa: F401

    from .events import Emit  # noqa: F401
except ImportError:  # MicroPython
    pass

FFH = "ffh"
RAM_UPDATER = "ram-updater"
APPLICATION = "application"
DEPLOYING = "deploying"
RECOVERY = "recovery"
STP_OPEN = "stp-open"
DATA = "data"
SILENT = "silent"
UNKNOWN = "unknown"

#: What AT+SMOD? answers (modem-protocol.md 3.1).
MODES = {"0": FFH, "1": RAM_UPDATER, "2": APPLICATION, "3": DEPLOYING, "4": RECOVERY}

#: How long a modem may take after power-on before silence counts, in ms (failure-catalogue.md 2, probe M1).
PATIENCE_MS = 60000
#: Listening before anything is sent, in ms.
FIRST_LISTEN_MS = 300
#: Wait for the answer to the STP RESET that precedes every first AT, in ms.
SESSION_PROBE_MS = 500
#: One AT of the search for the right speed, in ms.
AT_TRY_MS = 1000
#: What the boot ROM answers to AT; all other programs of the modem say CR LF in front of it (modem-protocol.md 2.1).
FFH_OK = b"OK\r\n"
#: Tries at one speed before the other one; the first AT after a pause is often refused.
TRIES_PER_SPEED = 3
#: Clean OKs in a row that count as awake (known failure ``retry-needed-fresh-boot``).
CLEAN_OKS = 3
#: AT commands that may be spent on them once the modem answers at all.
CLEAN_TRIES = 12
SMOD = "AT+SMOD?"
#: Wait for the answer to it, in ms (modem-protocol.md 2.2).
SMOD_MS = 5000
#: Wait before the second RESET to a session that did not answer the first, in ms (design.md 4, "stp-open").
SESSION_REST_MS = 300000
#: Rounds of silence at all speeds before a half-received block is thought of.
FLUSH_ROUND = 2
#: Bytes that are kept as evidence.
RAW_LIMIT_BYTES = 2048


class State(object):
    """What detection found.

    mode       one of the constants above
    baud       speed at which the modem answered; 0 if it did not
    raw        bytes that were heard
    notes      words: nul-bytes, noise, stale-replies, first-error, wrong-speed, left-data-mode, session-closed,
               ati-error, mode-by-dialect, mode-by-selector, mode-by-ati
    ati        lines of ATI
    clean_oks  clean OKs in a row that were reached, 3 at most
    family     family that ATI names, else the one of the profile
    """

    def __init__(self, family):
        # type: (str) -> None
        self.mode = SILENT
        self.baud = 0
        self.raw = b""
        self.notes = []  # type: List[str]
        self.ati = []  # type: List[str]
        self.clean_oks = 0
        self.family = family

    def note(self, word):
        # type: (str) -> None
        """Add a word once."""
        if word not in self.notes:
            self.notes.append(word)


class Facts(object):
    """Answers of the modem to queries, as lines; [] if it was not asked or did not answer with OK."""

    def __init__(self):
        # type: () -> None
        self.ati = []  # type: List[str]
        self.ati1 = []  # type: List[str]
        self.showver = []  # type: List[str]  # [] also where two readings differed
        self.smswboot = []  # type: List[str]
        self.smupgrade = []  # type: List[str]
        self.cgsn = []  # type: List[str]
        self.refused = []  # type: List[str]  # names of the members above that were answered ERROR or not at all
        self.unanswered = False  # a question brought nothing at all
        self.stale = []  # type: List[str]  # what lay in front of the answers


def ask_mode(at, tries=3, first=None):
    # type: (AtChannel, int, Optional[Reply]) -> str
    """The mode that AT+SMOD? names, or "" if it cannot be read; ``first`` is the reply if it was just asked."""
    for number in range(tries):
        mode = mode_in(first if first is not None and not number else at.command(SMOD, SMOD_MS))
        if mode:
            return mode
    return ""


def mode_in(reply):
    # type: (Reply) -> str
    """The mode that a reply to AT+SMOD? names, "" if none."""
    for line in reversed(reply.lines):
        word = line.replace("+SMOD:", "").strip()
        if word in MODES and reply.status == "OK":
            return MODES[word]
    return ""


def in_step(at, replies):
    # type: (AtChannel, List[Reply]) -> List[Reply]
    """``replies`` to AT+SMOD? and to what was asked behind it in a row; the first alone, asked anew, if out of step.

    A mode stands there without a name, and is the answer to nothing else (modem-protocol.md 2.2): as the second answer
    it is the modem's own, and the first was an older one. A modem that is slower than SETTLE_MS shows it nowhere else.
    """
    if len(replies) < 2 or not mode_in(replies[1]):
        return replies
    at.listen(AT_TRY_MS)  # into step again
    return [at.command(SMOD, SMOD_MS)]


def has_lines(reply):
    # type: (Reply) -> bool
    """Whether it is an answer that says something."""
    return reply.status == "OK" and bool(reply.lines)


def family_of(lines):
    # type: (List[str]) -> str
    """The modem family that version lines name, or "" (modem-protocol.md 7 and 8)."""
    text = " ".join(lines).upper()
    for word in ("GM02", "SQN34", "MONARCH 2", "LR8.", "UE8."):
        if word in text:
            return MONARCH2_FAMILY
    for word in ("VZM20Q", "GM01", "SQN33", "LR5.", "LR6.", "UE5.", "UE6."):
        if word in text:
            return "SQN3330"
    return ""


def detect(port, clock, profile, emit=None, patience_ms=PATIENCE_MS, listen_ms=FIRST_LISTEN_MS):
    # type: (Port, Clock, Profile, Optional[Emit], int, int) -> State
    """Find out mode and speed; leaves the port at the speed at which the modem answered.

    An open STP session never gets AT: an STP RESET goes first at each speed, and if it is acknowledged the
    mode is stp-open with the note ``session-closed``; ask again for the mode behind it.

    patience_ms  how long a modem may stay silent, since it may be starting
    listen_ms    before anything is sent at a speed; 0 if it is known that nothing is said unasked
    """
    return _Detection(port, clock, profile, emit, listen_ms).run(patience_ms)


def close_session(port, clock, emit=None):
    # type: (Port, Clock, Optional[Emit]) -> bool
    """End an STP session that somebody left open; True if the modem acknowledged and AT may follow.

    RESET; without an answer 5 minutes of rest and RESET again (design.md 4, "stp-open").
    """
    master = Master(port, clock, emit)
    if master.reset(SESSION_PROBE_MS, tries=2):
        return True
    if master.refuses_reset:
        return False  # it answers: rest changes nothing
    Speaker(emit).waiting("the modem to give up a broken transfer", SESSION_REST_MS, False)
    clock.sleep_ms(SESSION_REST_MS)
    return master.reset(SESSION_PROBE_MS, tries=2) or master.flush(SESSION_PROBE_MS)


class _Detection(object):
    """One search; see ``detect``."""

    def __init__(self, port, clock, profile, emit, listen_ms):
        # type: (Port, Clock, Profile, Optional[Emit], int) -> None
        self._port = port
        self._clock = clock
        self._listen_ms = listen_ms
        self._profile = profile
        self._at = AtChannel(port, clock, emit)
        self._master = Master(port, clock, emit)
        self._state = State(profile.family)
        self._baud = profile.app_baud
        self._heard = {}  # type: Dict[int, bytes]  # by speed
        self._probed = []  # type: List[int]  # speeds at which the STP RESET went out
        self._said = b""  # what came to the last questions for a sign of life

    def run(self, patience_ms):
        # type: (int) -> State
        """Search until the modem answers or patience is over."""
        timer = Timer(self._clock, patience_ms)
        speeds = self._profile.bauds
        rounds = 0
        while not rounds or not timer.over():
            self._state.mode = SILENT  # in this round, whatever was heard in an earlier one
            for baud in speeds:
                if self._found_at(baud, not rounds and baud == speeds[0]):
                    return self._state
                if self._state.mode == UNKNOWN:
                    break  # it answers here: from the beginning
            rounds += 1
            if rounds == FLUSH_ROUND and not self._state.raw and self._flushed(speeds[0]):
                break
        if self._state.mode == UNKNOWN and not self._answers():
            self._state.mode = SILENT  # it answered once, and fell silent over the questions
        if self._state.mode == SILENT and not self._found_at(speeds[0], False):  # it may have woken up by now
            self._judge_silence(speeds)
            if _is_damaged_talk(self._said):
                self._state.mode = UNKNOWN
        return self._state

    def _judge_silence(self, speeds):
        # type: (Sequence[int]) -> None
        """No answer anywhere: keep what was heard at the application's speed; the other one garbles it."""
        self._state.raw = b""
        for baud in speeds:
            self._state.raw = self._state.raw or self._heard.get(baud, b"")
        self._port.set_baud(speeds[0])
        self._note_odd_bytes()

    def _flushed(self, baud):
        # type: (int) -> bool
        """Utter silence may be a session that waits for the rest of a block; see Master.flush.

        A board's UART hangs in so long a write if the modem holds CTS: such a port says so.
        """
        if not getattr(self._port, "long_writes", True):
            return False
        self._port.set_baud(baud)
        if not self._master.flush(SESSION_PROBE_MS):
            self._port.write(b"\r")
            return False
        self._session_closed(baud)
        return True

    def _session_closed(self, baud):
        # type: (int) -> None
        self._master.leave_if_there(SESSION_PROBE_MS)  # acknowledged again: no session was open
        self._state.mode = STP_OPEN
        self._state.baud = baud
        self._state.note("session-closed")

    def _found_at(self, baud, may_escape):
        # type: (int, bool) -> bool
        """Try one speed; True once the state is known."""
        state = self._state
        self._port.set_baud(baud)
        self._baud = baud
        if baud not in self._probed:
            self._probed.append(baud)
            self._keep(self._at.listen(self._listen_ms))
            if self._master.probe(SESSION_PROBE_MS):
                self._session_closed(baud)
                return True
            if self._master.refuses_reset:
                state.mode = STP_OPEN
                state.baud = baud
                return True
            self._port.write(b"\r")  # ends the line that our RESET began in an AT parser
            self._keep(self._at.listen(SETTLE_MS if self._master.echoed else FIRST_LISTEN_MS))
        if self._answers():
            return self._settle(baud)
        if may_escape and self._at.escape_data_mode():
            state.note("left-data-mode")
            if self._answers():
                return self._settle(baud)
            state.mode = DATA
            state.baud = baud
            return True
        return False

    def _answers(self):
        # type: () -> bool
        """Whether AT brings OK, or ERROR and then OK, at this speed. An ERROR alone is a sign of life: go on longer."""
        left = TRIES_PER_SPEED
        errors = 0
        self._said = b""
        while left > 0 and errors < CLEAN_TRIES:
            timer = Timer(self._clock, AT_TRY_MS)
            reply = self._at.command("AT", AT_TRY_MS)
            self._keep(reply.raw)
            self._said += reply.raw
            if reply.status == "OK":
                if errors:
                    self._state.note("first-error")
                return True
            if reply.status == "ERROR":
                errors += 1
                if errors == 1:
                    continue  # which is how it wakes up (modem-protocol.md 2.1)
            else:
                left -= 1
            self._keep(self._at.listen(timer.left_ms()))
        return errors >= CLEAN_TRIES

    def _settle(self, baud):
        # type: (int) -> bool
        """The speed is right: wait for clean OKs, then ask for mode and identification.

        False if the mode cannot be read: it may have fallen silent, or be restarting, so the search goes on.
        """
        state = self._state
        state.baud = baud
        state.raw = b""  # what was heard at other speeds, or while it woke up, proves nothing
        good = bare = 0
        replies = self._at.row(["AT"] * CLEAN_OKS + [SMOD, "ATI"], AT_TRY_MS, _is_to_say_ati)
        for tries in range(CLEAN_TRIES):
            reply = replies[tries] if tries < CLEAN_OKS else self._at.command("AT", AT_TRY_MS)
            self._keep(reply.raw)
            if reply.stale:
                state.note("stale-replies")
            good = good + 1 if reply.sound else 0
            bare = bare + 1 if reply.raw.strip(b"\0") == FFH_OK else 0
            state.clean_oks = max(state.clean_oks, good)
            if good == CLEAN_OKS:
                break
        self._note_odd_bytes()
        told = in_step(self._at, replies[CLEAN_OKS:])
        state.mode = ask_mode(self._at, first=told[0]) or UNKNOWN
        if state.mode == UNKNOWN and bare >= CLEAN_OKS:
            state.mode = FFH
            state.note("mode-by-dialect")
        if state.mode != FFH:
            self._identify(told[1] if len(told) > 1 else None)
        if state.mode == UNKNOWN and "ati-error" in state.notes:
            self._infer()
        wrong = FFH_BAUD if state.mode != FFH else self._profile.app_baud
        if baud == wrong and self._profile.app_baud != FFH_BAUD and state.family == self._profile.family:
            state.note("wrong-speed")
        return state.mode != UNKNOWN

    def _identify(self, reply):
        # type: (Optional[Reply]) -> None
        """Ask ATI, unless it was just answered: text in the application, ERROR elsewhere (failure-catalogue.md 3)."""
        state = self._state
        if reply is None or not reply.status:
            reply = self._at.command("ATI")
        self._keep(reply.raw)
        if reply.stale:
            state.note("stale-replies")
        if reply.status != "OK":
            state.note("ati-error")
            return
        state.ati = reply.lines
        state.family = family_of(reply.lines) or state.family
        if state.mode == UNKNOWN and reply.lines:
            state.mode = APPLICATION
            state.note("mode-by-ati")

    def _infer(self):
        # type: () -> None
        """An updater that does not say its mode: booted as the selector says (modem-protocol.md 3.2), or in memory."""
        said = " ".join(self._at.command("AT+SMSWBOOT?").lines)
        inferred = RECOVERY if "RECOVERY" in said else RAM_UPDATER if "FFH" in said else ""
        if inferred:
            self._state.mode = inferred
            self._state.note("mode-by-selector")

    def _keep(self, heard):
        # type: (bytes) -> None
        self._state.raw = (self._state.raw + heard)[-RAW_LIMIT_BYTES:]
        self._heard[self._baud] = (self._heard.get(self._baud, b"") + heard)[-RAW_LIMIT_BYTES:]

    def _note_odd_bytes(self):
        # type: () -> None
        """One NUL in front of a reply is a start-up glitch; more of them, or noise, is a finding."""
        raw = self._state.raw
        nuls = raw.count(b"\x00")
        if nuls > 1:
            self._state.note("nul-bytes")
        if odd_bytes(raw) > nuls:
            self._state.note("noise")


def _is_to_say_ati(replies):
    # type: (List[Reply]) -> bool
    """Whether a row of AT, SMOD and ATI goes on: the boot ROM is not asked ATI, nor who does not say its mode."""
    return len(replies) <= CLEAN_OKS or mode_in(replies[-1]) not in ("", FFH)


def _is_damaged_talk(said):
    # type: (bytes) -> bool
    """Whether a modem took AT, echoed it and answered each time, and no answer arrived as it left."""
    echoes = said.split(b"AT\r")
    return len(echoes) > TRIES_PER_SPEED and all([one.strip(b"\r\n") for one in echoes[1:]])


def examine(port, clock, profile, emit=None, found=None):
    # type: (Port, Clock, Profile, Optional[Emit], Optional[State]) -> Tuple[State, Facts]
    """Mode and facts; from the beginning again if the modem fell silent between two questions.

    found  what ``detect`` said just now: it need not search again
    """
    for known in (found, None):
        if known is not None:
            port.set_baud(known.baud)
        state = known or detect(port, clock, profile, emit)
        facts = read_facts(port, clock, profile, state, emit)
        if not facts.unanswered or state.mode != SILENT:
            break
    return state, facts


def read_facts(port, clock, profile, state, emit=None):
    # type: (Port, Clock, Profile, State, Optional[Emit]) -> Facts
    """Ask what the mode allows to be asked, and nothing else (modem-protocol.md 3.1)."""
    facts = Facts()
    facts.ati = state.ati
    if state.mode not in (APPLICATION, RECOVERY, RAM_UPDATER):
        return facts
    at = AtChannel(port, clock, emit)
    asked = _QUESTIONS if state.mode == APPLICATION else _QUESTIONS[:2]
    blocks = [SHOWVER] * BLOCK_ALIKE if state.mode == APPLICATION else []
    # A block that was refused is asked for again after a pause.
    replies = at.row(
        [line for _, line, _ in asked] + blocks,
        more=lambda replies: len(replies) <= len(asked) or has_lines(replies[-1]),
    )
    for number, (name, line, tries) in enumerate(asked):
        setattr(facts, name, _answer(at, facts, name, line, replies[number], tries))
    if state.mode == APPLICATION:
        facts.showver = read_block(at, facts, replies[len(asked) :])
    if facts.unanswered and not at.wake(TRIES_PER_SPEED, AT_TRY_MS, 1):  # it fell silent between two questions
        state.mode = SILENT
    return facts


#: Pause in ms before a refused query is asked again: ERROR right after boot is possible (modem-protocol.md 8.3).
_ASK_PAUSE_MS = 500


#: Readings of the version block at most, and how many that say the same are enough (modem-protocol.md 7.2).
BLOCK_TRIES = 3
BLOCK_ALIKE = 2
SHOWVER = 'AT!="showver"'
#: Members of Facts, how they are asked for, and how often while that is refused; the first two in an updater as well.
_QUESTIONS = (
    ("smswboot", "AT+SMSWBOOT?", 1),
    ("smupgrade", "AT+SMUPGRADE?", 1),
    ("ati1", "ATI1", 3),
    ("cgsn", "AT+CGSN", 1),
)


def read_block(at, facts, given, pause_ms=_ASK_PAUSE_MS):
    # type: (AtChannel, Facts, Sequence[Reply], int) -> List[str]
    """The version block, read twice over; [] if it could not be read, or the readings differ.

    given     the replies to SHOWVER so far
    pause_ms  wait after a refusal: ERROR right after boot is normal
    """
    readings = []  # type: List[List[str]]
    for tries in range(BLOCK_TRIES):
        reply = given[tries] if tries < len(given) else at.command(SHOWVER)
        facts.stale += reply.stale
        if has_lines(reply):
            readings.append(reply.lines)
            if len(readings) == BLOCK_ALIKE:
                break
            continue
        facts.unanswered = facts.unanswered or not reply.status
        at.listen(pause_ms)
    if not readings:  # LR5.4 has another command for the same
        other = 'AT!="get_sw_version"'
        lines = _answer(at, facts, "showver", other, at.command(other))
        readings = [lines] if lines else []
    return agreed(readings)


def _answer(at, facts, name, line, reply, tries=1):
    # type: (AtChannel, Facts, str, str, Reply, int) -> List[str]
    """Lines of ``reply`` to ``line``; refused, it is asked again, ``tries`` questions in all."""
    while True:
        facts.stale += reply.stale
        if reply.status == "OK":
            return reply.lines
        facts.unanswered = facts.unanswered or not reply.status
        tries -= 1
        if tries < 1:
            facts.refused.append(name)
            return []
        at.listen(_ASK_PAUSE_MS)
        reply = at.command(line)
