"""Every flow against a slave that forgives nothing."""

from __future__ import annotations

import hashlib
import io
import zlib

import pytest

from doctor.updater.contract import Source
from doctor.updater.flow import Flow, Outcome
from doctor.updater.plan import ImageFacts, Options, Plan, Running, make_plan
from doctor.updater.profile import MONARCH2, SQN3330, by_family
from tests.updater.strict import StrictModem
from tests.updater.wire import Wire

MIB = 1 << 20


def content(name: str, size: int = 9_000) -> bytes:
    return hashlib.shake_128(name.encode()).digest(size)


FULL, DIFF, FIRST, SECOND, ELF, BOOTROM = (content(name) for name in ("full", "diff", "-1", "-2", "elf", "bootrom"))
BUILDS = {FULL: 41065, DIFF: 41065, FIRST: 39529, SECOND: 48829}


def image(data: bytes, kind: str = "full", build: int = 41065, *, size: int | None = None, base: int = 0) -> ImageFacts:
    return ImageFacts(f"{kind}-{build}.dup", size or len(data), kind, "CATM1", build, base, "SQN3330")


UPDATER = ImageFacts("updater.elf", len(ELF), "updater-elf", "", 0, 0, "unknown")
PACKAGE = ImageFacts("sqnsbrz.py", len(BOOTROM), "bootrom", "", 41065, 0, "SQN3330")


def flash(modem: StrictModem, plan: Plan, data: bytes, others: dict[str, bytes] | None = None) -> Outcome:
    assert plan.refusal is None, plan.refusal.what
    modem.deploys_to = BUILDS
    wire = Wire(modem)
    wire.baud = modem.baud
    files: dict[str, tuple[Source, int]] = {}
    files.update({name: (io.BytesIO(value), len(value)) for name, value in (others or {}).items()})
    return Flow(wire, wire.clock, by_family(modem.family)).run(plan, io.BytesIO(data), len(data), None, files)


def proved(outcome: Outcome, modem: StrictModem, build: int = 41065) -> None:
    assert outcome.error is None
    assert outcome.proved
    assert (modem.mode, modem.build) == ("application", build)
    assert all(session.blocks for session in modem.sessions)


def running(modem: StrictModem, bootloader0: int = 0) -> Running:
    known = modem.mode == "application"
    return Running(modem.mode, modem.build if known else 0, "CATM1" if known else "", modem.family, bootloader0)


@pytest.mark.parametrize("soak", [False, True])
@pytest.mark.parametrize("method", ["store", "on-the-fly"])
def test_from_the_application(method: str, soak: bool) -> None:
    modem = StrictModem()
    plan = make_plan(running(modem), [image(FULL)], Options(method=method, soak=soak))
    proved(flash(modem, plan, FULL), modem)
    assert modem.taken == [("fly" if method == "on-the-fly" else "store", FULL)]


@pytest.mark.parametrize("mode", ["recovery", "ram-updater"])
def test_from_an_updater(mode: str) -> None:
    modem = StrictModem(mode=mode)
    proved(flash(modem, make_plan(running(modem), [image(FULL)], Options()), FULL), modem)
    assert modem.taken == [("fly", FULL)]


def test_differential_of_the_factory_build() -> None:
    modem = StrictModem(build=33080)
    plan = make_plan(running(modem), [image(DIFF, "diff", base=33080)], Options())
    assert plan.stop_at_zero
    proved(flash(modem, plan, DIFF), modem)
    assert modem.taken == [("store", DIFF)]


@pytest.mark.parametrize("baud", [115200, 921600])
def test_from_the_boot_rom(baud: int) -> None:
    modem = StrictModem(mode="ffh", baud=baud)
    plan = make_plan(running(modem), [image(FULL)], Options(updater_elf=UPDATER, soak=True))
    assert [step.id for step in plan.part(True).steps] == ["speed"]
    proved(flash(modem, plan, FULL, {"updater-elf": ELF}), modem)
    assert modem.taken == [("elf", ELF), ("fly", FULL)]
    assert ("AT+IPR=921600" in modem.lines) == (baud == 115200)


