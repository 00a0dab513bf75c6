"""The cells: every kind of fault at every stage, and every switch of the simulator both ways, thinned out evenly."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.matrix.flows import BY_NAME, FLOWS, FlowCase, Stage

Times = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """One cell.

    fault     arguments of sim.faults.Fault, by name
    switches  of the simulated modem
    unplug    the cable is pulled at this share of the image, or when the step of this name begins
    baud      the modem is found at this speed
    other_base
              build that the modem truly runs, while it says another one
    may_die   the reference says that the modem can be lost here
    """

    flow: str
    column: str
    stage: str
    fault: tuple[tuple[str, Any], ...] = ()
    switches: tuple[tuple[str, Any], ...] = ()
    unplug: str = ""
    baud: int = 0
    other_base: int = 0
    may_die: bool = False

    @property
    def name(self) -> str:
        """What ``--only`` finds it by."""
        return f"{self.flow}/{self.column}/{self.stage}"


@dataclass(frozen=True)
class Kind:
    """A kind of fault: its column in the table, its name in the simulator, when it strikes."""

    column: str
    kind: str
    when: Times = field(default_factory=dict)


AT_FAULTS = (
    Kind("error x1", "error"),
    Kind("error x3", "error", {"times": 3}),
    Kind("error x9", "error", {"times": 9}),
    Kind("no answer x1", "silent"),
    Kind("no answer x3", "silent", {"times": 3}),
    Kind("answer lost", "mute"),
    Kind("stale replies", "stale"),
    Kind("stale replies", "stale", {"times": 40}),
    Kind("answer damaged", "twice"),
    Kind("answer damaged", "short", {"times": 3}),
    Kind("answer damaged", "garbled", {"times": 17}),
    Kind("NUL", "nul"),
    Kind("NUL", "nul", {"times": None}),
    Kind("NUL", "nul-behind", {"times": None}),
    Kind("URC", "urc"),
    Kind("URC", "urc", {"times": None}),
    Kind("URC", "urc-behind", {"times": 20}),
    Kind("stall, resume", "stall", {"ms": 5_000}),
    Kind("stall, resume", "stall", {"ms": 40_000}),
    Kind("stall for ever", "stall"),
    Kind("CTS held", "hold", {"ms": 8_000}),
    Kind("CTS held", "hold"),
    Kind("hang", "hang"),
    Kind("power lost", "cut"),
    Kind("power blip", "blip"),
)
STP_FAULTS = (
    Kind("request lost", "lose"),
    Kind("request lost", "lose", {"times": 3}),
    Kind("ack lost", "drop"),
    Kind("ack lost", "drop", {"times": 2}),
    Kind("ack short", "short"),
    Kind("ack corrupt", "corrupt"),
    Kind("wrong CRC", "bad-crc"),
    Kind("wrong CRC", "bad-crc", {"times": 2}),
    Kind("ack twice", "duplicate"),
    Kind("nack", "nack"),
    Kind("nack", "nack", {"times": 2}),
    Kind("nack", "nack", {"times": None}),
    Kind("nack", "nack-unknown"),
    Kind("nack", "nack-unknown", {"times": None}),
    Kind("nack", "nack-nameless"),
    Kind("nack", "nack-nameless", {"times": 2}),
    Kind("nack", "nack-nameless", {"times": None}),
    Kind("nack of nothing", "nack-behind"),
    Kind("nack of nothing", "nack-behind", {"times": None}),
    Kind("residue", "residue"),
    Kind("residue", "residue", {"times": 6}),
    Kind("NUL", "nul"),
    Kind("URC", "urc"),
    Kind("URC", "urc", {"times": None}),
    Kind("stall, resume", "stall", {"ms": 70_000}),
    Kind("stall, resume", "stall", {"ms": 250_000}),
    Kind("stall, resume", "stall", {"ms": 400_000}),
    Kind("stall for ever", "stall"),
    Kind("CTS held", "hold", {"ms": 20_000}),
    Kind("CTS held", "hold"),
    Kind("hang", "hang"),
    Kind("reboot", "reboot"),
    Kind("power lost", "cut"),
    Kind("power blip", "blip"),
)
SESSION_FAULTS = (
    Kind("session refused", "refuse"),
    Kind("session refused", "refuse", {"times": 3}),
    Kind("session refused", "refuse", {"times": None}),
)
RESET_FAULTS = (
    Kind("half obeyed", "half-obeyed"),
    Kind("request lost", "lose", {"times": 5}),
)
OF_PLACE = {"open": SESSION_FAULTS, "reset": RESET_FAULTS}
BYTE_FAULTS = (
    Kind("byte lost", "drop-byte"),
    Kind("byte corrupt", "corrupt-byte"),
    Kind("byte twice", "double-byte"),
    Kind("byte late", "late-byte", {"ms": 3_000}),
    Kind("byte late", "late-byte", {"ms": 30_000}),
    Kind("noise", "noise"),
    Kind("power lost", "cut"),
    Kind("power blip", "blip"),
)
DEPLOY_FAULTS = (
    Kind("report fail", "fail"),
    Kind("report fail", "fail", {"times": 2}),
    Kind("late start", "late-start", {"times": 9}),
    Kind("stall, resume", "stall", {"ms": 600_000}),
    Kind("stall for ever", "stall"),
    Kind("power lost", "cut"),
    Kind("power blip", "blip"),
)

LAST_BLOCK_FAULTS = (
    Kind("last ack lost", "drop"),
    Kind("last ack lost", "short"),
    Kind("last ack wrong", "corrupt"),
    Kind("last ack wrong", "corrupt-payload"),
    Kind("last ack wrong", "bad-crc"),
    Kind("last block lost", "lose"),
    Kind("last block refused", "nack"),
    Kind("last block refused", "nack-unknown"),
    Kind("last block refused", "nack-nameless"),
    Kind("last residue", "residue"),
    Kind("last for ever", "stall"),
    Kind("last for ever", "hold"),
    Kind("last for ever", "hang"),
)
"""What strikes the last block of a file, in every run until power is removed."""

SWITCHES: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("echo", ("nowhere", "everywhere")),
    ("first_at_error", (False,)),
    ("ffh_accepts_cr", (True,)),
    ("blank_line_after_ati1", (False,)),
    ("smswboot_prefix", ("",)),
    ("smswboot_answers_before_reboot", (False,)),
    ("smod_of_ram_updater", (4,)),
    ("smupgrade_answer", ("", "ERROR")),
    ("no_report_number", (3,)),
    ("recovery_baud", (115200,)),
    ("sysstart", (False,)),
    ("sysffh", (False,)),
    ("showver_error_after_boot_ms", (8_000,)),
    ("boot_application_ms", (60_000,)),
    ("boot_recovery_ms", (60_000,)),
    ("boot_ffh_ms", (20_000,)),
    ("boot_nuls", (0, 6)),
    ("elf_start_ms", (200_000,)),
    ("deploy_ms", (5_000, 30_000, 300_000)),
    ("ongoing_ms", (0, 400_000)),
    ("erase_ms", (280_000,)),
    ("last_ms", (280_000,)),
    ("max_transfer", (1_040, 8_192)),
    ("block_limit", (600,)),
    ("reset_ack_crc", (True,)),
    ("ack_crcs", (True,)),
    ("at_leaves_idle_stp", (False,)),
    ("data_type_in_version_1", (True,)),
    ("store_hangs", (True,)),
)
"""The other way of every fact marked ? in the reference, and of times that it only bounds; each cell without a switch
runs the simulator's own way."""

