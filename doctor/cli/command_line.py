"""One command of the command line: what was typed for it, and what the environment and files say for the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from doctor.cli import mistyped
from doctor.cli.help_page import HelpedCommand
from doctor.cli.settings import READERS, setting_of
from doctor.errors import DoctorError, Stopped, UsageError
from doctor.text.command import Command, marked

if TYPE_CHECKING:
    from doctor.cli.config import Said

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
            ctx.meta[_LENT] = {}
            return self._parsed(ctx, args)
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
        """Parse with what files say for what is neither typed nor in the environment. Raises as _parsed."""
        in_front = ctx.default_map or {}
        lent = {option.name or "": one for option, one in said.items() if not option.value_from_envvar(ctx)}
        ctx.meta[_LENT] = lent
        ctx.default_map = {**{name: one.value for name, one in lent.items()}, **in_front}
        return self._parsed(ctx, args)

    def _parsed(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments that are left. Raises UsageError for a wrong value, with the place that says it."""
        try:
            return super().parse_args(ctx, args)
        except (click.BadParameter, UsageError) as err:
            option = next((one for one in self.params if _is_about(err, one)), None)
            place, mend = _place_of(option, ctx)
            if option is None or not place:
                raise
            told = error_of(err)
            told.next = f"{mend} ({told.next})" if isinstance(err, UsageError) else mend
            told.on, told.what = place, f"{told.on}: {told.what}"
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
    return not is_said_elsewhere(ctx, name) and ctx.get_parameter_source(name) in typed


def lent(ctx: click.Context) -> Mapping[str, Said]:
    """What files of settings said, and what holds in this run, by the names of the parameters."""
    found: dict[str, Said] = ctx.meta.get(_LENT, {})
    return found


def is_said_elsewhere(ctx: click.Context, name: str) -> bool:
    """Whether a parameter has its value from the environment or a file of settings."""
    return name in ctx.meta.get(_UNTYPED, ())


def _is_about(err: click.BadParameter | UsageError, option: click.Parameter) -> bool:
    """Whether that option has the value that is wrong."""
    return err.param is option if isinstance(err, click.BadParameter) else err.on == option.opts[0]


def _place_of(option: click.Parameter | None, ctx: click.Context) -> tuple[str, str]:
    """Where a value was said that nobody typed, and how it is mended there; "" if it was typed."""
    if option is None:
        return "", ""
    if (from_file := lent(ctx).get(option.name or "")) is not None:
        return from_file.place, "mend that line of the file"
    if ctx.get_parameter_source(option.name or "") is not ParameterSource.ENVIRONMENT:
        return "", ""
    variable = str(option.envvar)
    return variable, f"set {marked(variable)} to another value, or unset it"


def _one_of(option: click.Option, choices: Collection[str], typed: Any) -> None:
    """Raises UsageError, with the nearest right word, for a word that the option does not know."""
    for word in typed if option.multiple else (typed,):
        if word not in choices:
            raise mistyped.no_such(word, choices, option.opts[0])


command = partial(click.command, cls=OneOfEach)


def typed() -> Command:
    """The command of this run, as it was typed; what stood in front of the command's name stands behind it."""
    root = click.get_current_context().find_root()
    words = list(root.obj or ())
    _, left, _ = root.command.make_parser(root).parse_args(list(words))
    front = words[: len(words) - len(left)]
    return Command.of_words((*left[:1], *front, *left[1:]))
