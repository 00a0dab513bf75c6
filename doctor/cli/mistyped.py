"""What a command line that cannot be understood was probably meant to say: the nearest right thing, ready to type."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

import click

from doctor.errors import UsageError
from doctor.text.command import ON_CARD, PROGRAM, marked, quoted
from doctor.text.escape import shown
from doctor.text.nearest import did_you_mean, nearest

_PORT = re.compile(r"(COM\d+|(/dev/)?(tty|cu\.).*|[a-z0-9]+://.*|(serial|usb):.*|\d{1,3}(\.\d{1,3}){3})", re.IGNORECASE)
_DRIVE = re.compile(r"/dev/(r?disk|sd|mmcblk|loop).*|\\\\\.\\.*", re.IGNORECASE)
_BY_SUFFIX = {".dup": "--firmware", ".elf": "--updater-elf", ".img": "--sd"}
_IN_BOARD = re.compile(r"/?sd[:/]+(.+)", re.IGNORECASE)  #: a file of the card, as the board names it
#: What other programs call a command of ours.
_CALLED_ELSEWHERE = {
    "check": ("diagnose", "doctor", "examine", "scan", "test", "verify"),
    "fix": ("cure", "heal", "repair"),
    "flash": ("burn", "install", "program", "update", "upgrade", "write"),
    "ports": ("devices", "list", "ls"),
    "status": ("info", "resume", "state"),
    "--version": ("version",),
}
#: Words of click, and ours.
_OURS = {
    "a valid float": "a number",
    "a valid integer range": "a whole number",
    "a valid integer": "a whole number",
    "Directory": "folder",
    "File": "file",
    "Path": "path",
}


def no_command(word: str, commands: Sequence[str], ctx: click.Context) -> UsageError:
    """There is no command ``word``; a port or an image may stand where a command belongs."""
    otherwise = f"`{PROGRAM} --help` lists them"
    if _PORT.fullmatch(word):
        otherwise = _retyped(ctx, word, "check", "--port", word)
    elif word.lower().endswith(".dup"):
        otherwise = _retyped(ctx, word, "flash", word)
    elif called := [one for one, words in _CALLED_ELSEWHERE.items() if word.lower() in words]:
        otherwise = f"did you mean {_retyped(ctx, word, *called)}?"
    elif close := nearest(word, commands):
        otherwise = f"did you mean {' or '.join(_retyped(ctx, word, one) for one in close)}?"
    return UsageError("usage", f"there is no command {shown(word)!r}", next=otherwise)


def misunderstood(err: click.ClickException) -> UsageError:
    """What click says of a command line that it cannot read, with the nearest right thing."""
    ctx = err.ctx if isinstance(err, click.UsageError) else None
    said = shown(err.format_message().rstrip("."), 1000)
    otherwise = f"`{ctx.command_path if ctx is not None else PROGRAM} --help` lists what it takes"
    if isinstance(err, click.NoSuchOption) and ctx is not None:
        word = err.option_name
        close = nearest(word, [flag for param in ctx.command.get_params(ctx) for flag in param.opts])
        if close:
            otherwise = f"did you mean {_retyped(ctx, word, close[0]) if len(close) == 1 else ' or '.join(close)}?"
        return UsageError("usage", f"{ctx.command_path} has no option {shown(word)!r}", next=otherwise)
    if isinstance(err, click.MissingParameter) and ctx is not None and err.param is not None:
        example = next(iter(getattr(ctx.command, "examples", ())), "")
        what = f"{ctx.command_path} needs {err.param.make_metavar(ctx)} behind it"
        return UsageError("usage", what, next=f"such as {marked(f'{PROGRAM} {example}')}" if example else otherwise)
    if isinstance(err, click.BadParameter):
        said = shown(err.message.rstrip("."), 1000)
        for theirs, ours in _OURS.items():
            said = said.replace(theirs, ours)
        on = err.param.opts[0] if isinstance(err.param, click.Option) else ""
        return UsageError("usage", said, on=on, next="type the same command with another value there")
    return UsageError("usage", said, next=otherwise)


def no_such(word: str, known: Collection[str], option: str) -> UsageError:
    """``option`` takes one of ``known``, and ``word`` is none of them."""
    takes = f"it takes one of {', '.join(known)}"
    said = did_you_mean(word, known, "type the same command with one of these")
    return UsageError("usage", f"does not take {shown(word)!r}", on=option, cause=takes, next=said)


def without_value(option: click.Option, ctx: click.Context) -> UsageError:
    """``option`` stands at the end, and its value is missing."""
    takes = f"it takes one of {', '.join(option.type.choices)}" if isinstance(option.type, click.Choice) else ""
    told = "type one of these after it" if takes else f"`{ctx.command_path} --help` says what it takes"
    return UsageError("usage", "needs a value after it", on=option.opts[0], cause=takes, next=told)


def too_much(words: Sequence[str], ctx: click.Context) -> UsageError:
    """``words`` stand where the command takes nothing: what belongs behind an option, if it can be seen which."""
    taken = {flag for param in ctx.command.params for flag in param.opts}
    option = _option_for(words[0])
    what = f"{ctx.command_path} does not take {' '.join(shown(word) for word in words)!r}"
    if option in taken:
        said = _retyped(ctx, words[0], option, words[0])
        return UsageError("usage", f"{what} without an option", next=said)
    close = [] if words[0].startswith("-") else nearest(f"--{words[0]}", taken)
    if len(close) == 1:
        return UsageError("usage", what, next=f"did you mean {_retyped(ctx, words[0], *close)}?")
    return UsageError("usage", what, next=f"`{ctx.command_path} --help` lists what it takes")


def no_file(name: str, param: click.Parameter | None, ctx: click.Context | None) -> UsageError:
    """There is no file ``name``: where one of that name lies, or one that is called alike, or which ones there are."""
    from doctor.jobs.find_firmware import folders

    what = f"there is no file {shown(name)!r}"
    on = param.opts[0] if isinstance(param, click.Option) else ""
    if not on and _PORT.fullmatch(name):
        return UsageError("usage", what, next=_retyped(ctx, name, "--port", name))
    if not on and (in_board := _IN_BOARD.fullmatch(name)):
        return UsageError("usage", what, next=f"did you mean {_retyped(ctx, name, f'{ON_CARD}{in_board[1]}')}?")
    path = Path(name)
    here = dict.fromkeys((path.parent, *(folder for _, folder in folders()), *_below(Path())))
    found = [file for folder in here for file in _like(folder, path.suffix.lower())]
    by_name = {file.name: file for file in reversed(found)}  # of one name, the first place counts
    if close := nearest(path.name, by_name):
        return UsageError("usage", what, on=on, next=f"did you mean {_retyped(ctx, name, str(by_name[close[0]]))}?")
    there = f"files with this ending: {', '.join(marked(shown(str(file))) for file in found[:5])}" if found else ""
    return UsageError("usage", what, on=on, cause=there, next="type the same command with a file that exists")


def _option_for(word: str) -> str:
    """The option that ``word`` belongs behind; "" if that cannot be seen."""
    if _PORT.fullmatch(word):
        return "--port"
    if _DRIVE.fullmatch(word):
        return "--sd"
    path = Path(word)
    if path.is_dir():
        return "--scripts" if any(path.glob("*.py")) else "--sd"
    return _BY_SUFFIX.get(path.suffix.lower(), "")


def _like(folder: Path, suffix: str) -> list[Path]:
    """Files of ``folder`` that end with ``suffix``, in whatever case; none if it cannot be listed."""
    try:
        return sorted(file for file in folder.iterdir() if suffix and file.suffix.lower() == suffix and file.is_file())
    except (OSError, ValueError):
        return []


def _below(folder: Path) -> list[Path]:
    """The folders in ``folder``; none if it cannot be listed."""
    try:
        return sorted(inner for inner in folder.iterdir() if inner.is_dir())
    except OSError:
        return []


def _retyped(ctx: click.Context | None, word: str, *instead: str) -> str:
    """The command of this run with ``instead`` in the place of ``word``, marked."""
    words = list(ctx.find_root().obj or ()) if ctx is not None else []
    if word not in words:  # behind an equals sign, or from the environment
        return marked(quoted(instead))
    at = words.index(word)
    return marked(quoted((PROGRAM, *words[:at], *instead, *words[at + 1 :])))
