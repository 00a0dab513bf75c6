"""Answers on a flash of the modem: whether, again, which file, what is newer, and what the modem runs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from doctor.jobs.explaining.steps import FLASHES, FORBIDS, SAYS_NO
from doctor.knowledge.builds import BETWEEN_BUILD, CAT_M1, NB_IOT, RADIOS, Build
from doctor.knowledge.explanation import Explanation
from doctor.knowledge.facts import Facts
from doctor.knowledge.order import Match
from doctor.knowledge.outcome import MENDED, SUCCESS, WORKING_MODEM, shows_another, still_old, tells_of_the_old
from doctor.knowledge.session import UPDATED
from doctor.knowledge.words.asked import DONE, FLASH, GO, HELPS, NEWER, NEXT, POWER, TO_CATM1, TO_NB1, WHICH, WORKED

_SECOND_STEP = "48829-second-step-skipped"  #: id of an entry
_POINTS_ON = ("is against it", "Better: flash ")  #: of a verdict that allows a file, or names the one to take
_OF_A_FLASH = ("flash-process", "firmware-file", "modem", "power")  #: areas whose entries forbid or hold up a flash
_LETS_PLAN_DECIDE = re.compile(r"nother build\b[^.]*`\S+ plan\b")  #: a step that a flash may be the cure
#: Walter's public library and its answers to AT+SQNMODEACTIVE?.
_RADIO_OF_A_MONARCH2 = (
    "Which file? None for that: a Monarch 2 has both radios in one firmware. `AT+SQNMODEACTIVE=1` chooses Cat-M1, =2 "
    "NB-IoT; it holds after the modem's restart."
)
_NOT_TAKEN = (
    "Did it work? No: a modem that still names the old build did not take the image, whatever the tool printed. "
    "One that answers so lost nothing; `fipy-doctor status` reads it, and `fipy-doctor plan FILE.dup` says how to send "
    "it again."
)
#: A text does not tell which boot loader runs, what is in a file, or whether the modem is free.
_PLAN_DECIDES = "`fipy-doctor plan FILE.dup` reads modem and file, and decides; it sends nothing."


def judged_by_the_rules(explanation: Explanation) -> str:
    """What the rules say of the step that the text tells of, if it is asked about and nothing stands before it."""
    causes = () if explanation.unsure else explanation.causes
    stands_before = any(cause.how == "sign" and cause.entry.blocks == "yes" and not _of_step(cause) for cause in causes)
    # Of several modems each has its own answer, whatever is asked.
    several = all(map(_of_step, causes)) and explanation.facts.builds.rivals
    if causes and not (several or {FLASH, GO, NEWER, DONE} & set(explanation.reader.asks)):
        return ""
    is_over = explanation.says not in ("", WORKING_MODEM, MENDED)
    if is_over or not explanation.facts.builds.steps:
        return ""
    from doctor.jobs.step_told import verdicts  # the rules come with the updater; most pastes do not need them

    told = verdicts(explanation.facts)
    # What stands before a flash, or is not over yet, lets none be allowed; that one is forbidden holds all the same.
    if stands_before or explanation.reader.unfinished:
        told = told if all(words.startswith("No, not") for words in told) else ()
    return f"Flash it? {' '.join(told)} {_PLAN_DECIDES}" if told else ""


def which_file(explanation: Explanation, judged: str) -> str:
    """Which file, if that is asked, or if the reader is told not to send the one that the text names."""
    wishes_radio = not {TO_CATM1, TO_NB1}.isdisjoint(explanation.reader.asks)
    if explanation.facts.names_monarch2 and WHICH in explanation.reader.asks and wishes_radio:
        return _RADIO_OF_A_MONARCH2
    if not _wants_a_file(explanation, judged) or _may_stand_between(explanation):
        return ""
    asks = explanation.reader.asks
    wished = [radio for kind, radio in ((TO_CATM1, CAT_M1), (TO_NB1, NB_IOT)) if kind in asks]
    radio = wished[0] if len(wished) == 1 else ""
    either = WHICH in asks and (radio or not explanation.causes)
    if not (either or explanation.facts.builds.runs):
        return ""
    from doctor.jobs.way_told import any_way, way  # as the rules: most pastes do not need it

    return way(explanation.facts, radio) or (any_way(explanation.facts, radio) if either else "")


def _wants_a_file(explanation: Explanation, judged: str) -> bool:
    """Whether a file is to be named: nothing else comes first, and it is asked for, or another is refused."""
    causes = () if explanation.unsure else explanation.causes
    if {HELPS, FLASH} & set(explanation.reader.asks) and causes and _maybe_by(causes[0].entry.cure):
        return not explanation.reader.unfinished
    if explanation.reader.unfinished or any(m.entry.area in ("modem", "power") for m in explanation.matches):
        return False
    if causes and all(map(_of_step, causes)) and not any(said in judged for said in _POINTS_ON):
        return True
    asked = ({WHICH, FLASH, NEWER, NEXT} if not judged else {WHICH}).intersection(explanation.reader.asks)
    # Beside what is only resembled, or wrong with a file, the question for one is still to be answered.
    stands_alone = all(cause.how == "words" or cause.entry.area == "firmware-file" for cause in causes)
    return bool(asked) and (not causes or (WHICH in asked and stands_alone))


def _of_step(cause: Match) -> bool:
    """Whether an entry is about going from one build to another."""
    return any(sign.image for sign in cause.entry.signs)


def whether_to_flash(explanation: Explanation, steps: Sequence[str]) -> str:
    """The verdict that the steps lead to."""
    if explanation.unsure:
        return "Flash it? No, not before you know which of these it is."
    if explanation.causes and explanation.causes[0].entry.under_way:
        return "Flash it? Not before what is under way is over."
    if number := _maybe_by(steps):
        return f"Flash it? It may help, but not first: step {number} below."
    for cause in explanation.causes:
        flashes = any(FLASHES.search(step) and not FORBIDS.match(step) for step in steps)
        if cause is explanation.causes[0] and not flashes and any(map(SAYS_NO.match, cause.entry.cure[:1])):
            return f"Flash it? No. {cause.entry.title}."
        if cause.entry.blocks == "yes":
            if flashes:
                return f"Flash it? Only in the order of the steps below: {cause.entry.title}."
            return f"Flash it? No, not as long as this holds: {cause.entry.title}."
    known = f"Know first: {explanation.causes[0].entry.title}. " if explanation.causes else ""
    if explanation.says.startswith(SUCCESS):
        known = "The same once more: no need, it is done. Another file: "
    return (
        f"Flash it? {known}Not before `fipy-doctor plan FILE.dup` has said that the file may be sent to this modem. "
        "It looks at both and sends nothing."
    )


def whether_back(explanation: Explanation) -> str:
    """Whether the build that runs can be had again."""
    if not explanation.facts.builds.runs:
        return ""
    from doctor.jobs.way_told import way_back  # as the rules: most pastes do not need it

    return way_back(explanation.facts)


def whether_a_flash_helps(explanation: Explanation, steps: Sequence[str]) -> str:
    """Whether the cure of what is found is a flash of the modem; empty if nothing is found."""
    if explanation.unsure:
        return "Does a flash help? Nobody can say before it is known which of these it is."
    if not explanation.causes:
        return ""
    number = next((n for n, step in enumerate(steps, 1) if FLASHES.search(step) and not FORBIDS.match(step)), 0)
    if number:
        return f"Does a flash help? Only as step {number} below says."
    if number := _maybe_by(steps):
        return f"Does a flash help? It may, but not first: step {number} below."
    return f"Does a flash help? No, it mends nothing of this: {explanation.causes[0].entry.title}."


def _maybe_by(steps: Sequence[str]) -> int:
    """Number of the step that lets the rules decide on another build; 0 if none does."""
    return next((n for n, step in enumerate(steps, 1) if _LETS_PLAN_DECIDE.search(step) and not FORBIDS.match(step)), 0)


def whether_again(explanation: Explanation, steps: Sequence[str]) -> str:
    """Whether what was begun is to be begun once more."""
    if explanation.says.startswith(SUCCESS) and not explanation.matches:
        return "Do it again? No, it is done. To be sure, read the version once more: `fipy-doctor status`."
    last = explanation.facts.builds.steps[-1:]
    if any(step.image.number == step.runs.number for step in last) and not explanation.causes:
        return f"Do it again? No need: {last[0].runs.number} is what the modem runs."
    if explanation.unsure:
        return "Do it again? Not before you know which of these it is."
    return _by_the_steps("Do it again?", explanation, steps)


def whether_to_go_on(explanation: Explanation, steps: Sequence[str]) -> str:
    """An answer to a question whether to go on that names nothing else; empty if no flash is held up."""
    if explanation.unsure or not any(cause.entry.area in _OF_A_FLASH for cause in explanation.causes[:1]):
        return ""
    return _by_the_steps("In short:", explanation, steps)


def _by_the_steps(label: str, explanation: Explanation, steps: Sequence[str]) -> str:
    """The answer that the first cause and its steps give; empty if they hold nothing up."""
    for cause in explanation.causes[:1]:
        if cause.entry.under_way:
            return f"{label} No, wait: it may not be over."
        if any(map(SAYS_NO.match, cause.entry.cure[:1])):
            return f"{label} No. {cause.entry.title}."
        if cause.entry.blocks == "yes" or cause.entry.brick_risk.startswith("high"):
            first = next(n for n, step in enumerate(steps, 1) if not FORBIDS.match(step) or n == len(steps))
            if FLASHES.search(steps[first - 1]) and cause.entry.area in _OF_A_FLASH:
                yes = "Only" if POWER in explanation.reader.asks else "Yes,"
                return f"{label} {yes} as step {first} below says, and in no other way."
            return f"{label} Not yet, step {first} below comes first. {cause.entry.title}."
    return ""


def whether_newer(explanation: Explanation) -> str:
    """Which of the last two builds of one radio is newer; empty if the paste does not name both."""
    steps = [step for step in explanation.facts.builds.steps if step.image.kind in RADIOS]
    steps = [step for step in steps if step.image.number != step.runs.number] or steps
    if not steps:
        return _which_of_two(explanation)
    runs, image = steps[-1].runs.number, steps[-1].image.number
    if runs == BETWEEN_BUILD and _stands_between(explanation):
        return ""  # whichever is newer, only the second file may follow
    if steps[-1].runs.kind != steps[-1].image.kind:
        return f"Is it newer? Neither: {image} is for the other radio than {runs}, which the modem runs."
    if image == runs:
        return f"Is it newer? No: {image} is what the modem runs."
    return f"Is it newer? {'Yes' if image > runs else 'No'}: {image}, and the modem runs {runs}."


def _which_of_two(explanation: Explanation) -> str:
    """Which of two builds is newer, if the text tells of none that runs; empty if it does not name two of one radio."""
    images = [image for image in explanation.facts.builds.images if image.kind in RADIOS]
    numbers = sorted({image.number for image in images})
    if len(numbers) != 2 or explanation.facts.builds.runs or len({image.kind for image in images}) > 1:
        return ""
    return f"Which is newer? {numbers[1]}; {numbers[0]} is older, so to flash it over {numbers[1]} goes back."


def whether_done(explanation: Explanation) -> str:
    """What is known of others; empty if nothing is."""
    known = () if explanation.unsure else explanation.causes[:1]
    return "".join(f"Has anybody done it? This is known: {cause.entry.means}" for cause in known)


def what_runs(explanation: Explanation) -> tuple[str, ...]:
    """What the modem runs, if a copy of the factory's misleads; and that it is what was sent, if that is asked too."""
    builds = explanation.facts.builds
    if (back := went_back(explanation)) is not None:
        return (back,)
    if _was_not_taken(explanation):
        return (_NOT_TAKEN,)
    nothing_sure = not explanation.says and (explanation.unsure or not explanation.causes)
    if nothing_sure and builds.rivals and len({build.number for build in builds.runs}) == 1 and builds.said:
        return (f"The modem's firmware, as it prints it here, is {_in_words(builds.runs[-1])}.",)
    if nothing_sure and not builds.runs and not explanation.facts.names_monarch2:
        return _without_what_runs(explanation)
    if builds.rivals or explanation.facts.names_monarch2 or not builds.runs:
        return ()
    runs = builds.runs[-1].number
    if builds.arrived and (explanation.notes or WORKED in explanation.reader.asks):
        return (f"It worked: {runs} was sent, and it is what the modem runs.",)
    if WORKED in explanation.reader.asks and all(image.made == runs for image in builds.images):
        return (f"The modem runs {runs}: if that is what was sent, it worked, and nothing is left to do.",)
    if explanation.notes:
        return (f"The modem runs {runs}.",)
    # If nothing is sure, what is known is said.
    return (f"The modem runs {_in_words(builds.runs[-1])}.",) if nothing_sure else ()


