"""Lines of a paste that fipy-doctor printed: findings, plans, progress. They prove only the ids that they name."""

from __future__ import annotations

import re

from doctor.knowledge.paste import Paste

_MOST_LINES = 5_000  #: an output of ours is shorter

_OURS = (
    r"[✓✗!·•] ",
    r" {2}\d+\. .*\((?:up to \d|simulated)",
    r" {2,}(?:waiting for|why:|what could go wrong:|way back:|\(this simulated) ",
    r" {2,}(?:now:|cause:|cure:|more:|next:|fipy-doctor|method|boot loaders:) ",
    r" {2}(?:image|modem|result|way|sent|received|promised|runs now|\((?:this makes )?a FILE\.dup) {1,}",
    r" {1,4}\d+% ",
    r" {2}\d+\. press the (?:board's )?reset button",
    r"(?:Next|Do this now|Then run):$",
    r"\d+ (?:failed|warned|passed|skipped)[,.]",
)
_IS_OURS = re.compile(rf"(?:> ?){{0,9}}(?:{'|'.join(_OURS)})")
#: No other program prints these.
_SURELY = re.compile(
    r"^(?:> ?){0,9}"
    r"(?:[✓✗] [a-z]+(?:-[a-z]+)+ |Flashed and proved$| {2,}what could go wrong: |\d+ (?:failed|passed), \d+ )",
    re.MULTILINE,
)
_AT_WORK = re.compile(r"(?:> ?){0,9}(?:• | {2,}waiting for | {1,4}\d+% )")
_SUMMARY = re.compile(r"^(?:> ?){0,9}((?:\d+ failed, )?\d+ passed, [\w, ]{1,60}\.)$", re.MULTILINE)
_WRAPPED = re.compile(r"(?:> ?){0,9} {2,}\S")  #: the rest of the line above, where a terminal is narrow


def is_ours(line: str) -> bool:
    """Whether a line looks like one that we print."""
    return _IS_OURS.match(line) is not None


def tells_of_work(line: str) -> bool:
    """Whether a line is one that we print while something is done."""
    return _AT_WORK.match(line) is not None


def summary(paste: Paste) -> str:
    """What a check of ours says in the paste; empty if none does."""
    found = _SUMMARY.search(paste.text) if our_lines(paste) else None
    return f"This is what fipy-doctor printed: {found[1]}" if found is not None else ""


def our_lines(paste: Paste) -> frozenset[int]:
    """Indexes of the lines that we printed; empty if nothing shows for certain that any of them is ours."""
    if len(paste.starts) > _MOST_LINES or not _SURELY.search(paste.text):
        return frozenset()
    found, before = set[int](), False
    for index in range(len(paste.starts)):
        line = paste.slice(index, index + 1)
        before = is_ours(line) or (before and _WRAPPED.match(line) is not None)
        if before:
            found.add(index)
    return frozenset(found)
