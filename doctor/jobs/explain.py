"""Explain pastes: read them from files, standard input or the clipboard, and ask the catalogue."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from doctor.computer import is_mac, is_windows, powershell, said_by_powershell
from doctor.errors import UsageError
from doctor.knowledge.asked import (
    AGAIN,
    DEAD,
    DONE,
    ERASE,
    FLASH,
    GO,
    HELPS,
    NEWER,
    POWER,
    TO_CATM1,
    TO_NB1,
    WHICH,
    WORKED,
)
from doctor.knowledge.builds import CAT_M1, NB_IOT, RADIOS
from doctor.knowledge.catalogue import entry
from doctor.knowledge.explanation import LIKELY, SUCCESS, WORKING_MODEM, Explanation, Match, explain, explained_by
from doctor.knowledge.paste import MOST_BYTES
from doctor.text.power_off import IF_NO_OTHER, UNPLUG

CLIPBOARD_S = 5.0  #: for one program that reads the clipboard; one that waits for a display never answers
CLIPBOARD = "clipboard"
STANDARD_INPUT = "standard input"
TYPED = "your text"
#: Looks at the board that is plugged in and says the one next command.
RUN_NEXT = "fipy-doctor"

_ZIP = b"PK\x03\x04"  #: how one begins
_KEEPS_POWER = re.compile(
    r"\b(?:leave|keep)\b[^.;]{0,30}\b(?:power|powered|as it is)\b|\bpower (?:still )?on\b|\bsteady power\b",
    re.IGNORECASE,
)

_FORBIDS = re.compile(r"(?:Do not|Stop here)\b")  #: how a step begins that comes before all others, whatever they are
_AT_ONCE = re.compile("Press Ctrl-C at once")
_SAVES = re.compile("Save what can be read")
_POINTS_ON = ("is against it", "Better: flash ")  #: of a verdict that allows a file, or names the one to take
_BOARD_FIRMWARE = re.compile(r"Update the board \(ESP32\) firmware first")
_SENDS = re.compile(r"Update 33080 to 41065|If you have a file for 41065|A modem that answers on NB-IoT needs")
_DISARMS = re.compile("Remove the call from main.py")  #: else every start, also after a power cycle, flashes again
_SAYS_NO = re.compile(rf"{_FORBIDS.pattern}|Leave it\b")
_MONARCH2 = "monarch2-family"
_OTHER_MAKER = "modem-of-another-maker"
_OF_PYCOM = re.compile(r"fipy-doctor (?:flash|plan|fix)|sqnsupgrade|Pycom|\.dup\b|updater\.elf|board's firmware")
_OF_SQN3330 = re.compile(
    r"`\S+ flash\b|\b(?:CATM1|NB1)-|\bupgdiff|\bupdater\.elf|\bfull image"
)  #: what flashes a FiPy or GPy
_FLASHES = re.compile(r"`\S+ flash\b")  #: a command that flashes
_ERASES = re.compile(r"\b(?:formats?|reformat|erase)\b|--reformat|--reset-flash|\bpartitions\b", re.IGNORECASE)
#: A step that can stand beside a transfer that runs.
_ONLY_WAITS = re.compile(
    r"(?:Do not\b[^.]*\. )?(?:Wait|Leave the power on for 30|Then look, with the power still on)\b"
)
_OF_A_FLASH = ("flash-process", "firmware-file", "modem", "power")  #: areas whose entries forbid or hold up a flash

#: What is said first of a transfer that is under way, whatever its file is.
_LET_IT_RUN = (
    "Do not interrupt it: no Ctrl-C, no reset, no power cut. "
    "A transfer that is broken off is worse for the modem than a valid image that you did not want."
)
#: All that may be done then: no step of any cure is told, whatever else is found.
_WHILE_IT_RUNS = (
    "Leave board, cable, power and the window that it runs in alone until the transfer has ended and 30 minutes more, "
    "since 99 and 100 % take long. Only a laptop's charger may be plugged in, and its sleep switched off.",
    "Then look, with the power still on: `fipy-doctor status`, and read the version. What else is found above comes "
    "after that, and so does another file.",
)
#: A text does not tell which boot loader runs, what is in a file, or whether the modem is free.
_PLAN_DECIDES = "`fipy-doctor plan FILE.dup` reads modem and file, and decides; it sends nothing."

#: What to send if nothing is known: without these nobody can help.
SEND_INSTEAD = (
    "everything that the console printed, from the first command to the end, as text and not as a picture",
    "what `import os; os.uname()` prints on the board",
    "names and sizes of the files that you used, and the carrier board that the module sits on",
    "what `fipy-doctor check --json` says",
)


@dataclass(frozen=True)
class Explained:
    """One paste and what is known of it; ``name`` says where it came from."""

    name: str
    explanation: Explanation

    @property
    def advice(self) -> Advice:
        """What it all means together, and what to do now."""
        return advice(self.explanation)


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


def explain_sources(sources: Sequence[tuple[str, bytes]]) -> list[Explained]:
    """Explain each paste by itself, in the order given."""
    return [Explained(name, explain(data)) for name, data in sources]


def read_standard_input() -> bytes:
    """What comes on standard input, as much as is looked at."""
    return sys.stdin.buffer.read(MOST_BYTES + 1)


def read_file(path: Path) -> list[tuple[str, bytes]]:
    """The bytes of a log, or of what a zip holds, as ``report`` makes one; with names.

    Raises UsageError if it cannot be read.
    """
    name = str(path)
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if not data.startswith(_ZIP):
            return [(name, data)]
        from doctor.bundle.pack import telling

        found = [(f"{name}: {inner}", text) for inner, text in telling(path, MOST_BYTES)]
        if not found:
            raise ValueError("is a zip without any log")
        return found
    except (OSError, ValueError) as err:
        raise UsageError(
            "file-unreadable",
            "the file cannot be read",
            on=name,
            cause=getattr(err, "strerror", None) or f"it {err}",
            next="name a file that exists and that you may read, or - for standard input",
        ) from err


def clipboard(run: Callable[[Sequence[str]], bytes | None] | None = None) -> bytes:
    """The text on the clipboard. Raises UsageError if no way to it is found.

    run  runs a program and returns what it printed, None if it is missing or failed
    """
    ask = run or _output_of
    for words in _clipboard_programs():
        data = ask(words)
        with suppress(ValueError):  # a shell of that name that is none
            if data is not None:
                return said_by_powershell(data) if words[0] in ("powershell.exe", "pwsh") else data
    data = _tk_clipboard() if run is None else None
    if data is None:
        names = ", ".join(dict.fromkeys(words[0] for words in _clipboard_programs()))
        raise UsageError(
            "clipboard-unreadable",
            "the clipboard cannot be read",
            cause=f"none of these works on this computer: {names}, Python's tkinter",
            next="save the text in a file and run: `fipy-doctor explain FILE`",
        )
    return data


def advice(explanation: Explanation) -> Advice:
    """What the matches mean together, and what to do now: the first cause's cure, then the others' first steps."""
    decides, keep = _about_the_power(explanation.causes)
    steps = _steps(explanation, decides, keep)
    only_waits = steps and len(explanation.causes) == 1 and all(map(_ONLY_WAITS.match, steps))
    if explanation.runs_now or (explanation.may_run and not only_waits):
        newer = filter(None, (_whether_newer(explanation),))
        return Advice((_LET_IT_RUN, *newer), (), _WHILE_IT_RUNS)
    judged = _judged(explanation)
    way = _which_file(explanation, judged)
    answers = {
        HELPS: _whether_a_flash_helps(explanation, steps),
        FLASH: judged or _whether_to_flash(explanation, steps),
        AGAIN: _whether_again(explanation, steps),
        ERASE: _whether_to_erase(explanation, steps),
        GO: _whether_to_go_on(explanation, steps),
        NEWER: _whether_newer(explanation),
        DONE: _whether_done(explanation),
        DEAD: _whether_dead(explanation),
        POWER: _whether_power_may_go(explanation, decides, keep),
    }
    answered = (*_answered(explanation, answers, judged), *filter(None, (way,)))
    runs = _what_runs(explanation)
    answered = (*runs, *answered) if WORKED in explanation.asks else (*answered, *runs)
    first = (_LET_IT_RUN,) if explanation.may_run else ()
    return Advice((*first, *_spared(explanation), *answered), _together(explanation, steps), steps, bool(judged or way))


def _answered(explanation: Explanation, answers: dict[str, str], judged: str) -> Iterator[str]:
    """The answers to what is asked, in that order; what the rules say of a step comes first, asked for or not."""
    asked = (FLASH, *(kind for kind in explanation.asks if kind not in (FLASH, GO))) if judged else explanation.asks
    return filter(None, (answers.get(kind) for kind in asked))


def _spared(explanation: Explanation) -> Iterator[str]:
    """What is harmless and asked about, if nothing else is known."""
    return (f"{aside.entry.title}." for aside in explanation.asides if not explanation.causes)


def _together(explanation: Explanation, steps: Sequence[str]) -> tuple[str, ...]:
    """Which finding is the cause of which, what is not the reason, and what is a matter of its own."""
    together = []
    for cause in explanation.causes:
        after = _consequences(cause, explanation.matches)
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


def _what_runs(explanation: Explanation) -> tuple[str, ...]:
    """What the modem runs, if a copy of the factory's misleads; and that it is what was sent, if that is asked too."""
    builds = explanation.facts.builds
    if builds.rivals or explanation.facts.names_monarch2 or not builds.runs:
        return ()
    runs = builds.runs[-1].number
    if builds.arrived and (explanation.notes or WORKED in explanation.asks):
        return (f"It worked: {runs} was sent, and it is what the modem runs.",)
    if WORKED in explanation.asks and all(image.made == runs for image in builds.images):
        return (f"The modem runs {runs}: if that is what was sent, it worked, and nothing is left to do.",)
    return (f"The modem runs {runs}.",) if explanation.notes else ()


