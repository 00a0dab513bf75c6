"""One thing wrong with a card: what the judge finds and everybody else names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CardProblem:
    """One thing wrong with a card.

    catalogue  id of the known failure
    text       what is wrong, in words; text from the card in it is escaped
    sector     where on the medium, counted from its start; None where no sector is at fault
    pc, board  which of the two cannot use the card because of it; neither: worth knowing only
    unsafe     files must not be changed on the card before this is cured
    path       the file or folder that is damaged, where it is that alone; as the volume has it, not escaped
    cause      why, where this one has a cause of its own; empty where the catalogue's is meant
    """

    catalogue: str
    text: str
    sector: int | None = None
    pc: bool = False
    board: bool = False
    unsafe: bool = False
    path: str = ""
    cause: str = ""

    @property
    def stops_changes(self) -> bool:
        """Whether no file on the card may be changed."""
        return self.pc or self.board or self.unsafe
