"""``fipy-doctor check``: examine everything the upgrade depends on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from doctor.cli import command_line, options, values
from doctor.cli.bench import opened
from doctor.cli.fleet.many import many
from doctor.cli.screen import Screen, screen_of
from doctor.cli.show_next import show_next
from doctor.text.escape import shown

if TYPE_CHECKING:  # --help and completion wait for none of these
    from doctor.bench import BenchOptions
    from doctor.engine import Report
    from doctor.report.next_step import NextStep


def _ids(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip() for given in value for part in given.split(",") if part.strip())


@command_line.command("check", examples=("check", "check --firmware FILE.dup"))
@many
@options.report
@options.log_file
@options.bench_with_firmware
@options.accept
@options.done
@options.via_modem
@click.option(
    "--select",
    multiple=True,
    callback=_ids,
    metavar="IDS",
    shell_complete=values.offered("checks"),
    help="Only these checks, and those they depend on.",
)
@click.option(
    "--ignore",
    "ignored",
    multiple=True,
    callback=_ids,
    metavar="IDS",
    shell_complete=values.offered("checks"),
    help="Leave out these checks.",
)
@click.option(
    "--thorough",
    is_flag=True,
    help="Examine more: the board reads the whole image on its card, and briefly pulls a line of its modem low "
    "to find the second jumper.",
)
@options.interrupt
@click.option("--strict", is_flag=True, help="Count warnings as failures.")
def command(**given: Any) -> int:
    """Examine everything the upgrade depends on; change nothing.

    Exit code 0: nothing failed; 1: a check failed; 2: nothing was left to examine.
    """
    firmware: tuple[Path, ...] = given["firmware"]
    given["sd"] = given["sd"] or _offered_card(screen_of(given))
    return examine(opened.bench_options(given, firmware=firmware), given)


def examine(bench_options: BenchOptions, given: command_line.Given) -> int:
    """Run the checks, show what they found and the one next command; return the exit code."""
    from doctor.cli.check_line import CheckLine
    from doctor.cli.live_line import LiveLine
    from doctor.jobs import last_flash
    from doctor.jobs.check import CheckRequest, check
    from doctor.jobs.done import accept
    from doctor.jobs.hands import DONE
    from doctor.jobs.memory.advice_given import AdviceGiven
    from doctor.remedies import cures
    from doctor.report import as_json, next_step

    screen = screen_of(given, bench_options)
    request = CheckRequest(
        given.get("select", ()), given.get("ignored", ()), given["deadline_s"], given.get("strict", False)
    )
    with opened.open_bench(bench_options, given) as bench:
        believed, seen = accept(bench, opened.done_steps(given))
        if seen:
            screen.note(seen)
        with closing(CheckLine(LiveLine(screen, bench.seconds))) as line:
            report = check(bench, request, screen.telling(line.hear, bench.seconds))
        broke_off = last_flash.broke_off(bench)
    tried = AdviceGiven(bench_options.url)
    said = tuple(word for word in given.get("done", ()) if word not in DONE or DONE[word] in believed)
    command = bench_options.command("check", done=said)
    done, sure = tried.so_far(report), tried.confirmed
    step = next_step.after(report, command, cures(), done=done, sure=sure, broke_off=broke_off)
    if screen.writes:
        members = {**as_json.identity(bench), **as_json.report_members(report)}
        screen.document(as_json.document("check", report.exit_code, step=step, **members))
    if not screen.as_json:
        show_report(report, step, screen, asked=request.select)
    screen.name_log(bench.log, None)
    return int(report.exit_code)


def show_report(report: Report, step: NextStep, screen: Screen, verdict: str = "", asked: Sequence[str] = ()) -> None:
    """What the checks found, what follows from that for the command (``verdict``), and the next step.

    A port that does not open is told as the error that it is: what, cause, next. Checks ``asked`` for by name say what
    they found even if nothing is wrong.
    """
    from rich.text import Text

    from doctor.errors import LinkError
    from doctor.remedies import cures
    from doctor.report import console

    closed = report.closed_port
    if closed is not None and closed.next and not screen.verbose:
        told = LinkError(closed.catalogue or closed.check, closed.summary, cause=closed.cause, next=closed.next)
        screen.show(console.error(told))
        if step.notes:
            screen.show(console.notes(step))
        return
    screen.show(console.findings(report, cures(), screen.out, step, verbose=screen.verbose, asked=asked))
    if verdict:
        screen.show(Text(verdict, style="bold"))
    show_next(step, screen)


def _offered_card(screen: Screen) -> Path | None:
    """The only removable FAT card, if the user wants it examined too.

    Nobody is asked if nobody can answer: then a line says how to give the card. A simulated bench has its own card, a
    replay that of its trace: no drive of this PC is looked for then.
    """
    from doctor.link.port_url import PortUrl

    port = screen.out.bench.port
    if screen.as_json or screen.quiet or (port is not None and PortUrl.read(port).in_process):
        return None

    from doctor.card.found import only_fat_card

    card = only_fat_card()
    if card is None:
        return None
    name = shown(f"{card.path}" + (f" ({card.volume})" if card.volume else ""))
    if not screen.interactive:
        screen.note(f"A card is in this PC: add --sd {shown(str(card.path), 4096)} to examine it too.")
        return None
    if screen.ask(f"A card is in this PC: {name}. Examine it too?", default=True):
        return card.path
    return None
