"""The AT dialogue: one command, its own answer, and what else was lying in the line (modem-protocol.md 2)."""

from .contract import Clock, Port, Timer  # noqa: F401
from .events import Speaker

try:
    from typing import Callable, List, Optional, Sequence, Tuple  # noqa: F401

    from .events import Emit  # noqa: F401
except ImportError:  # MicroPython
    pass

#: Longest wait for a reply in ms (design.md 4, "Deadlines").
REPLY_MS = 20000
#: Silence in ms after a final result before it is believed to be the last one; stale answers come without a gap.
SETTLE_MS = 80
#: Silence in ms that ends the throwing away of old bytes before a command (known failure ``stale-bytes-in-reply``).
QUIET_MS = 200
#: Longest time in ms for that; a modem that never stops talking must not hold us up.
QUIET_LIMIT_MS = 2000
#: Silence in ms on both sides of ``+++`` (modem-protocol.md 2.2).
GUARD_MS = 1150
#: Wait in ms for one of many questions in a row; one that is slower is asked again by itself, with REPLY_MS.
ROW_MS = 2000
#: Most bytes of one reply that are kept; a version block has some 600.
RAW_LIMIT_BYTES = 8192
READ_BYTES = 512
#: What comes from a modem that is off, starts, or listens at another speed (modem-protocol.md 2.1).
IDLE_BYTES = b"\x00\xfe\xfd"
#: Final results other than OK.
_REFUSALS = ("ERROR", "+CME ERROR", "+CMS ERROR")


class Reply(object):
    """What came back for one command.

    status  "OK", "ERROR", or "" if no final result came
    lines   lines of the answer, without echo, empty lines, what was said unasked and the final result
    raw     every byte that was heard
    stale   lines of earlier answers that lay in front of this one
    sound   it is an undamaged OK: see ``is_sound``
    """

    def __init__(self, status, lines, raw, stale):
        # type: (str, List[str], bytes, List[str]) -> None
        self.status = status
        self.lines = lines
        self.raw = raw
        self.stale = stale
        self.sound = False


def is_unasked(line, sent):
    # type: (str, str) -> bool
    """Whether a modem says ``line`` by itself (a URC), and not in answer to the command ``sent``."""
    name = line.split(":")[0]
    return line[:1] in ("+", "^") and name not in _REFUSALS and name not in sent


def is_sound(heard, sent):
    # type: (bytes, str) -> bool
    """Whether ``heard`` is one whole OK, and besides it nothing but what may stand around any answer.

    That is an echo of ``sent``, lines that a modem says unasked, and NULs before or behind a line (modem-protocol.md
    2.1). A byte that was lost, doubled or altered anywhere else shows: lines end in CR LF, and OK comes once.
    """
    said = []
    lines = [line.strip(b"\0") for line in heard.split(b"\n")]
    if lines.pop():
        return False  # cut
    for line in lines:
        if line[-1:] != b"\r":
            return False
        text = line[:-1].strip(b"\0")
        if not all([32 <= byte < 127 or byte == 13 for byte in text]):
            return False
        word = "".join([chr(byte) for byte in text])
        if word and word not in (sent, sent + "\r") and not is_unasked(word, sent):
            said.append(word)
    return said == ["OK"]


def odd_bytes(raw):
    # type: (bytes) -> int
    """How many bytes are neither text nor line ends: NULs and noise."""
    return sum(1 for byte in raw if not (32 <= byte < 127 or byte in (9, 10, 13)))


def printable(raw):
    # type: (bytes) -> str
    """The text in ``raw`` with line ends as LF; NULs and noise dropped (modem-protocol.md 2.1)."""
    return "".join([chr(byte) for byte in raw.replace(b"\r", b"\n") if 32 <= byte < 127 or byte == 10])


def parse_reply(raw, sent):
    # type: (bytes, str) -> Reply
    """Sort ``raw`` into the answer to ``sent`` and the rest: the last final result is ours, earlier ones are stale."""
    lines = printable(raw).split("\n")
    lines.pop()  # not ended yet
    groups = []  # type: List[Tuple[str, List[str]]]
    stale = []  # type: List[str]
    current = []  # type: List[str]
    for line in lines:
        line = line.strip()
        if not line:
            continue
        if line == sent:  # the echo: all before it is older than our command
            stale += _flat(groups) + current
            groups = []
            current = []
        elif line.split(":")[0] in ("OK",) + _REFUSALS:
            groups.append(("OK" if line == "OK" else "ERROR", current))
            current = []
        else:
            current.append(line)
    if not groups:
        return Reply("", current, raw, stale)
    status, answer = groups.pop()
    return Reply(status, [line for line in answer if not is_unasked(line, sent)], raw, stale + _flat(groups))


