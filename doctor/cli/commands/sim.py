"""``fipy-doctor sim``: the simulated bench for people without hardware."""

from __future__ import annotations

import errno
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from operator import methodcaller
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from doctor.cli import command_line, options, values
from doctor.cli.screen import Screen, screen_of
from doctor.errors import DoctorError, Exit, UsageError, reason
from doctor.text.command import AUTO, Command
from doctor.text.escape import shown
from doctor.text.nearest import did_you_mean

if TYPE_CHECKING:
    from doctor.sim.bench import SimBench
    from doctor.sim.served.listen import Listener

T = TypeVar("T")

KINDS = ("image", "updater", "bootrom", "pair")
#: Builds of simulated modems in the example of a practice image: by default, and where that is the image's own.
RUNS = {"CATM1": 38638, "NB1": 40343}
OTHER_BUILD = 39529
HANDS = (
    "power-cycle", "pull-jumpers", "pull-rts-jumper", "pull-cts-jumper", "fit-jumpers", "press-reset", "reseat-card",
    "plug-in",
)  # fmt: skip


@command_line.command("sim", examples=("sim --list", "sim --listen --port 'sim://fipy?scenario=lte-hangs'"))
@options.common
@click.option(
    "--list",
    "listing",
    is_flag=True,
    help="List the scenarios, with the finding that each must show first, and the other devices.",
)
@click.option(
    "--listen", is_flag=True, help="Serve the bench of --port on a pseudo terminal and on rfc2217://localhost."
)
@click.option(
    "--telnet", is_flag=True, help="With --listen: the board's telnet and FTP servers too, as over its Wi-Fi."
)
@click.option(
    "--count", type=click.IntRange(1, 999), default=1, help="With --listen: so many boards, each with an id of its own."
)
@click.option(
    "--ports-file",
    type=values.NEW_FILE,
    metavar="FILE",
    help="With --listen: write the name of each board's port into FILE, a line each, while they are served.",
)
@click.option("--modem-only", is_flag=True, help="With --listen: only the modem, without a board.")
@click.option("--tcp-port", type=click.IntRange(0, 65535), default=0, help="Port for rfc2217://; 0 takes a free one.")
@click.option(
    "--make-firmware",
    type=values.NEW,
    metavar="OUT",
    help="Write a practice image: PRACTICE-….dup, or a folder, which is made if it is missing.",
)
@click.option(
    "--build", type=click.IntRange(1), default=41065, help="With --make-firmware: the build that it promises."
)
@click.option("--radio", type=click.Choice(["CATM1", "NB1"]), default="CATM1", help="With --make-firmware: its radio.")
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="image",
    help="With --make-firmware: a firmware image, an updater image, a boot ROM, or the two files of 48829.",
)
@click.option("--base", type=click.IntRange(1), help="With --make-firmware: make it differential, for this build.")
@click.option("--hands", type=click.Choice(HANDS), multiple=True, help="What your hands do at the bench of --port.")
@click.option(
    "--copy-to-card",
    type=values.FILE,
    metavar="FILE",
    help="The simulated user copies FILE to the card of the bench of --port.",
)
@click.option("--card-path", metavar="PATH", help="With --copy-to-card: where on the card, such as sd/x.dup.")
def command(**given: Any) -> int:
    """Practise without hardware.

    Any command takes --port sim://fipy or sim://gpy, and with --via modem sim://gm02s or sim://sqn3330; after it:
    sim://fipy?scenario=NAME&release=1.17.3.b1&build=38638&state=DIR&speed=1. With state=DIR the bench is kept
    between runs; speed=1 runs in real time, latency=16 is the latency timer of the USB chip in milliseconds. Several
    scenarios are joined by commas: scenario=NAME,NAME. carrier=pysense, jumpers=only-rts, battery=fitted, radio=NB1,
    seed=7 and fault=hang say more about the bench; id=3 is another board, with its own IMEI and unique id.
    Such a bench stops with the command, and so does a board that flashes from its own card: to leave one to itself,
    serve it with --listen. files=504k,fat,eio:lib/x.py,dip@7 makes its file system small and faulty; CONTRIBUTING.md
    lists these words, and the faults. bootloaders=33080,38638,38638* are those of the modem, with the star at the one
    that runs; NA is an empty one. sim://foreign?device=NAME is something else than a board or modem of ours, and so is
    scenario=foreign-NAME; --list names what.
    """
    screen = screen_of(given)
    wanted = [(flag, job) for flag, is_wanted, job in _jobs(given) if is_wanted]
    if len(wanted) > 1:
        flags = " and ".join(flag for flag, _ in wanted)
        raise UsageError("usage", f"{flags} are two commands", next="give one of them at a time")
    for _, job in wanted:
        return job(screen, given)
    raise UsageError(
        "usage",
        "what should the simulator do?",
        cause="it takes one of --list, --listen, --make-firmware, --hands, --copy-to-card",
        next="type one of these behind it; `fipy-doctor sim --help` says what each does",
    )


