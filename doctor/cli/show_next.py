"""What every command ends with: what to do now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.cli.screen import Screen

if TYPE_CHECKING:
    from doctor.report.next_step import NextStep


def show_next(step: NextStep, screen: Screen) -> None:
    """What every command ends with: the steps for the hands and the one next command, or that all is done."""
    from doctor.report import console

    if screen.replays:
        screen.show("This was a replay: what comes next is done with the board itself.")
        return

    if step.done:
        screen.show(console.done(step))
    elif step.hands:
        screen.show(console.hands(step, verbose=screen.verbose))
    if step.notes and (step.done or step.hands):  # they help the hands
        screen.show(console.notes(step))
    if step.done:
        return
    screen.show(console.lead(step))
    screen.show(console.command(step), copied=True)
    if step.notes and not step.hands:
        screen.show(console.notes(step))
