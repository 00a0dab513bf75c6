"""Lines of a paste that fipy-doctor printed: findings, plans, progress. They prove only the ids that they name."""

from __future__ import annotations

import re

from doctor.knowledge.paste import Paste

_MOST_LINES = 5_000  #: an output of ours is shorter

_OURS = (
    r"[✓✗!·•] ",
    r" {2}\d+\. .*\((?:up to \d|about \d|simulated)",
    r" {2,}(?:waiting for|why:|what could go wrong:|way back:|\(this simulated) ",
    r" {2,}(?:now:|cause:|cure:|more:|next:|fipy-doctor|method|boot loaders:) ",
    r" {2}(?:image|modem|result|way|time|stop|steps|way back|agreed to|sent|received|promised|runs now|took) {1,}",
    r" {2}\((?:this makes )?(?:a FILE\.dup|practice firmware)",
    r" {1,4}\d+% ",
    r" {2}(?:testing the line: |(?:step \d+ of \d+, )?(?:\d+ %, )?\d+:\d\d\b)",
    r" {2}\d+\. press the (?:board's )?reset button",
    r"(?:Next|Do this now|Then run):$",
    r"\d+ (?:problems?|warnings?|(?:broken )?checks?(?: passed)?)[,.;]",
)
#: The same of ``status``, ``backup``, ``restore`` and ``explain``, whose lines look like those of others too.
_OURS_TOO = (
    r"modem: the modem ",
    r"(?:Done\. )?(?:Nothing is (?:left to do|unfinished)|The modem is done|One thing is left for your hands)[.:]",
    r"files of the board: ",
    r"\d+ of \d+ files? written",
    r"kept in ",
    r"(?:reading|writing|removing) /flash/",
    r"Read on the way: ",
    r"\d+\. ",
    r" {2,}(?:- |\? |\d+ \| |may follow |Most often: |Danger for |It looks like |If so: |more: )",
    r"(?:Flash it|Does a flash help|Do it again|Which file|Erase or format it|May the power go|Is it newer"
    r"|Which is newer|Has anybody done it|Is it dead|In short)[?:] ",
    r"(?:Not sure\. Is it (?:this|one of)|Run this next, with the board|If something is still wrong, send:)",
    r"[a-z0-9]+(?:-[a-z0-9]+)+ (?:comes first;|and .{1,300} separate matters)",
)
_IS_OURS_TOO = re.compile("|".join(_OURS_TOO))
_IS_OURS = re.compile("|".join(_OURS))
#: No other program prints these.
_SURELY = re.compile(
    r"^(?:[✓✗] [a-z]+(?:-[a-z]+)+ |Flashed and proved$| {2,}what could go wrong: "
    r"|(?:\d+ [a-z ]{1,14}, ){0,4}\d+ checks? passed; -v "
    r"| {2}more:  fipy-doctor open [a-z]|modem: the modem (?:answers|is |does )|\d+ of \d+ files? written"
    r"|kept in [^\n]{1,120}: \d+ files?, |(?:reading|writing) /flash/[^\n]{1,80}, \d+ bytes?$|Do this now:$"
    r"|Not sure\. Is it (?:this|one of these)\?$|Plan(?:, in short)?$(?=\n {2}image )"
    r"|• step \d{1,2} of \d{1,2}: | {1,4}\d{1,3}% {2}[\d,]{1,20} of [\d,]{1,20} bytes$)",
    re.MULTILINE,
)
#: What only a flash prints before its end, the plan in front of it, its steps, how far a file is; as it names the step.
_OF_A_FLASH = re.compile(
    r"^(?:Plan, in short$|• step (\d{1,2} of \d{1,2}: [^\n(]{1,200}?)(?: \([^\n]*)?$"
    r"| {1,4}\d{1,3}% {2}[\d,]{1,20} of [\d,]{1,20} bytes$)",
    re.MULTILINE,
)
#: What we print when a flash is over, well or not.
_OVER = re.compile(r"^(?:Flashed and proved$| {2}(?:now|cause): | {2,}more: {2}fipy-doctor open )", re.MULTILINE)
_AT_WORK = re.compile(r"(?:• | {2,}waiting for | {1,4}\d+% )")
#: What is said of an output, and the line of it that says it best, in the order of what counts most.
_SAYS = tuple(
    (saying, re.compile("^" + pattern, re.MULTILINE))
    for saying, pattern in (
        ("This is what fipy-doctor printed: {}.", r"((?:\d+ [a-z ]{1,14}, ){0,4}\d+ checks? passed)\b"),
        (
            "This is an answer of `fipy-doctor explain`, and not the text that it is about. It begins with: {}",
            r"(\d+\. [^\n]{1,200}\([a-z0-9-]+: (?:certain|likely|possible|by its description)(?:, 0\.\d\d)?\))$",
        ),
        (
            "This is an answer of `fipy-doctor explain` that was not sure. Give it more of the text: {}",
            r"(Not sure\. Is it (?:this|one of these)\?)$",
        ),
        (
            "This is what fipy-doctor printed when it stopped: {}",
            r"(\S[^\n]{1,200})\n(?: {2}[^\n]{0,400}\n){0,8}? {2,20}more:  fipy-doctor open [a-z]",
        ),
        (
            "This is a plan of fipy-doctor, which sent nothing: {}. The command at its end is the next step, and asks "
            "before it sends.",
            r"Plan$\n {2}image +([^\n,]{1,120})",
        ),
        ("This is what `fipy-doctor restore` printed: {}.", r"(\d+ of \d+ files? written[^\n]{0,60})$"),
        ("This is what `fipy-doctor backup` printed: {}.", r"(kept in [^\n]{1,120}: \d+ files?, [\d,]{1,20} bytes?)$"),
        ("This is what `fipy-doctor status` printed: {}.", r"(modem: [^\n]{1,150})$"),
        (
            "This is what fipy-doctor printed while it read or wrote files of the board, and nothing says that it came "
            "to its end: run the same command again. It begins with: {}.",
            r"((?:reading|writing) /flash/[^\n]{1,80}, \d+ bytes?)$",
        ),
    )
)
_OF_AN_ERROR = re.compile(r" {2}(?:now|cause|next): ")
_WRAPPED = re.compile(r" {2,}\S")  #: the rest of the line above, where a terminal is narrow


