"""The number that tells one board from all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doctor.board.board import Board

UNIQUE_ID = """
import machine, ubinascii, ujson
print('@@FD ' + ujson.dumps(ubinascii.hexlify(machine.unique_id()).decode()))
"""
"""Prints the ESP32's MAC address as hexadecimal digits."""


def unique_id(board: Board) -> str:
    """The board's MAC address, 12 hexadecimal digits. Raises BoardError, LinkError."""
    return "".join(char for char in str(board.repl.call(UNIQUE_ID)) if char in "0123456789abcdef")[:32]
