"""Offers the only card in the PC to a check that was given none."""

from __future__ import annotations

from pathlib import Path

import click

from doctor.cli.screen import Screen
from doctor.text.escape import shown


def offered_card(screen: Screen) -> Path | None:
    """The only removable FAT card, if the user wants it examined too.

    Nobody is asked if nobody can answer: then a line says how to give the card.
    """
    if screen.as_json or screen.quiet:
        return None

    from doctor.card.found import only_fat_card

    card = only_fat_card()
    if card is None:
        return None
    name = shown(f"{card.path}" + (f" ({card.volume})" if card.volume else ""))
    if not screen.interactive:
        screen.note(f"A card is in this PC: add --sd {shown(str(card.path), 4096)} to examine it too.")
        return None
    if click.confirm(f"A card is in this PC: {name}. Examine it too?", default=True, err=True):
        return card.path
    return None