PAIRED: tuple[tuple[str, tuple[Any, ...], tuple[Kind, ...], str], ...] = (
    ("on_bad_crc", ("silence", "nack", "nack-unknown"), BYTE_FAULTS[:3], "rx"),
    ("on_wrong_tid", ("accept", "nack", "silence"), (Kind("nack", "nack", {"times": 2}), Kind("l", "lose")), "block"),
    ("on_repeated_tid", ("answer-again", "take-again", "silence"), (Kind("ack lost", "drop"),), "block"),
    ("on_unexpected", ("silence", "nack", "nack-unknown"), (Kind("ack lost", "drop"),), "block-cmd"),
    ("on_partial", ("drop", "nack", "wait"), (BYTE_FAULTS[0], BYTE_FAULTS[4]), "rx"),
    ("unbootable", ("recovery", "ffh"), (Kind("power lost", "cut"), Kind("reboot", "reboot")), "block"),
    ("cut_while_deploying", ("recovery", "harmless"), (DEPLOY_FAULTS[-2], DEPLOY_FAULTS[-1]), "deploy"),
    ("failure_word", ("failure", "failed: 7"), (DEPLOY_FAULTS[0],), "deploy"),
)
"""Facts marked ? that only show when something else goes wrong: values, faults, and where those strike."""

