"""What commands of ours print that tells nothing of a modem: lists, pages, refusals. Known if it is the whole paste."""

from __future__ import annotations

import re

_MOST_CHARS = 100_000  #: the longest list of ours has a third of it
_INDENTED = r"  [^\n]*"
_ROW = r"[a-z0-9-]+  [^\n]*"  #: an id, and what it is
_DONE = r"done: [a-z]+(?:-[a-z]+)+"
_NAMED = re.compile(r"^ *more:  \S+ open ([a-z0-9-]{1,60})$", re.MULTILINE)
#: What is said of a paste, how it begins, and what each further line is, if not empty.
_SHAPES = tuple(
    (saying, re.compile(begins), re.compile(line))
    for saying, begins, line in (
        (
            "This is a help page of fipy-doctor. It tells nothing of a board.",
            r"Usage: fipy-doctor[^\n]*\n",
            rf"{_INDENTED}|[A-Z][A-Za-z ']{{2,40}}:",
        ),
        (
            "This is the page {} of `fipy-doctor open`: what may be, not what is the case on your board.",
            r"([a-z0-9-]+)  [^\n]+\n(?:  [^\n]+\n)*\n  (?:area|who does it) [^\n]*\n",
            rf"{_INDENTED}|[A-Z][A-Za-z' -]{{2,40}}",
        ),
        (
            "This is the list that `fipy-doctor sim --list` prints: what a simulated bench can be. "
            "It tells nothing of a board.",
            rf"{_ROW}\n  [^\n]*first finding: [^\n]+\n",
            rf"{_ROW}|{_INDENTED}|(?:Try one|A device): [^\n]*",
        ),
        (
            "This is a list of what fipy-doctor knows, and not what it found on your board.",
            r"(?:Checks\n\n)?card-is-fat  [^\n]*\n",
            rf"{_ROW}|{_INDENTED}|[A-Z][A-Za-z: -]{{2,40}}|One of them in full: [^\n]*",
        ),
        (
            "`fipy-doctor sim --make-firmware` wrote {}, which only a simulated modem takes.",
            r"(\S[^\n]*)\nOnly simulated modems take it: [^\n]*\n",
            r" [^\n]*",
        ),
        ("`fipy-doctor sim --hands` did this on a simulated bench: {}.", r"done: ([a-z]+(?:-[a-z]+)+)\n", _DONE),
        (
            "`fipy-doctor sim --listen` served a simulated bench, {}.",
            r"(\S[^\n]*) is served here, until Ctrl-C:\n",
            rf"\S+|{_DONE}|(?:Now, in another terminal|Your hands, by name and Enter): [^\n]*",
        ),
        (
            "`fipy-doctor cards` found no card in this computer.",
            r"No card found\. Put it into a card reader[^\n]*\n",
            r"[^\n]*\breader\.",
        ),
        (
            "This is the list of `fipy-doctor cards`. It begins with {}.",
            r"((?:/|[A-Z]:)[^\n]{1,300}(?:at the root: |no \.dup at the root|not read: )[^\n]*)\n",
            rf"(?:/|[A-Z]:)[^\n]*|{_INDENTED}|To examine one: [^\n]*",
        ),
        (
            "This is the list of `fipy-doctor ports`. It begins with {}.",
            r"(\S+  [^\n]{0,300}(?:no USB device: not a Pycom board|, USB [0-9a-f]{4}:[0-9a-f]{4})[^\n]*)\n",
            rf"\S+  [^\n]*|no board (?:is plugged in|can be seen)|{_INDENTED}",
        ),
        (
            "This is what fipy-doctor printed when it stopped: {}. It said what comes next: {}",
            r"((?:\S[^\n]{1,300}\n){1,4})(?:  cause: [^\n]+\n(?: {9}[^\n]*\n)*)?"
            r"  next:  ([^\n]+\n(?: {9}[^\n]*\n)*)",
            r"  more:  [^\n]*",
        ),
        ("This is the version of fipy-doctor: {}.", r"fipy-doctor (\d+\.\d+[^\n]{0,40})\n", _INDENTED),
    )
)


def says(text: str) -> str:
    """What a paste says that is nothing but such a print; empty if it is not one."""
    whole = text.strip("\n") + "\n"
    if len(whole) > _MOST_CHARS:
        return ""
    for saying, begins, line in _SHAPES:
        begun = begins.match(whole)
        if begun is not None and all(not rest or line.fullmatch(rest) for rest in whole[begun.end() :].split("\n")):
            return saying.format(*map(_quoted, begun.groups()))
    return ""


def named(text: str) -> tuple[str, ...]:
    """The entries that such a print names as its reason."""
    return tuple(_NAMED.findall(text))


def _quoted(words: str) -> str:
    """Words of the paste in a sentence of ours, where a backtick would mark a command."""
    return " ".join(words.split())[:200].replace("`", "'")