def urls_like(incomplete: str) -> list[str]:
    """URLs that a ``sim://`` may become, for what completes them; none for the beginning of another port."""
    if not incomplete.startswith("sim://"):
        return []
    from doctor.sim.simurl import continued

    return [url for url in continued(incomplete) if url.startswith(incomplete)]


def _jobs(given: command_line.Given) -> list[tuple[str, bool, Callable[[Screen, command_line.Given], int]]]:
    by_hand = bool(given["hands"]) or given["copy_to_card"] is not None
    return [
        ("--list", given["listing"], _list),
        ("--listen", given["listen"], _listen),
        ("--make-firmware", given["make_firmware"] is not None, _make_firmware),
        ("--hands" if given["hands"] else "--copy-to-card", by_hand, _work_by_hand),
    ]


def _list(screen: Screen, _given: command_line.Given) -> int:
    from rich.text import Text

    from doctor.report import as_json
    from doctor.report.prose import Columns
    from doctor.sim.foreign import DEVICES
    from doctor.sim.scenarios import SCENARIOS
    from doctor.sim.simurl import DEVICE_SCENARIOS

    if screen.as_json:
        members = [
            {"name": s.name, "text": s.text, "check": s.check, "status": s.status, "catalogue": s.catalogue}
            for s in SCENARIOS.values()
        ]
        devices = [{"name": name, "text": kind.text} for name, kind in DEVICES.items()]
        screen.document(as_json.document("sim", Exit.OK, scenarios=members, devices=devices))
        return 0
    rows = []
    for scenario in SCENARIOS.values():
        first = f"{scenario.check}: {scenario.status}, {scenario.catalogue}" if scenario.check else "all checks pass"
        rows.append((scenario.name, Text.assemble(scenario.text, (f"\nfirst finding: {first}", "dim"))))
    for name, device in DEVICE_SCENARIOS.items():
        rows.append((name, Text(f"at the port is {DEVICES[device].text}")))
    screen.show(Columns(rows))
    screen.show("\nTry one: `fipy-doctor check --port 'sim://fipy?scenario=html-scripts'`", copied=True)
    screen.show("A device: `fipy-doctor check --port 'sim://foreign?device=gps'`", copied=True)
    return 0


def _make_firmware(screen: Screen, given: command_line.Given) -> int:
    from doctor.report import as_json

    out: Path = given["make_firmware"]
    try:
        paths = _practice_files(out, given)
    except ValueError as err:
        raise UsageError(
            "usage", str(err), on=str(out), next="give a folder, or a name such as PRACTICE-X.dup"
        ) from err
    except OSError as err:
        raise UsageError(
            "usage", f"cannot be written: {err.strerror}", on=str(out), next="give another folder"
        ) from err
    if screen.as_json:
        names = [str(path) for path in paths]
        screen.document(as_json.document("sim", Exit.OK, firmware=names[0], files=names))
    for path in paths:
        screen.show(str(path), copied=True)
    screen.show(f"Only simulated modems take it: {_example(given, paths)}", copied=True)
    return 0


