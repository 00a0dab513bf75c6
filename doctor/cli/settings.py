"""What need not be typed each time: one table says which options may also stand in the environment or in a file.

An option that is not in it is only ever typed: consents above all, and whatever destroys, or makes or replaces a file
that nobody asked for in this run. So a new option is closed until somebody opens it here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any

ENV = "FIPY_DOCTOR_"
COMPLETE = "_FIPY_DOCTOR_COMPLETE"  #: with which a shell asks what may stand in a line, as click has it
#: Commands that read files of settings: those that have a bench. All others work however broken a file is.
READERS = ("check", "fix", "flash", "plan", "status", "backup", "restore", "trial")
_READ_AS = {"plan": "flash"}  #: what it plans must be what a flash would do


class Source(IntEnum):
    """Where a value may come from; who is further down is less trusted."""

    PROJECT = 0  #: a file in the current folder or above it, which may have come with somebody else's folder
    USER = 1  #: the user's own file
    ENVIRONMENT = 2
    TYPED = 3


class Kind(Enum):
    """What a value is, in words."""

    TEXT = "a text in quotes"
    PATH = "a path in quotes"
    PATHS = "a path in quotes, or a list of them"
    WORDS = "a text in quotes, or a list of them"
    NUMBER = "a number"
    SWITCH = "true or false"


@dataclass(frozen=True)
class Setting:
    """An option that may be set elsewhere.

    key      its name on the command line, without the dashes
    kind     what its value is
    weakest  the least trusted place that may set it
    tables   commands in whose table alone it may stand, since others understand it otherwise or not at all; none: it
             stands above the tables for every command that takes it, or in the table of one
    """

    key: str
    kind: Kind
    weakest: Source
    tables: tuple[str, ...] = ()

    def holds_for(self, table: str) -> bool:
        """Whether the table of a command may have it."""
        return not self.tables or table in self.tables

    def variable(self, command: str) -> str:
        """The variable of the environment that sets it for a command."""
        words = (table_of(command), self.key) if self.tables else (self.key,)
        return ENV + "_".join(words).upper().replace("-", "_")


SETTINGS = {
    setting.key: setting
    for setting in (
        Setting("port", Kind.TEXT, Source.PROJECT),  # there only by what it is on USB: doctor/cli/config.py
        Setting("deadline", Kind.NUMBER, Source.PROJECT),
        Setting("select", Kind.WORDS, Source.PROJECT, ("check",)),
        Setting("ignore", Kind.WORDS, Source.PROJECT, ("check",)),
        Setting("strict", Kind.SWITCH, Source.PROJECT, ("check",)),
        Setting("carrier", Kind.TEXT, Source.USER),
        Setting("firmware", Kind.PATHS, Source.USER),
        Setting("updater-elf", Kind.PATH, Source.USER),
        Setting("scripts", Kind.PATH, Source.USER),
        Setting("backup", Kind.PATH, Source.USER),
        Setting("via", Kind.TEXT, Source.USER, ("check", "fix", "flash", "status")),
        Setting("method", Kind.TEXT, Source.USER, ("flash",)),
        Setting("compress", Kind.SWITCH, Source.USER, ("flash",)),
        # What a cure may format is named for this day: the next card has the same name.
        Setting("sd", Kind.PATH, Source.ENVIRONMENT),
        # Each run would replace the file of the one before.
        Setting("trace", Kind.PATH, Source.ENVIRONMENT),
        Setting("log-file", Kind.PATH, Source.ENVIRONMENT),
    )
}
TABLES = tuple(dict.fromkeys(_READ_AS.get(command, command) for command in READERS))


def table_of(command: str) -> str:
    """The table that a command reads, after what stands above all tables."""
    return _READ_AS.get(command, command)


def setting_of(command: str, option: str) -> Setting | None:
    """The setting that is an option of a command, such as ``--updater-elf``; None if it is only ever typed."""
    setting = SETTINGS.get(option.removeprefix("--"))
    return setting if setting is not None and setting.holds_for(table_of(command)) else None


def from_files(source: Source) -> Iterator[Setting]:
    """What a file of that kind may set."""
    return (setting for setting in SETTINGS.values() if setting.weakest <= source)


def fits(kind: Kind, value: Any) -> bool:
    """Whether a value of a TOML file is of a kind."""
    if kind in (Kind.PATHS, Kind.WORDS) and isinstance(value, list):
        return all(isinstance(one, str) for one in value)
    if kind is Kind.SWITCH:
        return isinstance(value, bool)
    if kind is Kind.NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str)
