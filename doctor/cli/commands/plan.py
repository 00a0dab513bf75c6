"""``fipy-doctor plan``: what flash would do, and nothing sent but queries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from doctor.cli import command_line, options
from doctor.cli.commands.flash import BLOCK, COMPRESS, FILES, METHOD, VIA
from doctor.cli.commands.flash import command as flash_command
from doctor.cli.fleet.many import many


@command_line.command(
    "plan",
    short_help="Print the steps of a flash, and send nothing.",
    examples=("plan", "plan FILE.dup --port sim://fipy"),
)
@many
@options.report
@options.log_file
@options.bench_without_firmware
@options.accept
@VIA
@METHOD
@COMPRESS
@BLOCK
@FILES
@click.pass_context
def command(ctx: click.Context, /, files: tuple[Path, ...], **given: Any) -> int:
    """Print the steps of a flash: why, how long, and the way back of each; send nothing.

    The same as flash --dry-run.
    """
    result: int = ctx.invoke(
        flash_command,
        files=files,
        override=(),
        interrupt=False,
        dry_run=True,
        yes=False,
        agreed_plan="",
        stop_on_stdin=False,
        command_name="plan",
        **given,
    )
    return result
