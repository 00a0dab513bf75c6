"""The flows: a bench, the files, and the stages that a healthy run goes through."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from doctor.bench import Bench, BenchOptions
from doctor.jobs.flash import FlashPlan, FlashRequest, FlashResult, Wish, flash
from doctor.sim.bench import SimBench
from doctor.sim.practice.image import make_practice_bootrom, make_practice_image, make_practice_part, practice_elf
from doctor.updater import soak

IMAGE_BYTES = 40_000  #: 20 blocks: the stalls at 7 % and 99 % have their own
SOAK_COUNT = 60  #: questions before a flash, of 500: the rest of them are all alike, and a fifth of the matrix's time
BLOCK_BYTES = 2016  #: as the core sends them
ELF_BYTES = 20_000
PART_BYTES = (12_000, 24_000)
LARGE_BYTES = 4 * 1024 * 1024 + 4096  #: too large to be stored

IMAGE = "PRACTICE-CATM1-41065.dup"
LARGE = "large/PRACTICE-CATM1-41065.dup"
DIFF = "PRACTICE-upgdiff_38638-to-41065.dup"
FIRST_DIFF = "PRACTICE-upgdiff_33080-to-41065.dup"
PARTS = ("PRACTICE-CATM1-48829-1.dup", "PRACTICE-CATM1-48829-2.dup")
MONARCH = "PRACTICE-CATM1-61488.dup"
ELF = "updater.elf"
BOOTROM = "PRACTICE-bootrom-41065.dup"


def shorten_soak() -> None:
    """Ask fewer questions before each flash of this process, and of those that are forked from it."""
    soak.soak.__defaults__ = (SOAK_COUNT, False)


def make_files(folder: Path, *, large: bool = True) -> None:
    """Everything that any flow needs, into ``folder``; the one large image may be left out."""
    make_practice_image(folder, size_bytes=IMAGE_BYTES)
    make_practice_image(folder, size_bytes=IMAGE_BYTES, base=38638)
    make_practice_image(folder, size_bytes=IMAGE_BYTES, base=33080)
    make_practice_image(folder, build=61488, size_bytes=IMAGE_BYTES)
    make_practice_image(folder, build=39529, size_bytes=IMAGE_BYTES)
    if large:
        (folder / "large").mkdir()
        make_practice_image(folder / "large", size_bytes=LARGE_BYTES)
    for part, size in enumerate(PART_BYTES, 1):
        make_practice_part(folder, part, size)
    make_practice_bootrom(folder)
    (folder / ELF).write_bytes(practice_elf(ELF_BYTES))


@dataclass(frozen=True)
class FlowCase:
    """One way of flashing.

    bench     kind and query of the ``sim://`` URL
    images    names of files in the folder
    target    build that the modem runs at the end
    thinning  every so many-th pair of stage and fault is played
    """

    name: str
    bench: str
    images: tuple[str, ...] = (IMAGE,)
    target: int = 41065
    method: str = "auto"
    elf: bool = False
    bootrom: bool = False
    compress: bool = False
    thinning: int = 120

    @property
    def kind(self) -> str:
        """Host part of the URL."""
        return self.bench.partition("?")[0]

    @property
    def is_large(self) -> bool:
        """Whether a cell of it takes ten times as long, so that there are only few."""
        return LARGE in self.images

    @property
    def is_main(self) -> bool:
        """Whether every switch is tried in it: together these go through every part of the core."""
        return self.name in ("store", "fly", "ffh", "monarch")

    @property
    def last_blocks(self) -> tuple[float, ...]:
        """Percent of a file at which its last block begins, of each firmware file."""
        sizes = PART_BYTES if self.images == PARTS else (LARGE_BYTES if self.is_large else IMAGE_BYTES,)
        return tuple(100 * ((size - 1) // BLOCK_BYTES * BLOCK_BYTES) / size for size in sizes)

    @property
    def has_board(self) -> bool:
        """Whether a board stands in front of the modem."""
        return self.kind in ("fipy", "gpy")

    def request(self) -> FlashRequest:
        """What the user asks for."""
        via = "auto" if self.has_board else "modem"
        return FlashRequest(via, self.method, compress=self.compress)

    def options(self, port: str, files: Path) -> BenchOptions:
        """What the user says of the bench."""
        return BenchOptions(
            port=port,
            firmware=tuple(files / name for name in self.images),
            updater_elf=files / ELF if self.elf else None,
            bootrom=files / BOOTROM if self.bootrom else None,
            via_modem=not self.has_board,
        )


FLOWS = (
    FlowCase("store", "sqn3330?build=38638", thinning=40),
    FlowCase("fly", "sqn3330?build=38638", method="on-the-fly", thinning=40),
    FlowCase("fly-large", "sqn3330?build=38638", (LARGE,), thinning=301),
    FlowCase("diff", "sqn3330?build=38638", (DIFF,)),
    FlowCase("diff-fly", "sqn3330?build=38638", (DIFF,), method="on-the-fly"),
    FlowCase("diff-33080", "sqn3330?build=33080", (FIRST_DIFF,), bootrom=True),
    FlowCase("recovery", "sqn3330?build=38638&scenario=modem-recovery"),
    FlowCase("ram-updater", "sqn3330?build=38638&scenario=ati-error"),
    FlowCase("ffh", "sqn3330?build=38638&scenario=modem-ffh", elf=True, thinning=40),
    FlowCase("factory", "sqn3330?build=33080", elf=True, bootrom=True),
    FlowCase("stp-open", "sqn3330?build=38638&scenario=stp-fails-midway"),
    FlowCase("pair", "sqn3330?build=41065&bootloaders=41065,41065,41065*", PARTS, 48829),
    FlowCase("pair-fly", "sqn3330?build=41065&bootloaders=41065,41065,41065*", PARTS, 48829, method="on-the-fly"),
    FlowCase("bootrom", "sqn3330?build=41065&bootloaders=33080,41065*,38638", bootrom=True),
    FlowCase("monarch", "gm02s", (MONARCH,), 61488),
    FlowCase("monarch-zip", "gm02s", (MONARCH,), 61488, compress=True),
    FlowCase("monarch-rec", "gm02s?scenario=modem-recovery", (MONARCH,), 61488),
    FlowCase("fipy-store", "fipy?build=38638"),
    FlowCase("fipy-fly", "fipy?build=38638", method="on-the-fly"),
    FlowCase("fipy-ffh", "fipy?build=38638&scenario=modem-ffh", elf=True),
)
BY_NAME = {flow.name: flow for flow in FLOWS}


class Yes:
    """A user who agrees to the plan that was printed."""

    def confirm(self, plan: FlashPlan) -> bool:
        return True

    def accept(self, name: str, question: str) -> bool:
        return True

    def stop_transfer(self) -> bool:
        return False

    def stop_board(self) -> Wish:
        return Wish.GO_ON


@dataclass(frozen=True)
class Stage:
    """A place that a healthy run comes by.

    place  an AT command, or a place of STP
    count  of all AT commands, or of the requests at that place: which one it is
    """

    place: str
    count: int

    @property
    def is_at(self) -> bool:
        """Whether it is an AT command."""
        return self.place.startswith("AT")


def stages(flow: FlowCase, folder: Path, files: Path) -> tuple[Stage, ...]:
    """The stages of a flow, as a healthy run shows them. Raises AssertionError if that run is not healthy."""
    port = f"sim://{flow.kind}?state={folder / 'healthy' / flow.name}"
    prepare(flow, folder / "healthy" / flow.name).release()
    seen: list[str] = []
    with Bench(flow.options(port, files)) as bench:
        sim: SimBench = bench.link.serial.bench
        sim.modem.faults.on_strike = seen.append
        result: FlashResult = flash(bench, flow.request(), consent=Yes())
        assert result.exit_code == 0, f"{flow.name}: {result.error}"
    return tuple(_chosen(seen))


def prepare(flow: FlowCase, folder: Path) -> SimBench:
    """A kept bench for a flow; ``release`` it when it is as it should be."""
    joint = "&" if "?" in flow.bench else "?"
    sim = SimBench.from_url(f"sim://{flow.bench}{joint}state={folder}")
    if flow.has_board:
        sim.hands.take_card_out()
    return sim


def _chosen(seen: list[str]) -> list[Stage]:
    """Of each command the first and the last; of runs of AT the first; of each file some blocks."""
    chosen: dict[tuple[str, int], Stage] = {}
    at = 0
    counts: dict[str, int] = {}
    last: dict[str, Stage] = {}
    blocks: list[Stage] = []
    before = ""

    def keep(stage: Stage) -> None:
        chosen.setdefault((stage.place, stage.count), stage)

    for heard in [*seen, "end"]:
        place = heard[max(0, heard.rfind("AT")) :]  # a line may begin with noise
        if place in ("open", "end"):  # the blocks of one file are complete
            for stage in [
                blocks[k]
                for k in sorted({0, 1, 4, 5, len(blocks) // 2, len(blocks) - 2, len(blocks) - 1})
                if 0 <= k < len(blocks)
            ]:
                keep(stage)
            blocks = []
        if place == "end":
            break
        if place.startswith("AT"):
            at += 1
            stage = Stage(place, at)
            if place not in last or (place == "AT" and before != "AT"):
                keep(stage)
            last[place] = stage
        elif place != "deploy":  # which has faults of its own
            counts[place] = counts.get(place, 0) + 1
            stage = Stage(place, counts[place])
            if place in ("block", "block-cmd"):
                blocks.append(stage)
            else:
                keep(stage)
        before = place
    for stage in last.values():
        keep(stage)
    return sorted(chosen.values(), key=lambda stage: (stage.place, stage.count))