def _flat(groups):
    # type: (List[Tuple[str, List[str]]]) -> List[str]
    flat = []  # type: List[str]
    for status, lines in groups:
        flat += lines
        flat.append(status)
    return flat


def _answers_in(heard, sent):
    # type: (bytes, str) -> List[str]
    """Lines that are part of an answer, and nothing that a modem says unasked."""
    lines = [line.strip() for line in printable(heard).split("\n")]
    return [line for line in lines if line and not is_unasked(line, sent)]


def _named_for_others(heard, sent, asked):
    # type: (bytes, str, Sequence[str]) -> List[str]
    """Lines that name, or echo, a question of ``asked`` other than ``sent``.

    One answer was lost then, and an older one came twice: the count is right.
    """
    others = [line for line in asked if line != sent]
    others += [line[2:].split("?")[0] for line in others if line[:3] == "AT+"]
    lines = [line.strip() for line in printable(heard).split("\n")]
    return [line for line in lines if line.split(":")[0] in others]


def _said_before(replies, asked):
    # type: (Sequence[Reply], Sequence[str]) -> List[str]
    """The last of ``replies`` if another question before it brought the same; or an OK alone, which answers AT only.

    Not every answer has a name, and a modem does not always echo: one was lost then, and an older one came twice.
    """
    last, line = replies[-1], asked[len(replies) - 1]
    if last.status != "OK" or line == "AT":
        return []
    if not last.lines:
        return [last.status]
    again = [number for number, reply in enumerate(replies) if asked[number] != line and reply.lines == last.lines]
    return last.lines if again else []


