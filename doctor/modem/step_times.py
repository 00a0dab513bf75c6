"""How long each step of a flash usually takes: the one function behind every time that a plan shows.

Bytes over the speed of the line, a turn-around for each question, and the waits that users and vendors report. Limits
are another matter: they stand in the plan's steps (updater/shapes.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

from doctor.updater.at import SETTLE_MS
from doctor.updater.plan import BOOTROM
from doctor.updater.profile import BLOCK_MAX_BYTES
from doctor.updater.shapes import ON_THE_FLY, STORE, Step
from doctor.updater.soak import SOAK_COUNT
from doctor.updater.stp import HEADER_BYTES

_BITS_A_BYTE = 10  #: start bit, eight bits, stop bit
#: The command of a block (2 bytes of payload) and its ack; as much is a block without its payload, and its ack.
_FRAMES_BYTES = 2 * HEADER_BYTES + 2
_ASK_BYTES = 4 + 6  #: ``AT\r\n`` and ``\r\nOK\r\n``

#: What a modem takes for an answer, besides the port in front of it. Nobody has measured it on a real one: assumed.
MODEM_ANSWER_S = 0.010
#: What a USB port adds to an answer if it was not measured: a frame of full-speed USB each way.
PORT_DELAY_S = 0.002
#: The shortest latency timer of FTDI's chips (AN232B-04).
QUICK_TIMER_S = 0.001

#: AT commands that prepare a modem and that read it back (modem-protocol.md 5.2, steps 2, 3 and 11), each with the
#: silence behind its answer; most of what only reads shares one.
_COMMANDS = 7
#: Restart into the updater, or back into the application: Walter's tool waits this long for each
#: (modem-protocol.md 3.3).
_RESTART_S = 10.0
#: While the modem writes as it receives: erasing near 7 % and finishing near 99 % (modem-protocol.md 4.5). A whole
#: flash of 6 MB takes 2 to 5 minutes (modem-protocol.md 5.6): all but this much is the line, restarts and questions.
_ERASE_S, _FINISH_S = 10.0, 20.0
#: Behind the last block: a kept file is written in 5 to 120 s of silence, what was written on arrival is there at once
#: (modem-protocol.md 5.7); then the modem is still at work for some seconds, and is asked once a second.
_WRITE_STORED_S, _AT_WORK_S = 30.0, 5.0
#: The boot ROM is tried at the other speed first, two tries of 1 s each (modem-protocol.md 5.3, steps 2 and 3).
_SPEED_S = 3.0
#: The updater image starts in memory: asked once a second; minutes are possible (modem-protocol.md 5.3, step 5).
_ELF_START_S = 10.0


@dataclass(frozen=True)
class Line:
    """What the way to the modem costs in time.

    baud      speed at which firmware goes over it
    answer_s  from the end of a question to its answer, besides the bytes' own time
    block_bytes  payload of a block of a transfer
    timer_s   of a USB chip that hands answers over only every so often (known failure ftdi-latency); 0: at once
    """

    baud: int
    answer_s: float = PORT_DELAY_S + MODEM_ANSWER_S
    block_bytes: int = BLOCK_MAX_BYTES
    timer_s: float = 0.0

    @classmethod
    def measured(cls, baud: int, port_s: float | None, *, timer_ms: int = 0, echoes: bool = True) -> Line:
        """The line behind a port whose other end answered within ``port_s``; None: that was not measured.

        timer_ms  the latency timer of the USB chip, in which its part of ``port_s`` is
        echoes    a board answers at once, and so does the echo of a modem: what the modem takes comes on top
        """
        if timer_ms:
            return cls(baud, timer_s=timer_ms / 1000)
        if port_s is None:
            return cls(baud)
        return cls(baud, port_s + MODEM_ANSWER_S if echoes else port_s)

    @property
    def quick(self) -> Line:
        """The same line with the shortest timer that FTDI's chips have."""
        return replace(self, timer_s=min(self.timer_s, QUICK_TIMER_S))

    def wire_s(self, size_bytes: int) -> float:
        """The bytes' own time."""
        return size_bytes * _BITS_A_BYTE / self.baud

    def exchange_s(self, size_bytes: int) -> float:
        """A question and its answer of so many bytes, in whole beats of the timer.

        To the nearest one: what a modem takes is not known better than that.
        """
        took_s = self.wire_s(size_bytes) + self.answer_s
        return max(1, round(took_s / self.timer_s)) * self.timer_s if self.timer_s else took_s

    def transfer_s(self, size_bytes: int) -> float:
        """One file in blocks, each asked for and answered twice (modem-protocol.md 4.2 and 4.4)."""
        blocks = ceil(size_bytes / self.block_bytes)
        if not blocks:
            return 0.0
        block_bytes = ceil(size_bytes / blocks)
        return blocks * (self.exchange_s(_FRAMES_BYTES) + self.exchange_s(block_bytes + _FRAMES_BYTES))


def last_s(step: Step) -> float:
    """Of ``usual_s``, the seconds that pass while the modem takes the end of the file."""
    return _FINISH_S if _is_written(step) else 0.0


def _is_written(step: Step) -> bool:
    """Whether the modem writes firmware while it receives it."""
    return step.do == "transfer" and step.method == ON_THE_FLY and step.image != BOOTROM


def usual_s(step: Step, size_bytes: int, line: Line) -> float:
    """Seconds that ``step`` usually takes; ``size_bytes`` is that of the file that it sends, 0 if it sends none."""
    commands_s = _COMMANDS * (SETTLE_MS / 1000 + line.exchange_s(_ASK_BYTES))
    sent_s = line.transfer_s(size_bytes)
    kinds = {
        "soak": SOAK_COUNT * line.exchange_s(_ASK_BYTES),
        "prepare": commands_s,
        "switch": _RESTART_S,
        "ffh": _RESTART_S,
        "speed": _SPEED_S,
        "load": sent_s + _ELF_START_S,
        "transfer": sent_s + (_ERASE_S if _is_written(step) else 0.0) + last_s(step),
        "deploy": _AT_WORK_S + (_WRITE_STORED_S if step.method == STORE else 0.0),
        "return": _RESTART_S if step.method == ON_THE_FLY else 0.0,
        "between": commands_s,
        "prove": commands_s,
        "prove-loaders": commands_s,
    }
    return kinds[step.do]
