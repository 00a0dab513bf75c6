"""Files of settings, fipy-doctor.toml: which there are, what they say, and what is wrong with them.

The user's own lies in the user's configuration folder. A project's lies in the current folder, or in the nearest one
above it. That one may be anybody's: it sets nothing but what does no harm (doctor/cli/settings.py).
"""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from doctor.cli.settings import SETTINGS, TABLES, Kind, Setting, Source, fits, from_files, table_of
from doctor.data import parsed
from doctor.documents.json_file import read_bounded
from doctor.documents.user_folders import NO_HOME, own_folder
from doctor.errors import UsageError, reason
from doctor.text.command import marked
from doctor.text.escape import shown
from doctor.text.nearest import did_you_mean

NAME = "fipy-doctor.toml"
VARIABLE = "FIPY_DOCTOR_CONFIG"  #: one file in place of both; NONE for no file at all
NONE = "none"
MOST_BYTES = 1 << 16  #: some hundred times what all settings take
#: What finds one board wherever it is plugged in; other names are another device on the next computer, or an address.
_BY_USB = re.compile(r"(serial|usb):.+")
_HEAD = re.compile(r"\s*\[\s*([\w\"'-]+)\s*\]")
_KEY = re.compile(r"\s*[\"']?([\w-]+)[\"']?\s*[=.]")
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)$")


@dataclass(frozen=True)
class Place:
    """Where a file may lie.

    left_out  why it is not read though it is there; "" if it is read
    """

    path: Path
    source: Source
    left_out: str = ""

    @property
    def is_there(self) -> bool:
        """Whether there is a file, or something else of that name."""
        return os.path.lexists(self.path)


@dataclass(frozen=True)
class Said:
    """What a file says of a setting: the value, where it stands, and whose file that is."""

    key: str
    value: Any
    path: Path
    line: int
    source: Source

    @property
    def place(self) -> str:
        """File and line, as they are shown."""
        return f"{shown(str(self.path), 300)}, line {self.line}"


@dataclass(frozen=True)
class ConfigFile:
    """A file that was read and found right: what stands above all tables is under ""."""

    place: Place
    tables: Mapping[str, Mapping[str, Said]]


def places() -> list[Place]:
    """Where files of settings may lie, in order of growing weight, whether they are there or not."""
    named = os.environ.get(VARIABLE, "")
    if named:
        return [] if named == NONE else [Place(Path(named).absolute(), Source.USER)]
    return [*_users(), *_projects()]


def _users() -> Iterator[Place]:
    folder = own_folder("config")
    if folder != NO_HOME:
        yield Place(folder / NAME, Source.USER)


def _projects() -> Iterator[Place]:
    """The file of the current folder, or of the nearest one above it that has one."""
    try:
        here = Path.cwd()
    except OSError:  # the folder was removed
        return
    for folder in (here, *here.parents):
        place = folder / NAME
        try:
            told = place.lstat()
        except OSError:  # there is none, or the folder cannot be looked into
            continue
        yield Place(place, Source.PROJECT, _foreign(told))
        return


def _foreign(told: os.stat_result) -> str:
    """Why a project's file is not believed: anybody may lay one into /tmp. Windows has no such ids."""
    if not hasattr(os, "getuid"):
        return ""
    ours = {0, os.getuid()}
    if os.getuid() == 0 and os.environ.get("SUDO_UID", "").isdigit():
        ours.add(int(os.environ["SUDO_UID"]))
    return "" if told.st_uid in ours else "it belongs to another user"


def files(found: list[Place]) -> list[ConfigFile]:
    """The files of these places, the weightier one last.

    Raises UsageError for one that cannot be read, is not TOML, or says what no file, or not this one, may say.
    """
    named = bool(os.environ.get(VARIABLE))
    return [_read(place) for place in found if (place.is_there or named) and not place.left_out]


def said_for(command: str, found: list[ConfigFile]) -> dict[str, Said]:
    """What these files say for a command, by the names of the settings."""
    said: dict[str, Said] = {}
    for file in found:
        for table in ("", table_of(command)):
            said |= file.tables.get(table, {})
    return said


def _read(place: Place) -> ConfigFile:
    path = place.path
    try:
        text = read_bounded(path, MOST_BYTES, follow=place.source is not Source.PROJECT).decode("utf-8-sig")
        tables = parsed(text)
    except UnicodeDecodeError as err:
        line = bytes(err.object[: err.start]).count(b"\n") + 1
        raise _wrong(place, "is not UTF-8", line, "save it as UTF-8") from err
    except OSError as err:
        raise _wrong(place, f"cannot be read: {reason(err)}", 0, "") from err
    except RecursionError as err:
        raise _wrong(place, "is nested too deeply", 0, "mend the file") from err
    except ValueError as err:
        raise _not_toml(place, err) from err
    lines = _lines(text)
    by_table: dict[str, dict[str, Said]] = {"": {}}
    for key, value in tables.items():
        if key in TABLES and isinstance(value, dict):
            by_table[key] = {inner: _said(place, key, inner, value[inner], lines) for inner in value}
        else:
            by_table[""][key] = _said(place, "", key, value, lines)
    return ConfigFile(place, by_table)


