"""``fipy-doctor status``: where the modem stands, and the one next command."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from doctor.cli import command_line, options
from doctor.cli.bench import opened
from doctor.cli.fleet.many import many
from doctor.cli.screen import screen_of
from doctor.text.command import Command, marked

if TYPE_CHECKING:  # --help and completion wait for none of these
    from doctor.bench import BenchOptions
    from doctor.board.board import BoardFacts
    from doctor.cli.screen import Screen
    from doctor.jobs.memory.journal import DamagedJournal
    from doctor.jobs.status import StatusReport
    from doctor.report.next_step import NextStep

NEVER_FLASHED = "Nothing is unfinished: this computer has no record of a flash of this modem."


@command_line.command("status", examples=("status", "status --json"))
@many
@options.report
@options.interrupt
@options.done
@options.via_modem
def command(**given: Any) -> int:
    """Say where the modem stands and what to do next.

    Asks the modem itself (an abandoned transfer is closed first), and the journal of what was sent to it. Exit code
    0: nothing is left to do with the modem, or a flash is under way; 1: something is left to do, with the modem or with
    the board's files, or the modem could not be asked.
    """

    from doctor.cli.live_line import LiveLine
    from doctor.jobs.status import status
    from doctor.report.next_step import after_broken_flash

    bench_options, standing = _options(given)
    screen = screen_of(given, bench_options)
    board = None
    if standing is None:
        with (
            opened.open_bench(bench_options, given, during_flash=True) as bench,
            closing(LiveLine(screen, bench.seconds)) as line,
        ):

            def asked(question: str) -> bool:
                line.clear()
                return not screen.as_json and screen.ask(question)

            line.go_on("asking the modem")
            standing = status(bench, said=opened.done_steps(given), done=asked)
            board = bench.last_board
    onward = standing.onward
    step = None if onward is None else after_broken_flash(onward, bench_options.command("status"))
    if screen.writes:
        screen.document(_document(standing, board, step))
    if screen.as_json:
        return int(standing.exit_code)
    _show(standing, screen)
    _show_end(standing, step, screen)
    return int(standing.exit_code)


def _show(standing: StatusReport, screen: Screen) -> None:
    """Where the modem stands, and what is not finished."""
    from doctor.board.storage.begun import MEND_RECORD, remark
    from doctor.report import console
    from doctor.text.escape import shown

    if standing.error is None or standing.history:
        screen.show(f"modem: {standing.where}")
    if standing.history:
        screen.show(standing.history)
    if standing.looked:
        screen.show(standing.looked)
    if standing.damaged is not None:
        screen.show(_about(standing.damaged))
    if standing.error is not None:
        screen.show(console.error(standing.error, with_next=standing.onward is None, verbose=screen.verbose))
    for one in standing.begun:
        again = Command.of_words(one.command)
        note = remark(again)
        screen.show(f"files of the board: {shown(one.words, 600)}; to end it: {again}" + (f" ({note})" if note else ""))
    for path in standing.unread:
        what = "a note of what was begun with them cannot be read"
        screen.show(f"files of the board: {what}: {marked(path)}; {MEND_RECORD}")


def _show_end(standing: StatusReport, step: NextStep | None, screen: Screen) -> None:
    """What to do next, or that nothing is left."""
    from doctor.cli.show_next import show_next

    if step is not None:
        show_next(step, screen)
    elif standing.advice:
        screen.show(f"The modem is done. If you have not done this since that flash: {standing.advice}.")
    elif standing.error is None and standing.damaged is not None:
        screen.show("This program cannot tell if that is the image that was flashed last: compare the version.")
    elif standing.error is None and not standing.begun and not standing.unread:
        done = "Nothing is left to do." if standing.entry is not None else NEVER_FLASHED
        screen.show(done)


def _options(given: command_line.Given) -> tuple[BenchOptions, StatusReport | None]:
    """What is asked; if no port is certain, what the journal says instead of an answer.

    A flash that is under way is meant before any board; nothing is asked of that port.
    """
    from doctor.bench import BenchOptions
    from doctor.jobs.memory.journal import is_at_work
    from doctor.jobs.status import begun_over, without_board
    from doctor.link.choice import NoPort
    from doctor.link.port_url import real_device

    begun = [] if given["port"] else begun_over()
    if begun and is_at_work(begun[0]):
        given["port"] = begun[0].ids["port"]
    try:
        return opened.bench_options(given, known={real_device(entry.ids["port"]) for entry in begun}), None
    except NoPort as err:
        return BenchOptions(), without_board(err)


def _about(damaged: DamagedJournal) -> str:
    """What a journal that cannot be read means for the reader."""
    return (
        f"the journal of an earlier flash is there and cannot be read: {marked(damaged.path)} ({damaged.why}); what "
        "was sent, and how far it came, is not known from it (more: `fipy-doctor open journal-unreadable`)"
    )


def _document(standing: StatusReport, board: BoardFacts | None, step: NextStep | None) -> dict[str, Any]:
    from doctor.report import as_json

    progress, damaged = standing.progress, standing.damaged
    return as_json.document(
        "status",
        standing.exit_code,
        standing.error,
        step,
        where=standing.where,
        history=as_json.Said(standing.history),
        running=standing.running,
        progress=None if progress is None else {**asdict(progress), "percent": progress.percent},
        board=as_json.board(board),
        modem=as_json.modem(standing.facts),
        journal=asdict(standing.entry) if standing.entry is not None else None,
        journal_damaged=None if damaged is None else {"path": str(damaged.path), "why": damaged.why},
        advice=as_json.Said(standing.advice),
        looked=as_json.Said(standing.looked),
        begun=[asdict(one) for one in standing.begun],
        begun_damaged=[str(path) for path in standing.unread],
        onward=as_json.onward(standing.onward) if standing.onward is not None else None,
    )
