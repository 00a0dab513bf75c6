"""One fipy-doctor command as a value: nothing else spells one. It spells, and decides nothing."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote

from doctor.computer import is_windows

PROGRAM = "fipy-doctor"
AUTO = "auto"  #: what --via and --method mean if nothing is said; so nothing is said
VIAS = (AUTO, "usb", "modem", "card")  #: ways to the modem
METHODS = (AUTO, "store", "on-the-fly")  #: how a modem takes an image
#: Risks that one can agree to by their names.
RISKS = (
    "radio-change", "no-way-back", "old-boot-loader", "same-build", "unknown-build", "jumpers-removed",
    "interrupt-program",
)  # fmt: skip
#: In front of the name of a file on the card in the board, which only a flash takes.
ON_CARD = "card:"

#: Commands that do nothing without a port.
NEED_PORT = ("check", "fix", "flash", "plan", "status", "backup", "restore")
_FILES_BEHIND = ("flash", "plan")  #: commands that name the firmware without an option
_BENCH = ("firmware", "updater_elf", "bootrom", "sd", "scripts", "carrier", "was", "accept", "via", "interrupt")
#: What each command takes besides --port and its own words; others take nothing that a Command knows.
TAKES: dict[str, tuple[str, ...]] = {
    "check": ("done", *_BENCH),
    "fix": (*_BENCH, "backup", "confirm", "put_back", "leave_out", "force_device"),
    "flash": (*_BENCH, "method", "override", "compress", "block"),
    "plan": (*(name for name in _BENCH if name != "interrupt"), "method", "compress", "block"),
    "status": ("done", "via", "interrupt"),
    "backup": ("interrupt",),
    "restore": ("backup", "interrupt"),
}
#: What a journal keeps of a command besides its files, so that the next one can be spelled as it was.
_KEPT = ("via", "method", "compress", "accept", "override", "was", "carrier", "interrupt")

File = PurePath | str


@dataclass(frozen=True)
class Command:
    """A command by its verb. Every option is named as on the command line; one that is not set is not spelled.

    verb  ``check``, ``flash`` and so on; "" for the program alone
    args  what stands behind it as it is: a folder, an id, an option that no member here stands for

    A member that the verb does not take is not spelled either, so that a bench can be given to any command.
    """

    verb: str
    args: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    firmware: tuple[File, ...] = ()
    updater_elf: File | None = None
    bootrom: File | None = None
    sd: File | None = None
    scripts: File | None = None
    carrier: str | None = None
    was: int | str | None = None
    port: str | None = None
    accept: frozenset[str] = frozenset()
    via: str = AUTO
    method: str = AUTO
    override: frozenset[str] = frozenset()
    compress: bool = False
    block: int | str | None = None
    backup: File | None = None
    confirm: str | None = None
    put_back: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    force_device: bool = False
    interrupt: bool = False

    def words(self) -> tuple[str, ...]:
        """Word by word, the program's name first."""
        behind = self.verb in _FILES_BEHIND
        files = tuple(_no_option(str(file)) for file in self.firmware if behind or not str(file).startswith(ON_CARD))
        given = {**vars(self), "firmware": () if behind else files}
        spelled = [_spelled(name, given[name]) for name in self._spells]
        named = (*filter(None, (self.verb,)), *self.args, *(files if behind else ()))
        return (PROGRAM, *named, *(word for words in spelled for word in words))

    def line(self) -> str:
        """In one line, quoted as the shell of this system wants it."""
        return quoted(self.words())

    def __str__(self) -> str:
        """As it stands in a text: marked (doctor/text/marks.py)."""
        return marked(self.line())

    def on(self, bench: Command) -> Command:
        """The command for the bench that ``bench`` names: what it takes of that and does not name itself.

        One that names its own port is about another bench, and stays as it is.
        """
        if self.port is not None or self.verb not in NEED_PORT or "--help" in self.args:
            return self
        named = {"firmware"} if self.args and self.verb in _FILES_BEHIND else set()  # they stand among args
        lacks = [name for name in ("port", *_BENCH) if name not in named and not _spelled(name, getattr(self, name))]
        return replace(self, **{name: getattr(bench, name) for name in lacks})

    def anyhow(self) -> Command:
        """Without what was said about how to flash: the program chooses again."""
        via = self.via if self.via == "modem" else AUTO
        return replace(self, via=via, method=AUTO, override=frozenset(), compress=False, block=None, interrupt=False)

    def kept(self) -> dict[str, Any]:
        """What a journal keeps of it, as JSON has it."""
        values = ((name, getattr(self, name)) for name in _KEPT)
        return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in values}

    def recalled(self, kept: Mapping[str, Any]) -> Command:
        """This command with what ``kept`` once returned; what is set here stays, what is no value is left out."""
        again: dict[str, Any] = {}
        for name in _KEPT:
            value, default = kept.get(name), getattr(_PLAIN, name)
            if isinstance(value, list) and isinstance(default, frozenset):
                value = frozenset(word for word in value if isinstance(word, str))
            sound = isinstance(value, int | str) if default is None else type(value) is type(default)
            if sound and getattr(self, name) == default:
                again[name] = value
        return replace(self, **again)

    @property
    def _spells(self) -> Iterable[str]:
        """Names of the members that are spelled as options, in order."""
        takes = {"port", *TAKES.get(self.verb, ())}
        if self.via != "modem" and self.verb not in _FILES_BEHIND:  # only a flash goes any other way
            takes.discard("via")
        return (member.name for member in fields(self) if member.name in takes)

    @classmethod
    def parse(cls, line: str) -> Command:
        """The command that ``line`` spells. Raises ValueError if it is not one of ours."""
        program, *words = _split(line) or [""]
        if program != PROGRAM:
            raise ValueError(f"not a command of {PROGRAM}: {line}")
        return cls.of_words(words)

    @classmethod
    def of_words(cls, words: Iterable[str]) -> Command:
        """The command of these words, the program's name left out."""
        left = list(words)
        verb = left.pop(0) if left and not left[0].startswith("-") else ""
        takes = {"port", *TAKES.get(verb, ())}
        args: list[str] = []
        found: dict[str, Any] = {}
        while left:
            word, *behind = _apart(left.pop(0), takes)
            left[:0] = behind
            if word == "--":  # no options behind it, but ours are spelled behind all else
                args += map(_no_option, left)
                break
            name = word[2:].replace("-", "_") if word.startswith("--") else ""
            if name == "labgrid" and left:  # what stands for its port
                name, left[0] = "port", f"labgrid:{left[0]}@"
            if name == "port" and name in found and left:
                args += port_words(found.pop(name))
            default = getattr(_PLAIN, name, None)
            if name not in takes or (verb in _FILES_BEHIND and name == "firmware"):
                args.append(word)
            elif default is False:
                found[name] = True
            elif not left:
                args.append(word)
            elif isinstance(default, tuple | frozenset):
                found[name] = type(default)((*found.get(name, ()), left.pop(0)))
            else:
                found[name] = left.pop(0)
        return cls(verb, tuple(args), **found)


