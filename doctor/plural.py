"""Numbers with the word that they count."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """``1 file``, ``2 files``, ``6,160,982 bytes``; ``many`` where it is not ``one`` with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
