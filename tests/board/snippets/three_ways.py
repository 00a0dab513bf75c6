"""Runs rows of rows.py: all of them in one real MicroPython, and one at a time on the simulator."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import tempfile
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from doctor.board.board import Board
from doctor.board.repl import Repl, ReplTraceback, tagged
from doctor.board.storage import proof
from doctor.errors import BoardReset
from doctor.link.link import open_link
from doctor.link.port_url import PortUrl
from doctor.sim.board.eras import sim_era
from doctor.sim.card.blocks import MemoryBlocks
from doctor.sim.card.image import CardLayout, build_card
from tests.board.micropython import INTERPRETER
from tests.board.snippets.described import (
    AT_PROMPT,
    BOOT_FILES,
    BRIDGES,
    IS_DEAD,
    MIRRORS_NATIVELY,
    RELEASES,
    RESTARTS,
    RULES,
    Answer,
    Cts,
    Row,
    Rts,
    State,
)  # fmt: skip

STUB = Path(__file__).with_name("stub_board.py")
SILENCE_S = 60.0  #: of virtual time; LTE() with a dead modem is silent for 10 s
SETTLE_MS = 400  #: from a board's last word at 115200 until it mirrors
MIRROR_BAUD = 921_600
CARD_MIB = 96
_TOO_LONG = 300.0


@dataclass(frozen=True)
class Cell:
    """A row in one era."""

    row: Row
    era: str

    @property
    def name(self) -> str:
        """For a test's id."""
        first = self.row.of[0] if self.row.of else "nothing"
        return f"{first}-{self.era}"


def card_of(state: State) -> MemoryBlocks | None:
    """The card that a state describes, as sectors."""
    return None if state.card is None else build_card(state.card, state.card_layout, size_mib=CARD_MIB)


def normalised(answers: list[Answer], rules: tuple[str, ...]) -> list[Answer]:
    """The answers without what may differ."""
    for name in rules:
        rule = RULES[name]
        if name == "order-of-names":
            answers = [replace(a, values=tuple(sorted(map(rule, a.values), key=repr))) for a in answers]
        else:
            answers = [replace(a, values=tuple(map(rule, a.values))) for a in answers]
    return answers


def values_of(printed: str) -> tuple[Any, ...]:
    """The values that a snippet says: of a proved one (snippets.proved) its rows, and how many they were."""
    values: list[Any] = []
    for value in tagged(printed):
        if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str) and type(value[1]) is int:
            values.append(value[2] if value[1] != proof.END else f"{value[2][0]} rows")
        else:
            values.append(value)
    return tuple(values)


# -- a real MicroPython ---------------------------------------------------------------------------------------


