"""``fipy-doctor fix``: cure what can be cured, with consent when it matters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from doctor.cli import command_line, cure_switches, options, values
from doctor.cli.bench import opened
from doctor.cli.commands.check import show_report
from doctor.cli.fleet.farm import at_a_place
from doctor.cli.screen import Screen, screen_of
from doctor.errors import DoctorError, Stopped, UsageError
from doctor.jobs.hands import POWER_CYCLE
from doctor.text.command import Command
from doctor.text.escape import shown
from doctor.text.power_off import UNPLUG

if TYPE_CHECKING:  # --help and completion wait for none of these
    from doctor.bench import Bench, BenchOptions
    from doctor.cli.live_line import LiveLine
    from doctor.engine import Report
    from doctor.jobs.fix import Action, FixResult
    from doctor.link.choice import NoBoard
    from doctor.report.next_step import NextStep


@command_line.command("fix", examples=("fix", "fix --reformat-sd"))
@at_a_place
@options.common
@options.report
@options.log_file
@options.bench_with_firmware
@options.accept
@options.via_modem
@click.option(
    "--backup",
    type=values.NEW_FOLDER,
    help="Folder for copies of everything that is replaced.",
)
@click.option("--confirm", metavar="NAME", help="Agree that this is destroyed: its name, as the plan prints it.")
@click.option("--force-device", is_flag=True, help="Continue although the card looks unusual.")
@click.option(
    "--put-back",
    multiple=True,
    metavar="NAMES",
    help="Give it once for each name. With --reset-flash: files that go back to the board without a question: main.py, "
    "'lib/*', '*', none. With --reformat-sd: the only ones that go back to the card; none: an empty card.",
)
@click.option(
    "--leave-out",
    multiple=True,
    metavar="NAMES",
    help="With --reformat-sd: files and folders that do not go back to the card; they stay in the backup.",
)
@options.interrupt
@options.dry_run
@click.option("--yes", "-y", is_flag=True, help="Confirm the plans that are printed, and nothing else.")
def command(**given: Any) -> int:
    """Fix what can be fixed.

    Without a named cure: runs the checks, does what is safe, asks before the rest, lists what is left to you.
    """
    from doctor.cli.check_line import CheckLine
    from doctor.cli.live_line import LiveLine
    from doctor.jobs.fix import FixRequest, fix
    from doctor.link.choice import NoBoard
    from doctor.remedies.reformat_sd import ReformatSd

    firmware: tuple[Path, ...] = given["firmware"]
    named = cure_switches.asked_for(given)
    try:
        bench_options = opened.bench_options(given, firmware=firmware, needed=bool(named) and not given["sd"])
    except NoBoard as err:
        if named != [ReformatSd.id]:
            raise
        given["sd"] = _only_card(screen_of(given), command_line.typed(), err)
        bench_options = opened.bench_options(given, firmware=firmware)
    screen = screen_of(given, bench_options)
    request = FixRequest(
        named,
        given["backup"] or opened.backup_folder(),
        given["confirm"],
        given["force_device"],
        given["dry_run"],
        given["put_back"],
        given["leave_out"],
    )
    with opened.open_bench(bench_options, given) as bench, closing(LiveLine(screen, bench.seconds)) as line:
        result = fix(
            bench,
            request,
            TerminalTalk(screen, line, yes=given["yes"]),
            screen.telling(CheckLine(line).hear, bench.seconds),
        )
    rehearsed = _again(given, bench_options) if given["dry_run"] and result.error is None else None
    _show(result, screen, bench, rehearsed)
    return int(result.exit_code)


command = cure_switches.added(command)


def _only_card(screen: Screen, typed: Command, no_board: NoBoard) -> Path:
    """The device of the only card in this PC, for a format that names no card and finds no board.

    Raises ``no_board`` if there is none; UsageError if there are several, or if nobody sits at the terminal: then --sd
    must name it.
    """
    from doctor.card.drives.guard import description
    from doctor.card.found import found_cards

    cards = found_cards()
    if not cards:
        no_board.cause += "; no card is in this PC either"
        raise no_board
    listed = [f"{description(card.drive)}, {shown(card.volume)}" for card in cards]
    device = Path(cards[0].drive.device)
    if len(cards) > 1 or screen.as_json or not screen.interactive:
        others = ", or another of these cards" if len(cards) > 1 else ""
        raise UsageError(
            "not-confirmed",
            "no board is plugged in; name the card in this PC that is to be formatted",
            cause="; ".join(listed),
            next=f"{replace(typed, sd=device)}{others}",
        )
    screen.notes.print(f"No board is plugged in, so this is about the only card in this PC: {listed[0]}.")
    return device


class TerminalTalk:
    """Talks with the person at the terminal; ``--yes`` confirms the plans that are printed."""

    def __init__(self, screen: Screen, line: LiveLine, *, yes: bool) -> None:
        self._screen = screen
        self._line = line
        self._yes = yes

    def say(self, text: str) -> None:
        """Show one line; what it says goes on."""
        self._line.say(text)

    def ask(self, question: str) -> bool:
        """Ask; False if nobody can answer."""
        with self._asking():
            return self._screen.ask(question)

    def typed(self, question: str) -> str | None:
        """Ask for a name; None if nobody can answer. ``--yes`` is no answer."""
        if not self._screen.interactive:
            return None
        with self._asking():
            return self._screen.typed(question)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """No line moves while somebody types; then it goes on."""
        self._line.clear()
        yield
        self._line.go_on()

    def confirm_plan(self, aim: str, plan: Sequence[str]) -> bool:
        """Show the plan and ask."""
        from rich.text import Text

        from doctor.report import console

        self._line.clear()
        tell = self._screen.notes.print  # -q or not: --yes agrees to what was printed
        tell(Text(f"\n{aim}:"))
        tell(console.steps(plan))
        if self._yes:
            self._line.go_on()
            return True
        if not self._screen.interactive:
            self.say("  (no terminal to ask: add --yes to confirm this plan)")
        return self.ask("Do this?")


def _action_json(action: Action) -> dict[str, Any]:
    from doctor.report import as_json

    second = action.second_reader
    return {
        "cure": action.cure.id,
        "grade": action.cure.grade.value,
        "plan": as_json.said(action.plan),
        "done": action.done,
        "text": action.text and as_json.Said(action.text),
        "error": as_json.error(action.error),
        "second_reader": second and {"outcome": second.outcome.value, "words": second.words, "files": second.files},
    }


def _again(given: command_line.Given, bench_options: BenchOptions) -> Command:
    """The command that was rehearsed, for doing it."""
    flags = [f"--{flag}" for flag in cure_switches.asked_for(given)]
    said = {name: given[name] for name in ("backup", "confirm", "put_back", "leave_out", "force_device")}
    return bench_options.command("fix", *flags, **said)


def _knows_more(result: FixResult, failed: set[str]) -> bool:
    """Whether the error of a cure is a better end of the output than what the checks lead to.

    It is if they find nothing wrong, and if they know nothing but the cures that failed just now; and if the
    cure was asked for by name, and its error says what goes on from there: that is what the user came for, and the
    checks would lead to the very command that was refused.
    """
    from doctor.jobs.memory import advice_given

    if result.named and any((a.error is not None and a.error.next) or a.declined for a in result.actions):
        return True
    first = next(iter(result.report.failed), None)
    if first is None:
        return True
    return (
        first.check not in advice_given.WATCHED
        and bool(first.remedies)
        and failed.issuperset(r.id for r in first.remedies)
    )


def _show(result: FixResult, screen: Screen, bench: Bench, rehearsed: Command | None = None) -> None:
    """The result; ``rehearsed`` is the command whose plan was only shown."""
    from doctor.report import as_json

    failed = {a.cure.id for a in result.actions if a.error is not None and not isinstance(a.error, Stopped)}
    comes_last = _knows_more(result, failed)
    if _show_actions(result, screen, with_errors=not comes_last):
        screen.show("")
    declined = result.named and any(action.declined for action in result.actions)
    wrong = next((a.error for a in result.actions if a.error is not None), result.error if declined else None)
    if wrong is not None and comes_last:  # what went wrong here comes next, and not a flash
        _show_wrong(wrong, result.report, screen, bench.options)
        step = None
    else:
        step = _next_step(result, screen, bench.options, failed, rehearsed)
    if screen.writes:
        actions = [_action_json(action) for action in result.actions]
        members = {**as_json.identity(bench), "actions": actions, **as_json.report_members(result.report)}
        screen.document(as_json.document("fix", result.exit_code, result.error, step, **members))
    if step is not None and not screen.as_json:
        show_report(result.report, step, screen)
    screen.name_log(bench.log, result.error)


def _show_wrong(wrong: DoctorError, report: Report, screen: Screen, bench_options: BenchOptions) -> None:
    """What the checks found, and below it what went wrong with a cure."""
    from doctor.remedies import cures
    from doctor.report import console, practice

    screen.show(console.findings(report, cures(), screen.out, verbose=screen.verbose))
    screen.show("")
    screen.show(console.error(wrong, verbose=screen.verbose))
    hands = (POWER_CYCLE,) if UNPLUG in (wrong.next or "") else ()
    for note in practice.notes_for_hands(bench_options.command("fix"), hands):
        screen.show(f"  ({note})")


def _next_step(
    result: FixResult, screen: Screen, bench_options: BenchOptions, failed: set[str], rehearsed: Command | None
) -> NextStep:
    """What the checks lead to now, or the plan that was only shown; what was tried is kept."""
    from doctor.remedies import cures
    from doctor.report import next_step

    done, sure = _remembered(result, screen, bench_options, failed)
    if rehearsed is not None and any(action.planned for action in result.actions):
        return next_step.NextStep((), rehearsed)
    return next_step.after(result.report, bench_options.command("fix"), cures(), done=done, sure=sure)


def _show_actions(result: FixResult, screen: Screen, *, with_errors: bool) -> bool:
    """What was done, cure by cure; what is for the hands only with -v, since the next step says it. Whether any was."""
    from rich.text import Text

    from doctor.report import console

    if result.stopped is not None:
        screen.show(console.error(result.stopped, verbose=screen.verbose))
    told = [action for action in result.actions if screen.verbose or not action.by_hand]
    for action in told:
        text = action.text or ("failed" if action.began else "refused")
        screen.show(Text.assemble((f"{action.cure.id}: ", "bold"), (text, "green" if action.done else "")))
        if action.second_reader is not None:
            screen.show(f"  {action.second_reader}")
        if action.planned or action.by_hand:
            screen.show(console.steps(action.plan))
        if action.error is not None and with_errors:
            screen.show(console.error(action.error, verbose=screen.verbose))
    return bool(told) or result.stopped is not None


def _remembered(
    result: FixResult, screen: Screen, bench_options: BenchOptions, failed: set[str]
) -> tuple[set[str], frozenset[str]]:
    """The cures that were tried lately, this run's among them, and those that are known to be done; both are kept."""

    from doctor.jobs.memory import advice_given

    seen = {action.cure.id for action in result.actions if action.done}
    memory = advice_given.AdviceGiven(bench_options.url)
    if advice_given.failing(result.report) is not None:
        for steps, how in ((seen, advice_given.SEEN), (failed, advice_given.FAILED)):
            if lost := memory.note(steps, how):
                screen.note(lost)
    return seen | failed | memory.so_far(result.report), memory.confirmed
