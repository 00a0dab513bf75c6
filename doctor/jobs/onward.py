"""What to do next with a modem in a given mode: steps for the hands, then one command. For errors and for status."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from doctor.jobs.hands import POWER_CYCLE, PRESS_RESET, WAIT, done_words, hand_text
from doctor.text.command import AUTO, Command
from doctor.updater import states
from doctor.updater.plan import make_plan
from doctor.updater.shapes import (
    BETWEEN_BUILD,
    FIRST_FULL,
    PAIR,
    PAIR_BUILD,
    UPDATER_IMAGE,
    ImageFacts,
    Options,
    Running,
)

#: Flashes in a row that end in the same way after which the same advice alone is not enough.
OFTEN = 3
#: Modes in which only removed power can help: nothing reaches the modem any more, or it does not say what it does.
LOST = (states.STP_OPEN, states.SILENT, states.DATA, states.UNKNOWN)
#: Modes that a modem has again after a power cycle; what fails twice in the same way may be a state of the modem.
_POWER_HARMLESS = (states.APPLICATION, states.RECOVERY, states.FFH)
#: Modes in which no firmware runs that could take a file and keep it.
_WITHOUT_FIRMWARE = (states.FFH, states.RECOVERY, states.RAM_UPDATER)

Case = TypeVar("Case")
Step = TypeVar("Step")


@dataclass(frozen=True)
class Situation(Generic[Case, Step]):
    """One row of a table of situations: a name, whether it holds, and the step that it calls for."""

    name: str
    holds: Callable[[Case], bool]
    step: Callable[[Case], Step]


def first_that_holds(table: Sequence[Situation[Case, Step]], case: Case) -> Situation[Case, Step]:
    """The row that speaks for ``case``: the first that holds. The last row of a table holds always."""
    return next(row for row in table if row.holds(case))


@dataclass(frozen=True)
class NextFlash:
    """The next step.

    hands    ids of what the hands do first, in order: plug-in, press-reset, power-cycle, wait
    command  the command to run then; None if there is none
    remark   what the user must add to the command, if anything
    known    it goes on from a flash that this computer carried out, which is over
    before   what comes before all that, in words
    """

    hands: tuple[str, ...]
    command: Command | None = None
    remark: str = ""
    known: bool = False
    before: tuple[str, ...] = ()

    @property
    def hands_text(self) -> tuple[str, ...]:
        """The steps for the hands, in words."""
        return (*self.before, *(hand_text(hand, known=self.known) for hand in self.hands))

    @property
    def text(self) -> str:
        """All of it in one sentence."""
        parts = [("then " if number else "") + hand for number, hand in enumerate(self.hands_text)]
        if self.command is not None:
            parts.append(f"{'then run' if parts else 'run'}: {self.command}")
        if self.remark:
            parts.append(self.remark)
        return "; ".join(parts)


@dataclass(frozen=True)
class Attempt:
    """What was tried, as far as the next step depends on it.

    command       the flash as it was typed, or as the journal knows it
    differential  the firmware only changes another build
    build_before  what the modem ran, if it was known
    mirrored      the board mirrors until it is reset
    all_sent      a file went out whole: the modem may write it or run it, though that was not seen
    asked         status has asked the modem since: it is not asked again
    waited        it was left alone for as long as writing may take since
    first_sent    the first file of a pair is in the modem
    build_now     what the modem says it runs, if it was asked since
    failed_before error id with which the last flash of this modem ended; "" if it did not
    failures      how many flashes in a row had ended with that id
    known         there was such a flash; False: of this modem the journal knows none
    """

    command: Command
    differential: bool = False
    build_before: int | None = None
    mirrored: bool = False
    all_sent: bool = False
    asked: bool = False
    waited: bool = False
    first_sent: bool = False
    build_now: int | None = None
    failed_before: str = ""
    failures: int = 0
    known: bool = True


@dataclass(frozen=True)
class BrokenFlash:
    """A flash that ended with ``error_id`` and left the modem in ``mode``."""

    mode: str
    attempt: Attempt
    error_id: str

    @property
    def again(self) -> bool:
        """The flash before it ended in the same way, and it was not the user who stopped both."""
        return self.error_id not in ("", "user-interrupt") and self.error_id == self.attempt.failed_before

    @property
    def stands(self) -> str:
        """The mode to go on from: what lives in memory only does not outlive the power cycle that comes first."""
        return states.FFH if self.again and self.mode == states.RAM_UPDATER else self.mode

    @property
    def lost(self) -> bool:
        """Nothing reaches the modem, or it does not say what it does."""
        return self.mode in LOST

    @property
    def may_write(self) -> bool:
        """The modem may be writing what it was sent."""
        sent = self.attempt.all_sent or self.error_id == "finish-timeout"
        return self.mode == states.DEPLOYING or (self.lost and sent and not self.attempt.waited)

    @property
    def unseen(self) -> bool:
        """All went out, the application runs, and nobody has asked it since."""
        return self.attempt.all_sent and self.mode == states.APPLICATION and not self.attempt.asked

    @property
    def reset(self) -> tuple[str, ...]:
        """The reset button, if the board mirrors."""
        return (PRESS_RESET,) if self.attempt.mirrored else ()

    @property
    def hands(self) -> tuple[str, ...]:
        """What comes before the next command if the modem answers."""
        if not self.again or self.stands not in _POWER_HARMLESS:
            return self.reset
        writes = self.attempt.all_sent and not self.attempt.waited and self.stands != states.APPLICATION
        return (WAIT, POWER_CYCLE) if writes else (POWER_CYCLE,)  # it answers in its updater, and may still write there

    def status(self, *hands: str, done: str = "") -> NextFlash:
        """Status comes next; ``done`` is the step that it is told of."""
        return NextFlash(hands, replace(self.attempt.command, verb="status", done=done_words(done)))

    def flash(self, remark: str = "", *, method: str = "") -> NextFlash:
        """The flash comes next, as it must be in this mode."""
        command = self.attempt.command
        attempt = replace(self.attempt, command=replace(command, method=method or command.method))
        return NextFlash(self.hands, flash_command(attempt, self.stands), remark)


def _with_updater(case: BrokenFlash) -> NextFlash:
    return case.flash(f"{UPDATER_IMAGE} and the full image come in the same package; only both together help from here")


def _without_pair(case: BrokenFlash) -> NextFlash:
    return case.flash(f"{FIRST_FULL} stands for a full Cat-M1 image; when it runs, flash the pair from its beginning")


def _with_full_image(case: BrokenFlash) -> NextFlash:
    return case.flash("a differential image can no longer be used: this looks for a full one")


#: What follows a flash that did not come to its end, by what is known then.
AFTER_FLASH: tuple[Situation[BrokenFlash, NextFlash], ...] = (
    Situation(
        "the modem may be writing",
        lambda case: case.may_write,
        lambda case: case.status(WAIT, *case.reset, done=WAIT),
    ),
    Situation(
        "the modem is lost",
        lambda case: case.lost,
        lambda case: case.status(POWER_CYCLE, done=POWER_CYCLE),  # whether that helped is for the modem to say
    ),
    Situation(
        "all was sent, and the application runs unasked",
        lambda case: case.unseen,
        lambda case: case.status(*case.hands),
    ),
    Situation(
        "it stalls before the first block",
        lambda case: case.error_id == "stall-at-zero-percent" and case.attempt.command.method != "on-the-fly",
        lambda case: case.flash(method="on-the-fly"),
    ),
    Situation(
        "the boot ROM needs an updater",
        lambda case: case.stands == states.FFH and case.attempt.command.updater_elf is None,
        _with_updater,
    ),
    Situation(
        "a pair is broken",
        lambda case: _pair_is_broken(case.stands, case.attempt),
        _without_pair,
    ),
    Situation(
        "a differential image has lost its base",
        lambda case: case.attempt.differential and case.stands != states.APPLICATION,
        _with_full_image,
    ),
    Situation("the modem answers", lambda _case: True, lambda case: case.flash()),
)


def onward(mode: str, attempt: Attempt, error_id: str = "") -> NextFlash:
    """The next step if the modem is in ``mode`` and the flash ended with ``error_id``."""
    case = BrokenFlash(mode, attempt, error_id)
    step = replace(first_that_holds(AFTER_FLASH, case).step(case), known=attempt.known)
    if not case.again or attempt.failures < OFTEN - 1:
        return step
    times = attempt.failures + 1
    said = f"it has failed in this way {times} times in a row: {Command('open', (error_id,))} lists possible causes"
    return replace(step, remark="; ".join(filter(None, (step.remark, said))))


def _pair_is_broken(mode: str, attempt: Attempt) -> bool:
    """Whether the planner would refuse to go on with a pair whose first file is in the modem."""
    if not attempt.first_sent:
        return False
    build = (attempt.build_now or BETWEEN_BUILD) if mode == states.APPLICATION else 0
    family = "SQN3330"
    parts = [ImageFacts(kind, 1 << 20, kind, "CATM1", PAIR_BUILD, 0, family) for kind in PAIR]
    options = Options(accept=(*attempt.command.accept, "no-way-back"), first_done=True)
    return make_plan(Running(mode, build, "CATM1", family), parts, options).refusal is not None


def flash_command(attempt: Attempt, mode: str) -> Command:
    """The flash command for a modem in ``mode``."""
    command = replace(attempt.command, verb="flash", args=(), sd=None, scripts=None)  # these were looked at
    if mode in _WITHOUT_FIRMWARE:
        files = () if attempt.differential else command.firmware
        command = replace(command, firmware=files, method=AUTO if command.method == "store" else command.method)
    if _pair_is_broken(mode, attempt):
        command = replace(command, firmware=(FIRST_FULL,), method=AUTO)
    if mode == states.FFH:
        command = replace(command, updater_elf=command.updater_elf or UPDATER_IMAGE)
    if mode == states.APPLICATION:
        return replace(command, was=None if attempt.first_sent else command.was)
    return replace(command, was=BETWEEN_BUILD if attempt.first_sent else command.was or attempt.build_before)