def _which_file(explanation: Explanation, judged: str) -> str:
    """Which file, if that is asked, or if the reader is told not to send the one that the text names."""
    causes = () if explanation.unsure else explanation.causes
    speaks = not explanation.unfinished and all(m.entry.area not in ("modem", "power") for m in explanation.matches)
    told_no = causes and all(map(_of_step, causes)) and not any(said in judged for said in _POINTS_ON)
    asks = {WHICH, FLASH, NEWER} if not judged else {WHICH}
    if not (speaks and (told_no or (asks.intersection(explanation.asks) and not causes))):
        return ""
    from doctor.jobs.way_told import way  # as the rules: most pastes do not need it

    wished = [radio for kind, radio in ((TO_CATM1, CAT_M1), (TO_NB1, NB_IOT)) if kind in explanation.asks]
    return way(explanation.facts, wished[0] if len(wished) == 1 else "")


def _of_step(cause: Match) -> bool:
    """Whether an entry is about going from one build to another."""
    return any(sign.image for sign in cause.entry.signs)


def _judged(explanation: Explanation) -> str:
    """What the rules say of the step that the text tells of, if it is asked about and nothing stands before it."""
    causes = () if explanation.unsure else explanation.causes
    stands_before = any(cause.how == "sign" and cause.entry.blocks == "yes" and not _of_step(cause) for cause in causes)
    # Of several modems each has its own answer, whatever is asked.
    several = all(map(_of_step, causes)) and explanation.facts.builds.rivals
    if causes and not (several or {FLASH, GO, NEWER, DONE} & set(explanation.asks)):
        return ""
    is_over = explanation.says and explanation.says != WORKING_MODEM
    if is_over or not explanation.facts.builds.steps:
        return ""
    from doctor.jobs.step_told import verdicts  # the rules come with the updater; most pastes do not need them

    said = verdicts(explanation.facts)
    # What stands before a flash, or is not over yet, lets none be allowed; that one is forbidden holds all the same.
    if stands_before or explanation.unfinished:
        said = said if all(words.startswith("No, not") for words in said) else ()
    return f"Flash it? {' '.join(said)} {_PLAN_DECIDES}" if said else ""


