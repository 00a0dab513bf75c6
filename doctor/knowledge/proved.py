"""What lines that a program printed prove of board and modem: no entry stands beside what contradicts it.

An entry names what it cannot stand beside as ``not_beside``. A proof is of its time: what stands behind it may undo it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from doctor.knowledge.paste import Paste

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
    """What shows a state, and what undoes it if it stands behind."""

    shown: re.Pattern[str]
    undone: re.Pattern[str]


def _proof(shown: str, undone: str) -> _Proof:
    return _Proof(re.compile(shown, _FLAGS), re.compile(undone, _FLAGS))


#: By name. Banners: board-and-repl.md 1.1; the updater's words: modem-protocol.md 4.5.
_PROOFS = {
    "prompt": _proof(
        r"^(?:Pycom )?MicroPython \S[^\n]{4,120} with ESP32[^\n]{0,40}\n(?:[^\n]{0,120}\n){0,6}?\s{0,4}>>>", _BOOTS
    ),
    "prompt-answers": _proof(r"^\s{0,4}>>> ?[a-z_][^\n]{1,200}\n(?!\s{0,4}>>>)[^\n]{1,200}", _BOOTS),
    "application": _proof(
        r"\bSMOD\b\??[\"'\x60)]{0,3}\s{0,3}(?:\(?(?:answers?|answered|gives|gave|returns?|says|said|is|was|antwortet|sagt"
        r"|meldet|gibt|ist|respond\w?|contesta|da|dice|es|r[e\u00e9]pond|donne|dit|est|antwoordt|geeft|zegt|is"
        r"|[-=]>|[=:\u2192])\)?\s{1,3}){1,2}[\"'b]{0,2}2\b(?![.,]\d)"
        r"|Modem state: 2\b|Your modem is in application mode",
        r"Modem state: [0134]|modem is in (?:recovery|upgrade|mtools) mode"
        r"|\bSMOD\b\??[^\n\d]{0,24}(?:\n[^\n\d]{0,8})?[0134]\b(?![.,]\d)",
    ),
    "updated": _proof(
        r"Your modem has been successfully updated[^\n]{0,120}(?:\n[^\n]{0,120}){0,8}?\bLR[56]\.\d\.\d\.\d-\d{5}\b",
        _UNDOES_AN_UPDATE,
    ),
    "pair-updated": _proof(
        r"Your modem has been successfully updated[^\n]{0,120}(?:\n[^\n]{0,120}){0,8}?\bLR5\.2\.\d\.\d-48829\b",
        _UNDOES_AN_UPDATE,
    ),
}
PROMPT, UPDATED = "prompt", "updated"
_SAID_OF = {
    "updated": "successfully updated",
    "pair-updated": "successfully updated",
    "application": "mod",
    "prompt": "micropython",
    "prompt-answers": ">>>",
}  #: what a proof always holds: searching for that is quick
STATES = frozenset(_PROOFS)  #: what an entry may name


def proved_by(paste: Paste) -> frozenset[str]:
    """Which of the states hold at the end of a paste."""
    said = [name for name in _PROOFS if _SAID_OF[name] in paste.lowered]
    text = paste.text[-_LOOKED_AT_CHARS:] if said else ""
    return frozenset(name for name in said if _holds(_PROOFS[name], text))


def _holds(proof: _Proof, text: str) -> bool:
    end = max((found.end() for found in proof.shown.finditer(text)), default=-1)
    return end >= 0 and proof.undone.search(text, end) is None
