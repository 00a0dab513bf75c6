"""What readings of pins and lines prove about the RTS and CTS jumpers: the tables of board-and-repl.md 6.3. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from doctor.board.line.carriers import Carrier

UP, DOWN = "up", "down"
_NO_PATTERN = "pin P19 (G6) follows neither RTS nor its pull"


class Jumpers(str, Enum):
    """What the readings prove."""

    FITTED = "fitted"
    REMOVED = "removed"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class PinReading:
    """One reading of phase A. rts: True = asserted = line low; pull: of P19 (P20 is always pulled up)."""

    rts: bool
    pull: str
    p19: int
    p20: int


@dataclass(frozen=True)
class JumperReadings:
    """All readings of one phase A, in the order taken; ``seed`` repeats the order."""

    steps: tuple[PinReading, ...]
    seed: int

    def as_text(self) -> list[str]:
        """One line a step, for evidence."""
        return [f"rts={int(s.rts)} pull={s.pull} p19={s.p19} p20={s.p20}" for s in self.steps]

    @property
    def p20_rests(self) -> bool:
        """True if nothing but its pull-up moved P20: only then may the module drive it."""
        return all(s.p20 for s in self.steps)


@dataclass(frozen=True)
class Pulse:
    """One reading of phase B. p20: what the board drives; cts: True = asserted = line low."""

    p20: int
    cts: bool


@dataclass(frozen=True)
class CtsReadings:
    """All readings of one phase B, in the order taken.

    prompt  the line was read at once; over a network it is what the far end told last, perhaps long ago
    """

    pulses: tuple[Pulse, ...]
    prompt: bool

    def as_text(self) -> list[str]:
        """One line a reading, for evidence."""
        return [f"p20={p.p20} cts={int(p.cts)}" for p in self.pulses]


@dataclass(frozen=True)
class RtsAnswers:
    """Phase C: whether ATI was answered, each time with RTS asserted and each time without."""

    asserted: tuple[bool, ...]
    released: tuple[bool, ...]

    def as_text(self) -> list[str]:
        """One line a round, for evidence."""
        pairs = zip(self.asserted, self.released, strict=True)
        return [f"rts on: {'answer' if on else 'none'}, rts off: {'answer' if off else 'none'}" for on, off in pairs]


@dataclass(frozen=True)
class JumperVerdict:
    """What is proved, and why, in one sentence."""

    state: Jumpers
    why: str


def judge_rts(answers: RtsAnswers) -> JumperVerdict:
    """What phase C proves: only the one thing, a modem that answers just while RTS is asserted."""
    if all(answers.asserted) and not any(answers.released):
        return JumperVerdict(Jumpers.FITTED, "the modem answers only while the PC asserts RTS")
    if not any((*answers.asserted, *answers.released)):
        return JumperVerdict(Jumpers.UNDECIDED, "the modem did not answer, whatever the PC did with RTS")
    return JumperVerdict(Jumpers.UNDECIDED, "the modem answers whatever the PC does with RTS")


def judge_pins(readings: JumperReadings, carrier: Carrier) -> JumperVerdict:
    """What phase A proves on ``carrier`` about the jumper on P19, the harmful one. An unknown carrier counts as 3.x."""
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
            return JumperVerdict(Jumpers.REMOVED, "pin P19 (G6) is held only by the modem")
        return JumperVerdict(
            Jumpers.UNDECIDED, "pin P19 (G6) is held at one level; the carrier's USB chip may not move RTS"
        )
    return JumperVerdict(Jumpers.UNDECIDED, _NO_PATTERN)


def judge_cts(readings: CtsReadings, carrier: Carrier) -> JumperVerdict:
    """What phase B proves on ``carrier`` about the jumper on P20. An unknown carrier counts as 3.x."""
    pulses = readings.pulses
    if pulses and all(p.cts is (not p.p20) for p in pulses):
        return JumperVerdict(Jumpers.FITTED, "the PC's CTS line follows pin P20 (G7)")
    if pulses and not any(p.cts for p in pulses) and carrier is Carrier.EXPANSION_2 and readings.prompt:
        return JumperVerdict(Jumpers.REMOVED, "the PC's CTS line does not follow pin P20 (G7)")
    if len({p.cts for p in pulses}) == 1:
        return JumperVerdict(Jumpers.UNDECIDED, "the PC reads CTS as always the same; this USB chip may not report it")
    return JumperVerdict(Jumpers.UNDECIDED, "the PC's CTS line follows pin P20 (G7) only sometimes")


def is_mixed(readings: JumperReadings) -> bool:
    """True if P19 shows no pattern at all: worth a second try with another order."""
    return judge_pins(readings, Carrier.UNKNOWN).why == _NO_PATTERN