SWITCH_STEP = 7  #: every so many-th switch in the flows that are no main ones
UNPLUGGED = ("soak", "prepare", "switch", "load", "0.0", "0.3", "0.95", "deploy", "return", "prove")
BAUDS = {"sqn3330": (115200, 460800), "gm02s": (921600,), "fipy": (115200,)}


Pair = tuple[str, Stage, dict[str, Any]]  #: column, stage, fault


def cells(places: Mapping[str, tuple[Stage, ...]], everything: bool = False, sample: int = 0) -> list[Cell]:
    """Every cell, in the order of the flows; ``places`` are the stages of each, by its name.

    sample  another number takes other cells of the same kinds: what no flow was ever made to pass
    """
    made: list[Cell] = []
    for number, flow in enumerate(FLOWS, sample):
        pairs = list(_faults(places[flow.name]))
        made += _last_block(flow, number, everything)
        if flow.is_large and not everything:
            made += [_cell(flow, *pair) for pair in pairs[number :: flow.thinning]]
            continue
        made += [
            _cell(flow, *pair)
            for pair in (pairs if everything else _thinned(pairs, flow.thinning, number, coarse=not flow.is_main))
        ]
        made += [_deploy(flow, kind) for kind in DEPLOY_FAULTS]
        made += list(_switched(flow, places[flow.name], number, everything))
        made += list(_another_base(flow))
        made += [Cell(flow.name, "wrong baud", str(baud), baud=baud) for baud in BAUDS[flow.kind]]
        pulled = UNPLUGGED if flow.is_main or everything else UNPLUGGED[number % 2 :: 2]
        made += [Cell(flow.name, "unplugged", at, unplug=at, may_die=at in DEADLY) for at in pulled]
        made += list(_smswboot(flow))
    return made


