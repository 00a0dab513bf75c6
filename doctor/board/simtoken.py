"""Does this port lead to our simulator? Only then may a practice image be sent there.

A real board has no module ``fipy_doctor_sim`` and a real modem answers ERROR; ``fipy-doctor sim --listen`` knows the
answer.
"""

from __future__ import annotations

import hashlib
import re
import secrets

from doctor.board import snippets
from doctor.board.board import Board
from doctor.board.repl import TRIES
from doctor.clock import Clock, Deadline
from doctor.updater.contract import Port

ANSWER_S = 2.0  #: the simulator answers at once; a real modem's ERROR comes within a second
_SALT = b"fipy-doctor simulated bench:"


def expected_answer(nonce: str) -> str:
    """What a simulator answers to ``nonce``."""
    return hashlib.sha256(_SALT + nonce.encode("ascii")).hexdigest()[:32]


def board_is_simulated(board: Board) -> bool:
    """Ask a board for the token. Raises BoardError."""
    nonce = secrets.token_hex(8)
    return board.repl.call(snippets.sim_token(nonce), tries=TRIES) == expected_answer(nonce)


def modem_is_simulated(port: Port, clock: Clock) -> bool:
    """Ask a modem, which is known to take AT commands now, for the token. Raises LinkError."""
    nonce = secrets.token_hex(8)
    port.drain()
    port.write(f'AT+FDSIM="{nonce}"\r\n'.encode("ascii"))
    limit = Deadline(clock, ANSWER_S)
    heard = b""
    while not limit.expired and not re.search(rb"\r\n(OK|ERROR)\r\n", heard):
        heard += port.read(256, limit.left_ms)
    return expected_answer(nonce).encode("ascii") in heard