def on_micropython(cells: list[Cell]) -> list[list[Answer]]:
    """The answers of every cell, from one process. Raises AssertionError if the stub itself breaks."""
    with tempfile.TemporaryDirectory() as folder:
        jobs = Path(folder) / "jobs.json"
        jobs.write_text(json.dumps([_job(number, cell) for number, cell in enumerate(cells)]))
        done = subprocess.run(
            [str(INTERPRETER), "-X", "heapsize=64M", str(STUB), str(jobs)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    found: list[list[Answer]] = [[] for _ in cells]
    for job, said, end in re.findall(r"^@@JOB (\d+) \d+\n(.*?)^@@END (.*?)$", done.stdout, re.DOTALL | re.MULTILINE):
        rest = json.loads(end)
        values = () if rest["error"] else values_of(said)
        ending = rest["ending"] or AT_PROMPT
        came = rest["came"] if ending in (MIRRORS_NATIVELY, BRIDGES, IS_DEAD) else ""
        error = _older_words(rest["error"])
        did = tuple(tuple(event) for event in rest["did"])
        found[int(job)].append(Answer(values, error, ending, came, rest["cts"], rest["by_hand"], did))
    return found


def _older_words(error: str | None) -> str | None:
    """An error's text as releases up to 1.11 word it, which this MicroPython of 2026 words differently."""
    return None if error is None else error.replace("isn't defined", "is not defined")


def _job(number: int, cell: Cell) -> dict[str, Any]:
    row = cell.row
    return {"id": number, "pieces": [_piece(p) for p in row.pieces], "then_sends": row.then_sends} | {
        "state": _described(row.on, RELEASES[cell.era])
    }


def _piece(piece: object) -> dict[str, object]:
    if isinstance(piece, Rts):
        return {"rts": piece.asserted}
    return {"cts": True} if isinstance(piece, Cts) else {"code": piece}


def _described(state: State, release: str) -> dict[str, Any]:
    files = {**BOOT_FILES, **state.flash}
    return {
        "release": release,
        "version": sim_era(release).version,
        "kind": state.kind,
        "flash": _packed(files),
        "card": None if state.card is None else _packed(state.card),
        "card_layout": state.card_layout.value,
        "sectors": _sectors(state.card_layout) if state.card is not None else {},
        "modem": state.modem,
        "jumpers": state.jumpers,
        "rts": True,
        "lte_on_boot": state.lte_on_boot,
        "pybytes": "1.6.1" if state.pybytes else "",
        "bootrom": _text(state.bootrom),
        "lacks": state.lacks,
    }


def _packed(files: Any) -> list[tuple[str, str]]:
    return [(name, _text(data)) for name, data in files.items()]


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


@lru_cache
def _sectors(layout: CardLayout) -> dict[str, str]:
    """The sectors of a card that a snippet may read: the first, and those where its partitions begin."""
    blocks = build_card({}, layout, size_mib=CARD_MIB)
    first = blocks.read(0)
    starts = [int.from_bytes(first[446 + 16 * n + 8 :][:4], "little") for n in range(4) if first[446 + 16 * n + 4]]
    return {str(lba): _text(blocks.read(lba)) for lba in [0, *starts] if lba < blocks.sector_count}


# -- the simulator --------------------------------------------------------------------------------------------


def on_simulator(cell: Cell) -> list[Answer]:
    """The answers of one cell, asked by our own client over its link."""
    row, state = cell.row, cell.row.on
    jumpers = "fitted" if state.jumpers else "removed"
    link = open_link(PortUrl.read(f"sim://{state.kind.lower()}?release={RELEASES[cell.era]}&jumpers={jumpers}"))
    try:
        bench = link.serial.bench
        _put_into(bench, state)
        repl = Board(link).repl
        answers = []
        for number, piece in enumerate(row.pieces):
            last = number == len(row.pieces) - 1
            if isinstance(piece, Rts):
                link.rts = piece.asserted
                answers.append(Answer(by_hand=True))
            elif isinstance(piece, Cts):
                answers.append(Answer(cts=link.cts, by_hand=True))
            elif last and row.ending in (MIRRORS_NATIVELY, BRIDGES, IS_DEAD):
                answers.append(_into_mirror(repl, bench, piece, row.then_sends))
            else:
                answers.append(_ask(repl, piece))
        return answers
    finally:
        link.close()


def _put_into(bench: Any, state: State) -> None:
    board = bench.board
    board.flash.lay({**BOOT_FILES, **state.flash})
    board.settings["lte_modem_en_on_boot"] = state.lte_on_boot
    if "sqnsbrz" in board.frozen:
        board.frozen["sqnsbrz"] = f"class bootrom:\n    BOOTROM = {state.bootrom!r}\n"
    for name in state.lacks:
        del board.vm.importer._makers[name]
    bench.hands.put_card(card_of(state))
    if state.modem == "silent":
        bench.modem.hang()
    if state.pybytes:
        board.pybytes = board.settings["pybytes_on_boot"] = True
        board.press_reset()
        board.settle()
        bench.world.sleep_ms(SETTLE_MS)


def _ask(repl: Repl, code: str) -> Answer:
    try:
        printed = repl.run(code, silence_s=SILENCE_S, total_s=_TOO_LONG)
    except ReplTraceback as err:
        return Answer(error=err.error)
    except BoardReset:
        return Answer(ending=RESTARTS)
    return Answer(values_of(printed))


class _Said(Exception):
    """The board has said its last word at 115200."""


def _into_mirror(repl: Repl, bench: Any, code: str, then_sends: str) -> Answer:
    """Start what does not come back, as mirror.py does, and see what goes through."""
    values: list[object] = []

    def listen(line: str) -> None:
        values.extend(tagged(line))
        if values:
            raise _Said

    try:
        repl.run(code, silence_s=SILENCE_S, total_s=_TOO_LONG, on_line=listen)
    except _Said:
        repl.forget()
    link, board = repl.link, bench.board
    bench.world.sleep_ms(SETTLE_MS)
    ending = {"mirror": MIRRORS_NATIVELY, "dead": IS_DEAD}.get(board.mode, AT_PROMPT if board.dupterm else BRIDGES)
    link.set_baud(MIRROR_BAUD)
    link.drain()
    came = b""
    link.write(then_sends.encode())
    while data := link.read(256, 500):
        came += data
    return Answer(tuple(values), None, ending, came.decode("ascii", "replace"))
