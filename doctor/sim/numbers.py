"""What tells one simulated board and modem from all others, always the same for a bench, and from real ones."""

from __future__ import annotations

import hashlib

MAKER = b"\x30\xae\xa4"
"""Espressif's part of a MAC address, which is a board's number."""
TYPE = "35434609"
"""The first eight digits of an IMEI: the kind of device (modem-protocol.md 8.2)."""


def unique_id(bench: str) -> bytes:
    """The number of the board on the bench that is called so."""
    return MAKER + _drawn(bench).to_bytes(3, "big")


def imei(bench: str) -> str:
    """The IMEI of the modem on the bench that is called so: 15 digits, the last one a check (Luhn)."""
    digits = f"{TYPE}{_drawn(bench) % 1_000_000:06}"
    doubled = (sum(divmod(int(digit) * 2, 10)) for digit in digits[1::2])
    return f"{digits}{-(sum(doubled) + sum(map(int, digits[::2]))) % 10}"


def simulation_proof(nonce: str) -> str:
    """What board and modem answer to prove that they are not real: the program may then send practice images."""
    return hashlib.sha256(b"fipy-doctor simulated bench:" + nonce.encode("ascii")).hexdigest()[:32]


def _drawn(bench: str) -> int:
    return int.from_bytes(hashlib.sha256(bench.encode()).digest()[:3], "big")