@pytest.mark.parametrize("with_bootrom", [False, True])
def test_full_image_on_the_factory_build(with_bootrom: bool) -> None:
    modem = StrictModem(build=33080)
    options = Options(updater_elf=UPDATER, bootrom=PACKAGE if with_bootrom else None)
    plan = make_plan(running(modem, bootloader0=33080), [image(FULL)], options)
    proved(flash(modem, plan, FULL, {"updater-elf": ELF, "bootrom": BOOTROM}), modem)
    assert modem.taken == [*([("fly", BOOTROM)] if with_bootrom else []), ("elf", ELF), ("fly", FULL)]


def test_boot_rom_after_the_differential() -> None:
    modem = StrictModem(build=33080)
    options = Options(bootrom=PACKAGE)
    plan = make_plan(running(modem, bootloader0=33080), [image(DIFF, "diff", base=33080)], options)
    proved(flash(modem, plan, DIFF, {"bootrom": BOOTROM}), modem)
    assert modem.taken == [("store", DIFF), ("store", BOOTROM)]


@pytest.mark.parametrize(("size", "method"), [(None, "store"), (5 * MIB, "fly")])
def test_pair(size: int | None, method: str) -> None:
    modem = StrictModem()
    pair = [image(FIRST, "pair-1", 48829), image(SECOND, "pair-2", 48829, size=size)]
    proved(flash(modem, make_plan(running(modem), pair, Options()), FIRST, {"second": SECOND}), modem, 48829)
    assert modem.taken == [("fly", FIRST), (method, SECOND)]


def test_pair_stops_where_the_first_file_did_not_take() -> None:
    modem = StrictModem()
    pair = [image(FULL, "pair-1", 48829), image(SECOND, "pair-2", 48829)]
    outcome = flash(modem, make_plan(running(modem), pair, Options()), FULL, {"second": SECOND})
    assert outcome.error is not None
    assert outcome.error[0] == "48829-second-step-skipped"
    assert modem.taken == [("fly", FULL)]


def test_second_file_alone_where_the_first_is_in() -> None:
    modem = StrictModem(build=39529)
    pair = [image(FIRST, "pair-1", 48829), image(SECOND, "pair-2", 48829)]
    plan = make_plan(running(modem), pair, Options(first_done=True))
    proved(flash(modem, plan, FIRST, {"second": SECOND}), modem, 48829)
    assert modem.taken == [("store", SECOND)]


GM02S = ImageFacts("GM02.dup", len(FULL), "full", "", 41065, 0, "MONARCH2")


def sibling(mode: str = "application") -> StrictModem:
    return StrictModem(mode=mode, family="MONARCH2", baud=115200, app_baud=115200)


@pytest.mark.parametrize("mode", ["application", "recovery", "ram-updater"])
@pytest.mark.parametrize("packed", [False, True])
def test_monarch2(mode: str, packed: bool) -> None:
    modem = sibling(mode)
    packer = zlib.compressobj(wbits=12)
    stream = packer.compress(FULL) + packer.flush()
    plan = make_plan(running(modem), [GM02S], Options())
    proved(flash(modem, plan, FULL, {"packed": stream} if packed else {}), modem)
    assert modem.taken == [("fly", FULL)]
    assert modem.sessions[0].types == [5 if packed else 4]
    assert ("AT+CFUN=5" in modem.lines) == (mode == "application")


def test_monarch2_from_its_boot_rom() -> None:
    modem = sibling("ffh")
    plan = make_plan(running(modem), [GM02S], Options(updater_elf=UPDATER))
    proved(flash(modem, plan, FULL, {"updater-elf": ELF}), modem)
    assert [session.types for session in modem.sessions] == [[2], [4]]


def test_zlib_is_not_forced_on_a_version_1_session() -> None:
    modem = StrictModem()
    plan = make_plan(running(modem), [image(FULL)], Options())
    proved(flash(modem, plan, FULL, {"packed": zlib.compress(FULL)}), modem)
    assert modem.taken == [("store", FULL)]


def test_profiles_differ_where_the_reference_says_so() -> None:
    assert (SQN3330.app_baud, MONARCH2.app_baud) == (921600, 115200)