def _example(given: command_line.Given, paths: list[Path]) -> Command:
    """A command that these files work with."""
    from doctor.updater.shapes import NO_WAY_BACK

    params: list[str] = []
    flash = Command("flash", firmware=("FILE.dup",))
    if given["kind"] == "updater" or paths[0].suffix == ".elf":
        flash, params = replace(flash, updater_elf=paths[0]), ["scenario=modem-ffh"]
    elif given["kind"] == "bootrom":
        flash, params = replace(flash, updater_elf="FILE.elf", bootrom=paths[0]), ["build=33080"]
    else:
        runs = given["base"] if given["kind"] == "image" else None
        nb1 = given["kind"] == "image" and given["radio"] == "NB1"
        if runs is None and (nb1 or given["build"] == RUNS["CATM1"]):
            runs = RUNS["NB1"] if nb1 else OTHER_BUILD
        params = [f"build={runs}"] * (runs is not None) + ["radio=NB1"] * nb1
        params += ["bootloaders=38638,38638,38638*"] * (given["kind"] == "pair")
        consents = frozenset({"no-way-back"} if runs in NO_WAY_BACK else ())
        flash = replace(flash, firmware=tuple(paths), accept=consents)
    return replace(flash, port="sim://fipy" + ("?" if params else "") + "&".join(params))


def _practice_files(out: Path, given: command_line.Given) -> list[Path]:
    """Write what was asked for. Raises ValueError for a name that says otherwise, OSError."""
    from doctor.sim.practice import image
    from doctor.sim.practice.image import make_practice_elf

    kind = given["kind"]
    folder = out.parent if out.suffix in (".dup", ".elf") else out
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "updater" or out.suffix == ".elf":
        return [make_practice_elf(out)]
    if kind == "image":
        _hold_to_its_name(out, given)
        return [image.make_practice_image(out, given["radio"], given["build"], base=given["base"])]
    if not out.is_dir():
        raise ValueError("these files have their own names: give a folder")
    if kind == "bootrom":
        return [image.make_practice_bootrom(out, given["build"])]
    return [image.make_practice_part(out, part) for part in (1, 2)]


def _hold_to_its_name(out: Path, given: command_line.Given) -> None:
    """Raises ValueError if the file would be another image than its name says: checks and planner read names."""
    from doctor.firmware.names import parse_name

    if out.suffix != ".dup":
        return
    said = parse_name(out.name)
    if said.part:
        raise ValueError("a part of a pair: --kind pair writes both")
    if given["base"] and not said.base:
        raise ValueError("the name of a differential image says from and to: PRACTICE-upgdiff_A-to-B.dup")
    asked = (("build", said.build), ("base", said.base), ("radio", said.radio))
    wrong = [f"--{flag} {name}" for flag, name in asked if name is not None and name != given[flag]]
    if wrong:
        raise ValueError(f"this name needs {' '.join(wrong)}")


_BUSY_NEXT = "end the other program; for a served bench, type the hand movement in the terminal that serves it"


def _open(given: command_line.Given, make: Callable[[str], T]) -> T:
    from doctor.sim.bench import BenchBusy, StateUnusable

    url = given["port"] or "sim://fipy"
    try:
        return make(url)
    except ValueError as err:
        raise UsageError("usage", str(err), on=url, next="`fipy-doctor sim --help`") from err
    except BenchBusy as err:
        raise DoctorError("port-busy", str(err), on=url, next=_BUSY_NEXT) from err
    except StateUnusable as err:
        raise _unusable(str(err), url) from err
    except OSError as err:
        if err.errno == errno.EROFS:
            raise _unusable(str(err.__cause__ or err), url) from err
        raise DoctorError(
            "port-busy", "it is in use by another program", on=url, cause=str(err), next=_BUSY_NEXT
        ) from err


def _unusable(why: str, url: str) -> UsageError:
    return UsageError(
        "state-not-writable",
        "the simulated bench cannot be kept",
        on=url,
        cause=why,
        next="name another folder after state=, one that you may write to",
    )


def _work_by_hand(screen: Screen, given: command_line.Given) -> int:
    from doctor.link.port_url import PortUrl
    from doctor.report import as_json
    from doctor.sim.bench import SimBench

    if PortUrl.read(given["port"] or "").kept_in is None:
        raise UsageError("usage", "hands need a bench that is kept", next="use a port such as 'sim://fipy?state=DIR'")
    bench = _open(given, SimBench.from_url)
    try:
        for name in given["hands"]:
            try:
                getattr(bench.hands, name.replace("-", "_"))()
            except ValueError as err:
                raise UsageError("usage", str(err), on=given["port"], next="`fipy-doctor sim --help`") from err
            screen.show(f"done: {name}")
        if given["copy_to_card"] is not None:
            _copy_to_card(bench, given["copy_to_card"], given["card_path"])
            screen.show("done: copy-to-card")
    finally:
        bench.release()
    if screen.as_json:
        screen.document(as_json.document("sim", Exit.OK, hands=list(given["hands"])))
    return 0


