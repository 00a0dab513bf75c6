"""The bench of a run: described by what was typed, with the board that is meant, opened, and left as it was found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from doctor.cli import command_line, signals
from doctor.cli.screen import Screen, screen_of
from doctor.documents.user_folders import own_folder
from doctor.errors import DoctorError
from doctor.jobs.hands import DONE
from doctor.text import marks
from doctor.text.command import NEED_PORT, Command

if TYPE_CHECKING:
    from doctor.bench import Bench, BenchOptions
    from doctor.cli.config import Said
    from doctor.events import Event, Listener

#: What a bench has besides its port and firmware, by the names of the parameters.
_PARTS = ("updater_elf", "bootrom", "sd", "scripts", "carrier", "was")


def bench_options(
    given: command_line.Given,
    *,
    firmware: tuple[Path, ...] = (),
    known: Collection[str] = (),
    needed: bool = False,
    **more: Any,
) -> BenchOptions:
    """BenchOptions out of what click parsed; a board that was not named is looked for.

    known   ports over which something was begun
    needed  nothing can be done without a board, whatever files are given

    Raises NoPort if nothing was given that could be examined, and it is not clear which board is meant.
    """
    from doctor.bench import BenchOptions
    from doctor.cli.bench.find_board import with_board

    parts: dict[str, Any] = {name: given.get(name) for name in _PARTS}
    laid = BenchOptions(
        port=given["port"] or None,
        firmware=firmware,
        **parts,
        accept=frozenset(given.get("accepted", ())),
        interrupt=bool(given.get("interrupt", False)),
        thorough=bool(given.get("thorough", False)),
        via_modem=given.get("via") == "modem",
        two_readers=bool(given["verbose"]),
        **more,
    )
    if laid.url is not None and laid.url.recording is not None:
        from doctor.cli.bench import replayed

        return replayed.options_of(laid, given)
    context = click.get_current_context()
    lent = command_line.lent(context)
    files = any(given.get(name) and name not in lent for name in ("firmware", "sd", "scripts", "updater_elf"))
    needed = needed or not files or context.info_name not in ("check", "fix")
    screen = screen_of(given, laid)
    _name_projects(lent, screen)
    return with_board(
        laid,
        screen,
        command_line.typed(),
        needed=needed,
        known=known,
        is_typed=not command_line.is_said_elsewhere(context, "port"),
    )


def _name_projects(lent: Mapping[str, Said], screen: Screen) -> None:
    """Say what a project's file sets in this run: it may have come with the folder."""
    from doctor.cli.settings import Source
    from doctor.text.escape import shown

    found = {one.path: one for one in lent.values() if one.source is Source.PROJECT}
    for path in found:
        keys = ", ".join(one.key for one in lent.values() if one.path == path)
        screen.note(f"{shown(str(path), 300)} sets {keys}.")


def done_steps(given: command_line.Given) -> list[str]:
    """Ids of the steps among those that ``--done`` names that nothing else shows to be done."""
    return [DONE[word] for word in given.get("done", ()) if word in DONE]


def backup_folder() -> Path:
    """Where copies of what is replaced go, unless ``--backup`` names a folder."""
    return own_folder("data") / "backups"


def _teller(screen: Screen) -> Listener:
    """Shows what the trace has to tell: that it ends early."""
    from doctor.events import Note

    def tell(event: Event) -> None:
        if isinstance(event, Note):
            screen.notes.print(event.text)

    return tell


@contextmanager
def open_bench(options: BenchOptions, given: command_line.Given, *, during_flash: bool = False) -> Iterator[Bench]:
    """The bench, with a trace if one was asked for; both are closed at the end.

    during_flash  the command is of use too while another run of this program flashes over the port

    Raises LinkError if another run flashes.
    """
    from doctor.bench import Bench

    screen = screen_of(given, options)
    name = _name_of(given)
    log_file = given.get("log_file")
    with _naming(options.command("")), ExitStack() as stack:
        if options.url is not None:
            from doctor.jobs.memory.journal import refuse_under_way
            from doctor.link.link import refuse_senseless

            refuse_senseless(options.url)
            if not during_flash:
                refuse_under_way(options.url)
        bench = Bench(options)
        last_word: Callable[[Bench, Screen], None] = _tell_stopped
        if bench.recording is not None:
            from doctor.cli.bench import replayed

            replayed.refuse_change(bench.recording, name, given["trace"])
            screen.note(replayed.words(bench.recording))
            last_word = partial(replayed.refuse_divergence, name)
        hear = None if screen.report is None else screen.report.hear_line
        if given["trace"] is not None or hear is not None:
            from doctor.cli.bench import replayed
            from doctor.link.trace import Trace

            run = replayed.run_of(name, options, given)
            bench.trace = stack.enter_context(Trace(given["trace"], _teller(screen), run=run, hear=hear))
        if log_file is not None:
            from doctor.jobs.memory.logbook import copy_at

            bench.log_copy = stack.enter_context(copy_at(log_file))
        stack.callback(_close, bench)
        stack.callback(last_word, bench, screen)
        yield bench


def _name_of(given: command_line.Given) -> str:
    """The command of this run, by what it does."""
    name = given.get("command_name") or click.get_current_context().info_name
    if name == "flash" and given["dry_run"]:
        return "plan"
    return name if name in NEED_PORT else "check"


@contextmanager
def _naming(bench: Command) -> Iterator[None]:
    """Errors name the bench in their commands: who shows them does not know it any more."""
    try:
        yield
    except DoctorError as err:
        err.cause, err.next = marks.named(err.cause, bench), marks.named(err.next, bench)
        raise


def _tell_stopped(bench: Bench, screen: Screen) -> None:
    """Who let us stop a program is told at the end that it stands still, and what starts it."""
    if bench.stopped_program:
        screen.note("the program on the board was stopped (--interrupt); the next reset or power-on starts it again")


def _close(bench: Bench) -> None:
    """Leave the board as it was found; a second Ctrl-C cannot prevent that, and it takes seconds at most."""
    with signals.undisturbed():
        bench.close()