def _was_not_taken(explanation: Explanation) -> bool:
    """Whether the old build is told to run still; a success that is proved counts more, if no build refutes it."""
    facts, reader = explanation.facts, explanation.reader
    if still_old(facts, reader.prose) or (not explanation.matches and shows_another(facts.builds)):
        return True
    succeeded = explanation.says.startswith(SUCCESS) or UPDATED in facts.proved
    return not succeeded and WORKED in reader.asks and tells_of_the_old(reader.prose)


def _without_what_runs(explanation: Explanation) -> tuple[str, ...]:
    """What a lone build is, or what a copy of the boot loader says, where nothing tells what runs."""
    builds = explanation.facts.builds
    if builds.lone is not None:
        return (f"A build alone is no fault. This one is {_in_words(builds.lone)}.",)
    loaders = builds.loaders
    if not loaders or any(loader.kind == "loader*" for loader in loaders):
        return ()
    return (
        f"[{loaders[-1].number}] is a copy of the boot loader, not what the modem runs: copy 0 stays the factory's "
        "in most modems in the field. What runs is told by the line Software, and the loader that runs has the "
        "star: send the whole list before a file is chosen.",
    )


def _in_words(runs: Build) -> str:
    """A build with its radio, and that no public file brings it back if that is so."""
    from doctor.jobs.way_told import in_words  # as the rules: most pastes do not need it

    return in_words(runs)