def _steps(explanation: Explanation, decides: Match | None, keep: bool) -> tuple[str, ...]:
    """The first cause's cure, then the first steps of others; none that cannot work beside the rest."""
    forbidden = any(_FORBIDS.match(step) for cause in explanation.causes for step in cause.entry.cure[:1])

    def fits(step: str, cause: Match) -> bool:
        if step in explanation.ruled_out or not _is_for_its_family(step, cause, explanation):
            return False
        if decides not in (cause, None) and _keeps_power(step) not in (None, keep):
            return False
        flashes = _FLASHES.search(step) and not _FORBIDS.match(step)
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
    return tuple(dict.fromkeys((*at_once, *at_work, *sorted(steps, key=_urgency))))


def _board_first(steps: list[str]) -> list[str]:
    """The firmware of the board goes before the first step that flashes the modem: an old one has bricked modems."""
    board = [step for step in steps if _BOARD_FIRMWARE.match(step)]
    flashes = (n for n, step in enumerate(steps) if _FLASHES.search(step) or _SENDS.match(step))
    at = next(flashes, len(steps))
    before, behind = ([s for s in part if s not in board] for part in (steps[:at], steps[at:]))
    return [*before, *board, *behind]


def _urgency(step: str) -> int:
    """What forbids, then what saves files or keeps a flash from starting."""
    first = (_FORBIDS, _SAVES, _DISARMS)
    return next((rank for rank, begins in enumerate(first) if begins.match(step)), len(first))


