"""How a command for many boards ends: the summary, the one next command, one document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from rich.text import Text

from doctor.cli.fleet.judged import is_ready
from doctor.cli.fleet.words import BoardCommand, for_ports, is_of_one_board
from doctor.cli.screen import Screen
from doctor.cli.show_next import show_next
from doctor.fleet.outcome import Outcome
from doctor.report.fleet import documents as reports
from doctor.report.fleet.plans import plans
from doctor.report.next_step import NextStep
from doctor.text.command import Command
from doctor.text.escape import counted

_THEN = "then the commands of the other boards, which stand above"
_OF_MANY = ("check", "plan", "flash", "status")  #: commands that take several ports
_FIRST = "before that, what each of them needs: it stands above"


def tell_end(
    outcomes: Sequence[Outcome],
    command: BoardCommand,
    screen: Screen,
    *,
    only_planned: bool = False,
    hands: Sequence[str] = (),
) -> None:
    """Tell how these boards ended; ``hands``: what is to be done before the next command."""
    left = [outcome for outcome in outcomes if not outcome.holds]
    running = [outcome for outcome in outcomes if outcome.holds and outcome.document.get("running")]
    at_work = len(running)
    step = _next(left or running, command, hands)
    if screen.writes:
        screen.document(reports.document(command.verb, outcomes, step=step))
    if screen.as_json:
        return
    planned = [outcome for outcome in outcomes if is_ready(outcome)]
    if planned and only_planned:
        screen.show(plans(planned, whole=True))
    well = len(outcomes) - len(left) - at_work
    word = {"flash": "flashed and proved, or nothing to do", "status": "nothing left to do"}.get(
        command.verb, "in order"
    )
    if only_planned:
        word = "ready, or nothing to do"
    going = f"; {at_work} being flashed: leave the power on" if at_work else ""
    screen.show(Text(f"\n{well} of {counted(len(outcomes), 'board')}: {word}{going}", style="bold"))
    for line in (*_for_the_hands(outcomes), *(line for outcome in left for line in left_to_do(outcome))):
        screen.show(line)
    if step is not None:
        show_next(step, screen)


def _next(left: Sequence[Outcome], command: BoardCommand, before: Sequence[str]) -> NextStep | None:
    if not left:
        return None
    again = command.again([outcome.board for outcome in left])
    needs = [tuple(_step(outcome).get("do", ())) for outcome in left]
    named = [own_command(outcome) for outcome in left]
    if len(left) == 1:
        return NextStep((*before, *needs[0]), named[0] or again)
    says_more = [
        (need, one)
        for outcome, need, one in zip(left, needs, named, strict=True)
        if one and not _alike(one, command.again([outcome.board]))
    ]
    if not says_more:
        return NextStep(tuple(before), again, notes=(_FIRST,) if any(needs) else ())
    own = [one for one in named if one is not None]
    alike = len(own) == len(left) and all(_alike(one, own[0]) for one in own)
    if alike and own[0].verb in _OF_MANY and not is_of_one_board(own[0]):
        for_all = for_ports(own[-1], [one.port for one in own])
        return NextStep(tuple(before), for_all, notes=(_FIRST,) if any(needs) else ())
    if command.verb == "flash":  # what is left of the work, under its own name
        return NextStep(tuple(before), again, notes=(_FIRST,))
    need, first = says_more[0]
    return NextStep((*before, *need), first, notes=(_THEN,))


def _alike(one: Command, other: Command) -> bool:
    """Whether they differ in nothing but the port."""
    return sorted(replace(one, port=None).words()) == sorted(replace(other, port=None).words())


def _for_the_hands(outcomes: Sequence[Outcome]) -> Iterable[Any]:
    """What the hands are to do at boards that are in order, once for all that need the same."""
    alike: dict[str, list[str]] = {}
    for outcome in (one for one in outcomes if one.holds and _says_hands(one)):
        for one in _step(outcome).get("do", ()):
            alike.setdefault(one, []).append(outcome.board.words)
    for one, boards in alike.items():
        yield Text(f"Left for your hands, at {counted(len(boards), 'board')} ({', '.join(boards)}): {one}")


def _says_hands(outcome: Outcome) -> bool:
    """Whether what it says of hands is about a flash that is over; a check that failed nowhere only has advice."""
    return outcome.sent or outcome.document.get("running") is False


def _step(outcome: Outcome) -> dict[str, Any]:
    """What its document says comes next; empty if nothing does."""
    return outcome.document.get("next") or {}


def own_command(outcome: Outcome) -> Command | None:
    """The next command that a board's own process names; None if it names none."""
    words = _step(outcome).get("run")
    return Command.of_words(words[1:]) if words else None


def left_to_do(outcome: Outcome, *, with_log: bool = True) -> list[Text]:
    """A board that is not in order: how it ended, what it needs, and where all of it is told."""
    document = outcome.document
    lines = [Text.assemble(("✗ ", "red"), (outcome.board.words, "bold"), f": {reports.told(document)}")]
    if document.get("error") and document["error"]["cause"]:
        lines.append(Text(f"    cause: {document['error']['cause']}"))
    lines += [Text(f"    now:   {one}") for one in _step(outcome).get("do", ())]
    if own := own_command(outcome):
        lines.append(Text(f"    then:  {own}"))
    if with_log and document.get("log"):
        lines.append(Text(f"    log:   {document['log']}", style="dim"))
    return lines
