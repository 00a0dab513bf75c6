"""What the user's hands are asked to do on the way on: by id, in words, and as the word of ``--done``."""

from __future__ import annotations

from collections.abc import Iterable

from doctor.text.power_off import AFTER_OURS, IF_NO_OTHER, IF_NONE_BEGAN, UNPLUG

PRESS_RESET, POWER_CYCLE, WAIT, PLUG_IN = "press-reset", "power-cycle", "wait", "plug-in"
PULL_JUMPERS, OTHER_CABLE = "remove-jumpers", "other-cable"
_HANDS = {
    PLUG_IN: "plug the board in",
    PRESS_RESET: "press the board's reset button, which ends mirror mode; do not unplug: the modem must stay powered",
    POWER_CYCLE: f"{UNPLUG}, wait 10 s, then plug in again",
    WAIT: "leave the board powered for 30 minutes more; unplugging now is how modems die",
    PULL_JUMPERS: f"{IF_NONE_BEGAN}: unplug the board, pull the RTS and CTS jumpers of the expansion board (other "
    "carrier boards have none), and plug in again",
    OTHER_CABLE: f"{IF_NONE_BEGAN}: try another USB cable, another socket and, if there is one, another carrier board",
}
#: Steps for the hands that nothing else shows to be done: what ``--done`` calls them, and their ids.
DONE = {
    "power-off": "power-cycle",
    "jumpers-off": "remove-jumpers",
    "other-cable": "other-cable",
    "waited": WAIT,
    "card-reseated": "reseat-card",
    "board-updated": "update-board-firmware",
}

_CURES = {"wait-for-modem": WAIT}  #: cures that ask for a step which has another id here


def hand_text(hand: str, *, known: bool = False) -> str:
    """A step in words; ``known``: the last flash of this modem is known, and over."""
    if known and hand == POWER_CYCLE:
        return AFTER_OURS
    return _HANDS[hand].replace(IF_NONE_BEGAN, IF_NO_OTHER) if known else _HANDS[hand]


def done_word(step: str) -> str:
    """What ``--done`` calls a step or a cure that the hands are asked for; many are called by their id."""
    return next(iter(done_words(step)), step)


def done_ids(words: Iterable[str]) -> frozenset[str]:
    """Ids of the steps and cures that these words of ``--done`` say were done."""
    steps = {DONE.get(word, word) for word in words}
    return frozenset(steps | {cure for cure, step in _CURES.items() if step in steps})


def done_words(step: str) -> tuple[str, ...]:
    """What ``--done`` of the printed command calls ``step``; nothing for a step that shows by itself."""
    step = _CURES.get(step, step)
    return tuple(word for word, of in DONE.items() if of == step)
