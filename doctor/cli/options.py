"""Options that several commands share, and the bench that they describe."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from doctor.cli import mistyped, signals
from doctor.cli.help_page import BenchOption, EveryCommandOption, HelpedCommand
from doctor.cli.screen import Screen, make_screen
from doctor.cli.settings import READERS, setting_of
from doctor.errors import DoctorError, Exit, Stopped, UsageError, reason
from doctor.jobs.hands import DONE
from doctor.link.port_url import PortUrl
from doctor.text import marks
from doctor.text.command import NEED_PORT, Command

if TYPE_CHECKING:  # what examines a bench is loaded by the commands that have one
    from click.shell_completion import CompletionItem

    from doctor.bench import Bench, BenchOptions
    from doctor.cli.config import Said
    from doctor.events import Event, Listener

F = TypeVar("F", bound=Callable[..., Any])
INTERNAL = "internal"  #: the id of a fault of ours
Given = dict[str, Any]  #: what click has parsed, by the names of the parameters


def error_of(err: BaseException) -> DoctorError:
    """What ended a run, as the user is told of it: an error of ours, a mistyped command, a stop, or a fault of ours."""
    if isinstance(err, DoctorError):
        return err
    if isinstance(err, click.ClickException):
        return mistyped.misunderstood(err)
    if isinstance(err, (click.Abort, KeyboardInterrupt)):
        return Stopped()
    return DoctorError(
        INTERNAL,
        f"fipy-doctor itself failed: {type(err).__name__}: {err}",
        cause="a bug in fipy-doctor",
        next="run the same command with --debug and report what it prints",
    )


class OneOfEach(HelpedCommand):
    """A command whose options that take one value may be typed once: of two boards or files, none is chosen silently.

    What stands in front of the command counts too; what comes from the environment does not. What is mistyped is
    answered with what was probably meant. What need not be typed comes from the environment and from files of settings,
    as doctor/cli/settings.py has it.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for option in self.params:
            if isinstance(option, click.Option) and (setting := setting_of(self.name or "", option.opts[0])):
                option.envvar = setting.variable(self.name or "")

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; if it ends in an error, the report that was asked for says so, too."""
        asked = ctx.params.get("report")
        if asked is not None:
            asked.forget_earlier()
        try:
            return super().invoke(ctx)
        except click.exceptions.Exit:
            raise
        except (Exception, KeyboardInterrupt) as err:
            if asked is not None and asked.is_due:
                ended = error_of(err)
                from doctor.report import as_json

                name = ctx.info_name or ""
                document = as_json.document(name, ended.exit_code, ended)
                if lost := asked.write(document, Command("", port=ctx.params.get("port"))):
                    click.echo(lost, err=True)
            raise

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments that are left.

        Raises UsageError for an option that was given twice, or without its value, or with a word that it does not
        know, and for words where the command takes none.
        """
        if ctx.resilient_parsing:  # a shell completes what is not right yet
            return super().parse_args(ctx, args)
        try:
            values, left, given = self.make_parser(ctx).parse_args(args=list(args))
        except click.BadOptionUsage as err:
            named = next((param for param in self.params if err.option_name in param.opts), None)
            raise mistyped.without_value(named, ctx) if isinstance(named, click.Option) else err from None
        if any(param.is_eager for param in given):  # --help answers whatever else is typed
            return super().parse_args(ctx, args)
        in_front = ctx.default_map or {}
        for option in given:
            takes_one = isinstance(option, click.Option) and not (option.multiple or option.is_flag)
            if takes_one and given.count(option) + (option.name in in_front) > 1:
                raise click.UsageError(f"Option {option.opts[0]!r} was given twice; it takes one value.", ctx)
            if isinstance(option, click.Option) and isinstance(option.type, click.Choice):
                _one_of(option, option.type.choices, values[option.name or ""])
        if left and not isinstance(self, click.Group):
            raise mistyped.too_much(left, ctx)
        if isinstance(self, click.Group):
            if values.get("show_config") and not left:
                from doctor.cli.show_config import show_all

                show_all(ctx, values)
                ctx.exit()
            return super().parse_args(ctx, args)
        said = _said_in_files(self, ctx)
        if values.get("show_config") or in_front.get("show_config"):
            from doctor.cli.show_config import show

            show(ctx, {**in_front, **values}, said)
            ctx.exit()
        typed = {*in_front, *(option.name for option in given)}
        free = (option for option in self.params if option.name not in typed)
        left = self._with_settings(ctx, args, {o: said[k] for o in free if (k := o.opts[0].removeprefix("--")) in said})
        names = (option.name or "" for option in self.params)
        by_environment = {name for name in names if ctx.get_parameter_source(name) is ParameterSource.ENVIRONMENT}
        ctx.meta[_UNTYPED] = {*by_environment, *ctx.meta[_LENT]}
        return left

    def _with_settings(self, ctx: click.Context, args: list[str], said: dict[click.Parameter, Said]) -> list[str]:
        """Parse with what files say for what is neither typed nor in the environment.

        Raises UsageError that names the file, for a value of a file that the option does not take.
        """
        in_front = ctx.default_map or {}
        lent = {option.name or "": one for option, one in said.items() if not option.value_from_envvar(ctx)}
        ctx.meta[_LENT] = lent
        ctx.default_map = {**{name: one.value for name, one in lent.items()}, **in_front}
        try:
            return super().parse_args(ctx, args)
        except (click.BadParameter, UsageError) as err:
            from_file = next((lent[o.name or ""] for o in self.params if o.name in lent and _is_about(err, o)), None)
            if from_file is None:
                raise
            told = mistyped.misunderstood(err) if isinstance(err, click.BadParameter) else err
            told.next = f"mend that line of the file ({told.next})" if isinstance(err, UsageError) else "mend that line"
            told.on, told.what = from_file.place, f"{told.on}: {told.what}"
            raise told from err


