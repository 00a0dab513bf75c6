"""What an explanation means for its reader: answers to what he asks, how the findings hang together, what to do now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from doctor.jobs.explaining import of_a_flash, of_numbers, of_parts, of_the_rest
from doctor.jobs.explaining.steps import ONLY_WAITS, about_the_power, consequences, steps_of
from doctor.knowledge.explanation import Explanation
from doctor.knowledge.order import Match
from doctor.knowledge.words.asked import (
    AGAIN,
    BACK,
    DEAD,
    DONE,
    ERASE,
    FIRST,
    FLASH,
    GO,
    HELPS,
    LONG,
    MILD,
    NEWER,
    POWER,
    WORKED,
)
from doctor.knowledge.words.things import BOARD, MODEM

#: What is said first of a transfer that is under way, whatever its file is.
_LET_IT_RUN = (
    "Do not interrupt it: no Ctrl-C, no reset, no power cut. "
    "A transfer that is broken off is worse for the modem than a valid image that you did not want."
)
#: Said if nothing else is known of a text that tells how far a transfer came.
_IF_IT_RUNS = (
    "If that transfer still runs: leave board, cable and power alone until it has ended and 30 minutes more. "
    "`fipy-doctor status` says how it stands."
)
#: All that may be done then: no step of any cure is told, whatever else is found.
_WHILE_IT_RUNS = (
    "Leave board, cable, power and the window that it runs in alone until the transfer has ended and 30 minutes more, "
    "since 99 and 100 % take long. Only a laptop's charger may be plugged in, and its sleep switched off.",
    "Then look, with the power still on: `fipy-doctor status`, and read the version. What else is found above comes "
    "after that, and so does another file.",
)


@dataclass(frozen=True)
class Advice:
    """What the matches of one paste mean together and what to do now.

    answers    to what the reader asks in plain words: do or do not, and why
    judged     whether the rules that gate a flash answer: then nothing is asked back
    together   sentences: which one is the cause of which
    steps      what to do, first things first
    """

    answers: tuple[str, ...]
    together: tuple[str, ...]
    steps: tuple[str, ...]
    judged: bool = False


def advice(explanation: Explanation) -> Advice:
    """What the matches mean together, and what to do now: the first cause's cure, then the others' first steps."""
    decides, keep = about_the_power(explanation.causes)
    steps = steps_of(explanation, decides, keep)
    only_waits = steps and len(explanation.causes) == 1 and all(map(ONLY_WAITS.match, steps))
    if explanation.reader.runs_now or (explanation.reader.may_run and not only_waits):
        newer = filter(None, (of_a_flash.whether_newer(explanation),))
        return Advice((_LET_IT_RUN, *newer), (), _WHILE_IT_RUNS)
    judged = of_a_flash.judged_by_the_rules(explanation)
    way = of_a_flash.which_file(explanation, judged)
    answers = {
        HELPS: of_a_flash.whether_a_flash_helps(explanation, steps),
        FLASH: judged or of_a_flash.whether_to_flash(explanation, steps),
        AGAIN: of_a_flash.whether_again(explanation, steps),
        ERASE: of_the_rest.whether_to_erase(explanation, steps),
        GO: of_a_flash.whether_to_go_on(explanation, steps) or of_the_rest.whether_mild(explanation),
        NEWER: of_a_flash.whether_newer(explanation),
        BACK: of_a_flash.whether_back(explanation),
        DONE: of_a_flash.whether_done(explanation),
        # Whether a card is broken is answered as such.
        DEAD: "" if _asks_of_another_part(explanation) else of_the_rest.whether_dead(explanation),
        POWER: of_the_rest.whether_power_may_go(explanation, decides, keep),
        MILD: of_the_rest.whether_mild(explanation),
        FIRST: "" if judged else of_the_rest.whether_first(explanation),
        LONG: of_the_rest.how_long(explanation),
    }
    waits = explanation.reader.may_run or any(cause.entry.under_way for cause in explanation.causes[:1])
    asks_that = bool(answers[POWER]) and POWER in explanation.reader.asks and not explanation.reader.may_run
    first = (_LET_IT_RUN,) if waits and not asks_that else ()
    if first:  # it is the answer to that, too
        judged, answers[FLASH] = "", ""
    parts = (
        *of_parts.whether_to_buy(explanation, steps),
        *of_parts.whether_needed(explanation, steps),
        *of_parts.whether_the_reason(explanation),
    )
    answered = (
        *_answered(explanation, answers, judged),
        *parts,
        *filter(None, (way,)),
        *of_numbers.what_the_numbers_say(explanation),
    )
    runs = of_a_flash.what_runs(explanation)
    answered = (*runs, *answered) if WORKED in explanation.reader.asks else (*answered, *runs)
    every = (*first, *_spared(explanation), *answered)
    began = explanation.reader.unfinished or "progress" in explanation.facts.by_kind
    if began and not (every or explanation.says or explanation.matches):
        every = (_IF_IT_RUNS,)
    return Advice(every, _together(explanation, steps), steps, bool(judged or way))


def _answered(explanation: Explanation, answers: dict[str, str], judged: str) -> Iterator[str]:
    """The answers to what is asked, in that order; what the rules say of a step comes first, asked for or not."""
    asked = explanation.reader.asks
    if judged:
        asked = (FLASH, *(kind for kind in asked if kind not in (FLASH, GO)))
    # Whether there is a way back is asked of a step that is only thought of.
    in_order = sorted(asked, key=lambda kind: kind != BACK)
    return filter(None, (answers.get(kind) for kind in in_order))


def _asks_of_another_part(explanation: Explanation) -> bool:
    """Whether the reader names what he thinks broken, and that is neither modem nor board."""
    named = {*explanation.reader.suspects, *explanation.reader.buys}
    return bool(named) and bool(explanation.causes) and named.isdisjoint((MODEM, BOARD))


def _spared(explanation: Explanation) -> Iterator[str]:
    """What is harmless and asked about, if nothing else is known."""
    return (f"{aside.entry.title}." for aside in explanation.asides if not explanation.causes)


def _together(explanation: Explanation, steps: Sequence[str]) -> tuple[str, ...]:
    """Which finding is the cause of which, what is not the reason, and what is a matter of its own."""
    together = []
    for cause in explanation.causes:
        after = consequences(cause, explanation.matches)
        if after:
            together.append(
                f"{cause.id} comes first; {_listed(after)} may follow from it. Cure {cause.id}, then look again."
            )
    if explanation.causes:
        together += [f"{aside.id} is not the reason: {aside.entry.means}" for aside in explanation.asides]
    others = _apart_from_first(explanation.causes)
    if others:
        in_order = "; take them in this order" if steps[0] in explanation.causes[0].entry.cure else ""
        together.append(f"{_listed([explanation.causes[0].id, *others])} are separate matters{in_order}.")
    return tuple(together)


def _apart_from_first(causes: Sequence[Match]) -> list[str]:
    """Ids of the causes that other lines show than those of the first: what one line shows may be one matter."""
    shown = {proof.number for proof in causes[0].proofs} if causes else set()
    return [cause.id for cause in causes[1:] if shown.isdisjoint(proof.number for proof in cause.proofs)]


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
