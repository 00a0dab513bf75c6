"""What to do now: the first cause's cure, then the others' first steps; none that cannot stand beside the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence

from doctor.knowledge.catalogue import Entry, entry
from doctor.knowledge.explanation import Explanation
from doctor.knowledge.order import LIKELY, Match
from doctor.text.power_off import UNPLUG

_KEEPS_POWER = re.compile(
    r"\b(?:leave|keep)\b[^.;]{0,30}\b(?:power|powered|as it is)\b|\bpower (?:still )?on\b|\bsteady power\b",
    re.IGNORECASE,
)

FORBIDS = re.compile(r"(?:Do not|Stop here)\b")  #: how a step begins that comes before all others, whatever they are
_AT_ONCE = re.compile("Press Ctrl-C at once")
_SAVES = re.compile("Save what can be read")
_BOARD_FIRMWARE = re.compile(r"Update the board \(ESP32\) firmware first")
_SENDS = re.compile(r"Update 33080 to 41065|If you have a file for 41065|A modem that answers on NB-IoT needs")
_DISARMS = re.compile("Remove the call from main.py")  #: else every start, also after a power cycle, flashes again
SAYS_NO = re.compile(rf"{FORBIDS.pattern}|Leave it\b")
_MONARCH2 = "monarch2-family"
_OTHER_MAKER = "modem-of-another-maker"
_OF_PYCOM = re.compile(r"fipy-doctor (?:flash|plan|fix)|sqnsupgrade|Pycom|\.dup\b|updater\.elf|board's firmware")
_OF_SQN3330 = re.compile(
    r"`\S+ flash\b|\b(?:CATM1|NB1)-|\bupgdiff|\bupdater\.elf|\bfull image"
)  #: what flashes a FiPy or GPy
FLASHES = re.compile(r"`\S+ flash\b")  #: a command that flashes
ERASES = re.compile(r"\b(?:formats?|reformat|erase)\b|--reformat|--reset-flash|\bpartitions\b", re.IGNORECASE)
_UNPLUG_FIRST = f"{UNPLUG[:1].upper()}{UNPLUG[1:]}"
#: What can brick a modem that is in another state than the guess says.
_COSTS = re.compile(
    rf"{FLASHES.pattern}|{_SENDS.pattern}|\bfull image\b|upgdiff|\b(?:send|flash) (?:it|the|a)\b", re.IGNORECASE
)
_LOOK_FIRST = (
    "Send nothing and leave the power on until it is known: `fipy-doctor check` says what the modem runs and in which "
    "mode it is."
)
#: A step that can stand beside a transfer that runs.
ONLY_WAITS = re.compile(r"(?:Do not\b[^.]*\. )?(?:Wait|Leave the power on for 30|Then look, with the power still on)\b")


def steps_of(explanation: Explanation, decides: Match | None, keep: bool) -> tuple[str, ...]:
    """The first cause's cure, then the first steps of others; none that cannot work beside the rest."""
    forbidden = any(FORBIDS.match(step) for cause in explanation.causes for step in cause.entry.cure[:1])

    def fits(step: str, cause: Match) -> bool:
        if step in explanation.ruled_out or not _is_for_its_family(step, cause, explanation):
            return False
        if decides not in (cause, None) and keeps_power(step) not in (None, keep):
            return False
        flashes = FLASHES.search(step) and not FORBIDS.match(step)
        return cause is explanation.causes[0] or not (forbidden and flashes)

    own = (
        (step, cause)
        for number, cause in enumerate(explanation.causes)
        for step in (_first_step(cause) if number else _own_steps(cause, explanation))
    )
    # What flashes the modem out of the state that the first cause left it in comes when all else is cured.
    state = ((step, cause) for cause in explanation.causes[:1] for step in _cure_of_state(cause, explanation.matches))
    steps = [step for step, cause in (*own, *state) if fits(step, cause)]
    if explanation.facts.names_monarch2 and explanation.causes and explanation.causes[0].id != _MONARCH2:
        steps += (f"If the modem is the Monarch 2 that the text names: {step}" for step in entry(_MONARCH2).cure)
    steps = _board_first(steps)
    at_once = (step for match in explanation.matches for step in match.entry.cure[:1] if _AT_ONCE.match(step))
    # A modem that is at work now is left to it before anything else is put right.
    at_work = decides.entry.cure[:1] if decides is not None and keep and decides.entry.under_way else ()
    return _power_off_once(tuple(dict.fromkeys((*at_once, *at_work, *sorted(steps, key=_urgency)))))