def is_ours(line: str) -> bool:
    """Whether a line looks like one that we print."""
    return _IS_OURS.match(line) is not None


def tells_of_work(line: str) -> bool:
    """Whether a line is one that we print while something is done."""
    return _AT_WORK.match(line) is not None


def summary(paste: Paste) -> str:
    """What an output of ours says in the paste; empty if there is none."""
    if not our_lines(paste):
        return ""
    if (last := under_way(paste)) is not None:
        far = f" as far as step {last[1]}" if last[1] else ""
        return f"This is what `fipy-doctor flash` printed{far}. It does not say how that ended."
    for saying, pattern in _SAYS:
        if (found := pattern.search(paste.text)) is not None:
            return saying.format(found[1])
    return ""


def under_way(paste: Paste) -> re.Match[str] | None:
    """The last line of a flash of ours, the name of its step in it, if no line behind says how that ended."""
    found = list(_OF_A_FLASH.finditer(paste.text)) if our_lines(paste) else []
    if not found or _OVER.search(paste.text, found[-1].start()):
        return None
    return next((line for line in reversed(found) if line[1]), found[-1])


def our_lines(paste: Paste) -> frozenset[int]:
    """Indexes of the lines that we printed; empty if nothing shows for certain that any of them is ours."""
    if len(paste.numbers) > _MOST_LINES or not _SURELY.search(paste.text):
        return frozenset()
    found, before = set[int](), False
    for index in range(len(paste.numbers)):
        line = paste.slice(index, index + 1)
        before = is_ours(line) or _IS_OURS_TOO.match(line) is not None or (before and _WRAPPED.match(line) is not None)
        if before:
            found.add(index)
            if _OF_AN_ERROR.match(line):
                found.add(index - 1)  # what went wrong stands above why
    return frozenset(found)