#: The one member with a short spelling, with other short switches in front of it or its value behind it.
_SHORT = re.compile(r"-(?P<more>[a-z]*?)p(?P<value>.*)", re.DOTALL)
_PLAIN = Command("")
#: What is quoted in a line of a shell; the first group is within $'…'.
_QUOTED = re.compile(r"""\$'((?:[^'\\]|\\.)*)'|'[^']*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)


def _apart(word: str, takes: Collection[str]) -> tuple[str, ...]:
    """An option that it takes and the value in one word with it: ``--via=usb``, ``-pCOM25``; else the word."""
    short = _SHORT.fullmatch(word)
    if short is not None:
        more = (f"-{short['more']}",) if short["more"] else ()
        return (*more, "--port", *filter(None, (short["value"],)))
    name, equals, value = word.partition("=")
    taken = equals and name.startswith("--") and name[2:].replace("-", "_") in {*takes, "labgrid"}
    return (name, value) if taken else (word,)


#: Of a port in a board farm (link/port_url.py): its address is gone as soon as its place is given back. Then its key.
_PLACE = re.compile(r"rfc2217://[^#]*#labgrid=(?P<labgrid>[^&]+)(?:&coordinator=(?P<coordinator>[^&]+))?&at=")
_KEY_OF_PLACE = re.compile(r"labgrid:(.+)@")


def _spelled(name: str, value: object) -> list[str]:
    flag = "--" + name.replace("_", "-")
    if name == "port" and value:
        return port_words(str(value))
    if value is True:
        return [flag]
    if value in (None, False, "", AUTO):
        return []
    many = sorted(value) if isinstance(value, frozenset) else value if isinstance(value, tuple) else (value,)
    return [word for one in many for word in (flag, str(one))]


def port_words(port: str) -> list[str]:
    """The option that leads to ``port``: ``--port``, or ``--labgrid`` for a place of a board farm."""
    if place := _PLACE.match(port):
        named = {name: unquote(word) for name, word in place.groupdict().items() if word}
        return [word for name, told in named.items() for word in (f"--{name}", told)]
    if place := _KEY_OF_PLACE.match(port):
        return ["--labgrid", place[1]]
    return ["--port", port]


def marked(words: File) -> str:
    """Words of a text that must stay whole, a command or a path above all, between marks, whatever they hold."""
    words = str(words)
    ticks = "`" * (max(map(len, re.findall("`+", words)), default=0) + 1)
    return f"`{words}`" if ticks == "`" else f"{ticks} {words} {ticks}"


def quoted(words: Iterable[str]) -> str:
    """``words`` as one line that can be copied into the shell of this system.

    What a terminal would obey, or cannot show, is spelled as bash, zsh and others read it: ``$'\\xff.dup'``. On Windows
    cmd and PowerShell read it alike, but for the ``%`` and ``$`` that each of them looks into quotes for.
    """
    if is_windows():
        return " ".join(word if _PLAIN_ON_WINDOWS.fullmatch(word) else f'"{_within_quotes(word)}"' for word in words)
    return " ".join(shlex.quote(word) if word.isprintable() else f"$'{_escaped(word)}'" for word in words)


#: What neither cmd nor PowerShell reads as more than a letter: to PowerShell a comma makes two words of one.
_PLAIN_ON_WINDOWS = re.compile(r"[\w.:/\\=+-][\w.:/\\=+~-]*")
_HALVED = re.compile(r'(\\+)("|$)')


def _within_quotes(word: str) -> str:
    """As it stands within double quotes, the ones that cmd and PowerShell share; programs halve backslashes there."""
    return re.sub(r'(\\*)("|$)', lambda run: run[1] * 2 + ('\\"' if run[2] else ""), word)


def _escaped(word: str) -> str:
    """As it stands within ``$'…'``."""
    plain = re.sub(r"(['\\])", r"\\\1", word)
    return "".join(c if c.isprintable() else "".join(f"\\x{byte:02x}" for byte in os.fsencode(c)) for c in plain)


def _unescaped(found: re.Match[str]) -> str:
    if found[1] is None:  # quoted otherwise
        return found[0]
    escapes = re.compile(rb"\\x(..)|\\(.)")
    word = escapes.sub(lambda one: bytes.fromhex(one[1].decode()) if one[1] else one[2], os.fsencode(found[1]))
    return shlex.quote(os.fsdecode(word))


def _no_option(name: str) -> str:
    """``name`` of a file, so that nothing takes it for an option."""
    return f"{os.curdir}{os.sep}{name}" if name.startswith("-") else name


def _split(line: str) -> list[str]:
    """The words of a line that ``quoted`` made. Raises ValueError."""
    if is_windows():
        words = re.findall(r'"((?:\\.|[^"\\])*)"|(\S+)', line)
        return [plain or _HALVED.sub(lambda run: "\\" * (len(run[1]) // 2) + run[2], inside) for inside, plain in words]
    return shlex.split(_QUOTED.sub(_unescaped, line))
