"""The kinds of values that options take: what each makes of a word, and what completes it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from doctor.cli import mistyped
from doctor.errors import reason

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def offered(kind: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """What completes the values of a parameter; ``kind`` is the name of a function of doctor/cli/completion.py.

    That module, which knows the commands, gives itself to the context when a shell asks.
    """

    def complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        found: list[CompletionItem] = ctx.find_root().obj(kind, incomplete)
        return found

    return complete


class File(click.Path):  # type: ignore[type-arg,unused-ignore]
    """A file that exists."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Raises UsageError if nothing is there, with the file that may be meant."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            if not value or os.path.lexists(value):
                raise
            raise mistyped.no_file(str(value), param, ctx) from None


FILE = File()


class _Folder(click.Path):  # type: ignore[type-arg,unused-ignore]
    """A folder that exists; click lets devices pass."""

    def __init__(self) -> None:
        super().__init__(exists=True, file_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Fails if it is not a folder."""
        path: Any = super().convert(value, param, ctx)
        if not path.is_dir():
            self.fail(f"{str(value)!r} is not a folder.", param, ctx)
        return path


class _New(click.Path):  # type: ignore[type-arg,unused-ignore]
    """A file or folder that is there or can be made; an empty name, as from an unset variable, does not count."""

    def __init__(self, kind: str, **allowed: bool) -> None:
        super().__init__(path_type=Path, **allowed)
        self._kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Fails for an empty name, which would be the current folder."""
        if not str(value):
            self.fail(f"{self._kind} '' has no name.", param, ctx)
        return super().convert(value, param, ctx)


FOLDER = _Folder()
NEW_FOLDER = _New("Directory", file_okay=False)
NEW_FILE = _New("File", dir_okay=False)
NEW = _New("Path")  #: a file or a folder


class CardPath(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    r"""A folder, file or device that exists; Windows' ``\\.\PhysicalDriveN`` is no path that can be asked."""

    name = "path"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Files and folders."""
        return click.Path().shell_complete(ctx, param, incomplete)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path. Fails if there is nothing."""
        from doctor.card.drives.device import is_device

        path = Path(value)
        if not str(value):  # as from an unset variable of a shell; it would name the current folder
            self.fail("Path '' has no name.", param, ctx)
        try:
            missing = not is_device(path) and not path.exists()
        except (OSError, ValueError) as err:  # no name that this system can have
            self.fail(f"Path {str(value)!r}: {reason(err)}.", param, ctx)
        if missing:
            self.fail(f"Path {str(value)!r} does not exist.", param, ctx)
        return path


class BootRomPath(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A file, or the word ``board``; a file of that name is given as ./board."""

    name = "file"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Files; the word ``board`` where it was begun."""
        begun = bool(incomplete) and "board".startswith(incomplete)
        return offered("from_board")(ctx, param, incomplete) if begun else FILE.shell_complete(ctx, param, incomplete)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path. Fails if there is no such file."""
        from doctor.firmware.bootrom import FROM_BOARD

        if str(value) == str(FROM_BOARD):
            return FROM_BOARD
        path = Path(FILE.convert(value, param, ctx))
        return path.absolute() if path == FROM_BOARD else path


CARD = CardPath()


class ReportPath(click.Path):  # type: ignore[type-arg,unused-ignore]
    """The name of a report: a new file, or an older report, in a folder that can be written to."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The report that is to be written. Fails for an ending that says no kind of report.

        Raises UsageError if there is such a file that is not a report.
        """
        from doctor.report.report_file import SUFFIXES, ReportFile

        if isinstance(value, ReportFile):
            return value
        path: Any = super().convert(value, param, ctx)
        if path.suffix not in SUFFIXES:
            self.fail(f"{str(value)!r} must end in one of {', '.join(SUFFIXES)}.", param, ctx)
        if not os.access(path.parent, os.W_OK):
            self.fail(f"{str(path.parent)!r} is no folder that can be written to.", param, ctx)
        report_file = ReportFile(path)
        report_file.refuse_other()
        return report_file