#: In the meta of a context, by the names of parameters: what files said, and which the environment or a file gave.
_LENT, _UNTYPED = f"{__name__}.lent", f"{__name__}.untyped"


def _said_in_files(command: click.Command, ctx: click.Context) -> dict[str, Said]:
    """What files of settings say for a command, by the names of the settings. Raises UsageError for a wrong file."""
    if command.name not in READERS:
        return {}
    from doctor.cli import config

    return config.said_for(command.name, config.files(config.places()))


def was_typed(ctx: click.Context, name: str) -> bool:
    """Whether a parameter has its value from the command line, before or behind the command's name."""
    typed = (ParameterSource.COMMANDLINE, ParameterSource.DEFAULT_MAP)
    return name not in ctx.meta.get(_UNTYPED, ()) and ctx.get_parameter_source(name) in typed


def _is_about(err: click.BadParameter | UsageError, option: click.Parameter) -> bool:
    """Whether that option has the value that is wrong."""
    return err.param is option if isinstance(err, click.BadParameter) else err.on == option.opts[0]


def _one_of(option: click.Option, choices: Collection[str], typed: Any) -> None:
    """Raises UsageError, with the nearest right word, for a word that the option does not know."""
    for word in typed if option.multiple else (typed,):
        if word not in choices:
            raise mistyped.no_such(word, choices, option.opts[0])


command = partial(click.command, cls=OneOfEach)

ACCEPTABLE = (
    "radio-change", "no-way-back", "old-boot-loader", "same-build", "unknown-build", "jumpers-removed",
    "interrupt-program",
)  # fmt: skip
CARRIERS = ("expansion2", "expansion3", "pysense", "pytrack", "pyscan", "pygate")
OK = Exit.OK
LONGEST_S = 7 * 24 * 3600  #: more than any bench needs; NaN and infinity are no deadlines


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


class _NewFolder(click.Path):  # type: ignore[type-arg,unused-ignore]
    """A folder that is there or can be made; an empty name, as from an unset variable of a shell, does not count."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Fails for an empty name."""
        if not str(value):
            self.fail("Directory '' has no name.", param, ctx)
        return super().convert(value, param, ctx)


FOLDER = _Folder()
NEW_FOLDER = _NewFolder()


class _CardPath(click.ParamType):  # type: ignore[type-arg,unused-ignore]
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


class _BootRomPath(click.ParamType):  # type: ignore[type-arg,unused-ignore]
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


_ANY = _CardPath()


