"""All harnesses, by the room whose module of this folder holds them."""

from __future__ import annotations

from importlib import import_module

from tests.fuzz.parser import Parser

ROOMS = ("modem", "board", "firmware", "cards", "memory", "texts")


def parsers_of(room: str) -> tuple[Parser, ...]:
    """The harnesses of a room, loaded now: the search for inputs has to prepare what they import."""
    found: tuple[Parser, ...] = import_module(f"tests.fuzz.{room}").PARSERS
    return found
