"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from doctor.cli import mistyped, values
from doctor.cli.help_page import BenchOption, EveryCommandOption
from doctor.jobs.hands import DONE
from doctor.text.command import RISKS

F = TypeVar("F", bound=Callable[..., Any])
CARRIERS = ("expansion2", "expansion3", "pysense", "pytrack", "pyscan", "pygate")
LONGEST_S = 7 * 24 * 3600  #: more than any bench needs; NaN and infinity are no deadlines


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
    shell_complete=values.offered("ports"),
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
        type=values.NEW_FILE,
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


report = click.option(
    "--report",
    type=values.ReportPath(),
    metavar="FILE",
    help="Write a report of this run: .html for people, .json, or .xml (JUnit) for CI.",
)

log_file = click.option(
    "--log-file",
    type=values.NEW_FILE,
    metavar="FILE",
    help="Write the log of this run to FILE too; an earlier log there is replaced.",
)
interrupt = click.option("--interrupt", is_flag=True, help="Allow it to stop a program that runs on the board.")
dry_run = click.option("--dry-run", "-n", is_flag=True, help="Print the plan and stop.")

accept = click.option(
    "--accept",
    "accepted",
    multiple=True,
    type=click.Choice(RISKS),
    metavar="RISK",
    help=f"Agree to a risk by its name; the program says which, if one is needed: {', '.join(RISKS)}.",
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
    shell_complete=values.offered("steps_done"),
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
    _bench_option("--updater-elf", type=values.FILE, help="Updater to load into a modem in its boot ROM."),
    _bench_option(
        "--bootrom",
        type=values.BootRomPath(),
        metavar="FILE|board",
        help="Boot ROM package, the vendor's script that holds it, or board: the one in the board's firmware.",
    ),
    _bench_option("--sd", type=values.CARD, metavar="PATH", help="SD card: mounted folder, image file or device."),
    _bench_option("--scripts", type=values.FOLDER, metavar="DIR", help="Folder with the vendor's scripts."),
    _bench_option(
        "--carrier",
        metavar="NAME",
        callback=_known_carrier,
        shell_complete=values.offered("carriers"),
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
        type=values.FILE,
        multiple=True,
        callback=_one_or_the_pair,
        help="Firmware image (.dup).",
    ),
    bench_without_firmware,
)
