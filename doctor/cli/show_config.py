"""``--show-config``: which settings hold, and who set each: the command line, the environment or a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import click

from doctor.cli.config import NONE, VARIABLE, ConfigFile, Place, Said, files, places, said_for
from doctor.cli.mistyped import misunderstood
from doctor.cli.screen import Screen, make_screen
from doctor.cli.settings import READERS, SETTINGS, TABLES, Setting, Source, table_of
from doctor.errors import UsageError
from doctor.link.port_url import PortUrl
from doctor.text.escape import shown
from doctor.text.marks import NO_BENCH

_NOT_SET, _COMMAND_LINE = "not set", "the command line"


@dataclass(frozen=True)
class Row:
    """One setting: its value, None if nobody sets it, and who does.

    table    the command for which alone it holds; "" if it holds for all that take it
    refused  why no run takes this value; "" if one does
    """

    setting: Setting
    table: str
    value: Any
    source: str
    said: Said | None = None
    refused: str = ""


def show(ctx: click.Context, typed: Mapping[str, Any], said: Mapping[str, Said]) -> None:
    """Show what holds for one command.

    typed  what was typed, by the names of the parameters
    said   what the files say, by the names of the settings
    """
    options = {param.opts[0].removeprefix("--"): param.name or "" for param in ctx.command.params}
    table = table_of(ctx.command.name or "")
    taken = [setting for setting in SETTINGS.values() if setting.key in options and setting.holds_for(table)]
    rows = [_row(setting, table, typed.get(options[setting.key]), said, ctx) for setting in taken]
    found = places() if ctx.command.name in READERS else []
    _tell(rows, found, typed)


def show_all(ctx: click.Context, typed: Mapping[str, Any]) -> None:
    """Show what holds for all commands. Raises UsageError for a file that is wrong."""
    found = places()
    read = files(found)
    options = {param.opts[0].removeprefix("--"): param.name or "" for param in ctx.command.params}
    above = _above(read)
    shared = [setting for setting in SETTINGS.values() if not setting.tables]
    commands = {name: _context(ctx, name) for name in READERS}
    rows = [
        _row(setting, "", typed.get(options.get(setting.key, "")), above, _taker(setting, commands))
        for setting in shared
    ]
    for table in TABLES:
        said = said_for(table, read)
        mine = [
            s for s in SETTINGS.values() if s.holds_for(table) and (s.tables or said.get(s.key) != above.get(s.key))
        ]
        rows += [_row(setting, table, None, said, commands[table]) for setting in mine]
    _tell(rows, found, typed)


def _above(read: list[ConfigFile]) -> dict[str, Said]:
    """What stands above the tables."""
    return {key: said for file in read for key, said in file.tables[""].items()}


def _context(ctx: click.Context, name: str) -> click.Context:
    """A command of the program, as if it had been typed."""
    assert isinstance(ctx.command, click.Group)
    command = ctx.command.get_command(ctx, name)
    assert command is not None
    return click.Context(command, ctx, name)


def _taker(setting: Setting, commands: Mapping[str, click.Context]) -> click.Context:
    """The first command that takes a setting."""
    return next(ctx for ctx in commands.values() if _option(setting, ctx) is not None)


def _option(setting: Setting, ctx: click.Context) -> click.Parameter | None:
    return next((param for param in ctx.command.params if param.opts[0] == f"--{setting.key}"), None)


def _row(setting: Setting, table: str, typed: Any, said: Mapping[str, Said], ctx: click.Context) -> Row:
    variable, shown_for = setting.variable(table), table if setting.tables else ""
    if typed not in (None, (), False):
        return _judged(Row(setting, shown_for, typed, _COMMAND_LINE), ctx)
    if os.environ.get(variable):
        return _judged(Row(setting, shown_for, os.environ[variable], variable), ctx)
    if setting.key in said:
        return _judged(Row(setting, shown_for, said[setting.key].value, "", said[setting.key]), ctx)
    return Row(setting, shown_for, None, _NOT_SET)


def _judged(row: Row, ctx: click.Context) -> Row:
    """A row with what the command says of its value, as a run would; the value as it may be shown.

    A port is not judged: what it means is known while the board is plugged in.
    """
    if row.setting.key == "port":
        return replace(row, value=PortUrl.read(row.value).text)  # an address may hold a password
    option, refused = _option(row.setting, ctx), ""
    assert option is not None  # of a command that takes the setting
    value = option.value_from_envvar(ctx) if row.source == row.setting.variable(row.table) else row.value
    try:
        option.process_value(ctx, (value,) if option.multiple and isinstance(value, str) else value)
    except (click.BadParameter, UsageError) as err:
        told = misunderstood(err) if isinstance(err, click.BadParameter) else err
        refused = "; ".join(filter(None, (told.what, told.cause)))
    return replace(row, refused=refused)


def _tell(rows: list[Row], found: list[Place], typed: Mapping[str, Any]) -> None:
    events = bool(typed.get("json_events"))
    screen = make_screen(
        as_json=bool(typed.get("as_json")) or events, quiet=False, verbose=False, bench=NO_BENCH, events=events
    )
    if screen.as_json:
        _as_json(rows, found, screen)
        return
    from rich.text import Text

    from doctor.report.prose import Columns

    screen.show("Files of settings, the later one wins:")
    for words in _files(found):
        screen.show(f"  {words}", copied=True)
    screen.show("")
    lines = [(_name(row), Text(_value(row), style="" if row.source != _NOT_SET else "dim")) for row in rows]
    screen.show(Columns(lines))


def _files(found: list[Place]) -> Iterator[str]:
    if not found:
        yield f"none is read{f' ({VARIABLE}={NONE})' if os.environ.get(VARIABLE) == NONE else ''}"
    for place in found:
        whose = "a project's" if place.source is Source.PROJECT else "yours"
        state = f"not read: {place.left_out}" if place.left_out else "read" if place.is_there else "there is none"
        yield f"{shown(str(place.path), 300)} ({whose}; {state})"


def _name(row: Row) -> str:
    return f"[{row.table}] {row.setting.key}" if row.table else row.setting.key


def _value(row: Row) -> str:
    if row.value is None:
        return _NOT_SET
    values = row.value if isinstance(row.value, list | tuple) else (row.value,)
    value = ", ".join(shown(_spelled(one), 300) for one in values)
    source = row.said.place if row.said is not None else row.source
    return f"{value}  ({source}{f'; no run takes it: {row.refused}' * bool(row.refused)})"


def _spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _as_json(rows: list[Row], found: list[Place], screen: Screen) -> None:
    from doctor.errors import Exit
    from doctor.report import as_json

    settings = [
        {
            "key": row.setting.key,
            "table": row.table or None,
            "value": _plain(row.value),
            "source": _source(row),
            "file": None if row.said is None else str(row.said.path),
            "line": row.said.line or None if row.said is not None else None,
            "variable": row.setting.variable(row.table),
            "refused": row.refused or None,
        }
        for row in rows
    ]
    listed = [
        {
            "path": str(place.path),
            "project": place.source is Source.PROJECT,
            "read": place.is_there and not place.left_out,
            "left_out": place.left_out or None,
        }
        for place in found
    ]
    screen.document(as_json.document("show-config", Exit.OK, files=listed, settings=settings))


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _source(row: Row) -> str | None:
    if row.said is not None:
        return "project" if row.said.source is Source.PROJECT else "user"
    if row.source == _NOT_SET:
        return None
    return "command-line" if row.source == _COMMAND_LINE else "environment"
