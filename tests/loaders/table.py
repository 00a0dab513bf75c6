"""The table of what may be sent to which modem, as cases."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CONSENTS = {"old": "old-boot-loader", "radio": "radio-change"}
HELPERS = ((False, False), (True, False), (False, True), (True, True))


@dataclass(frozen=True)
class Row:
    """One cell of table.txt.

    file      word of the table: ``41065``, ``33080>41065``, ``48829``
    loaders   such as ``33080,38638,38638*``; "" if they cannot be read
    verdict   go, ffh, nothing, bootrom or no
    consents  names of all that it needs
    """

    software: int
    loaders: str
    file: str
    elf: bool
    bootrom: bool
    verdict: str
    consents: frozenset[str]

    @property
    def name(self) -> str:
        """Unlike any other of the table."""
        helpers = "+elf" * self.elf + "+bootrom" * self.bootrom
        return f"{self.software}[{self.loaders or 'unread'}]-{self.file}{helpers}"


def rows() -> list[Row]:
    """Every cell."""
    found: list[Row] = []
    software, loaders = 0, ""
    for line in Path(__file__).with_name("table.txt").read_text("utf-8").splitlines():
        words = line.split()
        if not words or words[0] == "#":
            continue
        if words[0] == "modem":
            software, loaders = int(words[1]), words[2].replace("unread", "")
            continue
        for (elf, bootrom), cell in zip(HELPERS, words[1:], strict=True):
            verdict, _, needs = cell.partition(":")
            consents = frozenset(CONSENTS[word] for word in needs.split(",") if word)
            found.append(Row(software, loaders, words[0], elf, bootrom, verdict, consents))
    return found
