"""What no snippet may do to a board, whatever it answers: rules of board-and-repl.md 6.3 and design.md 4.

The stub of a real MicroPython tells what was done to the hardware (``Answer.did``).
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.board.snippets.described import AT_PROMPT, Answer
from tests.board.snippets.rows import BY_OTHERS, NAMES_LEFT, STAYS_MOUNTED
from tests.board.snippets.three_ways import Cell

MODEM_PINS = {"FiPy": ["P20", "P18", "P19", "P17"], "GPy": ["P5", "P98", "P7", "P99"]}
NEVER_DRIVEN = ("P17", "P18", "P19")  #: the modem drives two of them, a USB chip perhaps the third
LOW_PULSES_MAX = 4
WDT_MIN_MS = 60_000  #: a watchdog is only ever given more time
LTE_HANGS = ("Z", "A", "B1", "B2")  #: LTE() with a dead modem never comes back there


def harm(cell: Cell, number: int, answer: Answer) -> Iterator[str]:
    """What is wrong with what piece ``number`` of a row did."""
    did, piece = answer.did, cell.row.pieces[number]
    for event in did:
        if event[0] == "Pin":
            yield from _pin(*event[1:])
        elif event[0] == "UART" and event[1] == 1 and event[3] != MODEM_PINS[cell.row.on.kind]:
            yield f"the modem's UART on pins {event[3]}: it needs all four"
        elif event[0] == "WDT" and event[1] < WDT_MIN_MS:
            yield "a watchdog with less time"
        elif event == ("LTE",) and cell.era in LTE_HANGS and piece not in BY_OTHERS:
            yield "LTE() where it may hang for ever"
    if did.count(("Pin", "P20", "level", 0)) > LOW_PULSES_MAX:
        yield "too many breaks for the modem"
    keys = [event[1] for event in did if event[0] == "kbd_intr"]
    consoles = [event[1] for event in did if event[0] == "dupterm"]
    if answer.ending == AT_PROMPT and (keys[-1:] == [-1] or consoles[-1:] == [False]):
        yield "a prompt without Ctrl-C, or without a console"
    if piece == NAMES_LEFT and answer.values != ([],):
        yield f"names are left behind: {answer.values}"
    if piece not in STAYS_MOUNTED + BY_OTHERS:
        names = [event[0] for event in did]
        begun, ended = names.count("SD") + names.count("mount"), names.count("SD.deinit") + names.count("unmount")
        if begun > ended:
            yield "the card is left mounted"


def _pin(name: str, what: str, level: int | None) -> Iterator[str]:
    if name in NEVER_DRIVEN and (what in ("out", "level") or (what == "open-drain" and level != 1)):
        yield f"{name} is driven"