def _own_steps(cause: Match, explanation: Explanation) -> tuple[str, ...]:
    """The whole cure of the first cause, unless it tells how to flash out of every state and the state is known."""
    own = cause.entry.cure
    return () if any(map(_FLASHES.search, own)) and _cure_of_state(cause, explanation.matches) else own


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
    after = _consequences(cause, matches)
    if cause.entry.area == "modem":
        return ()  # it is the state, and its own cure knows more than those of what follows from it
    states = (match.entry.cure for match in matches if match.id in after and match.entry.area == "modem")
    return next((tuple(filter(_FLASHES.search, cure)) for cure in states if any(map(_FLASHES.search, cure))), ())


def _whether_newer(explanation: Explanation) -> str:
    """Which of the last two builds of one radio is newer; empty if the paste does not name both."""
    steps = [step for step in explanation.facts.builds.steps if step.image.kind in RADIOS]
    steps = [step for step in steps if step.image.number != step.runs.number] or steps
    if not steps:
        return _which_of_two(explanation)
    runs, image = steps[-1].runs.number, steps[-1].image.number
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


def _whether_done(explanation: Explanation) -> str:
    """What is known of others; empty if nothing is."""
    known = () if explanation.unsure else explanation.causes[:1]
    return "".join(f"Has anybody done it? This is known: {cause.entry.means}" for cause in known)


def _whether_dead(explanation: Explanation) -> str:
    """Whether something in the text speaks for a lost modem; empty if nothing is known of it."""
    if not explanation.matches or explanation.unsure:
        return ""
    # What follows from a cause that kills no modem says nothing of a dead one.
    spared = {match.id for match in explanation.matches if match.follows and not _may_kill(match, explanation)}
    told = (match.entry for match in explanation.matches if match.id not in spared)
    if any(known.brick_risk.startswith(("already", "usually", "unknown")) for known in told):
        return "Is it dead? It may be; only what comes of the steps below tells."
    return "Is it dead? Nothing in this text proves it."


def _may_kill(match: Match, explanation: Explanation) -> bool:
    """Whether a cause that this one follows from has cost modems."""
    causes = [cause for cause in explanation.causes if match.id in explained_by(cause.id)]
    return any(cause.entry.brick_risk.startswith(("high", "already", "usually", "unknown")) for cause in causes)


def _whether_to_flash(explanation: Explanation, steps: Sequence[str]) -> str:
    """The verdict that the steps lead to."""
    if explanation.unsure:
        return "Flash it? No, not before you know which of these it is."
    if explanation.causes and explanation.causes[0].entry.under_way:
        return "Flash it? Not before what is under way is over."
    for cause in explanation.causes:
        flashes = any(_FLASHES.search(step) and not _FORBIDS.match(step) for step in steps)
        if cause is explanation.causes[0] and not flashes and any(map(_SAYS_NO.match, cause.entry.cure[:1])):
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


def _whether_a_flash_helps(explanation: Explanation, steps: Sequence[str]) -> str:
    """Whether the cure of what is found is a flash of the modem; empty if nothing is sure."""
    if explanation.unsure or not explanation.causes:
        return ""
    number = next((n for n, step in enumerate(steps, 1) if _FLASHES.search(step) and not _FORBIDS.match(step)), 0)
    if number:
        return f"Does a flash help? Only as step {number} below says."
    return f"Does a flash help? No, it mends nothing of this: {explanation.causes[0].entry.title}."


def _whether_again(explanation: Explanation, steps: Sequence[str]) -> str:
    """Whether what was begun is to be begun once more."""
    if explanation.says.startswith(SUCCESS) and not explanation.matches:
        return "Do it again? No, it is done. To be sure, read the version once more: `fipy-doctor status`."
    last = explanation.facts.builds.steps[-1:]
    if any(step.image.number == step.runs.number for step in last) and not explanation.causes:
        return f"Do it again? No need: {last[0].runs.number} is what the modem runs."
    if explanation.unsure:
        return "Do it again? Not before you know which of these it is."
    return _by_the_steps("Do it again?", explanation, steps)


def _whether_to_go_on(explanation: Explanation, steps: Sequence[str]) -> str:
    """An answer to a question whether to go on that names nothing else; empty if no flash is held up."""
    if explanation.unsure or not any(cause.entry.area in _OF_A_FLASH for cause in explanation.causes[:1]):
        return ""
    return _by_the_steps("In short:", explanation, steps)


