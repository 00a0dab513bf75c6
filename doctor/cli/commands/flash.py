"""``fipy-doctor flash``: every check, the plan, the transfer, the proof."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from doctor.cli import ahead, command_line, options, signals, values
from doctor.cli.bench import opened
from doctor.cli.commands.check import show_report
from doctor.cli.fleet.many import many, watched
from doctor.cli.screen import Screen, screen_of
from doctor.cli.show_next import show_next
from doctor.cli.told_to_stop import ToldToStop
from doctor.errors import Stopped
from doctor.text.command import METHODS, ON_CARD, VIAS
from doctor.updater.profile import BLOCK_LONGEST_BYTES, BLOCK_MAX_BYTES, BLOCK_MIN_BYTES

if TYPE_CHECKING:  # --help and completion wait for none of these
    from doctor.bench import Bench
    from doctor.jobs.flash import FlashRequest, FlashResult
    from doctor.report.next_step import NextStep


class _ImageFile(values.File):
    """A file on this computer, or ``card:NAME``: a file on the board's own card, which only the board can see."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and value.startswith(ON_CARD):
            if not value[len(ON_CARD) :].strip("/"):
                self.fail("card: needs the name of a file on the board's card", param, ctx)
            return Path(value)
        return super().convert(value, param, ctx)


FILES = click.argument(
    "files",
    metavar="[FILE.dup] [FILE2.dup]",
    nargs=-1,
    type=_ImageFile(),
)
VIA = click.option("--via", type=click.Choice(VIAS), default="auto", help="Way to the modem.")
METHOD = click.option("--method", type=click.Choice(METHODS), default="auto", help="How the modem takes the image.")

COMPRESS = click.option("--compress", is_flag=True, help="Send a zlib stream to a modem that takes one (Monarch 2).")

BLOCK = click.option(
    "--block",
    type=click.IntRange(BLOCK_MIN_BYTES, BLOCK_LONGEST_BYTES),
    metavar="N",
    help=f"Bytes of a block, {BLOCK_LONGEST_BYTES} at most; {BLOCK_MAX_BYTES} are usual (Monarch 2 only).",
)


@command_line.command("flash", examples=("flash", "flash FILE.dup"))
@watched
@many
@options.report
@options.log_file
@options.bench_without_firmware
@options.accept
@VIA
@METHOD
@COMPRESS
@BLOCK
@click.option(
    "--override",
    multiple=True,
    metavar="ID",
    shell_complete=values.offered("checks"),
    help="Flash although this check failed.",
)
@options.interrupt
@options.dry_run
@click.option(
    "--plan",
    "agreed_plan",
    default="",
    metavar="FINGERPRINT",
    help="Carry out no other plan than the one whose JSON has this fingerprint; it still needs its yes.",
)
@click.option(
    "--stop-on-stdin",
    is_flag=True,
    help="For programs that cannot press Ctrl-C: `stop` on standard input is that; `stop transfer` is also the yes "
    "to its question.",
)
@click.option("--yes", "-y", is_flag=True, help="Confirm the plan that is printed, and nothing else.")
@FILES
def command(files: tuple[Path, ...], **given: Any) -> int:
    """Flash a firmware image and prove that it runs.

    Without FILE: looks for the one that fits the modem, on the card in the board, on the card in this PC, in this
    folder and in your downloads, and asks whether it is meant. Runs every check first and refuses while one that
    matters fails. Exit code 0: flashed and proved; 1: refused before anything was sent; 3: begun and not proved; 130:
    stopped before anything was sent.
    """
    from doctor.cli.bench.find_firmware import choose_firmware
    from doctor.cli.flash_view import FlashView, TerminalConsent
    from doctor.cli.live_line import LISTENING
    from doctor.jobs.flash import STOPPED_EARLY, FlashRequest, flash, rehearse

    named, card_file = _apart(files)
    bench_options = opened.bench_options(given, firmware=named, card_file=card_file)
    request = FlashRequest(
        given["via"],
        given["method"],
        frozenset(given["override"]),
        given["deadline_s"],
        given["compress"],
        given["agreed_plan"],
        given["block"] or 0,
    )
    told_to_stop = ToldToStop() if given["stop_on_stdin"] else None
    _load_the_end()
    with opened.open_bench(bench_options, given) as bench:
        screen = screen_of(given, bench_options)
        if not bench_options.firmware and bench_options.card_file is None:
            typed, sends = command_line.typed(), not given["dry_run"]
            choose_firmware(bench, screen, typed, given["via"], sends=sends, yes=given["yes"])
            bench_options = bench.options
            screen = screen_of(given, bench_options)
        with closing(FlashView(screen, bench.seconds)) as view:
            view.line.go_on(LISTENING)
            if given["dry_run"]:
                result = rehearse(bench, request, screen.telling(view.hear, bench.seconds))
            else:
                consent = TerminalConsent(screen, yes=given["yes"], pause=view.pause, told=told_to_stop)
                signals.over_once(lambda: view.begun)
                try:
                    result = flash(bench, request, consent=consent, listen=screen.telling(view.hear, bench.seconds))
                except (KeyboardInterrupt, click.Abort) as err:  # before the first step: from then on none is raised
                    raise Stopped(STOPPED_EARLY) from err
    name = "plan" if given.get("command_name") == "plan" else "flash"
    with signals.undisturbed():  # how a flash ended is told, with its own exit code, whatever is pressed now
        ahead.wait_for_the_reader()
        show(name, result, screen, bench, dry_run=given["dry_run"], request=request)
    return int(result.exit_code)


