"""What a shell completes: click says where in the command line one is, this module which words belong there.

Ports are listed and not opened, the simulator is loaded for what stands behind its own URL alone, and no settings are
read. Whatever goes wrong completes nothing: an error in the middle of a line that somebody types helps nobody.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable

import click
from click import shell_completion as shells
from click.shell_completion import CompletionItem

from doctor.cli.settings import COMPLETE
from doctor.text.command import PROGRAM

_GOES_ON = ("=", "/", ":", "?")  #: behind these more is to be typed: no space
_BREAKS = ":="  #: at which bash takes a word apart, unless COMP_WORDBREAKS says otherwise
_SPECIAL = re.compile(r"""[\s;&|<>()$`"'\\*\[\]{}!#~]""")  #: what bash would not take for a part of a word
_BACKSLASHED = r"\\\g<0>"
_QUOTES = ("'", '"')
_TRACE = "replay://"

Words = Iterable[tuple[str, str]]  #: each with what it means, "" if the word says it


def items(kind: str, incomplete: str) -> list[CompletionItem]:
    """What may stand where ``incomplete`` stands; ``kind`` is the name of one of the functions below."""
    if kind == "files":
        return [CompletionItem(incomplete, type="file")]
    words: Callable[[str], Words] = _WORDS[kind]
    return [CompletionItem(word, help=told or None) for word, told in words(incomplete) if word.startswith(incomplete)]


def ports(incomplete: str) -> Words:
    """Ports of this computer by name and by USB serial number, and what the simulator offers."""
    from doctor.cli.commands.sim import urls_like
    from doctor.link.ports import list_ports

    if incomplete.startswith(_TRACE):
        return [(f"{_TRACE}{name}", "") for name in _files(incomplete.removeprefix(_TRACE))]
    simulated = urls_like(incomplete)
    if simulated:
        return [(url, "") for url in simulated]
    found = list_ports()
    named = [(port.device, port.words) for port in found]
    numbered = [(f"serial:{port.serial}", f"{port.device}, {port.words}") for port in found if port.serial]
    return [*named, *numbered, *_ADDRESSES]


_ADDRESSES = [
    ("sim://fipy", "a simulated FiPy"),
    ("sim://gpy", "a simulated GPy"),
    ("telnet://", "a board on Wi-Fi"),
    ("rfc2217://", "a port of another computer"),
    (_TRACE, "a trace"),
]


def _files(begun: str, folders_only: bool = False) -> list[str]:
    """Files and folders whose names begin so, where no shell looks for them; behind a folder stands a slash."""
    name = begun.rpartition("/")[2]
    front = begun.removesuffix(name)
    with os.scandir(front or ".") as inside:
        found = sorted((each.name, _is_folder(each)) for each in inside)
    return [
        f"{front}{each}{'/' * is_folder}"
        for each, is_folder in found
        if each.startswith(name) and each.isprintable() and (is_folder or not folders_only)
        if not each.startswith(".") or name.startswith(".")
    ]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """False also of a link to itself, and of one behind a folder that may not be read: no folder to go on in."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def checks(incomplete: str) -> Words:
    """Ids of checks, behind those that stand there already."""
    from doctor.roster import BUILTIN

    front = incomplete[: incomplete.rfind(",") + 1]
    return [(f"{front}{check}", "") for check in BUILTIN if check not in front.split(",")]


def carriers(_incomplete: str) -> Words:
    """Names of carrier boards."""
    from doctor.cli.options import CARRIERS

    return [(name, "") for name in CARRIERS]


def pages(_incomplete: str) -> Words:
    """Ids of all that ``open`` has a page of."""
    from doctor.knowledge.catalogue import sources
    from doctor.remedies import cures
    from doctor.roster import BUILTIN

    return [(page, "") for page in sorted({*BUILTIN, *sources(), *cures().by_id})]


def steps_done(_incomplete: str) -> Words:
    """Words of ``--done``."""
    from doctor.jobs.hands import DONE
    from doctor.remedies import cures

    return [(word, "") for word in (*DONE, *sorted(cures().by_id))]


def trial_steps(_incomplete: str) -> Words:
    """Ids of the steps of a trial."""
    from doctor.data import tables

    return [(step["id"], step["title"]) for step in tables("trial.toml")["steps"]]


def schemas(_incomplete: str) -> Words:
    """Names of schemas."""
    from doctor.report.schema import documents

    return [(name, "") for name in documents()]


def from_board(_incomplete: str) -> Words:
    """The word of ``--bootrom`` for what the board's firmware holds."""
    from doctor.firmware.bootrom import FROM_BOARD

    return [(str(FROM_BOARD), "the package in the board's firmware")]


_WORDS: dict[str, Callable[[str], Words]] = {
    kind.__name__: kind for kind in (ports, checks, carriers, pages, steps_done, trial_steps, schemas, from_board)
}


def script(shell: str, program: click.Command) -> str:
    """What a shell has to read so that it completes ``program``: bash, zsh, fish or powershell."""
    asked = _KINDS[shell](program, {}, PROGRAM, COMPLETE)
    return asked.source_template % asked.source_vars()  # click would start bash to ask for its version


def answer(instruction: str, program: click.Command) -> int:
    """Print what the shell that asks has to read or to offer, and return an exit code."""
    shell, _, what = instruction.partition("_")
    if shell not in _KINDS or what not in ("source", "complete"):
        return 2
    asked = _KINDS[shell](program, {"obj": items}, PROGRAM, COMPLETE)
    click.echo(script(shell, program) if what == "source" else asked.complete())
    return 0


class _Quiet(shells.ShellComplete):
    """Completes nothing where click, or we, would raise; and the whole of a word, as shells replace the whole."""

    def complete(self) -> str:
        """The answer, line by line; nothing after any fault."""
        try:
            return super().complete()
        except Exception:
            return ""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """What may stand there. Of ``--port=COM2`` click completes the value alone; no shell finds a file in it."""
        found = super().get_completions(args, incomplete)
        name, equals, _ = incomplete.partition("=")
        if not (equals and name.startswith("-")):
            return found
        words = ((word, item.help) for item in found for word in _words_of(item))
        return [CompletionItem(f"{name}={word}", help=told) for word, told in words]


def _words_of(item: CompletionItem) -> list[str]:
    """The words that an item stands for: those of a file or a folder are looked for here."""
    return [item.value] if item.type == "plain" else _files(item.value, item.type == "dir")


_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' kind word
    COMPREPLY=()
    while IFS=, read -r kind word; do
        case $kind in
            file) compopt -o default ;;
            dir) compopt -o dirnames ;;
            more) compopt -o nospace; COMPREPLY+=("$word") ;;
            name) compopt -o filenames; [[ $word == */ ]] && compopt -o nospace; COMPREPLY+=("$word") ;;
            plain) COMPREPLY+=("$word") ;;
        esac
    done < <(COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_WORD="${COMP_WORDS[COMP_CWORD]}" \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -F %(complete_func)s %(prog_name)s
"""


class _Bash(_Quiet):
    """Bash takes words apart at colons and equals signs: the line is read here, and only the last piece goes back.

    A file in the last piece is looked for here, too: bash would look for that piece alone.
    """

    name = "bash"
    source_template = _BASH
    _front = ""
    _quoted = False

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is typed, and that one."""
        words, incomplete = _apart(os.environ["COMP_LINE"])
        piece = os.environ.get("COMP_WORD", "")
        self._front, self._quoted = _taken_off(incomplete, piece), piece.startswith(_QUOTES)
        return words, incomplete

    def format_completion(self, item: CompletionItem) -> str:
        """Its kind and the word, in a line; of a file that bash would not find a line for each."""
        if item.type != "plain" and not self._front:
            return f"{item.type},"
        return "\n".join(map(self._line, _words_of(item)))

    def _line(self, word: str) -> str:
        piece = word.removeprefix(self._front)
        if self._quoted and _SPECIAL.search(word):
            return f"name,{piece}"  # readline writes it as that quotation mark needs it
        # Without one it looks for the piece alone, and takes the $ of a file that is not there for a variable.
        return f"{'more' if word.endswith(_GOES_ON) else 'plain'},{_SPECIAL.sub(_BACKSLASHED, piece)}"


def _taken_off(incomplete: str, piece: str) -> str:
    """The front of a word that bash does not complete. ``piece`` is what it does complete, as it is typed."""
    if piece.startswith(_QUOTES):
        return ""
    typed = piece.replace("\\", "")
    if typed.strip(_BREAKS) and incomplete.endswith(typed):
        return incomplete[: -len(typed)]
    return incomplete[: max(map(incomplete.rfind, _BREAKS)) + 1]


class _Zsh(_Quiet, shells.ZshComplete):
    """As click has it."""


class _Fish(_Quiet, shells.FishComplete):
    """As click has it, but that a word may hold commas."""

    source_template = shells.FishComplete.source_template.replace('split ","', 'split -m 1 ","')


# Windows PowerShell 5.1 and PowerShell 7.
_POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $line = $commandAst.ToString()
    $length = $cursorPosition - $commandAst.Extent.StartOffset
    if ($length -lt $line.Length) { $line = $line.Substring(0, $length) } else { $line = $line.PadRight($length) }
    $env:COMP_LINE = $line
    $env:%(complete_var)s = 'powershell_complete'
    try {
        & $commandAst.CommandElements[0].Value 2>$null | ForEach-Object {
            $kind, $word, $told = $_ -split "`t", 3
            if ($kind -eq 'plain') {
                [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $told)
            } else {
                [System.Management.Automation.CompletionCompleters]::CompleteFilename($wordToComplete)
            }
        }
    } finally {
        Remove-Item Env:COMP_LINE, Env:%(complete_var)s
    }
}
"""


class _PowerShell(_Quiet):
    """Not in click."""

    name = "powershell"
    source_template = _POWERSHELL

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is typed, and that one; a backslash is a part of a path."""
        return _apart(os.environ["COMP_LINE"].replace("\\", "\\\\"))

    def format_completion(self, item: CompletionItem) -> str:
        """Its kind, the word and its help, with tabs between: PowerShell takes no empty help."""
        return "\t".join((item.type, item.value, (item.help or item.value).replace("\t", " ")))


_KINDS: dict[str, type[shells.ShellComplete]] = {
    "bash": _Bash,
    "zsh": _Zsh,
    "fish": _Fish,
    "powershell": _PowerShell,
}


def _apart(line: str) -> tuple[list[str], str]:
    """The words of a line up to the cursor behind the program's name, and the one that is not ended."""
    words = shells.split_arg_string(line)
    ended = line[-1:].isspace() and shells.split_arg_string(line + "x") != [*words[:-1], f"{words[-1]}x"]
    if not ended and words:
        return words[1:-1], words[-1] if len(words) > 1 else ""
    return words[1:], ""
