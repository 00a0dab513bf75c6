"""What ``--help`` prints of a command: its own options first, then what all commands share, then examples."""

from __future__ import annotations

from typing import Any

import click

from doctor.text import marks
from doctor.text.command import PROGRAM

OWN = "Options"


class HeadedOption(click.Option):
    """An option that stands under the heading of its kind; the kind with the lowest ``rank`` comes first."""

    heading = OWN
    rank = 0


class CureOption(HeadedOption):
    """A switch that asks for one cure."""

    heading, rank = "Cures", -1


class BenchOption(HeadedOption):
    """An option that tells what there is besides the board."""

    heading, rank = "What is on the bench", 1


class EveryCommandOption(HeadedOption):
    """An option that every command takes."""

    heading, rank = "Options of every command", 2


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
        shown = [p for p in self.get_params(ctx) if isinstance(p, click.Option) and not p.hidden]
        headed: dict[str, list[click.Option]] = {}
        for option in sorted(shown, key=lambda option: getattr(option, "rank", 0)):
            headed.setdefault(getattr(option, "heading", OWN), []).append(option)
        return headed

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