def _load_the_end() -> None:
    """Load what ``show`` needs of our files: a flash takes minutes, and they may be replaced or removed in it."""
    from doctor.jobs.memory import advice_given  # noqa: F401
    from doctor.remedies import cures
    from doctor.report import as_json, console, ended, flash_plan, next_step  # noqa: F401

    cures()


def _apart(files: tuple[Path, ...]) -> tuple[tuple[Path, ...], str | None]:
    """Files of this computer, and the one on the board's card. Raises BadParameter for both at once."""
    on_card = [str(path)[len(ON_CARD) :] for path in files if str(path).startswith(ON_CARD)]
    if on_card and len(files) > 1:
        raise click.BadParameter("a file on the board's card is flashed alone")
    return (() if on_card else files), (on_card[0] if on_card else None)


def show(
    name: str,
    result: FlashResult,
    screen: Screen,
    bench: Bench,
    *,
    dry_run: bool,
    request: FlashRequest | None = None,
) -> None:
    """The result as text or JSON; ``request`` is what the next command repeats."""
    from doctor.cli.flash_view import proof_text, took_text
    from doctor.jobs.memory.advice_given import AdviceGiven
    from doctor.remedies import cures
    from doctor.report import as_json, console, flash_plan, next_step

    bench_options = bench.options
    tried = AdviceGiven(bench_options.url)
    done, sure = tried.so_far(result.report), tried.confirmed
    step = next_step.after_flash(result, bench_options, cures(), request, done=done, sure=sure)
    if screen.writes:
        members = as_json.flash_members(result, bench)
        screen.document(as_json.document(name, result.exit_code, result.error, step, **members))
    if screen.as_json:
        return
    if result.plan is not None and (dry_run or result.plan.core.nothing):
        screen.show(flash_plan.whole(result.plan))
    if result.proof is not None:
        screen.show(proof_text(result.proof, took_text(result)))
    if result.plan is None and result.proof is None and result.report.findings:
        failed = [found.check for found in result.report.failed]
        if step is not None and result.error is not None and result.error.on in failed:  # told once, as the finding
            show_report(result.report, step, screen, "Not flashed; nothing was sent to the modem.")
            return
        screen.show(console.findings(result.report, cures(), screen.out, step, verbose=screen.verbose))
    _show_error(result, step, screen)
    if step is not None:
        show_next(step, screen)


def _show_error(result: FlashResult, step: NextStep | None, screen: Screen) -> None:
    """What went wrong, and where all of it is told."""
    from doctor.modem.verdict import stands
    from doctor.report import console

    if result.error is not None:
        left = stands(result.mode) if result.begun and result.mode else ""
        ends = result.onward is None or step is None
        told = console.error(result.error, far=result.far, stands=left, with_next=ends, verbose=screen.verbose)
        screen.show(told)
    if result.begun or result.error is None:
        screen.name_log(result.log, result.error)
