"""``fipy-doctor completion SHELL``: what a shell reads so that it completes."""

from __future__ import annotations

from typing import Any

import click

from doctor.cli import command_line, options
from doctor.cli.screen import screen_of
from doctor.errors import Exit

SHELLS = ("bash", "zsh", "fish", "powershell")


@command_line.command(
    "completion",
    short_help="Print what makes a shell complete commands, options and values.",
    examples=("completion bash", "completion powershell"),
)
@options.common
@click.argument("shell", metavar=f"[{'|'.join(SHELLS)}]", type=click.Choice(SHELLS))
def command(shell: str, **given: Any) -> int:
    """Print what makes a shell complete commands, options, ids, ports and scenarios.

    The shell has to read it each time that it starts. In ~/.bashrc:

        ``eval "$(fipy-doctor completion bash)"``

    In ~/.zshrc, behind compinit:

        ``eval "$(fipy-doctor completion zsh)"``

    In ~/.config/fish/config.fish:

        ``fipy-doctor completion fish | source``

    In the file that $PROFILE of PowerShell names:

        ``fipy-doctor completion powershell | Out-String | Invoke-Expression``
    """
    from doctor.cli.completion import script

    screen = screen_of(given)
    printed = script(shell, click.get_current_context().find_root().command)
    if screen.as_json:
        from doctor.report import as_json

        screen.document(as_json.document("completion", Exit.OK, shell=shell, script=printed))
    else:
        screen.out.file.write(printed)
    return 0