def _copy_to_card(bench: SimBench, source: Path, path: str | None) -> None:
    from doctor.sim.card.layout import CardFault

    try:
        bench.hands.copy_to_card(source, path)
    except (CardFault, OSError) as err:
        raise DoctorError(
            "sd-unable-to-mount-generic",
            f"the simulated card does not take it: {shown(str(err), 200)}",
            on=str(source),
            next="`fipy-doctor fix --reformat-sd` with the same --port",
        ) from err


def _hands_from_keyboard(screen: Screen, listener: Listener) -> None:
    """What the simulated user does while another program uses the bench, one name a line."""

    for line in sys.stdin:
        name = line.strip()
        if name not in HANDS:
            screen.note(did_you_mean(name, HANDS, f"no such hand movement; one of {', '.join(HANDS)}"))
            continue
        try:
            listener.by_hand(methodcaller(name.replace("-", "_")))
        except (RuntimeError, ValueError) as err:
            screen.note(str(err))
        else:
            screen.note(f"done: {name}")


def _listen(screen: Screen, given: command_line.Given) -> int:
    from rich.text import Text

    from doctor.sim.served.crowd import Crowd
    from doctor.sim.served.listen import Listener
    from doctor.sim.simurl import BARE_MODEMS, parse_sim_url

    url, count = given["port"] or "sim://fipy", given["count"]
    if given["modem_only"]:
        url = re.sub("^sim://(fipy|gpy)", "sim://sqn3330", url)
    if count > 1 and given["tcp_port"]:
        raise UsageError("usage", "--tcp-port is the port of one board", next="leave it out: each gets a free one")
    _refuse_other_file(given["ports_file"])

    def tell(names: tuple[str, ...]) -> None:
        for name in names:
            screen.out.print(Text(name, overflow="fold"), soft_wrap=True)
        screen.out.file.flush()

    def moved(names: tuple[str, ...]) -> None:
        tell(names)
        crowd.tell()

    kind = Listener
    if given["telnet"]:
        from doctor.sim.served.wifi import WifiListener as kind

    def one(at: str) -> Listener:
        return _open({**given, "port": at}, lambda at: kind(at, tcp_port=given["tcp_port"], on_names=moved))

    try:
        crowd = Crowd(one, url, count, given["ports_file"])
    except OSError as err:
        raise UsageError("usage", f"cannot be written: {reason(err)}", on=str(given["ports_file"])) from err
    with crowd:
        screen.note(Text(f"{url} is served here, {f'{count} times, ' * (count > 1)}until Ctrl-C:", style="dim"))
        for listener in crowd.boards:
            tell(listener.names)
        via = "modem" if parse_sim_url(url).kind in BARE_MODEMS else AUTO
        looks = Command("check", port=crowd.boards[0].names[0], via=via)
        screen.note(f"Now, in another terminal: {looks}")
        if screen.interactive and count == 1:
            screen.note(Text(f"Your hands, by name and Enter: {', '.join(HANDS)}", style="dim"))
            threading.Thread(target=_hands_from_keyboard, args=(screen, crowd.boards[0]), daemon=True).start()
        try:
            crowd.wait()
        except KeyboardInterrupt:
            screen.note(Text("stopped", style="dim"))
    for listener in crowd.boards:
        if listener.error is not None:
            raise DoctorError("internal", f"serving ended: {listener.error!r}", on=url)
    return 0


def _refuse_other_file(path: Path | None) -> None:
    """Raises UsageError if there is a file of that name that holds anything but ports."""
    if path is None:
        return
    from doctor.documents.output_file import refuse_other

    refuse_other(path, "list of ports", lambda head: re.match(rb"(/dev/|rfc2217://)[^\n]+\n", head) is not None, 200)