def _stacked(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    def apply(command: F) -> F:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return apply


class CommonOption(EveryCommandOption):
    """An option that may stand before the command too; what was typed there wins over the environment."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """The environment's value, unless one was typed in front of the command."""
        if self.name in (ctx.default_map or {}):
            return None
        return super().resolve_envvar_value(ctx)


def offered(kind: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """What completes the values of a parameter; ``kind`` is the name of a function of doctor/cli/completion.py.

    That module, which knows the commands, gives itself to the context when a shell asks.
    """

    def complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        found: list[CompletionItem] = ctx.find_root().obj(kind, incomplete)
        return found

    return complete


def _finite(_ctx: click.Context, _param: click.Parameter, value: float | None) -> float | None:
    if value is not None and not 0 < value <= LONGEST_S:
        raise click.BadParameter(f"{value:g} is not a number of seconds above 0, at most {LONGEST_S}")
    return value


def _spelled(ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if not value or ctx.resilient_parsing:
        return value
    from doctor.link.choice import spelled

    return spelled(value)


def _spelled_all(ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> str | None:
    """The port if one is named; several are ``ports`` for a command of many boards (cli/fleet/words.py)."""
    from doctor.link.choice import spelled

    if len(value) > 1 and not all(port.strip() for port in value):
        raise click.BadParameter("one of them is empty: a variable that is not set?")
    ports = tuple(spelled(port) for port in value if port)
    ctx.params["ports"] = ports
    return ports[0] if len(ports) == 1 else None


class PortsOption(CommonOption):
    """``--port`` of a command that takes many boards; what stands in front of the command counts too."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **{**more, "multiple": True})

    def consume_value(self, ctx: click.Context, opts: Any) -> Any:
        """The ports that were typed, or the one that is said elsewhere."""
        value, source = super().consume_value(ctx, opts)
        in_front = (ctx.default_map or {}).get(self.name or "")
        if in_front is not None:
            typed = value if source is click.core.ParameterSource.COMMANDLINE else ()
            return (in_front, *typed), source
        return value, source

    def value_from_envvar(self, ctx: click.Context) -> Any:
        """One port, whatever its name holds."""
        value = self.resolve_envvar_value(ctx)
        return None if value is None else (value,)


_common_option = partial(click.option, cls=CommonOption)
_bench_option = partial(click.option, cls=BenchOption)

_port_option = partial(
    click.option,
    "--port",
    "-p",
    metavar="URL",
    shell_complete=offered("ports"),
    help="Port of the board, if not the one that is plugged in: COM25, /dev/ttyACM0, serial:ABC123, "
    "usb:04d8:ef98, telnet://192.168.4.1, rfc2217://…, sim://fipy.",
)
_besides_the_port = _stacked(
    _common_option(
        "--json", "as_json", is_flag=True, help="One JSON document on standard output (--help and --version stay text)."
    ),
    _common_option(
        "--json-events", is_flag=True, help="As --json, and before the document a line of JSON for whatever happens."
    ),
    _common_option("-q", "--quiet", is_flag=True, help="Say nothing while working."),
    _common_option("-v", "--verbose", is_flag=True, help="Show everything that was seen."),
    _common_option("--show-config", is_flag=True, help="Show which settings hold and where each comes from, and stop."),
    _common_option("--debug", is_flag=True, help="Show a traceback if the program itself fails."),
    _common_option(
        "--trace",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Record every byte of the port in FILE.",
    ),
    _common_option(
        "--deadline",
        "deadline_s",
        type=float,
        callback=_finite,
        metavar="S",
        help="Seconds for all checks together.",
    ),
)
common = _stacked(_port_option(cls=CommonOption, callback=_spelled), _besides_the_port)
common_of_many = _stacked(_port_option(cls=PortsOption, callback=_spelled_all), _besides_the_port)


class _ReportPath(click.Path):  # type: ignore[type-arg,unused-ignore]
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


report = click.option(
    "--report",
    type=_ReportPath(),
    metavar="FILE",
    help="Write a report of this run: .html for people, .json, or .xml (JUnit) for CI.",
)

log_file = click.option(
    "--log-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the log of this run to FILE too; an earlier log there is replaced.",
)
interrupt = click.option("--interrupt", is_flag=True, help="Allow it to stop a program that runs on the board.")
dry_run = click.option("--dry-run", "-n", is_flag=True, help="Print the plan and stop.")

accept = click.option(
    "--accept",
    "accepted",
    multiple=True,
    type=click.Choice(ACCEPTABLE),
    metavar="RISK",
    help=f"Agree to a risk by its name; the program says which, if one is needed: {', '.join(ACCEPTABLE)}.",
)


def _known_steps(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [word for word in value if word not in DONE]
    if unknown:
        from doctor.remedies import cures

        known = {**DONE, **cures().by_id}
        if wrong := next((word for word in unknown if word not in known), None):
            raise mistyped.no_such(wrong, sorted(known), "--done")
    return value


done = click.option(
    "--done",
    multiple=True,
    callback=_known_steps,
    shell_complete=offered("steps_done"),
    metavar="STEP",
    help="A step that an earlier run asked you to do, and that you did; the program prints this option for you.",
)


via_modem = click.option(
    "--via",
    type=click.Choice(("auto", "modem")),
    default="auto",
    help="modem: the port leads straight to a modem, with no board between.",
)


def _known_carrier(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    from doctor.board.line.carriers import Carrier, carrier_of

    if value is not None and carrier_of(value) is Carrier.UNKNOWN:
        raise mistyped.no_such(value, CARRIERS, "--carrier")
    return value


bench_without_firmware = _stacked(
    _bench_option("--updater-elf", type=FILE, help="Updater to load into a modem in its boot ROM."),
    _bench_option(
        "--bootrom",
        type=_BootRomPath(),
        metavar="FILE|board",
        help="Boot ROM package, the vendor's script that holds it, or board: the one in the board's firmware.",
    ),
    _bench_option("--sd", type=_ANY, metavar="PATH", help="SD card: mounted folder, image file or device."),
    _bench_option("--scripts", type=FOLDER, metavar="DIR", help="Folder with the vendor's scripts."),
    _bench_option(
        "--carrier",
        metavar="NAME",
        callback=_known_carrier,
        shell_complete=offered("carriers"),
        help=f"Carrier board, if its USB id does not show it; the jumpers depend on it: {', '.join(CARRIERS)}.",
    ),
    _bench_option(
        "--was",
        type=int,
        metavar="BUILD",
        help="Build that the modem ran before it fell silent; the program prints this option for you.",
    ),
)


def _one_or_the_pair(ctx: click.Context, param: click.Parameter, value: tuple[Path, ...]) -> tuple[Path, ...]:
    from doctor.firmware.names import parse_name

    if len(value) > 1 and sorted(parse_name(path.name).part or 0 for path in value) != [1, 2]:
        said = f"Option {param.opts[0]!r} was given {len(value)} times; only the two files of a pair go together."
        raise click.UsageError(said, ctx)
    return value


bench_with_firmware = _stacked(
    _bench_option(
        "--firmware",
        type=FILE,
        multiple=True,
        callback=_one_or_the_pair,
        help="Firmware image (.dup).",
    ),
    bench_without_firmware,
)


#: What a bench has besides its port and firmware, by the names of the parameters.
_PARTS = ("updater_elf", "bootrom", "sd", "scripts", "carrier", "was")


def bench_options(
    given: Given, *, firmware: tuple[Path, ...] = (), known: Collection[str] = (), needed: bool = False, **more: Any
) -> BenchOptions:
    """BenchOptions out of what click parsed; a board that was not named is looked for.

    known   ports over which something was begun
    needed  nothing can be done without a board, whatever files are given

    Raises NoPort if nothing was given that could be examined, and it is not clear which board is meant.
    """
    from doctor.bench import BenchOptions
    from doctor.cli.find_board import with_board

    parts: dict[str, Any] = {name: given.get(name) for name in _PARTS}
    laid = BenchOptions(
        port=given["port"] or None,
        firmware=firmware,
        **parts,
        accept=frozenset(given.get("accepted", ())),
        interrupt=bool(given.get("interrupt", False)),
        thorough=bool(given.get("thorough", False)),
        via_modem=given.get("via") == "modem",
        two_readers=bool(given["verbose"]),
        **more,
    )
    if laid.url is not None and laid.url.recording is not None:
        from doctor.cli import replayed

        return replayed.options_of(laid, given)
    context = click.get_current_context()
    lent: dict[str, Said] = context.meta.get(_LENT, {})
    files = any(given.get(name) and name not in lent for name in ("firmware", "sd", "scripts", "updater_elf"))
    needed = needed or not files or context.info_name not in ("check", "fix")
    screen = screen_of(given, laid)
    _name_projects(lent, screen)
    untyped = "port" in context.meta.get(_UNTYPED, ())
    return with_board(laid, screen, typed(), needed=needed, known=known, is_typed=not untyped)


def _name_projects(lent: dict[str, Said], screen: Screen) -> None:
    """Say what a project's file sets in this run: it may have come with the folder."""
    from doctor.cli.settings import Source
    from doctor.text.escape import shown

    found = {one.path: one for one in lent.values() if one.source is Source.PROJECT}
    for path in found:
        keys = ", ".join(one.key for one in lent.values() if one.path == path)
        screen.note(f"{shown(str(path), 300)} sets {keys}.")


def typed() -> Command:
    """The command of this run, as it was typed; what stood in front of the command's name stands behind it."""
    root = click.get_current_context().find_root()
    words = list(root.obj or ())
    _, left, _ = root.command.make_parser(root).parse_args(list(words))
    front = words[: len(words) - len(left)]
    return Command.of_words((*left[:1], *front, *left[1:]))


def done_steps(given: Given) -> list[str]:
    """Ids of the steps among those that ``--done`` names that nothing else shows to be done."""
    return [DONE[word] for word in given.get("done", ()) if word in DONE]


def backup_folder() -> Path:
    """Where copies of what is replaced go, unless ``--backup`` names a folder."""
    from platformdirs import user_data_path

    return user_data_path("fipy-doctor", appauthor=False) / "backups"


def screen_of(given: Given, options: BenchOptions | None = None) -> Screen:
    """The screen that the common options ask for; commands in what it shows name the bench of ``options``.

    options  None if nothing but a port can be given
    """
    port = PortUrl.read(given["port"]).text if given["port"] else None
    bench = Command("", port=port) if options is None else options.command("")
    return make_screen(
        as_json=given["as_json"],
        quiet=given["quiet"],
        verbose=given["verbose"],
        bench=bench,
        events=given["json_events"],
        report=given.get("report"),
    )


def _teller(screen: Screen) -> Listener:
    """Shows what the trace has to tell: that it ends early."""
    from doctor.events import Note

    def tell(event: Event) -> None:
        if isinstance(event, Note):
            screen.notes.print(event.text)

    return tell


@contextmanager
def open_bench(options: BenchOptions, given: Given, *, during_flash: bool = False) -> Iterator[Bench]:
    """The bench, with a trace if one was asked for; both are closed at the end.

    during_flash  the command is of use too while another run of this program flashes over the port

    Raises LinkError if another run flashes.
    """
    from doctor.bench import Bench

    screen = screen_of(given, options)
    name = _name_of(given)
    log_file = given.get("log_file")
    with _naming(options.command("")), ExitStack() as stack:
        if options.url is not None:
            from doctor.jobs.memory.journal import refuse_under_way
            from doctor.link.link import refuse_senseless

            refuse_senseless(options.url)
            if not during_flash:
                refuse_under_way(options.url)
        bench = Bench(options)
        last_word: Callable[[Bench, Screen], None] = _tell_stopped
        if bench.recording is not None:
            from doctor.cli import replayed

            replayed.refuse_change(bench.recording, name, given["trace"])
            screen.note(replayed.words(bench.recording))
            last_word = partial(replayed.refuse_divergence, name)
        hear = None if screen.report is None else screen.report.hear_line
        if given["trace"] is not None or hear is not None:
            from doctor.cli import replayed
            from doctor.link.trace import Trace

            run = replayed.run_of(name, options, given)
            bench.trace = stack.enter_context(Trace(given["trace"], _teller(screen), run=run, hear=hear))
        if log_file is not None:
            from doctor.jobs.memory.logbook import copy_at

            bench.log_copy = stack.enter_context(copy_at(log_file))
        stack.callback(_close, bench)
        stack.callback(last_word, bench, screen)
        yield bench


def _name_of(given: Given) -> str:
    """The command of this run, by what it does."""
    name = given.get("command_name") or click.get_current_context().info_name
    if name == "flash" and given["dry_run"]:
        return "plan"
    return name if name in NEED_PORT else "check"


@contextmanager
def _naming(bench: Command) -> Iterator[None]:
    """Errors name the bench in their commands: who shows them does not know it any more."""
    try:
        yield
    except DoctorError as err:
        err.cause, err.next = marks.named(err.cause, bench), marks.named(err.next, bench)
        raise


def _tell_stopped(bench: Bench, screen: Screen) -> None:
    """Who let us stop a program is told at the end that it stands still, and what starts it."""
    if bench.stopped_program:
        screen.note("the program on the board was stopped (--interrupt); the next reset or power-on starts it again")


def _close(bench: Bench) -> None:
    """Leave the board as it was found; a second Ctrl-C cannot prevent that, and it takes seconds at most."""
    with signals.undisturbed():
        bench.close()
