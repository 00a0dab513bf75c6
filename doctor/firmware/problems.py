"""A thing that is wrong with a file, and the verdict on the whole."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Verdict(str, Enum):
    """What can be said about a file's content."""

    VERIFIED = "verified"
    """Every byte is covered by a checksum that agrees."""
    DAMAGED = "damaged"
    """Cut, altered, or not firmware at all."""
    UNVERIFIABLE = "unverifiable"
    """Consistent as far as one can see, but nothing in it can be checked without the maker's keys."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    catalogue  id of the known failure
    text       what is wrong, as the end of a sentence that starts with the file's name; already escaped
    offset     where in the file, in bytes
    damages    False if the content may still be whole: worth a warning only
    """

    catalogue: str
    text: str
    offset: int = 0
    damages: bool = True
