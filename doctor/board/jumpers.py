"""Whether the RTS and CTS jumpers of an expansion board are removed: board-and-repl.md 6.3, phases A and C.

A fitted jumper puts the USB chip's RTS output on the FiPy's modem pin G6; whether the modem may send then depends on
what a program on the PC does with RTS. Phase C asks the modem (no pin is touched), phase A reads the pins and needs a
reset of the board afterwards, because a soft reset does not give the pins back to the modem's UART. Phase B drives a
pin and is not done.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from doctor.board import snippets_modem as snippets
from doctor.board.boot_scripts import read_boot_scripts
from doctor.board.tunnel import ModemTunnel
from doctor.clock import Deadline
from doctor.errors import BoardError

if TYPE_CHECKING:
    from doctor.board.board import Board, BoardFacts
    from doctor.link import Link

STEPS_PER_PULL = 8  #: reference: at least 8; as many with RTS on as off, so that chance cannot look like a jumper
SETTLE_MS = 60  #: after a change of RTS: one USB transfer of the chip, and the pull's slew (reference 6.3, step 2)
RTS_PAUSE_MS = 1000  #: phase C, after a change of RTS (reference)
ANSWER_MS = 1500  #: phase C: ATI answers within some 10 ms; the rest is a lazy wake-up
ROUNDS_C = 2  #: phase C is done twice (reference)
UP, DOWN = "up", "down"


class Carrier(str, Enum):
    """What the board sits on, as far as the jumpers are concerned."""

    EXPANSION_2 = "expansion2"
    EXPANSION_3 = "expansion3"
    WITHOUT_JUMPERS = "without-jumpers"
    UNKNOWN = "unknown"


class Jumpers(str, Enum):
    """What the readings prove."""

    FITTED = "fitted"
    REMOVED = "removed"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Step:
    """One reading of phase A. rts: True = asserted = line low; pull: of P19 (P20 is always pulled up)."""

    rts: bool
    pull: str
    p19: int
    p20: int


@dataclass(frozen=True)
class JumperReadings:
    """All readings of one phase A, in the order taken; ``seed`` repeats the order."""

    steps: tuple[Step, ...]
    seed: int

    def as_text(self) -> list[str]:
        """One line a step, for evidence."""
        return [f"rts={int(s.rts)} pull={s.pull} p19={s.p19} p20={s.p20}" for s in self.steps]


@dataclass(frozen=True)
class JumperVerdict:
    """What is proved, and why, in one sentence."""

    state: Jumpers
    why: str


@dataclass(frozen=True)
class RtsAnswers:
    """Phase C: whether ATI was answered, each time with RTS asserted and each time without."""

    asserted: tuple[bool, ...]
    released: tuple[bool, ...]


def carrier_of(name: str | None) -> Carrier:
    """The kind of carrier behind a name: ``expansion3``, ``Expansion Board 3.1``, ``Pysense``; None is unknown."""
    word = "".join(c for c in (name or "").lower() if c.isalnum())
    if word.startswith(("pysense", "pytrack", "pyscan", "pygate")):
        return Carrier.WITHOUT_JUMPERS
    if "exp" in word:
        digits = "".join(c for c in word if c.isdigit())
        if digits.startswith("2"):
            return Carrier.EXPANSION_2
        if digits.startswith("3"):
            return Carrier.EXPANSION_3
    return Carrier.UNKNOWN


def order_of_steps(seed: int) -> tuple[tuple[bool, str], ...]:
    """(rts, pull of P19) of every step: random within each pull, half asserted and half not; fixed by ``seed``."""
    chance = random.Random(seed)
    steps: list[tuple[bool, str]] = []
    for pull in (UP, DOWN):
        half = [True, False] * (STEPS_PER_PULL // 2)
        chance.shuffle(half)
        steps += [(rts, pull) for rts in half]
    return tuple(steps)


def carrier_behind(link: Link) -> str | None:
    """What the USB id of the port says about the carrier board; None where it says nothing certain enough to use."""
    from doctor import ports

    usb = getattr(link.serial, "usb_id", None)  # a simulated port carries its id along
    if usb is not None:
        return ports.port_info(link.name, usb[0], usb[1], None, "").carrier
    if "://" in link.url:
        return None
    return next((port.carrier for port in ports.list_ports() if port.device == link.name), None)


def can_restore(board: Board, facts: BoardFacts) -> bool:
    """Whether ``restore`` has a way that starts no updater: safe boot, or boot scripts that start none."""
    return facts.era.has_ctrl_f or not any(s.starters or s.problem for s in read_boot_scripts(board))


def restore(board: Board, facts: BoardFacts) -> None:
    """Give the pins back to the modem's UART after phase A: a reset, since a soft reset skips them (reference, step 5).

    Safe boot where the era has it, so that no program of the user's starts; else a normal reset, which needs
    ``can_restore``. P20 is high all the time: phase A only pulls it up. Leaves the REPL in raw mode. Raises BoardError.
    """
    if facts.era.has_ctrl_f:
        board.reset_safe()
    else:
        board.reset()
    board.repl.enter()


def phase_a(board: Board, link: Link, *, seed: int = 0) -> JumperReadings:
    """Read P19 and P20 while the PC moves RTS; P19 once with either pull.

    The modem must be in application mode. Leaves RTS asserted and **the pins detached from the modem's UART**:
    the caller resets the board (hard or safe boot) afterwards. Raises BoardError, LinkError.
    """
    board.repl.call(snippets.JUMPERS_BEGIN)
    steps = []
    try:
        for rts, pull in order_of_steps(seed):
            link.rts = rts
            link.clock.sleep_ms(SETTLE_MS)
            p19, p20 = _pair(board.repl.call(snippets.jumpers_read(pull)))
            steps.append(Step(rts, pull, p19, p20))
    finally:
        link.rts = True
    return JumperReadings(tuple(steps), seed)


def phase_c(board: Board, link: Link, *, baud: int = 921_600) -> RtsAnswers:
    """Ask ATI with RTS asserted and released, twice. No pin is touched; RTS is left as found. Raises as phase A."""
    asserted: list[bool] = []
    released: list[bool] = []
    before = link.rts
    tunnel = ModemTunnel(board, baud)
    try:
        for _ in range(ROUNDS_C):
            for rts, answers in ((True, asserted), (False, released)):
                link.rts = rts
                link.clock.sleep_ms(RTS_PAUSE_MS)
                answers.append(_answers(tunnel, link))
    finally:
        link.rts = before
        tunnel.drain()
        tunnel.close()
    return RtsAnswers(tuple(asserted), tuple(released))


def judge_rts(answers: RtsAnswers) -> JumperVerdict:
    """What phase C proves: only the one thing, a modem that answers just while RTS is asserted."""
    if all(answers.asserted) and not any(answers.released):
        return JumperVerdict(Jumpers.FITTED, "the modem answers only while the PC asserts RTS")
    if not any((*answers.asserted, *answers.released)):
        return JumperVerdict(Jumpers.UNDECIDED, "the modem did not answer, whatever the PC did with RTS")
    return JumperVerdict(Jumpers.UNDECIDED, "the modem answers whatever the PC does with RTS")


def judge_pins(readings: JumperReadings, carrier: Carrier) -> JumperVerdict:
    """What phase A proves on ``carrier``: the table of board-and-repl.md 6.3. An unknown carrier counts as 3.x."""
    steps = readings.steps
    if all(s.p19 == int(not s.rts) for s in steps):
        return JumperVerdict(Jumpers.FITTED, "pin P19 (G6) follows the RTS line of the USB chip")
    if all(s.p20 == int(not s.rts) for s in steps):
        return JumperVerdict(Jumpers.FITTED, "pin P20 (G7) follows the RTS line of the USB chip")
    if all(s.p19 == int(s.pull == UP) for s in steps):
        if carrier is Carrier.EXPANSION_2:
            return JumperVerdict(Jumpers.REMOVED, "nothing drives pin P19 (G6)")
        return JumperVerdict(Jumpers.REMOVED, "no USB chip drives pin P19 (G6)")
    if len({s.p19 for s in steps}) == 1:
        if carrier is Carrier.EXPANSION_2:
            return JumperVerdict(Jumpers.REMOVED, "pin P19 (G6) is held by the modem alone")
        return JumperVerdict(
            Jumpers.UNDECIDED, "pin P19 (G6) is held at one level; the carrier's USB chip may not move RTS"
        )
    return JumperVerdict(Jumpers.UNDECIDED, "pin P19 (G6) follows neither RTS nor its pull")


def is_mixed(readings: JumperReadings) -> bool:
    """True where P19 shows no pattern at all: worth a second try with another order."""
    steps = readings.steps
    patterns = (
        all(s.p19 == int(not s.rts) for s in steps),
        all(s.p20 == int(not s.rts) for s in steps),
        all(s.p19 == int(s.pull == UP) for s in steps),
        len({s.p19 for s in steps}) == 1,
    )
    return not any(patterns)


def _answers(tunnel: ModemTunnel, link: Link) -> bool:
    tunnel.drain()
    tunnel.write(b"ATI\r\n")
    left = Deadline(link.clock, ANSWER_MS / 1000)
    heard = b""
    while b"OK\r" not in heard and b"ERROR\r" not in heard:
        if left.expired:
            return False
        heard += tunnel.read(512, left.left_ms)
    return True


def _pair(value: object) -> tuple[int, int]:
    if isinstance(value, list) and len(value) == 2 and all(v in (0, 1) for v in value):
        return int(value[0]), int(value[1])
    raise BoardError("expansion-rts-cts-jumpers", f"the board read its pins as {value!r}")
