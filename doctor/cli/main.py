"""The group of all commands, and the one place where errors become text, JSON and exit codes."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from doctor import __version__
from doctor.cli import ahead, command_line, mistyped, options, settings, signals, stdio
from doctor.cli.help_page import HelpedCommand
from doctor.cli.screen import make_screen
from doctor.errors import DoctorError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

#: All commands and what each says of itself, under the headings of ``--help``, in the order in which one meets them.
#: They stand here too so that the list loads no command.
SECTIONS = {
    "To flash a modem": {
        "check": "Examine everything the upgrade depends on; change nothing.",
        "fix": "Fix what can be fixed.",
        "plan": "Print the steps of a flash, and send nothing.",
        "flash": "Flash a firmware image and prove that it runs.",
        "status": "Say where the modem stands and what to do next.",
    },
    "To understand what went wrong": {
        "explain": "Say what a log or a description of a failure means.",
        "open": "Show the page of a check, a known failure or a cure.",
        "trace": "Show what crossed the port, line by line.",
        "report": "Put logs, journal and traces in one zip, without private data.",
        "checks": "List all checks, or show the manual page of one.",
    },
    "What is plugged in": {
        "ports": "List the serial ports; opens none.",
        "cards": "List the removable drives; reads them, changes nothing.",
    },
    "The board's own files": {
        "backup": "Copy all files of the board's flash to this computer.",
        "restore": "Copy a backup, or any folder, to the board's flash.",
    },
    "To practise": {"sim": "Practise without hardware."},
    "A board that you can spare": {"trial": "Try this program on a spare board, step by step."},
    "For your shell": {"completion": "Print what makes a shell complete commands, options and values."},
    "For programs": {"schema": "Print the JSON Schema of what a command prints with --json."},
}
SHORT_HELPS = {name: told for section in SECTIONS.values() for name, told in section.items()}
COMMANDS = tuple(SHORT_HELPS)


class LazyGroup(command_line.OneOfEach, click.Group):
    """Loads a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order in which one meets them."""
        return list(COMMANDS)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands, or the options; loads no command."""
        from click.shell_completion import CompletionItem

        options = click.Command.shell_complete(self, ctx, incomplete)
        found = [CompletionItem(name, help=told) for name, told in SHORT_HELPS.items() if name.startswith(incomplete)]
        return [*found, *options]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands under their headings, then the options."""
        longest = max(map(len, COMMANDS))
        for heading, helps in SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl([(f"{name:{longest}}", told) for name, told in helps.items()])
        super().format_options(ctx, formatter)

    def get_command(self, ctx: click.Context, cmd_name: str) -> HelpedCommand | None:
        """The command, or None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: HelpedCommand = importlib.import_module(f"doctor.cli.commands.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant; ``help check`` is ``check --help``. Raises UsageError if there is none."""
        if ctx.resilient_parsing and args[0] == "help":  # a shell completes what stands behind it
            return None, None, []
        if args == ["help"]:
            click.echo(self.get_help(ctx))
            ctx.exit()
        if args[0] == "help":
            args = [args[1], "--help"]
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise mistyped.no_command(args[0], COMMANDS, ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    examples=("", "check --firmware FILE.dup"),
)
@click.version_option(__version__, "-V", "--version", prog_name="fipy-doctor", message="%(prog)s %(version)s")
@options.common
@click.pass_context
def cli(ctx: click.Context, /, **given: Any) -> int | None:
    """Examines, cures and flashes the LTE modem of Pycom FiPy and GPy boards.

    Without a command: finds the board, examines it, and says what to do next.
    """
    said = {k: v for k, v in given.items() if ctx.get_parameter_source(k) is click.core.ParameterSource.COMMANDLINE}
    if ctx.invoked_subcommand is not None:
        ctx.default_map = dict.fromkeys(COMMANDS, said)
        return None
    from doctor.cli.commands.check import command as check

    ctx.default_map = {"check": said}
    with check.make_context("check", [], parent=ctx) as inner:
        result: int = check.invoke(inner)
    return result


def run(argv: Sequence[str], *, for_good: bool = False) -> int:
    """Run the command line and return the exit code. Raises only with --debug.

    for_good  the program ends with it: signals are ignored from then on
    """
    with signals.ending_like_ctrl_c(for_good=for_good):
        ahead.write_ahead()
        try:
            code = _run(argv)
        finally:
            stdio.give_back()
        if for_good:
            with signals.undisturbed():
                stdio.finish()
        return code


def _run(argv: Sequence[str]) -> int:
    asked = os.environ.get(settings.COMPLETE)
    if asked:
        from doctor.cli import completion

        return completion.answer(asked, cli)
    try:
        result = cli.main(args=list(argv), prog_name="fipy-doctor", standalone_mode=False, obj=tuple(argv))
        return int(result or 0)
    except click.exceptions.Exit as done:
        return done.exit_code
    except (Exception, KeyboardInterrupt) as err:
        told = command_line.error_of(err)
        if told.id == command_line.INTERNAL and "--debug" in argv:
            raise
        return _tell(argv, told)


def _tell(argv: Sequence[str], err: DoctorError) -> int:
    from doctor.report import as_json, console

    with signals.undisturbed():  # a second Ctrl-C would cut the words, and the exit code, off
        verbose = not {"-v", "--verbose"}.isdisjoint(argv)
        screen = make_screen(as_json="--json" in argv, quiet=False, verbose=verbose, events="--json-events" in argv)
        if screen.as_json:
            command = next((word for word in argv if word in COMMANDS), "fipy-doctor")
            screen.document(as_json.document(command, err.exit_code, err))
        else:
            screen.notes.print(console.error(err, verbose=screen.verbose))
            screen.name_log(err.log, err, noted=True)
    return int(err.exit_code)
