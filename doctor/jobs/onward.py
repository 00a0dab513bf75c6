"""What to do next with a modem in a given mode: steps for the hands, then one command. For errors and for status."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from doctor.bench import BenchOptions
from doctor.jobs.hands import POWER_CYCLE, PRESS_RESET, WAIT, done_words, hand_text
from doctor.marks import marked
from doctor.updater import states
from doctor.updater.plan import make_plan
from doctor.updater.shapes import (
    BETWEEN_BUILD,
    FIRST_FULL,
    FULL_IMAGE,
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


@dataclass(frozen=True)
class Onward:
    """The next step.

    hands    ids of what the hands do first, in order: press-reset, power-cycle, wait
    words    the command to run then, word by word; empty where there is none
    remark   what the user must add to the command, if anything
    known    it goes on from a flash that this computer carried out, which is over
    """

    hands: tuple[str, ...]
    words: tuple[str, ...]
    remark: str = ""
    known: bool = False

    @property
    def hands_text(self) -> tuple[str, ...]:
        """The steps for the hands, in words."""
        return tuple(hand_text(hand, known=self.known) for hand in self.hands)

    @property
    def text(self) -> str:
        """All of it in one sentence."""
        parts = [("then " if number else "") + hand for number, hand in enumerate(self.hands_text)]
        if self.words:
            parts.append(("then run: " if parts else "run: ") + marked(shlex.join(self.words)))
        if self.remark:
            parts.append(self.remark)
        return "; ".join(parts)


@dataclass(frozen=True)
class Attempt:
    """What was tried, as far as the next step depends on it.

    options       of the bench: files, port, consents
    via, method, compress, override
                  of the command line
    differential  the firmware only changes another build
    build_before  what the modem ran, where it was known
    mirrored      the board mirrors until it is reset
    all_sent      a file went out whole: the modem may write it or run it, though that was not seen
    asked         status has asked the modem since: it is not asked once more
    waited        it was left alone for as long as writing may take since
    first_sent    the first file of a pair is in the modem
    build_now     what the modem says it runs, where it was asked since
    failed_before error id with which the last flash of this modem ended; "" where it did not
    failures      how many flashes in a row had ended with that id
    known         there was such a flash; False: of this modem the journal knows none
    """

    options: BenchOptions
    via: str = "auto"
    method: str = "auto"
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
    compress: bool = False
    override: frozenset[str] = frozenset()
    known: bool = True


def onward(mode: str, attempt: Attempt, error_id: str = "") -> Onward:
    """The next step where the modem is in ``mode`` and the flash ended with ``error_id``."""
    step = replace(_step(mode, attempt, error_id), known=attempt.known)
    if not error_id or error_id != attempt.failed_before or attempt.failures < OFTEN - 1:
        return step
    times = attempt.failures + 1
    said = f"it has ended so {times} times in a row: `fipy-doctor open {error_id}` tells what may lie behind it"
    return replace(step, remark="; ".join(filter(None, (step.remark, said))))


def _step(mode: str, attempt: Attempt, error_id: str) -> Onward:
    hands: tuple[str, ...]
    lost = mode in LOST
    may_write = lost and (attempt.all_sent or error_id == "finish-timeout")
    if mode == states.DEPLOYING or (may_write and not attempt.waited):
        hands = (WAIT, PRESS_RESET) if attempt.mirrored else (WAIT,)
        return Onward(hands, status_words(attempt, WAIT))
    again = bool(error_id) and error_id == attempt.failed_before
    if again and mode == states.RAM_UPDATER:  # lives in memory only
        mode = states.FFH
    mirrored = (PRESS_RESET,) if attempt.mirrored else ()
    if lost:  # whether that helped is for the modem to say
        return Onward((POWER_CYCLE,), status_words(attempt, POWER_CYCLE))
    hands = (POWER_CYCLE,) if again and mode in _POWER_HARMLESS else mirrored
    if hands == (POWER_CYCLE,) and attempt.all_sent and not attempt.waited and mode != states.APPLICATION:
        hands = (WAIT, POWER_CYCLE)  # it answers in its updater, and may still write there
    if attempt.all_sent and mode == states.APPLICATION and not attempt.asked:
        return Onward(hands, status_words(attempt))
    if error_id == "stall-at-zero-percent" and attempt.method != "on-the-fly":
        return Onward(hands, flash_words(replace(attempt, method="on-the-fly"), mode))
    if mode == states.FFH and attempt.options.updater_elf is None:
        remark = f"{UPDATER_IMAGE} and the full image come in the same package; only both together help from here"
        return Onward(hands, flash_words(attempt, mode), remark)
    if _pair_is_broken(mode, attempt):
        remark = f"{FIRST_FULL} stands for a full Cat-M1 image; when it runs, flash the pair from its beginning"
        return Onward(hands, flash_words(attempt, mode), remark)
    if attempt.differential and mode != states.APPLICATION:
        remark = f"{FULL_IMAGE} stands for a full image: a differential one cannot be used any more"
        return Onward(hands, flash_words(attempt, mode), remark)
    return Onward(hands, flash_words(attempt, mode))


def _pair_is_broken(mode: str, attempt: Attempt) -> bool:
    """Whether the planner would refuse to go on with a pair whose first file is in the modem."""
    if not attempt.first_sent:
        return False
    build = (attempt.build_now or BETWEEN_BUILD) if mode == states.APPLICATION else 0
    family = "SQN3330"
    parts = [ImageFacts(kind, 1 << 20, kind, "CATM1", PAIR_BUILD, 0, family) for kind in PAIR]
    options = Options(accept=(*attempt.options.accept, "no-way-back"), first_done=True)
    return make_plan(Running(mode, build, "CATM1", family), parts, options).refusal is not None


def flash_words(attempt: Attempt, mode: str) -> tuple[str, ...]:
    """The flash command for a modem in ``mode``."""
    options = attempt.options
    files: Sequence[str | Path] = options.firmware
    if options.card_file is not None:
        files = (f"card:{options.card_file}",)
    elf: str | Path | None = options.updater_elf
    method = attempt.method
    if mode in (states.FFH, states.RECOVERY, states.RAM_UPDATER):
        method = "auto" if method == "store" else method
        if attempt.differential:
            files = (FULL_IMAGE,)
    if _pair_is_broken(mode, attempt):
        files, method = (FIRST_FULL,), "auto"
    if mode == states.FFH and elf is None:
        elf = UPDATER_IMAGE
    words = ["fipy-doctor", "flash", *(str(path) for path in files)]
    was = options.was or (attempt.build_before if mode != states.APPLICATION else None)
    if attempt.first_sent:
        was = BETWEEN_BUILD if mode != states.APPLICATION else None
    named = (
        ("--updater-elf", elf),
        ("--bootrom", options.bootrom),
        ("--carrier", options.carrier),
        ("--was", was),
        ("--method", None if method == "auto" else method),
        ("--via", "modem" if options.via_modem else (None if attempt.via == "auto" else attempt.via)),
        ("--port", options.port),
    )
    for flag, value in named:
        if value is not None:
            words += [flag, str(value)]
    for flag, names in (("--accept", options.accept), ("--override", attempt.override)):
        for name in sorted(names):
            words += [flag, name]
    words += ["--compress"] * attempt.compress + ["--interrupt"] * options.interrupt
    return tuple(words)


def status_words(attempt: Attempt, done: str = "") -> tuple[str, ...]:
    """The status command for this bench; ``done`` is the step that the hands are asked for before it."""
    port = attempt.options.port
    via = ("--via", "modem") if attempt.options.via_modem else ()
    said = done_words(done)
    return ("fipy-doctor", "status", *said, *via, *(() if port is None else ("--port", port)))
