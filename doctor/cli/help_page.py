"""What ``--help`` prints of a command: its own options first, then what all commands share, then examples."""

from __future__ import annotations

from typing import Any

import click

from doctor.text import marks
from doctor.text.command import PROGRAM


class CureOption(click.Option):
    """A switch that asks for one cure."""

    heading = "Cures"


class BenchOption(click.Option):
    """An option that tells what there is besides the board."""

    heading = "What is on the bench"


class EveryCommandOption(click.Option):
    """An option that every command takes."""

    heading = "Options of every command"


OWN = "Options"
#: In the order of the help. An option that is of none of these kinds is the command's own.
HEADINGS = (CureOption.heading, OWN, BenchOption.heading, EveryCommandOption.heading)


class HelpedCommand(click.Command):
    """A command that shows its options by their kinds, and examples.

    examples  what may be typed behind the program's name, one string each
    """

    def __init__(self, *args: Any, examples: tuple[str, ...] = (), **more: Any) -> None:
        super().__init__(*args, **more)
        self.examples = examples

    def get_help(self, ctx: click.Context) -> str:
        """As click's, without the marks of commands."""
        return marks.plain(super().get_help(ctx))

    def headed(self, ctx: click.Context) -> dict[str, list[click.Option]]:
        """The options that are shown, under their headings, in the order of the help."""
        headed: dict[str, list[click.Option]] = {heading: [] for heading in HEADINGS}
        for option in self.get_params(ctx):
            if isinstance(option, click.Option) and not option.hidden:
                headed[getattr(option, "heading", OWN)].append(option)
        return {heading: options for heading, options in headed.items() if options}

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A list of options for each heading."""
        for heading, options in self.headed(ctx).items():
            with formatter.section(heading):
                formatter.write_dl([record for option in options if (record := option.get_help_record(ctx))])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, each on a line that can be copied."""
        if self.examples:
            with formatter.section("Examples"):
                for words in self.examples:
                    formatter.write(f"{'':{formatter.current_indent}}{PROGRAM} {words}".rstrip() + "\n")