class AtChannel(object):
    """Speaks AT over a port.

    port   see contract.Port
    clock  see contract.Clock
    emit   called with (name, dict) for events, or None
    """

    def __init__(self, port, clock, emit=None):
        # type: (Port, Clock, Optional[Emit]) -> None
        self._port = port
        self._clock = clock
        self._speaker = Speaker(emit)
        self._unread = b""  # heard behind the last result, for wait_urc
        self._alive_ms = clock.ticks_ms()

    def quiet_ms(self):
        # type: () -> int
        """How long nothing but IDLE_BYTES has come, in ms, as far as it was listened here."""
        return self._clock.ticks_ms() - self._alive_ms

    def _hear(self, got):
        # type: (bytes) -> bytes
        if got.strip(IDLE_BYTES):
            self._alive_ms = self._clock.ticks_ms()
        return got

    def command(self, line, wait_ms=REPLY_MS, ends=()):
        # type: (str, int, Tuple[bytes, ...]) -> Reply
        """Send one line and return its answer; an answer that never comes has the status "".

        wait_ms  longest wait for the final result
        ends     words that end the waiting too: a reboot may swallow the result but not the URC behind it
        """
        old = self._quieten()
        self._port.write(line.encode() + b"\r\n")
        raw = self._collect(line, wait_ms, ends)
        return self._heard(line, raw, old)

    def row(self, lines, wait_ms=REPLY_MS, more=None):
        # type: (Sequence[str], int, Optional[Callable[[List[Reply]], bool]]) -> List[Reply]
        """Replies to questions that change nothing, one right behind the other.

        They are counted, instead of a silence behind each: as many results as questions, none in front of its
        question, none with the name of another question in it, and a silence behind the last. If that is not so, all
        are asked again, each with its silence; what was too many is ``stale`` in the first reply then.

        wait_ms  longest wait for a result when it is asked for again
        more     told all replies so far: whether the next question is to be asked, too; None: all are
        """
        stale = _answers_in(self._quieten(), lines[0])
        replies = []  # type: List[Reply]
        odd = []  # type: List[str]  # what the count is too high by
        rest = b""
        for line in lines:
            self._port.write(line.encode() + b"\r\n")
            raw, rest = self._up_to_result(line, rest, min(wait_ms, ROW_MS))
            replies.append(self._heard(line, raw))
            odd += replies[-1].stale or _named_for_others(raw, line, lines) or _said_before(replies, lines)
            if odd or not replies[-1].status or not (more is None or more(replies)):
                break
        odd += _answers_in(rest + self.listen(SETTLE_MS), line)
        if odd or not replies[-1].status:
            replies = []
            for line in lines:
                replies.append(self.command(line, wait_ms))
                if not (more is None or more(replies)):
                    break
        replies[0].stale = stale + odd + replies[0].stale
        return replies

    def wake(self, tries, every_ms, clean=2):
        # type: (int, int, int) -> bool
        """Send AT until it is answered with ``clean`` sound OKs in a row; False after ``tries`` other answers.

        The first AT after a pause is often answered ERROR (modem-protocol.md 2.1): then it is asked again at once.
        """
        for number in range(tries):
            timer = Timer(self._clock, every_ms)
            reply = self.command("AT", every_ms)
            if reply.sound and (clean < 2 or all([more.sound for more in self.row(["AT"] * (clean - 1), every_ms)])):
                return True
            if number + 1 < tries and (number or reply.status != "ERROR"):
                self.listen(timer.left_ms())
        return False

    def listen(self, wait_ms):
        # type: (int) -> bytes
        """What comes unasked within ``wait_ms``; kept for ``wait_urc`` too."""
        timer = Timer(self._clock, wait_ms)
        heard = b""
        while not timer.over():
            heard = (heard + self._hear(self._port.read(READ_BYTES, timer.left_ms())))[-RAW_LIMIT_BYTES:]
        self._unread = (self._unread + heard)[-RAW_LIMIT_BYTES:]
        return heard

    def wait_urc(self, text, wait_ms):
        # type: (str, int) -> bool
        """True once ``text`` was heard, in the bytes since the last command was sent or in new ones."""
        word = text.encode()
        timer = Timer(self._clock, wait_ms)
        while word not in self._unread:
            if timer.over():
                return False
            got = self._hear(self._port.read(READ_BYTES, timer.left_ms()))
            self._unread = (self._unread + got)[-RAW_LIMIT_BYTES:]
        self._unread = self._unread.split(word, 1)[1]
        return True

    def escape_data_mode(self):
        # type: () -> bool
        """Leave PPP data mode by silence, ``+++``, silence; True if the modem said OK to it."""
        self.listen(GUARD_MS)
        self._port.write(b"+++")
        heard = self.listen(GUARD_MS)
        left = "OK" in printable(heard) or "NO CARRIER" in printable(heard)
        self._speaker.note("+++ -> " + ("left data mode" if left else "no answer"))
        return left

    def _heard(self, line, raw, old=b""):
        # type: (str, bytes, bytes) -> Reply
        """The reply to ``line`` in what was heard; told. ``old`` lay in the line before it was asked."""
        reply = parse_reply(raw, line)
        reply.stale = [text for text in printable(old).split("\n") if text.strip()] + reply.stale
        if all([is_unasked(text.strip(), line) for text in reply.stale]):
            reply.stale = []  # no answers of earlier commands
        reply.sound = is_sound(old + raw, line)
        self._unread = raw
        shown = " | ".join(reply.lines + [reply.status or "no answer"])
        self._speaker.note(line + " -> " + shown[:400])
        if reply.stale:
            self._speaker.note("in front of it: " + " | ".join(reply.stale)[:400])
        return reply

    def _quieten(self):
        # type: () -> bytes
        """Throw away what lies in the line; if there was something, go on until it has been quiet for a while."""
        old = self._hear(self._port.drain())
        if not old:
            return old
        timer = Timer(self._clock, QUIET_LIMIT_MS)
        while not timer.over():
            got = self._hear(self._port.read(READ_BYTES, QUIET_MS))
            if not got:
                break
            old = (old + got)[-RAW_LIMIT_BYTES:]
        return old

    def _up_to_result(self, line, rest, wait_ms):
        # type: (str, bytes, int) -> Tuple[bytes, bytes]
        """Whole lines up to a final result, or what came instead; and the beginning of a line behind them.

        rest  such a beginning that the question before it left
        """
        timer = Timer(self._clock, wait_ms)
        while not parse_reply(rest, line).status and not timer.over():
            rest = (rest + self._hear(self._port.read(READ_BYTES, timer.left_ms())))[-RAW_LIMIT_BYTES:]
        whole = rest.rfind(b"\n") + 1
        return rest[:whole], rest[whole:]

    def _collect(self, line, wait_ms, ends):
        # type: (str, int, Tuple[bytes, ...]) -> bytes
        """Read until a final result has been followed by silence, a word of ``ends`` came, or time is up."""
        raw = b""
        timer = Timer(self._clock, wait_ms)
        settle = None  # type: Optional[Timer]
        while not timer.over() and (settle is None or not settle.over()):
            answered = bool(parse_reply(raw, line).status)
            got = self._hear(self._port.read(READ_BYTES, SETTLE_MS if answered else timer.left_ms()))
            if answered and not got:
                break
            if answered and settle is None:
                settle = Timer(self._clock, QUIET_LIMIT_MS)
            raw = (raw + got)[-RAW_LIMIT_BYTES:]
            if any([word in raw for word in ends]):
                break
        return raw