def step_of_a_guess(known: Entry, explanation: Explanation) -> str:
    """The first step for a finding that is only guessed: none that flashes, and none that takes the power of a modem.

    The power may go, in the words that ask first, if the text tells of no file for the modem: else it may stand between
    the two files of 48829.
    """
    step, told = known.cure[0], explanation.facts
    takes_power = UNPLUG[1:] in step and (told.builds.images or told.builds.runs or "files" in told.by_kind)
    return _LOOK_FIRST if (_COSTS.search(step) and not FORBIDS.match(step)) or takes_power else step


def _power_off_once(steps: tuple[str, ...]) -> tuple[str, ...]:
    """The words that ask before the power goes stand in one step: the others name it."""
    first = next((n for n, step in enumerate(steps, 1) if step.startswith(_UNPLUG_FIRST)), 0)
    return tuple(
        f"As in step {first}: {step.removeprefix(_UNPLUG_FIRST).lstrip(' ,;.')}"
        if n > first > 0 and step.startswith(_UNPLUG_FIRST)
        else step
        for n, step in enumerate(steps, 1)
    )


def _board_first(steps: list[str]) -> list[str]:
    """The firmware of the board goes before the first step that flashes the modem: an old one has bricked modems."""
    board = [step for step in steps if _BOARD_FIRMWARE.match(step)]
    flashes = (n for n, step in enumerate(steps) if FLASHES.search(step) or _SENDS.match(step))
    at = next(flashes, len(steps))
    before, behind = ([s for s in part if s not in board] for part in (steps[:at], steps[at:]))
    return [*before, *board, *behind]


def _urgency(step: str) -> int:
    """What forbids, then what saves files or keeps a flash from starting."""
    first = (FORBIDS, _SAVES, _DISARMS)
    return next((rank for rank, begins in enumerate(first) if begins.match(step)), len(first))


def _own_steps(cause: Match, explanation: Explanation) -> tuple[str, ...]:
    """The whole cure of the first cause, unless it tells how to flash out of every state and the state is known."""
    own = cause.entry.cure
    return () if any(map(FLASHES.search, own)) and _cure_of_state(cause, explanation.matches) else own


def _first_step(cause: Match) -> tuple[str, ...]:
    """Of what else is found; that of a Monarch 2 is told with its condition."""
    return cause.entry.cure[:1] if (cause.how == "sign" or cause.score >= LIKELY) and cause.id != _MONARCH2 else ()


def _is_for_its_family(step: str, cause: Match, explanation: Explanation) -> bool:
    """Whether the step may be told: one for the SQN3330 may not if the text names a Monarch 2 or another maker's."""
    if explanation.facts.family == "other" and cause.id != _OTHER_MAKER:
        return not _OF_PYCOM.search(step)
    return not explanation.facts.names_monarch2 or cause.id == _MONARCH2 or not _OF_SQN3330.search(step)


def _cure_of_state(cause: Match, matches: Sequence[Match]) -> tuple[str, ...]:
    """What flashes a modem out of the state that the cause left it in; empty if no such state is seen."""
    after = consequences(cause, matches)
    if cause.entry.area == "modem":
        return ()  # it is the state, and its own cure knows more than those of what follows from it
    states = (match.entry.cure for match in matches if match.id in after and match.entry.area == "modem")
    return next((tuple(filter(FLASHES.search, cure)) for cure in states if any(map(FLASHES.search, cure))), ())


def about_the_power(causes: Sequence[Match]) -> tuple[Match | None, bool]:
    """Whether the power stays on, and who says so: what stands last in the paste tells what the modem does now."""
    said = []
    for number, cause in enumerate(causes):
        wishes = map(keeps_power, cause.entry.cure if number == 0 else cause.entry.cure[:1])
        wish = next((wish for wish in wishes if wish is not None), None)
        if wish is not None:
            said.append((max((proof.number for proof in cause.proofs), default=0), wish, -number))
    if not said:
        return None, True
    _, keep, number = max(said)
    return causes[-number], keep


def keeps_power(step: str) -> bool | None:
    """Whether a step leaves the power on (True) or takes it (False); None if it is about neither."""
    if UNPLUG[1:] in step:
        return False
    return True if _KEEPS_POWER.search(step) else None


def consequences(cause: Match, matches: Sequence[Match]) -> list[str]:
    """Ids that follow from ``cause``, also by way of another consequence."""
    reached = {cause.id}
    for match in matches:
        if reached & set(match.follows):
            reached.add(match.id)
    return [match.id for match in matches if match.id in reached and match.id != cause.id]
