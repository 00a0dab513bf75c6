"""The flows over a simulated board and over bare modems, by the public job; and what a second run makes of a first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.events import Event, Notice
from doctor.firmware.bootrom import FROM_BOARD
from doctor.jobs.flash import FlashRequest, FlashResult, flash, rehearse
from doctor.jobs.status import StatusReport, status
from doctor.sim.bench import SimBench
from doctor.sim.practice.image import make_practice_bootrom, make_practice_image, practice_elf, practice_part

from .flashing import User, after_bytes, in_step, words_of

SMALL_BYTES = 60_000
OVER_FFH = [("bootrom", "on-the-fly"), ("elf", "ram"), ("practice", "on-the-fly"), ("bootrom", "store")]


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """Promises another build than the image on the simulated card."""
    return make_practice_image(tmp_path, build=39529, size_bytes=SMALL_BYTES)


@pytest.fixture
def first_target(tmp_path: Path) -> Path:
    return make_practice_image(tmp_path / "PRACTICE-small-41065.dup", build=41065, size_bytes=SMALL_BYTES)


@pytest.fixture
def elf(tmp_path: Path) -> Path:
    path = tmp_path / "PRACTICE-updater.elf"
    path.write_bytes(practice_elf(60_000))
    return path


@dataclass
class Done:
    result: FlashResult
    sim: SimBench

    @property
    def received(self) -> list[tuple[str, str]]:
        return [(item.kind, item.method) for item in self.sim.modem.received]


def run(
    url: str,
    *files: Path,
    request: FlashRequest | None = None,
    prepare: Callable[[SimBench], None] | None = None,
    when: Callable[[Event], bool] | None = None,
    act: Callable[[SimBench], None] | None = None,
    **options: object,
) -> Done:
    bench_options = BenchOptions(port=url, firmware=files, **options)  # type: ignore[arg-type]
    pending = [when] if when is not None else []
    with Bench(bench_options) as bench:
        sim: SimBench = bench.link.serial.bench
        if prepare is not None:
            prepare(sim)

        def hear(event: Event) -> None:
            if pending and pending[0](event):
                pending.clear()
                assert act is not None
                act(sim)

        result = flash(bench, request or FlashRequest(via="auto"), consent=User(), listen=hear)
        return Done(result, sim)


def proved(done: Done, build: int) -> None:
    assert done.result.error is None, done.result.error.what
    assert done.result.proof is not None and done.result.proof.holds
    assert (done.sim.modem.mode, done.sim.modem.build) == ("application", build)
    assert done.sim.modem.misuse == []


def where(url: str) -> StatusReport:
    with Bench(BenchOptions(port=url)) as bench:
        return status(bench)


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("release", ["1.20.2.r4", "1.18.2.r7", "1.17.3.b1"])
def test_boot_rom_behind_a_board(release: str, full: Path, elf: Path) -> None:
    done = run(f"sim://fipy?scenario=modem-ffh&release={release}", full, updater_elf=elf)
    proved(done, 39529)
    assert done.received == [("elf", "ram"), ("practice", "on-the-fly")]


def test_boot_rom_of_a_bare_modem(full: Path, elf: Path) -> None:
    done = run("sim://sqn3330?scenario=modem-ffh", full, updater_elf=elf, via_modem=True)
    proved(done, 39529)


def test_boot_rom_without_updater_is_refused(full: Path) -> None:
    done = run("sim://fipy?scenario=modem-ffh", full)
    assert done.result.exit_code == 1
    assert done.received == []


@pytest.mark.long
def test_factory_build_through_the_boot_rom(first_target: Path, elf: Path, tmp_path: Path) -> None:
    package = make_practice_bootrom(tmp_path)
    done = run("sim://fipy?build=33080", first_target, updater_elf=elf, bootrom=package)
    proved(done, 41065)
    assert done.received == OVER_FFH
    assert done.sim.modem.flash.bootloaders[0] == 41065


@pytest.mark.long
def test_boot_rom_out_of_the_board(first_target: Path, elf: Path) -> None:
    done = run("sim://fipy?build=33080", first_target, updater_elf=elf, bootrom=FROM_BOARD)
    proved(done, 41065)
    assert done.received == OVER_FFH
    assert done.sim.modem.flash.bootloaders[0] == 41065


@pytest.mark.long
def test_status_remembers_that_the_boot_rom_is_the_boards(first_target: Path, elf: Path, tmp_path: Path) -> None:
    url = f"sim://fipy?build=33080&state={tmp_path / 'bench'}"
    with pytest.raises(KeyboardInterrupt):
        run(url, first_target, when=in_step("bootrom-transfer"), act=die, updater_elf=elf, bootrom=FROM_BOARD)
    step = where(url).onward
    assert step is not None
    assert words_of(step)[words_of(step).index("--bootrom") + 1] == "board"


@pytest.mark.long
def test_pair_in_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("sim://fipy", *pair(tmp_path, monkeypatch)).result.exit_code == 0  # the user agreed when asked
    done = run(f"sim://fipy?{RENEWED}", *pair(tmp_path, monkeypatch))
    proved(done, 48829)
    assert [method for _, method in done.received] == ["on-the-fly", "store"]


RENEWED = "bootloaders=38638,38638,38638*"


def pair(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    monkeypatch.setattr("doctor.sim.practice.image.PART_SIZE_BYTES", (60_000, 70_000))
    files = []
    for part in (1, 2):
        path = folder / f"PRACTICE-CATM1-48829-{part}.dup"
        path.write_bytes(practice_part(part))
        files.append(path)
    return files


def test_radio_change_needs_its_consent(tmp_path: Path) -> None:
    image = make_practice_image(tmp_path, "NB1", 41019, SMALL_BYTES)
    assert run("sim://fipy", image).result.exit_code == 1
    proved(run("sim://fipy", image, accept=frozenset({"radio-change"})), 41019)


def test_no_way_back_needs_its_consent(full: Path) -> None:
    assert run("sim://fipy?build=43818", full).result.exit_code == 1
    proved(run("sim://fipy?build=43818", full, accept=frozenset({"no-way-back"})), 39529)


def slow_recovery(sim: SimBench) -> None:
    sim.modem.switches.recovery_baud = 115200


@pytest.mark.long
def test_recovery_at_115200_behind_a_board(full: Path) -> None:
    def prepare(sim: SimBench) -> None:
        slow_recovery(sim)
        sim.modem.power_off()
        sim.modem.power_on()

    proved(run("sim://fipy?scenario=modem-recovery", full, prepare=prepare), 39529)


@pytest.mark.long
def test_recovery_that_comes_up_at_115200_behind_a_mirror(full: Path, tmp_path: Path) -> None:
    url = f"sim://fipy?state={tmp_path / 'bench'}"
    fly = FlashRequest(via="usb", method="on-the-fly")
    done = run(url, full, prepare=slow_recovery, request=fly)
    assert done.result.exit_code == 3
    assert done.result.onward is not None
    with Bench(BenchOptions(port=url)) as bench:
        for hand in done.result.onward.hands:
            getattr(bench.link.serial.hands, hand.replace("-", "_"))()
    proved(run(url, full, request=FlashRequest(via="usb")), 39529)


# -- broken off, and again


def die(sim: SimBench) -> None:
    """The program is killed: the bench is as it was at that moment."""
    sim.save()
    raise KeyboardInterrupt


@pytest.mark.parametrize("moment", [in_step("switch"), after_bytes(0.4), in_step("deploy"), in_step("prove")])
@pytest.mark.long
def test_killed_then_status_then_flash(moment: Callable[[Event], bool], full: Path, tmp_path: Path) -> None:
    url = f"sim://fipy?state={tmp_path / 'bench'}"
    fly = FlashRequest(via="usb", method="on-the-fly")
    with pytest.raises(KeyboardInterrupt):
        run(url, full, request=fly, when=moment, act=die)
    standing = where(url)
    assert str(full.name) in standing.history
    if standing.onward is not None:
        assert words_of(standing.onward)[:3] == ("fipy-doctor", "flash", str(full))
    done = run(url, full, request=fly)
    if done.result.plan is not None and done.result.plan.core.nothing:  # it was done, though that was not seen
        assert done.received and done.result.exit_code == 0
        assert (done.sim.modem.mode, done.sim.modem.build) == ("application", 39529)
    else:
        proved(done, 39529)


@pytest.mark.long
def test_killed_while_the_updater_is_loaded(full: Path, elf: Path, tmp_path: Path) -> None:
    url = f"sim://fipy?scenario=modem-ffh&state={tmp_path / 'bench'}"
    with pytest.raises(KeyboardInterrupt):
        run(url, full, updater_elf=elf, when=after_bytes(0.5), act=die)
    standing = where(url)
    assert standing.facts is not None and standing.facts.mode == "ffh"
    assert standing.onward is not None
    assert "--updater-elf" in words_of(standing.onward)
    proved(run(url, full, updater_elf=elf), 39529)


def test_killed_between_the_files_of_the_pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = pair(tmp_path, monkeypatch)
    url = f"sim://fipy?{RENEWED}&state={tmp_path / 'bench'}"
    with pytest.raises(KeyboardInterrupt):
        run(url, *files, when=in_step("second-prepare"), act=die)
    standing = where(url)
    assert standing.onward is not None
    assert words_of(standing.onward)[2:4] == tuple(str(file) for file in files)
    done = run(url, *files)
    proved(done, 48829)
    assert [item.build for item in done.sim.modem.received] == [39529, 48829]


@pytest.mark.long
def test_power_lost_in_the_middle_names_what_to_do(full: Path, tmp_path: Path) -> None:
    url = f"sim://fipy?state={tmp_path / 'bench'}&fault=cut@50"
    done = run(url, full, request=FlashRequest(via="usb", method="on-the-fly"))
    assert done.result.exit_code == 3
    assert done.result.onward is not None
    assert done.result.onward.hands == ("power-cycle",)
    with Bench(BenchOptions(port=url)) as bench:
        bench.link.serial.hands.power_cycle()
    assert where(url).onward is not None
    proved(run(url, full), 39529)


@pytest.mark.long
def test_store_that_hangs_says_the_other_method(tmp_path: Path) -> None:
    diff = make_practice_image(tmp_path, build=41065, size_bytes=SMALL_BYTES, base=33080)
    url = f"sim://fipy?build=33080&state={tmp_path / 'bench'}"

    def hangs(sim: SimBench) -> None:
        sim.modem.switches.store_hangs = True

    done = run(url, diff, prepare=hangs)
    assert done.result.error is not None
    assert done.result.error.id == "stall-at-zero-percent"
    assert done.result.onward is not None
    assert words_of(done.result.onward)[1:4] == ("status", "--done", "power-off")
    with Bench(BenchOptions(port=url)) as bench:
        bench.link.serial.hands.power_cycle()
    standing = where(url)
    assert standing.onward is not None
    assert "on-the-fly" in words_of(standing.onward)
    proved(run(url, diff, request=FlashRequest(method="on-the-fly")), 41065)


def test_status_of_a_healthy_modem() -> None:
    standing = where("sim://fipy")
    assert standing.onward is None
    assert standing.exit_code == 0


def test_status_closes_an_abandoned_transfer_first() -> None:
    standing = where("sim://fipy?scenario=stp-fails-midway")
    assert standing.facts is not None and standing.facts.mode == "recovery"
    assert standing.onward is not None
    assert words_of(standing.onward)[1] == "flash"


def test_rehearsal_sends_nothing(full: Path) -> None:
    with Bench(BenchOptions(port="sim://fipy", firmware=(full,))) as bench:
        result = rehearse(bench, FlashRequest())
        assert result.plan is not None
        assert bench.link.serial.bench.modem.received == []


@pytest.mark.long
@pytest.mark.sampled(2)
@pytest.mark.parametrize("compress", [False, True])
def test_bare_sibling(genuine: Path, compress: bool) -> None:
    request = FlashRequest(via="modem", compress=compress)
    done = run("sim://gm02s", genuine, request=request, via_modem=True)
    proved(done, 59577)
    proof = done.result.proof
    assert proof is not None and proof.received_sha256 == proof.sent_sha256


@pytest.mark.long
def test_longer_blocks_until_the_sibling_refuses_one(genuine: Path) -> None:
    request = FlashRequest(via="modem", block=8176)
    heard: list[Event] = []

    def hear(event: Event) -> bool:
        heard.append(event)
        return False

    done = run("sim://gm02s?fault=block-cmd:nack@3", genuine, request=request, when=hear, via_modem=True)
    proved(done, 59577)
    plan = done.result.plan
    assert plan is not None
    assert "other-blocks" in [warning.id for warning in plan.core.warnings]
    assert [event.text for event in heard if isinstance(event, Notice)] == [
        "a block of 8176 bytes: BLOCK_CMD was refused; blocks of 2016 from here on"
    ]


@pytest.mark.long
def test_a_transfer_that_broke_off_goes_on_with_the_usual_blocks(genuine: Path) -> None:
    """An "unknown" that names no block may be of one that was taken: no shorter one may follow it."""
    request = FlashRequest(via="modem", block=8176)
    done = run("sim://gm02s?fault=block:nack-nameless@2@0", genuine, request=request, via_modem=True)
    assert done.result.error is not None and "BLOCK was refused" in done.result.error.what
    assert "`fipy-doctor flash" in done.result.error.next
    assert "--block" not in done.result.error.next


def test_blocks_of_the_usual_length_are_usual(full: Path) -> None:
    for port in ("sim://sqn3330", "sim://gm02s"):
        with Bench(BenchOptions(port=port, firmware=(full,), via_modem=True)) as bench:
            result = rehearse(bench, FlashRequest(via="modem", block=2016))
            assert result.error is None and result.plan is not None
            assert "other-blocks" not in [warning.id for warning in result.plan.core.warnings]


def test_longer_blocks_are_refused_for_the_modem_of_fipy_and_gpy(full: Path) -> None:
    options = BenchOptions(port="sim://sqn3330", firmware=(full,), via_modem=True)
    with Bench(options) as bench:
        result = rehearse(bench, FlashRequest(via="modem", block=8176))
        assert result.error is not None
        assert result.error.id == "other-blocks"
        assert "SQN3330" in result.error.what
        assert "--block" not in str(result.error.next).partition(": ")[2]
        assert bench.link.serial.bench.modem.received == []
