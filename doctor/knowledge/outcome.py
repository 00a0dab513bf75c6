"""How it ended: what is over, what was mended, what a log shows that ended well."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from doctor.knowledge import session, signs
from doctor.knowledge.builds import BETWEEN_BUILD, PAIR_BUILD, Build, Told
from doctor.knowledge.chain import find
from doctor.knowledge.facts import Facts
from doctor.knowledge.order import DEEDS, Match, first_line
from doctor.knowledge.our_lines import our_lines
from doctor.knowledge.paste import Paste
from doctor.knowledge.session import PROMPT, UPDATED
from doctor.knowledge.words import history, said
from doctor.knowledge.words.reader import Reader

UNSURE = 0.5  #: below, a description is asked back about
_LASTING = (*DEEDS, "power")  #: areas whose entries tell what was done to the modem: that is not over the next day
_LOOKED_AT_CHARS = 20_000  #: of a paste, for what its reader says of himself
_STILL_OLD = "still-old"  #: an idea of said.txt

SUCCESS = "This shows a success"
#: What is said when all went well, in the vendor's tools and ours.
#: Alone on its line: in a sentence it is waited for, or somebody else's.
_SUCCESS = (
    r"^[^a-z\n]{0,40}Your modem has been successfully updated[^a-z\n]{0,40}$"
    r"|flashed and proved: |^Flashed and proved$"
)
#: A Monarch 2 says so, and then that it runs the build of the file that was sent.
_UPGRADED = (
    r"-(?P<build>\d{5})\.dup\b[\s\S]{0,5000}?\+SMUPGRADE: ?success[\s\S]{0,2000}?\bLR8[\d.]{2,9}-(?P<build>\d{5})\b"
)
_SAME_BUILD = "build > other"  #: what is named alike must be alike; nothing is named ``other``
MENDED = "What failed above went well when it was tried again, and nothing behind it failed."
STARTED = (
    "The board came to its prompt behind this start: it is not dead, and nothing is to be erased or installed again."
)
_BOOT_LOG = re.compile(r"^entry 0x", re.MULTILINE)
WORKING_MODEM = "This is the version list of a modem that works."  #: what is said of it
_HEALTHY_BLOCK = (
    r"Bootloader\d\*? {0,9}: [^\n]*\n(?:[^\n]*\n){0,9}?[^\n]*Software {0,9}: (?:BUILD)?\d\.\d\.\d\.\d[ -]\[?\d{5}\b"
)


def how_it_ended(paste: Paste, facts: Facts, failures: list[Match], reader: Reader) -> str:
    """That it ended well: a tool says so, sentences do, or a command that failed went well later; else empty."""
    if shows_another(facts.builds):
        return ""
    if told := _success(paste, failures) or _success_told(facts, failures, reader.prose):
        return told
    if not only_guessed(failures):
        return ""
    if UPDATED in facts.proved and not still_old(facts, reader.prose):
        return f"{SUCCESS}: the modem was updated, and named its build behind it."
    if not failures and session.mended(paste):
        return MENDED
    started = PROMPT in facts.proved and _BOOT_LOG.search(paste.text[:_LOOKED_AT_CHARS]) is not None
    return STARTED if started and not _error_after(paste, 0) else ""


def still_old(facts: Facts, prose: str) -> bool:
    """Whether the reader says that the old build still runs, and it is none of those that were to be sent."""
    return bool(facts.builds.images) and tells_of_the_old(prose) and _runs_none_of(facts.builds.images, facts.builds)


def shows_another(builds: Told) -> bool:
    """Whether another build runs than that of an image that was sent for certain: in a call, or as its reader says."""
    called = [image for image in builds.images if image.in_call and image.made][-1:]
    if called:
        return bool(builds.runs) and builds.runs[-1].place > called[0].place and _runs_none_of(called, builds)
    sent = [image for image in builds.images if image.was_sent]
    return bool(sent) and all(image.made for image in sent) and _runs_none_of(builds.images, builds)


def _runs_none_of(images: Sequence[Build], builds: Told) -> bool:
    """Whether what runs last is none of what these bring, nor what runs between the two files of a pair."""
    if not builds.runs or builds.runs[-1].was:
        return False
    brought = {number for image in images for number in (image.number, image.target)}
    between = {BETWEEN_BUILD} if PAIR_BUILD in brought else set[int]()
    return builds.runs[-1].number not in brought | between


def tells_of_the_old(prose: str) -> bool:
    """Whether the reader says that the version is still the old one, whichever that is."""
    return said.told_at(prose, _STILL_OLD) is not None


def _success_told(facts: Facts, failures: list[Match], prose: str) -> str:
    """What sentences tell that end well; empty if they do not, or if a sign shows that something is wrong."""
    if not facts.builds.runs or not only_guessed(failures) or not history.runs_again(prose):
        return ""
    return f"{SUCCESS}, as it is told: the modem runs {facts.builds.runs[-1].number}."


def only_guessed(failures: list[Match]) -> bool:
    """Whether no sign shows any of them, and no description fits well."""
    return all(match.how == "words" and match.score < UNSURE for match in failures)


def hides_a_wait(paste: Paste, failures: list[Match], reader: Reader) -> bool:
    """Whether a transfer stands still, behind what is no deed that ended it and what its reader tells of before."""
    waits = [match for match in failures if match.entry.under_way and match.how == "sign"]
    others = [match for match in failures if match not in waits]
    if not waits or failures[0].entry.under_way or any(one.entry.area in (*_LASTING, "modem") for one in others):
        return False
    stands_at = waits[0].proofs[-1].number if waits[0].proofs else 0
    told = {paste.numbers[index] for index in (*reader.indexes, *reader.beside_at)}
    return all(proof.number < stands_at or proof.number in told for one in others for proof in one.proofs)


def without_what_is_over(paste: Paste, matches: list[Match], reader: Reader) -> list[Match]:
    """Without what only lines of another time show, if anything is left or a transfer runs; deeds still count."""
    mended = frozenset(paste.numbers[index] for index in session.mended(paste))
    over = history.over(paste) | mended
    now = [match for match in matches if match.entry.area in _LASTING or not _shown_in(match, over)]
    if reader.runs_now or reader.may_run:
        return now
    if history.not_begun(paste.text[:_LOOKED_AT_CHARS]):
        now = [match for match in now if not match.entry.under_way] or now
    return _without_waits_that_ended(paste, now, reader) or [match for match in matches if not _shown_in(match, mended)]


def _shown_in(match: Match, numbers: frozenset[int]) -> bool:
    return numbers.issuperset(proof.number for proof in match.proofs)


def _without_waits_that_ended(paste: Paste, matches: list[Match], reader: Reader) -> list[Match]:
    """Without a wait in the words of the reader, if a deed stands behind it; a tool's own line may still hold."""
    told = {paste.numbers[index] for index in reader.indexes}
    deeds = (first_line(match) for match in matches if match.entry.area in DEEDS and not match.entry.under_way)
    last_deed = max(deeds, default=0)
    return [m for m in matches if not m.entry.under_way or not 0 < _last_told(m, told) < last_deed]


