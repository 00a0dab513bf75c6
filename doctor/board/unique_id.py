"""The number that tells one board from all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.board import snippets
from doctor.board.storage import proof

if TYPE_CHECKING:
    from doctor.board.board import Board

UNIQUE_ID = snippets.proved(
    """
import machine, ujson
say(ujson.dumps(ubinascii.hexlify(machine.unique_id()).decode()))
"""
)
"""Prints the ESP32's MAC address as hexadecimal digits."""


def unique_id(board: Board) -> str:
    """The board's MAC address, 12 hexadecimal digits; asked once, then remembered. Raises BoardError, LinkError."""
    if not board.unique_id:
        answer = str(proof.one(board, UNIQUE_ID, "its number"))
        board.unique_id = "".join(char for char in answer if char in "0123456789abcdef")[:32]
    return board.unique_id