def _by_the_steps(label: str, explanation: Explanation, steps: Sequence[str]) -> str:
    """The answer that the first cause and its steps give; empty if they hold nothing up."""
    for cause in explanation.causes[:1]:
        if cause.entry.under_way:
            return f"{label} No, wait: it may not be over."
        if any(map(_SAYS_NO.match, cause.entry.cure[:1])):
            return f"{label} No. {cause.entry.title}."
        if cause.entry.blocks == "yes" or cause.entry.brick_risk.startswith("high"):
            first = next(n for n, step in enumerate(steps, 1) if not _FORBIDS.match(step) or n == len(steps))
            if _FLASHES.search(steps[first - 1]) and cause.entry.area in _OF_A_FLASH:
                yes = "Only" if POWER in explanation.asks else "Yes,"
                return f"{label} {yes} as step {first} below says, and in no other way."
            return f"{label} Not yet, step {first} below comes first. {cause.entry.title}."
    return ""


def _whether_to_erase(explanation: Explanation, steps: Sequence[str]) -> str:
    """Whether a step erases something; empty if nothing is known."""
    if explanation.unsure or not explanation.causes:
        return ""
    erasing = [n for n, step in enumerate(steps, 1) if _ERASES.search(step) and not _FORBIDS.match(step)]
    if not erasing:
        return "Erase or format it? No, nothing in this text calls for that."
    return f"Erase or format it? {'Yes, as' if erasing[0] == 1 else 'Not yet: only as'} step {erasing[0]} below says."


def _whether_power_may_go(explanation: Explanation, decides: Match | None, keep: bool) -> str:
    if explanation.says.startswith(SUCCESS) and not explanation.matches and not explanation.unfinished:
        return f"May the power go? Yes, {IF_NO_OTHER}: the one that this text shows is over."
    if decides is not None and not keep:
        return "May the power go? Only in the way of the step below that asks for the last hour first."
    return (
        "May the power go? No, leave it on. `fipy-doctor status` says whether a flash is under way, "
        "and how long it may take. If a battery feeds the board, plug in USB or the charger beside it."
    )


def _about_the_power(causes: Sequence[Match]) -> tuple[Match | None, bool]:
    """Whether the power stays on, and who says so: what stands last in the paste tells what the modem does now."""
    said = []
    for number, cause in enumerate(causes):
        wishes = map(_keeps_power, cause.entry.cure if number == 0 else cause.entry.cure[:1])
        wish = next((wish for wish in wishes if wish is not None), None)
        if wish is not None:
            said.append((max((proof.number for proof in cause.proofs), default=0), wish, -number))
    if not said:
        return None, True
    _, keep, number = max(said)
    return causes[-number], keep


def _keeps_power(step: str) -> bool | None:
    """Whether a step leaves the power on (True) or takes it (False); None if it is about neither."""
    if UNPLUG[1:] in step:
        return False
    return True if _KEEPS_POWER.search(step) else None


def _apart_from_first(causes: Sequence[Match]) -> list[str]:
    """Ids of the causes that other lines show than those of the first: what one line shows may be one matter."""
    shown = {proof.number for proof in causes[0].proofs} if causes else set()
    return [cause.id for cause in causes[1:] if shown.isdisjoint(proof.number for proof in cause.proofs)]


def _consequences(cause: Match, matches: Sequence[Match]) -> list[str]:
    """Ids that follow from ``cause``, also by way of another consequence."""
    reached = {cause.id}
    for match in matches:
        if reached & set(match.follows):
            reached.add(match.id)
    return [match.id for match in matches if match.id in reached and match.id != cause.id]


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _clipboard_programs() -> list[tuple[str, ...]]:
    windows = powershell("Get-Clipboard -Raw")
    if is_mac():
        return [("pbpaste",)]
    if is_windows():
        return [windows, ("pwsh", *windows[1:])]
    programs: list[tuple[str, ...]] = [("xclip", "-selection", "clipboard", "-o"), ("xsel", "-b", "-o")]
    wayland = ("wl-paste", "--no-newline")
    programs.insert(0 if os.environ.get("WAYLAND_DISPLAY") else len(programs), wayland)
    return [*programs, windows]


def _output_of(words: Sequence[str]) -> bytes | None:
    program = shutil.which(words[0])
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, *words[1:]], stdin=subprocess.DEVNULL, capture_output=True, timeout=CLIPBOARD_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _tk_clipboard() -> bytes | None:
    try:
        import tkinter

        root = tkinter.Tk()
    except Exception:  # no tkinter, no display: what it raises differs from system to system
        return None
    try:
        root.withdraw()
        return str(root.clipboard_get()).encode()
    except tkinter.TclError:
        return None
    finally:
        root.destroy()