def _last_told(match: Match, told: set[int]) -> int:
    """Number of the last line that shows a match, if the reader's own words are all that shows it; else 0."""
    numbers = [proof.number for proof in match.proofs]
    return max(numbers, default=0) if told.issuperset(numbers) else 0


def _success(paste: Paste, failures: list[Match]) -> str:
    """What a log that ends well shows; empty if it does not, or if more is wrong than that the family is another."""
    if not only_guessed([match for match in failures if match.entry.family != "monarch2"]):
        return ""
    ends = [end for _, end in find(_SUCCESS, paste.searched())]
    ends += [end for _, end in find(_UPGRADED, paste.searched(), _SAME_BUILD)]
    if ends:
        return f"{SUCCESS}: the modem was updated, and said so." if not _error_after(paste, ends[-1]) else ""
    blocks = [end for _, end in find(_HEALTHY_BLOCK, paste.searched())]
    if blocks and not _error_after(paste, 0):
        return WORKING_MODEM
    return ""


def _error_after(paste: Paste, place: int) -> bool:
    ours = our_lines(paste)
    return any(paste.index(start) not in ours for start, _ in find(signs.ERROR_LINE, paste.searched(place)))


def shows_an_error(paste: Paste, matches: Iterable[Match]) -> bool:
    """Whether a line that shows one of these tells of an error."""
    return not _error_lines(paste).isdisjoint(_shown_by(matches))


def has_unexplained_error(paste: Paste, found: list[Match], reader: Reader) -> bool:
    """Whether a line tells of an error that no match shows; "that ERROR worries me" is about one that stands there."""
    told, explained = _error_lines(paste), _shown_by(found)
    if told & explained:
        told -= {paste.numbers[index] for index in (*reader.indexes, *reader.beside_at)}
    return not told <= explained


def _error_lines(paste: Paste) -> set[int]:
    return {paste.numbers[paste.index(start)] for start, _ in find(signs.ERROR_LINE, paste.searched())}


def _shown_by(matches: Iterable[Match]) -> set[int]:
    return {proof.number for match in matches for proof in match.proofs}