def went_back(explanation: Explanation) -> str | None:
    """That an older build was installed over a newer one, or the first file of a pair; None if neither is told."""
    facts = explanation.facts
    if facts.family == "other" or explanation.reader.may_run or explanation.reader.runs_now:
        return None
    told = versions_before_and_now(facts)
    if told is None or told[1] >= told[0]:
        return None
    from doctor.jobs.way_told import again  # as the rules: most pastes do not need it

    before, now = told
    if _stands_between(explanation):
        return (
            f"{now} is what a modem says between the two files of the pair. If the first one was sent, it did not go "
            "back: send the second file now, in the same session, with no reset and no power cut before it, and no "
            "other image."
        )
    return (
        f"It went back: {now} runs now, and {before}, which ran before, is newer. The image was an older one; the "
        f"transfer did not fail, and nothing is broken. {again(before, monarch2=facts.names_monarch2)}"
    )


def _stands_between(explanation: Explanation) -> bool:
    """Whether the modem names the build that runs between the two files of a pair, and the text is about that pair."""
    from doctor.jobs import step_told  # as the rules: most pastes do not need it

    return _tells_of_the_first(explanation) or step_told.stands_between(explanation.facts)


def _tells_of_the_first(explanation: Explanation) -> bool:
    """Whether the build between the two runs, and words or a log tell that the first file was sent."""
    runs = explanation.facts.builds.runs[-1:]
    return any(match.id == _SECOND_STEP for match in explanation.matches) and any(
        b.number == BETWEEN_BUILD for b in runs
    )


def _may_stand_between(explanation: Explanation) -> bool:
    """Whether only the second file of a pair may be due; a differential image that was sent brings that build, too."""
    if _tells_of_the_first(explanation):
        return True
    brought = any(image.was_sent and image.made == BETWEEN_BUILD for image in explanation.facts.builds.images)
    return not brought and _stands_between(explanation)


def versions_before_and_now(facts: Facts) -> tuple[int, int] | None:
    """The builds of what ran before and of what runs now; None if the text does not tell."""
    if facts.names_monarch2:
        return facts.monarch2_builds if "sqn3330" not in facts.by_kind.get("family", ()) else None
    if both := facts.builds.before_and_now:
        return both[0].number, both[1].number
    # A tool that named what ran, and behind its success what runs.
    runs = [build for build in facts.builds.runs if build.kind in RADIOS]
    if UPDATED not in facts.proved or len(runs) < 2 or runs[-1].kind != runs[-2].kind:
        return None
    return runs[-2].number, runs[-1].number