def _said(place: Place, table: str, key: str, value: Any, lines: Mapping[tuple[str, str], int]) -> Said:
    """The setting of that name. Raises UsageError if it may not stand there, or not with that value."""
    line = lines.get((table, key), 0)
    setting = SETTINGS.get(key)
    if setting is None or not (setting.holds_for(table) if table else not setting.tables):
        raise _unknown(place, table, key, value, line)
    if setting.weakest > place.source:
        raise _not_from_there(place, setting, line)
    if not fits(setting.kind, value):
        raise _wrong(place, f"{marked(key)} must be {setting.kind.value}", line, "mend that line")
    if any("\0" in one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)):
        raise _wrong(place, f"{marked(key)} holds a NUL, which no name has", line, "mend that line")
    if place.source is Source.PROJECT and key == "port" and not _BY_USB.fullmatch(value):
        own = _own_file()
        told = f"name the board by its USB serial number, as `fipy-doctor ports` shows it: serial:NUMBER{own}"
        raise _wrong(place, f"a project's file cannot set the port {shown(value, 100)!r}", line, told)
    if setting.kind is Kind.NUMBER and isinstance(value, int) and value.bit_length() >= sys.float_info.max_exp:
        value = math.inf if value > 0 else -math.inf  # hundreds of digits; an option makes a float of it
    if setting.kind in (Kind.PATH, Kind.PATHS):
        value = [_beside(place, one) for one in value] if isinstance(value, list) else _beside(place, value)
    if setting.kind in (Kind.PATHS, Kind.WORDS) and isinstance(value, str):
        value = [value]
    return Said(key, value, place.path, line, place.source)


def _beside(place: Place, name: str) -> str:
    """A path of a file of settings counts from the folder of that file; an empty one names nothing."""
    try:
        return str(place.path.parent / Path(name).expanduser()) if name else name
    except (RuntimeError, ValueError):  # nobody knows that home
        return name


def _unknown(place: Place, table: str, key: str, value: Any, line: int) -> UsageError:
    """Why no file, or not this table, has such a key; the nearest right one."""
    where = f"[{table}]" if table else "above the tables"
    what = f"{marked(shown(key, 60))} is not a setting that may stand {'in ' * bool(table)}{where}"
    setting = SETTINGS.get(key)
    if isinstance(value, dict) and not table:
        what = f"[{shown(key, 60)}] is not a table that is known"
        if key == "plan":
            return _wrong(place, what, line, "a plan is what flash would do: write it into [flash]")
        return _wrong(place, what, line, did_you_mean(key, TABLES, f"there are {', '.join(TABLES)}"))
    if setting is not None:
        tables = ", ".join(f"[{one}]" for one in setting.tables)
        return _wrong(place, what, line, f"it may stand in {tables}" if tables else "remove that line")
    known = [one.key for one in from_files(place.source) if (one.holds_for(table) if table else not one.tables)]
    otherwise = f"only these may: {', '.join(known)}; all else, consents above all, is typed each time"
    return _wrong(place, what, line, did_you_mean(key, known, otherwise))


def _not_from_there(place: Place, setting: Setting, line: int) -> UsageError:
    """Why a setting may not stand in that file, and where it may."""
    if setting.weakest is Source.USER:
        what = f"{marked(setting.key)} may not stand in a project's file, which may be anybody's"
        return _wrong(place, what, line, f"remove that line{_own_file()}")
    return _wrong(
        place,
        f"{marked(setting.key)} may not stand in a file",
        line,
        f"type --{setting.key}, or set {setting.variable('')} for a session",
    )


def _own_file() -> str:
    """That the user's own file may say it, if there can be one."""
    own = next(iter(_users()), None)
    return f"; your own file may have it: {marked(str(own.path))}" if own is not None else ""


def _not_toml(place: Place, err: ValueError) -> UsageError:
    said = str(err)
    found = _AT_LINE.search(said)
    line = int(found[1]) if found else 0
    what = _AT_LINE.sub("", said).strip()
    told = "mend that line" if line else "mend the file"
    if "escape" in what or "hex value" in what:
        told = "mend that line; a path with backslashes stands between single quotes: 'C:\\Users\\anna'"
    return _wrong(
        place, f"is not TOML: {shown(what, 200)}" if found else f"cannot be read: {shown(what, 200)}", line, told
    )


def _wrong(place: Place, what: str, line: int, told: str) -> UsageError:
    at = f"{place.path}, line {line}" if line else str(place.path)
    without = f"for a run without any such file set {VARIABLE}={NONE}"
    return UsageError("usage", what, on=at, next=f"{told}; {without}" if told else without)


def _lines(text: str) -> dict[tuple[str, str], int]:
    """The first line of each key, by its table and name, as far as lines show it: TOML is read without places."""
    table = ""
    found: dict[tuple[str, str], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if head := _HEAD.match(line):
            table = head[1].strip("\"'")
            found.setdefault(("", table), number)
        elif key := _KEY.match(line):
            found.setdefault((table, key[1]), number)
    return found