def _thinned(pairs: list[Pair], step: int, number: int, *, coarse: bool = False) -> Iterator[Pair]:
    """About every ``step``-th pair, spread so that every kind of fault strikes somewhere, and something at every stage.

    Each kind begins at another stage than the one before it.

    coarse  how long or how often a fault strikes, and on which line, makes it no other kind
    """
    kinds: dict[tuple[object, ...], list[Pair]] = {}
    for pair in pairs:
        kinds.setdefault(_kind_of(pair, coarse=coarse), []).append(pair)
    chosen: list[Pair] = []
    for k, group in enumerate(kinds.values()):
        wanted = max(1, round(len(group) / step))
        first = k * SPREAD + number
        chosen += [group[(first + j * len(group) // wanted) % len(group)] for j in range(wanted)]
    struck = {stage for _, stage, _ in chosen}
    for k, stage in enumerate(sorted({pair[1] for pair in pairs} - struck, key=lambda s: (s.place, s.count))):
        here = [pair for pair in pairs if pair[1] == stage]
        chosen.append(here[(k * SPREAD + number) % len(here)])
    yield from chosen


SPREAD = 7  #: stages between the first strikes of two kinds


def _kind_of(pair: Pair, *, coarse: bool = False) -> tuple[object, ...]:
    """What makes a fault another kind: all but where and when it strikes; and if ``coarse``, all but its name."""
    column, stage, fault = pair
    if coarse:
        return column, fault["kind"]
    line = fault["where"] if fault["where"] in ("rx", "tx") else stage.is_at
    return column, fault["kind"], line, fault.get("ms"), fault.get("times", 1)


DEADLY = ("deploy",)
"""Steps in which lost power ends the modem (modem-protocol.md 7)."""


def _faults(places: tuple[Stage, ...]) -> Iterator[Pair]:
    """Column, stage and fault of every pair of a stage and a kind."""
    for stage in places:
        if stage.is_at:
            for kind in AT_FAULTS:
                yield kind.column, stage, {"kind": kind.kind, "where": "AT", "count": stage.count, **kind.when}
            if stage.place != "AT":
                yield "error for ever", stage, {"kind": "error", "where": stage.place, "times": None}
                yield "no answer for ever", stage, {"kind": "silent", "where": stage.place, "times": None}
        else:
            for kind in (*STP_FAULTS, *OF_PLACE.get(stage.place, ())):
                yield kind.column, stage, {"kind": kind.kind, "where": stage.place, "count": stage.count, **kind.when}
        for line in ("rx", "tx"):
            for kind in BYTE_FAULTS:
                yield kind.column, stage, _on_line(kind, line, stage)


def _on_line(kind: Kind, line: str, stage: Stage) -> dict[str, Any]:
    """A fault of some byte behind a stage; which one is always the same for the same cell."""
    span = 2_032 if line == "rx" and stage.place == "block-cmd" else 24
    byte = zlib.crc32(f"{kind.column}{kind.when}{line}{stage}".encode()) % span
    after = "AT" if stage.is_at else stage.place
    return {"kind": kind.kind, "where": line, "after": after, "count": stage.count, "byte": byte, **kind.when}


def _cell(flow: FlowCase, column: str, stage: Stage, fault: dict[str, Any]) -> Cell:
    label = f"{stage.place}#{stage.count}"
    line = fault["where"] if fault["where"] in ("rx", "tx") else ""
    if line:
        label += f" {line}+{fault['byte']}"
    if "ms" in fault:
        label += f" {fault['ms'] // 1000}s"
    if fault.get("times", 1) != 1:
        label += f" x{fault['times'] or 'ever'}"
    return Cell(flow.name, column, f"{label} {fault['kind']}", tuple(fault.items()))


def _last_block(flow: FlowCase, number: int, everything: bool) -> list[Cell]:
    """The last block goes wrong forever, in one run after the other; and residues that lie from 10 % on.

    All kinds in the main flows and of the second file on the fly, half of them in the others; none may brick the modem.
    """
    made = []
    for percent in flow.last_blocks:
        for kind in LAST_BLOCK_FAULTS:
            fault = {"kind": kind.kind, "where": "block", "percent": percent - 0.01, "times": None}
            made.append(Cell(flow.name, kind.column, f"{percent:.0f}% x ever {kind.kind}", tuple(fault.items())))
    lies = {"kind": "corrupt-payload", "where": "block", "percent": 10.0, "times": None}
    made.append(Cell(flow.name, "last ack wrong", "10% x ever corrupt-payload", tuple(lies.items())))
    if everything:
        return made
    if flow.is_main or flow.name == "pair-fly":
        return made
    return made[number % 6 :: 6] if flow.is_large else made[number % 2 :: 2]


def _deploy(flow: FlowCase, kind: Kind, switches: tuple[tuple[str, Any], ...] = ()) -> Cell:
    fault = {"kind": kind.kind, "where": "deploy", **kind.when}
    deadly = kind.kind in ("cut", "blip") or (kind.kind == "stall" and "ms" not in kind.when)
    label = f"deploy {kind.when}".replace(" {}", "")
    return Cell(flow.name, kind.column, label, tuple(fault.items()), switches, may_die=deadly and not switches)


def _switched(flow: FlowCase, places: tuple[Stage, ...], number: int, everything: bool) -> Iterator[Cell]:
    """Every switch the other way in the main flows, some of them in each of the others."""
    for k, (name, values) in enumerate(SWITCHES):
        for value in values:
            if everything or flow.is_main or k % SWITCH_STEP == number % SWITCH_STEP:
                yield Cell(flow.name, "switch", f"{name}={value!r}", switches=((name, value),))
    if flow.has_board:
        return
    blocks = [stage for stage in places if stage.place == "block"]
    middle = blocks[len(blocks) // 2]
    for k, (name, values, kinds, where) in enumerate(PAIRED):
        for value in values:
            if not flow.is_main and not everything and k % SWITCH_STEP != number % SWITCH_STEP:
                continue
            for kind in kinds:
                switches = ((name, value),)
                if where == "deploy":
                    yield _deploy(flow, kind, switches)
                    continue
                if where == "rx":
                    fault = _on_line(kind, "rx", Stage("block-cmd", middle.count))
                else:
                    fault = {"kind": kind.kind, "where": where, "count": middle.count, **kind.when}
                yield Cell(flow.name, "switch", f"{name}={value} {kind.kind} {where}", tuple(fault.items()), switches)


def _another_base(flow: FlowCase) -> Iterator[Cell]:
    """A differential for a build that the modem only said it runs: back to its application, or not (8 ?)."""
    for value in ("application", "stay") if flow.name.startswith("diff") else ():
        yield Cell(flow.name, "switch", f"wrong_base={value}", switches=(("wrong_base", value),), other_base=39529)


def _smswboot(flow: FlowCase) -> Iterator[Cell]:
    for times in (1, 2, 4, 7, None) if flow.is_main else (1, 4, None):
        fault = {"kind": "error", "where": "AT+SMSWBOOT=", "times": times}
        yield Cell(flow.name, "ERROR to SMSWBOOT", f"x{times or 'ever'}", tuple(fault.items()))


def flow_of(cell: Cell) -> FlowCase:
    """The flow of a cell."""
    return BY_NAME[cell.flow]
