"""Whether bytes read from a card are the ones that they should be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path


def sha256_of(pieces: Iterator[bytes]) -> str:
    """SHA-256 of what comes, as hexadecimal digits."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def first_difference(pieces: Iterator[bytes], local: Path) -> int | None:
    """The first offset at which a file on the card differs from one on the PC; None where they are equal.

    A file that ends early differs at its end. Raises CardError from the card, OSError from the PC's file.
    """
    at = 0
    with local.open("rb") as file:
        for piece in pieces:
            ours = file.read(len(piece))
            if ours != piece:
                pairs = zip(piece, ours, strict=False)
                return at + next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(piece), len(ours)))
            at += len(piece)
        return at if file.read(1) else None
