"""What the lines of a console prove: what failed and went well when it was tried again, and states.

No entry stands beside a state that contradicts it: it names those as ``not_beside``. A proof is of its time: what
stands behind it may undo it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from doctor.knowledge.paste import Paste

_MOST_LINES = 400  #: a session that somebody pastes is short; a longer log is of programs
_PROMPT = re.compile(r"\s{0,4}>>> ?(?!FiPy|GPy|G01|>)(.*)")
_FAILED = re.compile(
    r"\b\w*(?:Error|Exception)\b|Traceback|\bfail|\bcould not\b|\bunable\b|^\W{0,4}(?:b?''"
    r"|None)\s*$",
    re.I,
)
#: The modem's own firmware broke down, which it may do again however well it answers now (known failure
#: ``modem-firmware-crashed``).
_CRASHED = re.compile(r"\^EXIT: File")
#: What mends the board's own file system; what failed before is not typed again as a rule.
_MENDS = re.compile(r"os\.(?:fsformat|mkfs)\(['\"]/flash")
#: A flash that begins cleanly may end otherwise.
_ENDS_LATER = re.compile(r"\brun\(|sqnsupgrade|\.dup\b|\bimport\b|machine\.reset|deepsleep")
_STILL = re.compile(
    r"\b(?:still|again|but|aber|trotzdem|immer noch|wieder|sigue|pero|otra vez|toujours|encore|mais|nog steeds|maar"
    r"|weer)\b",
    re.I,
)


@dataclass(frozen=True)
class _Typed:
    """A line typed at the prompt, the indexes of the lines from it to the next, and how it went."""

    command: str
    lines: range
    failed: bool
    crashed: bool


def mended(paste: Paste) -> frozenset[int]:
    """Indexes of the lines of commands that failed and went well later; empty if something fails behind them."""
    typed = list(_typed(paste)) if len(paste.numbers) <= _MOST_LINES else []
    if not typed or typed[-1].failed:
        return frozenset()
    found = set[int]()
    for number, later in enumerate(typed):
        if later.failed or _ENDS_LATER.search(later.command):
            continue
        above = typed[:number]
        is_last = number + 1 == len(typed)
        if is_last and not any(paste.line(index).strip() for index in later.lines[1:]):  # its answer is not shown
            continue
        repeats = any(one.failed and one.command == later.command for one in above)
        went_on = not is_last and not any(one.failed for one in typed[number:])
        if repeats or (_MENDS.search(later.command) and went_on):
            lasting = {index for one in above if one.crashed for index in one.lines}
            found.update(set(range(later.lines.start)) - lasting)
    behind = range(typed[-1].lines.start, len(paste.numbers))
    return frozenset() if any(_STILL.search(paste.line(index)) for index in behind) else frozenset(found)


def _typed(paste: Paste) -> Iterator[_Typed]:
    prompts = [(index, found[1]) for index in range(len(paste.numbers)) if (found := _PROMPT.match(paste.line(index)))]
    ends = [*(index for index, _ in prompts[1:]), len(paste.numbers)]
    for (index, command), end in zip(prompts, ends, strict=False):
        said = [paste.line(line) for line in range(index + 1, end)]
        if command.strip():
            failed, crashed = (any(map(expression.search, said)) for expression in (_FAILED, _CRASHED))
            yield _Typed(" ".join(command.split()), range(index, end), failed, crashed)


_LOOKED_AT_CHARS = 50_000  #: the end of a paste: what holds now stands there
_FLAGS = re.IGNORECASE | re.MULTILINE
#: The board begins anew, or breaks down.
_BOOTS = r"\brst:0x|^ets [A-Z][a-z]{2} |Guru Meditation|abort\(\) was called|flash read err|Brownout detector"
#: What begins or ends otherwise behind an update of the modem.
_UNDOES_AN_UPDATE = (
    r"sqnsupgrade\.\w{1,20}\(|^[^\n]{0,20}>>> [^\n]{0,40}\.run\(|Could not detect|Sending \d{5,8} bytes"
    r"|update failed|Modem state: |recovery mode!|\w{1,20}Error:"
)


@dataclass(frozen=True)
class _Proof:
    """What shows a state, and what undoes it if it stands behind; ``parts``: one of these must be there, in lower case.

    Searching for those is quick.
    """

    parts: tuple[str, ...]
    shown: re.Pattern[str]
    undone: re.Pattern[str]


def _proof(parts: tuple[str, ...], shown: str, undone: str) -> _Proof:
    return _Proof(parts, re.compile(shown, _FLAGS), re.compile(undone, _FLAGS))


#: By name. Banners: board-and-repl.md 3.2. That an update succeeded counts only with a build behind it: the vendor's
#: tool says so of a modem left in its boot ROM, too (modem-protocol.md 4.8).
_PROOFS = {
    # The PC's tool wrote to the board's own flash; the modem is another chip.
    "board-written": _proof(
        ("writing at",), r"\bWriting at 0x[0-9a-f]{6,8}\b", r"Sending \d{5,8} bytes|sqnsupgrade|\.dup\b"
    ),
    "prompt": _proof(
        ("micropython",),
        r"^(?:Pycom )?MicroPython \S[^\n]{4,120} with ESP32[^\n]{0,40}\n(?:[^\n]{0,120}\n){0,6}?\s{0,4}>>>",
        _BOOTS,
    ),
    "prompt-answers": _proof((">>>",), r"^\s{0,4}>>> ?[a-z_][^\n]{1,200}\n(?!\s{0,4}>>>)[^\n]{1,200}", _BOOTS),
    "application": _proof(
        ("smod", "imei()", "modem state: 2", "application mode"),
        r"\bSMOD\?[^\n\d]{0,40}\n[^\n\d]{0,8}2(?![\w.,])|\bimei\(\)[^\n\d]{0,24}\n?[^\n\d]{0,4}(?<!\d)\d{15}(?!\d)|"
        r"\bSMOD\b\??[\"'\x60)]{0,3}\s{0,3}(?:\(?(?:answers?|answered|gives|gave|returns?|says|said|is|was|antwortet|sagt"
        r"|meldet|gibt|ist|respond\w?|contesta|da|dice|es|r[e\u00e9]pond|donne|dit|est|antwoordt|geeft|zegt|is"
        r"|[-=]>|[=:\u2192])\)?\s{1,3}){1,2}[\"'b]{0,2}2\b(?![.,]\d)"
        r"|Modem state: 2\b|Your modem is in application mode",
        r"Could not detect|Modem state: (?:[0134]|None)\b|modem is in (?:recovery|upgrade|mtools) mode"
        r"|\bSMOD\b\??[^\n\d]{0,24}(?:\n[^\n\d]{0,8})?[0134]\b(?![.,]\d)",
    ),
    "updated": _proof(
        ("successfully updated",),
        r"Your modem has been successfully updated[^\n]{0,120}(?:\n[^\n]{0,120}){0,8}?\bLR[56]\.\d\.\d\.\d-\d{5}\b",
        _UNDOES_AN_UPDATE,
    ),
    "pair-updated": _proof(
        ("successfully updated",),
        r"Your modem has been successfully updated[^\n]{0,120}(?:\n[^\n]{0,120}){0,8}?\bLR5\.2\.\d\.\d-48829\b",
        _UNDOES_AN_UPDATE,
    ),
}
PROMPT, UPDATED, APPLICATION = "prompt", "updated", "application"
STATES = frozenset(_PROOFS)  #: what an entry may name


def proved_by(paste: Paste) -> frozenset[str]:
    """Which of the states hold at the end of a paste."""
    said = [name for name, proof in _PROOFS.items() if any(part in paste.lowered for part in proof.parts)]
    text = paste.text[-_LOOKED_AT_CHARS:] if said else ""
    return frozenset(name for name in said if _holds(_PROOFS[name], text))


def _holds(proof: _Proof, text: str) -> bool:
    end = max((found.end() for found in proof.shown.finditer(text)), default=-1)
    return end >= 0 and proof.undone.search(text, end) is None
