"""All harnesses, by the room whose module of this folder holds them."""

from __future__ import annotations

from tests.fuzz import board, cards, firmware, memory, modem, texts
from tests.fuzz.parser import Parser

ROOMS: dict[str, tuple[Parser, ...]] = {
    "modem": modem.PARSERS,
    "board": board.PARSERS,
    "firmware": firmware.PARSERS,
    "cards": cards.PARSERS,
    "memory": memory.PARSERS,
    "texts": texts.PARSERS,
}
PARSERS = tuple(parser for parsers in ROOMS.values() for parser in parsers)
