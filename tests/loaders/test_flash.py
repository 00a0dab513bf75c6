"""The table through the real jobs on the bench: what ``check`` finds, ``plan`` says, and ``flash`` sends and proves.

Every row of it is the long run (``make table``); here one of each kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.check import Status
from doctor.cli.main import run
from doctor.errors import DoctorError
from doctor.events import Event, StepStarted
from doctor.jobs.check import check
from doctor.jobs.flash import FlashPlan, FlashRequest, FlashResult, Wish, flash, rehearse
from doctor.jobs.memory.journal import Journal, ids_of
from doctor.report import as_json
from doctor.sim.bench import SimBench
from doctor.sim.practice.image import make_practice_bootrom, make_practice_elf, make_practice_image, make_practice_part
from doctor.updater import soak
from doctor.updater.shapes import radio_of
from tests.loaders.table import Row, rows

IMAGE_BYTES = 5_000
SOAK_COUNT = 10


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small practice files under the words of the table."""
    folder = tmp_path_factory.mktemp("files")
    for word in {row.file for row in rows()} - {"48829"}:
        base, _, build = word.rpartition(">")
        radio = radio_of(int(build))
        made = make_practice_image(folder, radio, int(build), IMAGE_BYTES, int(base) if base else None)
        made.rename(folder / f"PRACTICE-{word.replace('>', '-to-')}.dup")
    for part in (1, 2):
        make_practice_part(folder, part, IMAGE_BYTES)
    make_practice_bootrom(folder)
    make_practice_elf(folder)
    return folder


