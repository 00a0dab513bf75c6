"""``fipy-doctor trial``: this program on a spare board, step by step, and what that settles of the open points."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from doctor.cli import command_line, options, values
from doctor.cli.bench import opened
from doctor.cli.screen import screen_of
from doctor.errors import DoctorError, Exit
from doctor.text.command import Command

if TYPE_CHECKING:
    from rich.console import RenderableType

    from doctor.cli.screen import Screen
    from doctor.jobs.open_points import Answer
    from doctor.jobs.trial import Standing, Step, Trial
    from doctor.report.next_step import NextStep


@command_line.command(
    "trial",
    short_help="Try this program on a spare board, step by step.",
    examples=("trial", "trial FILE.dup"),
)
@options.common
@options.dry_run
@click.option(
    "--skip",
    metavar="STEP",
    shell_complete=values.offered("trial_steps"),
    help="Leave out a step for good: no spare card, no differential image.",
)
@click.argument("files", metavar="[FILE.dup]...", nargs=-1, type=values.FILE)
def command(files: tuple[Path, ...], skip: str | None, **given: Any) -> int:
    """Do the next step of a trial: this program on a board that you can spare, each step harmless before the next.

    A step that changes nothing is done at once, with a trace. For one that changes something the command is printed; at
    a terminal you are asked whether to run it now, and it shows its plan and asks as ever: no yes and no consent is
    passed on to it. What was seen is compared with what the reference leaves open. With --dry-run: says how the trial
    stands, and does nothing. Exit code 1: a step failed or was interrupted, or another board was in its place; 3: a
    flash was begun and not proved.
    """
    from doctor.jobs.open_points import answers
    from doctor.jobs.trial import Stage, Trial
    from doctor.report import as_json
    from doctor.report.wire import rows

    bench_options = opened.bench_options(given)
    screen = screen_of(given, bench_options)
    with opened.open_bench(bench_options, given) as bench:
        trial = Trial.of(bench)
    if skip is not None:
        trial.skip(skip)
    due = _next(list(trial.standings()))
    ended = 0
    if due is not None and not given["dry_run"] and _is_wanted(due.step, screen):
        # a port that was found, and not typed, is nobody's word: the command finds it by itself, too
        line = trial.command(due.step, files, None if bench_options.port_found else bench_options.port)
        ended = _run(due.step, line, trial, screen)
    stands = list(trial.standings())
    told = list(answers(trial, stands, lambda lines: (row.text for row in rows(lines))))
    step = _then(trial, stands, files, bench_options.port)
    wrong = any(one.stage in (Stage.FAILED, Stage.INTERRUPTED, Stage.OTHER_BOARD) for one in stands)
    code = Exit.UNPROVED if ended == Exit.UNPROVED else Exit.FAILED if wrong else Exit.OK
    if screen.as_json:
        members: dict[str, Any] = {"steps": [_step_json(trial, one) for one in stands]}
        members["points"] = [_point_json(one) for one in told]
        screen.document(as_json.document("trial", code, step=step, **members))
    else:
        _show(stands, told, step, screen)
    return int(code)


def _next(stands: Sequence[Standing]) -> Standing | None:
    """The first step that is not over."""
    from doctor.jobs.trial import Stage

    return next((one for one in stands if one.stage not in (Stage.DONE, Stage.SKIPPED)), None)


def _is_wanted(step: Step, screen: Screen) -> bool:
    """Whether the step is done now; one that changes something only if somebody at the terminal says so."""
    if step.changes and (screen.as_json or not screen.interactive):
        return False
    screen.note(_described(step))
    return not step.changes or screen.ask("Run its command now? It shows its own plan, and asks.")


def _described(step: Step) -> RenderableType:
    """What a step is, does, changes, and cannot do."""
    from rich.console import Group
    from rich.text import Text

    from doctor.report.prose import Prose

    told = (("does:    ", step.does), ("changes: ", step.changes), ("cannot:  ", step.cannot))
    lines = [Prose(Text(f"  {name}"), Text(words)) for name, words in told if words]
    return Group(Text(f"The next step: {step.title}", style="bold"), *lines)


def _run(step: Step, line: Command, trial: Trial, screen: Screen) -> int:
    """Run the command of a step as if it was typed; what a step that changes nothing prints, its document has too.

    Its exit code. An error of the step stands in its document, and is told with that.
    """
    words = (*line.words()[1:], *["-q"] * screen.quiet)
    silent = screen.as_json or not step.changes
    trial.make_way(step)
    try:
        with redirect_stdout(io.StringIO()) if silent else nullcontext():
            root = click.get_current_context().find_root().command
            return int(root.main(args=list(words), prog_name="fipy-doctor", standalone_mode=False, obj=words) or 0)
    except DoctorError as err:
        if err.exit_code == Exit.STOPPED or not trial.file(step, ".json").exists():
            raise
        return int(err.exit_code)


def _then(trial: Trial, stands: Sequence[Standing], files: Sequence[Path], port: str | None) -> NextStep:
    """What comes next."""
    from doctor.jobs.trial import Stage
    from doctor.report.next_step import NextStep
    from doctor.text.escape import shown

    due = _next(stands)
    if due is None:
        return NextStep((), Command("report", ("trial.zip",)), ("it puts what was seen into one file, masked",))
    again = Command("trial", tuple(map(str, files)), port=port)
    if due.stage is Stage.OTHER_BOARD:
        return NextStep(("plug in the board with which the trial began",), again)
    then = f"then: {again}"
    leave_out = f"to leave it out: {Command('trial', ('--skip', due.step.id), port=port)}"
    if due.stage is Stage.INTERRUPTED and due.step.run[0] == "flash":
        first = f"when that has no more to do: {trial.command(due.step, files, port)}"
        return NextStep((), Command("status", port=port), (first, then, leave_out))
    wrong = due.document.get("next") if due.stage is Stage.FAILED else None
    wrong = wrong if isinstance(wrong, dict) else {}
    hands = tuple(shown(str(one), 600) for one in wrong.get("do") or ())
    if isinstance(wrong.get("run"), list):
        return NextStep(hands, Command.of_words(map(str, wrong["run"][1:])), (then,))
    if not due.step.changes:
        return NextStep(hands, again)
    return NextStep(hands, trial.command(due.step, files, port), (then, leave_out))


def _show(stands: Sequence[Standing], told: Sequence[Answer], step: NextStep, screen: Screen) -> None:
    from rich.text import Text

    from doctor.cli.show_next import show_next
    from doctor.jobs.open_points import OPEN
    from doctor.jobs.trial import Stage
    from doctor.report.prose import Prose
    from doctor.text.escape import shown

    for number, one in enumerate(stands, 1):
        screen.show(Text.assemble(f"{number} ", (f"{one.stage.value:12}", "bold"), f"{one.step.id}: {one.step.title}"))
        if one.stage is Stage.FAILED:
            screen.show(f"  {shown(_why(one.document), 500)}")
    settled = [answer for answer in told if answer.verdict != OPEN]
    screen.show(f"\nSettled of the {len(told)} open points of the reference: {len(settled)}; -v lists all.")
    for answer in told if screen.verbose else settled:
        screen.show(Prose(Text("  "), Text(f"{answer.point.asks} ({answer.point.at}): {answer.verdict}: {answer.saw}")))
    due = _next(stands)
    if due is not None and due.stage is Stage.DUE:
        screen.show("")
        screen.show(_described(due.step))
    show_next(step, screen)


def _why(document: Any) -> str:
    """Why a step failed, in the words of its document."""
    error = document.get("error")
    if isinstance(error, dict):
        return str(error.get("what"))
    rows = [row for row in document.get("findings") or () if isinstance(row, dict) and not row.get("caused_by")]
    failed = [f"{row.get('check')}: {row.get('summary')}" for row in rows if row.get("status") in ("fail", "error")]
    return "; ".join(failed) or "nothing was flashed: this build runs already"


def _step_json(trial: Trial, one: Standing) -> dict[str, Any]:
    step = one.step
    return {
        "id": step.id,
        "title": step.title,
        "stage": one.stage.value,
        "does": step.does,
        "cannot": step.cannot,
        "changes": step.changes or None,
        "document": str(trial.file(step, ".json")),
        "trace": str(trial.file(step, ".jsonl")),
        "log": one.document.get("log") or None,
    }


def _point_json(one: Answer) -> dict[str, Any]:
    point = one.point
    return {
        "id": point.id,
        "at": point.at,
        "asks": point.asks,
        "steps": list(point.steps),
        "verdict": one.verdict,
        "saw": one.saw,
        "step": one.step or None,
    }