@pytest.fixture(autouse=True)
def short_soak(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(soak.soak, "__defaults__", (SOAK_COUNT, False))
    yield


@dataclass
class NoTerminal:
    """Confirms the plan, as --yes does, and can be asked nothing; or agrees to what it is asked, and remembers it."""

    agrees: bool = False
    asked: tuple[str, ...] = ()

    def confirm(self, plan: FlashPlan) -> bool:
        return True

    def accept(self, name: str, question: str) -> bool:
        if not self.agrees:
            raise DoctorError(name, "nobody is there")
        self.asked += (name,)
        return True

    def stop_transfer(self) -> bool:
        raise AssertionError

    def stop_board(self) -> Wish:
        raise AssertionError


def options(row: Row, files: Path, accept: frozenset[str], port: str = "") -> BenchOptions:
    loaders = row.loaders or f"33080,{row.software},{row.software}"  # without a star it is unread
    word = f"PRACTICE-{row.file.replace('>', '-to-')}.dup"
    pair = tuple(files / f"PRACTICE-CATM1-48829-{part}.dup" for part in (1, 2))
    return BenchOptions(
        port=port or f"sim://sqn3330?build={row.software}&bootloaders={loaders}",
        firmware=pair if row.file == "48829" else (files / word,),
        updater_elf=files / "PRACTICE-updater.elf" if row.elf else None,
        bootrom=files / "PRACTICE-bootrom-41065.dup" if row.bootrom else None,
        via_modem=True,
        accept=accept,
    )


@dataclass
class Done:
    result: FlashResult
    sim: SimBench

    @property
    def sent(self) -> list[tuple[str, str]]:
        return [(item.kind, item.method) for item in self.sim.modem.received]


def flashed(chosen: BenchOptions, consent: NoTerminal | None = None) -> Done:
    with Bench(chosen) as bench:
        sim: SimBench = bench.link.serial.bench
        result = flash(bench, FlashRequest(via="modem"), consent=consent or NoTerminal())
        return Done(result, sim)


def planned(chosen: BenchOptions) -> FlashResult:
    with Bench(chosen) as bench:
        result = rehearse(bench, FlashRequest(via="modem"))
        assert bench.link.serial.bench.modem.received == []
        return result


def found(chosen: BenchOptions) -> Status:
    with Bench(chosen) as bench:
        finding = check(bench).finding("step-is-safe")
        assert finding is not None
        return finding.status


def play(row: Row, files: Path) -> None:
    """One row: refused until every consent is given, then as the table says."""
    bare = options(row, files, frozenset())
    full = options(row, files, row.consents)
    needs_more = row.verdict == "no" or bool(row.consents)
    assert (found(bare) is Status.FAIL) == needs_more
    if needs_more:
        refused = flashed(bare)
        assert refused.result.exit_code == planned(bare).exit_code == 1
        assert refused.sent == [] and not refused.result.begun
    if row.verdict == "no" and not row.consents:
        return
    if row.verdict == "bootrom":
        assert found(bare) is (Status.WARN if row.elf else Status.PASS)  # which is left out
    plan = planned(full).plan
    assert plan is not None and plan.core.loaders.startswith("boot loaders: ")
    done = flashed(full)
    assert done.result.exit_code == 0, done.result.error
    modem = done.sim.modem
    assert modem.misuse == []
    if row.verdict == "nothing":
        assert plan.core.nothing and done.sent == [] and done.result.proof is None
        return
    proof = done.result.proof
    assert proof is not None and proof.holds
    assert (modem.mode, modem.build) == ("application", int(row.file.rpartition(">")[2]))
    assert done.sent == sent(row)
    assert modem.flash.bootloaders[0] == (41065 if renewed(row) else int((row.loaders or "33080")[:5]))
    members = as_json.flash_members(done.result, Bench(BenchOptions()))
    assert members["proof"]["after"]["boot_loaders"] == proof.after.loaders.text != ""


def renewed(row: Row) -> bool:
    """Whether a boot ROM is stored at the end; if the block was unread, it can be read then."""
    return row.bootrom and row.loaders[:5] in ("", "33080")


def sent(row: Row) -> list[tuple[str, str]]:
    """What must have gone over; the small images go by the store method."""
    last = [("bootrom", "store")] * renewed(row)
    if row.verdict == "bootrom":
        return last
    if row.verdict == "ffh":
        return [("bootrom", "on-the-fly"), ("elf", "ram"), ("practice", "on-the-fly"), *last]
    if row.file == "48829":
        return [("practice", "on-the-fly"), ("practice", "store")]
    return [("practice", "store"), *last]


def kinds() -> list[Row]:
    """One row of each kind: by verdict, consents, sort of file and helpers."""
    chosen: dict[tuple[object, ...], Row] = {}
    for row in rows():
        sort = ">" in row.file, row.file == "48829"
        chosen.setdefault((row.verdict, row.consents, sort, row.bootrom, not row.loaders), row)
    return list(chosen.values())


@pytest.mark.sampled(8)
@pytest.mark.parametrize("row", kinds(), ids=lambda row: row.name)
def test_one_row_of_each_kind(row: Row, files: Path) -> None:
    play(row, files)


@pytest.mark.table
@pytest.mark.parametrize("row", rows(), ids=lambda row: row.name)
def test_every_row(row: Row, files: Path) -> None:
    play(row, files)


OLD = next(row for row in rows() if row.software == 33988 and row.file == "41065" and not row.elf and row.bootrom)


def test_a_yes_on_a_terminal_is_the_consent_and_is_kept(files: Path, tmp_path: Path) -> None:
    user = NoTerminal(agrees=True)
    chosen = options(OLD, files, frozenset(), f"sim://sqn3330?scenario=loaders-33988&state={tmp_path}")
    with Bench(chosen) as bench:
        result = flash(bench, FlashRequest(via="modem"), consent=user)
        entry = Journal().find(ids_of(bench))
    assert result.exit_code == 0 and user.asked == ("old-boot-loader",)
    assert entry is not None and entry.options["accept"] == ["old-boot-loader"]
    assert entry.loaders == "41065,33988,41065*"


def test_what_kills_is_never_asked_on_a_terminal(files: Path) -> None:
    user = NoTerminal(agrees=True)
    for row in rows():
        if row.software == 33080 and row.verdict == "no" and not row.bootrom and row.file in ("41065", "41019"):
            assert flashed(options(row, files, frozenset()), user).result.exit_code == 1
    assert user.asked == ()


@pytest.mark.long
def test_journal_keeps_the_block_that_cannot_be_read_any_more(files: Path, tmp_path: Path) -> None:
    port = f"sim://sqn3330?scenario=loaders-38638&state={tmp_path}&fault=cut@50"
    chosen = options(OLD, files, frozenset(), port)
    with Bench(chosen) as bench:
        assert flash(bench, FlashRequest(via="modem", method="on-the-fly"), consent=NoTerminal()).exit_code == 3
        bench.link.serial.bench.hands.power_cycle()
    kept: list[str] = []
    with Bench(chosen) as bench:

        def hear(event: Event) -> None:
            entry = Journal().find(ids_of(bench))
            if isinstance(event, StepStarted) and entry is not None:
                assert entry.before["mode"] == "recovery"
                kept.append(entry.loaders)

        result = flash(bench, FlashRequest(via="modem"), consent=NoTerminal(), listen=hear)
        assert result.plan is not None and "could not be read" in result.plan.core.loaders
        entry = Journal().find(ids_of(bench))
    assert set(kept) == {"33080,38638*,38638"}
    assert result.exit_code == 0 and entry is not None and entry.loaders == "41065,38638,41065*"


def test_build_that_runs_already_touches_not_even_the_board() -> None:
    chosen = BenchOptions(port="sim://fipy?build=41065", card_file="PRACTICE-CATM1-41065.dup")
    with Bench(chosen) as bench:
        sim: SimBench = bench.link.serial.bench
        result = flash(bench, FlashRequest(), consent=NoTerminal())
        assert result.exit_code == 0 and result.error is None
        assert result.plan is not None and result.plan.via == "card"
        assert result.plan.core.nothing == "the modem runs build 41065 already: nothing to do"
        assert sim.modem.received == []
        assert sim.board is not None and not [name for name in sim.board.flash.files if "fipyup" in name]


def test_nothing_to_do_is_said(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port = "sim://sqn3330?scenario=loaders-38638"
    words = ("flash", str(files / "PRACTICE-38638.dup"), "--via", "modem", "--port", port, "--yes")
    assert run(words) == 0
    said = capsys.readouterr().out
    assert "nothing to do" in said and "boot loaders: copy 1 [38638] runs" in said and "Flashed" not in said
    assert run((*words, "--accept", "same-build")) == 0
    assert "Flashed and proved" in capsys.readouterr().out
