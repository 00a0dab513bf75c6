"""modem-protocol.md 5.2 to 5.5, the real core against a modem that forgives nothing (rules.py says what)."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from doctor.updater import states
from doctor.updater.contract import Source
from doctor.updater.flow import Flow, Outcome
from doctor.updater.plan import make_plan
from doctor.updater.profile import MONARCH2, SQN3330
from doctor.updater.shapes import ImageFacts, Options, Plan, Running
from doctor.updater.version_block import Loaders
from tests.updater.strict.modem import Habits, Mode, StrictModem, Version
from tests.updater.strict.slave import BLOCK, COMMAND, DATA_TYPE, OPEN, RESET, Terms, Trick

MIB = 1 << 20
MODES = {
    Mode.FFH: states.FFH,
    Mode.RAM: states.RAM_UPDATER,
    Mode.APPLICATION: states.APPLICATION,
    Mode.RECOVERY: states.RECOVERY,
}


def content(start: bytes, size: int = 9_000) -> bytes:
    return start + hashlib.shake_128(start).digest(size - len(start))


FULL = content(b"PACK full")
BIG = content(b"PACK big", 4 * MIB + 1)
NB1 = content(b"PACK radio")
DIFF = content(b"DIFF")
FIRST, SECOND = content(b"PACK -1"), content(b"PACK -2")
ELF = content(b"\x7fELF")
BOOTROM = content(b"UPGR\3\0\0\0bootrom upgrade package", 5_485)
V33080 = Version("Unknown", "LR5.1.1.0-33080", 33080)
V38638 = Version()
V39529 = Version("UE5.0.0.0d", "LR5.1.1.0-39529")
V41019 = Version("UE6.0.0.0", "LR6.0.0.0-41019")
V41065 = Version("UE5.0.0.0d", "LR5.1.1.0-41065")
V48829 = Version("UE5.2.0.3", "LR5.2.1.0-48829")
GM02_OLD = Version("UE8.0.5.13", "LR8.0.5.13-59577")
GM02_NEW = Version("UE8.2.2.1", "LR8.2.2.1-63493")
BECOMES = {
    FULL: V41065,
    BIG: V41065,
    NB1: V41019,
    DIFF: V41065,
    FIRST: V39529,
    SECOND: V48829,
    ELF: V38638,
}


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=12)
    return packer.compress(data) + packer.flush()


def image(
    data: bytes, kind: str = "full", build: int = 41065, *, base: int = 0, radio: str = "CATM1", family: str = "SQN3330"
) -> ImageFacts:
    return ImageFacts(f"{kind}-{build}.dup", len(data), kind, radio, build, base, family)


UPDATER = ImageFacts("updater.elf", len(ELF), "updater-elf", "", 0, 0, "unknown")
PACKAGE = ImageFacts("sqnsbrz.py", len(BOOTROM), "bootrom", "", 41065, 0, "SQN3330")


def fipy(mode: Mode = Mode.APPLICATION, **more: object) -> StrictModem:
    known = {**BECOMES, BOOTROM: more.get("version", V38638), **more.pop("becomes", {})}  # type: ignore[dict-item]
    return StrictModem(mode, becomes=known, **more)  # type: ignore[arg-type]


def gm02s(mode: Mode = Mode.APPLICATION, *, session: int = 2, **habits: object) -> StrictModem:
    settings = Habits(monarch2=True, **habits)  # type: ignore[arg-type]
    terms = Terms(version=session, max_transfer=2048)
    return StrictModem(mode, becomes={FULL: GM02_NEW, ELF: GM02_OLD}, version=GM02_OLD, habits=settings, terms=terms)


def running(modem: StrictModem) -> Running:
    family = (MONARCH2 if modem.habits.monarch2 else SQN3330).family
    if modem.mode is not Mode.APPLICATION:
        return Running(MODES[modem.mode], 0, "", family)
    version = modem.version
    radio = "" if modem.habits.monarch2 else "NB1" if version.release.startswith("LR6") else "CATM1"
    return Running(
        states.APPLICATION, int(version.build), radio, family, Loaders((version.bootloader0, int(version.build), 0), 1)
    )


def flow(modem: StrictModem) -> Flow:
    return Flow(modem, modem, MONARCH2 if modem.habits.monarch2 else SQN3330)


def flash(
    modem: StrictModem,
    plan: Plan,
    data: bytes,
    files: dict[str, bytes] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Outcome:
    assert plan.refusal is None, plan.refusal.what
    others: dict[str, tuple[Source, int]] = {}
    others.update({name: (io.BytesIO(file), len(file)) for name, file in (files or {}).items()})
    return flow(modem).run(plan, io.BytesIO(data), len(data), stop, others)


def sent(modem: StrictModem) -> list[tuple[str, bytes]]:
    """What arrived, in order; every rule was kept."""
    modem.verdict()
    return [("store" if t.store else "elf" if t.mode is Mode.FFH else "fly", t.image) for t in modem.transfers]


def proved(outcome: Outcome, modem: StrictModem, version: Version = V41065) -> None:
    modem.verdict()
    assert outcome.error is None
    assert outcome.proved
    assert (modem.mode, modem.version) == (Mode.APPLICATION, version)
    assert outcome.version_lines[:2] == [version.ue, version.release]


# ---- modem-protocol.md 5.2: from the application, recovery and the RAM updater

UNLIKE = {
    "as logged": (Habits(), Terms()),
    "CRCs in acks": (Habits(), Terms(crc_in_acks=True)),
    "payload CRCs in acks": (Habits(), Terms(payload_crc_only=True)),
    "OK lost": (Habits(lost_oks=1), Terms()),
    "OK lost, RESET stays": (Habits(lost_oks=1), Terms(idle_reset_leaves=False)),
    "bytes before OK": (Habits(before_ok=b"\0\r\n+CEREG: 1\r\n"), Terms()),
    "an old success": (Habits(old_report="success", ongoing=0), Terms()),
    "an old failure": (Habits(old_report="failure"), Terms()),
    "512 at most": (Habits(), Terms(block_limit=512)),
    "512 at most, unknown": (Habits(), Terms(block_limit=512, refuses_with=Trick.UNKNOWN)),
    "512 at most, silence": (Habits(), Terms(block_limit=512, refuses_with=Trick.LOST)),
    "no echo": (Habits(echo=False, first_error=False, noise_on_entry=b""), Terms()),
    "boot switch refused": (Habits(smswboot_errors=3), Terms()),
    "answer lost in the reboot": (Habits(boot_answer_lost=True), Terms()),
    "small blocks": (Habits(), Terms(max_transfer=528)),
    "odd blocks": (Habits(), Terms(max_transfer=1553)),
    "long stalls": (Habits(flash_ms=120_000), Terms(stalls_ms={0: 299_000, 1: 200_000, 4: 299_000})),
    "slow to report": (Habits(ongoing=40, deploy_ms=600_000), Terms()),
}


@pytest.mark.sampled(5, "long")
@pytest.mark.parametrize("unlike", UNLIKE)
@pytest.mark.parametrize("method", ["store", "on-the-fly"])
def test_from_the_application(method: str, unlike: str) -> None:
    habits, terms = UNLIKE[unlike]
    modem = fipy(habits=habits, terms=terms)
    plan = make_plan(running(modem), [image(FULL)], Options(method=method))
    proved(flash(modem, plan, FULL), modem)
    assert sent(modem) == [("fly" if method == "on-the-fly" else "store", FULL)]


def test_a_file_over_4_mib_goes_on_the_fly() -> None:
    modem = fipy()
    proved(flash(modem, make_plan(running(modem), [image(BIG)], Options()), BIG), modem)
    assert sent(modem) == [("fly", BIG)]


@pytest.mark.parametrize("size", [2016, 2017, 2047, 2048, 4032, 4033, 4064])
def test_last_block_is_as_short_as_it_is(size: int) -> None:
    data = content(b"PACK size", size)
    modem = fipy(Mode.RECOVERY, becomes={data: V41065})
    proved(flash(modem, make_plan(running(modem), [image(data)], Options()), data), modem)
    assert sent(modem) == [("fly", data)]


class Dribble(io.BytesIO):
    """A file that comes in small pieces, as over a slow card."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(7, size) if size and size > 0 else size)


def test_a_source_in_pieces_and_a_way_for_short_blocks() -> None:
    modem = fipy(Mode.RECOVERY)
    plan = make_plan(running(modem), [image(FULL)], Options())
    proved(Flow(modem, modem, SQN3330, None, 512).run(plan, Dribble(FULL), len(FULL)), modem)
    assert sent(modem) == [("fly", FULL)]
    assert modem.slave is not None
    assert modem.slave.longest == 512


@pytest.mark.parametrize("method", ["store", "on-the-fly"])
def test_a_failure_leaves_the_modem_where_it_says(method: str) -> None:
    modem = fipy(habits=Habits(result="failure", ongoing=1))
    outcome = flash(modem, make_plan(running(modem), [image(FULL)], Options(method=method)), FULL)
    assert outcome.error is not None
    assert (outcome.error[0], outcome.proved) == ("upgrade-failed-result", False)
    assert outcome.mode == (states.RECOVERY if method == "on-the-fly" else states.APPLICATION)
    assert modem.mode is {states.RECOVERY: Mode.RECOVERY, states.APPLICATION: Mode.APPLICATION}[outcome.mode]
    assert "AT+SMSWBOOT=1,1" not in modem.commands
    modem.verdict()


def test_soaked_first() -> None:
    modem = fipy()
    proved(flash(modem, make_plan(running(modem), [image(FULL)], Options(soak=True)), FULL), modem)
    assert modem.commands.count("AT") > 500


@pytest.mark.parametrize("mode", [Mode.RECOVERY, Mode.RAM])
@pytest.mark.parametrize("smod", [1, 4])
def test_from_an_updater(mode: Mode, smod: int) -> None:
    modem = fipy(mode, habits=Habits(ram_smod=smod))
    found = Running(MODES[mode] if smod == 1 else states.RECOVERY, 0, "", "SQN3330")
    proved(flash(modem, make_plan(found, [image(FULL)], Options()), FULL), modem)
    assert sent(modem) == [("fly", FULL)]


@pytest.mark.parametrize(("old", "new", "radio"), [(V38638, NB1, "NB1"), (V41019, FULL, "CATM1")])
def test_radio_change(old: Version, new: bytes, radio: str) -> None:
    modem = fipy(version=old)
    build = 41019 if radio == "NB1" else 41065
    plan = make_plan(running(modem), [image(new, build=build, radio=radio)], Options(accept=("radio-change",)))
    proved(flash(modem, plan, new), modem, BECOMES[new])


def test_stored_firmware_that_starts_only_after_a_restart() -> None:
    modem = fipy(habits=Habits(late_start=True))
    proved(flash(modem, make_plan(running(modem), [image(FULL)], Options()), FULL), modem)
    assert (modem.commands.count("AT^RESET"), modem.restarts) == (1, 1)


# ---- modem-protocol.md 5.2 from the factory build, and the boot ROM package


def factory(
    habits: Habits | None = None, terms: Terms | None = None, becomes: dict[bytes, Version] | None = None
) -> StrictModem:
    return fipy(version=V33080, habits=habits, terms=terms, becomes=becomes or {})


def test_differential_of_the_factory_build_by_store() -> None:
    modem = factory()
    plan = make_plan(running(modem), [image(DIFF, "diff", base=33080)], Options())
    proved(flash(modem, plan, DIFF), modem)
    assert sent(modem) == [("store", DIFF)]


@pytest.mark.parametrize("op", [COMMAND, BLOCK])
def test_differential_that_hangs_at_zero_percent_then_goes_on_the_fly(op: int) -> None:
    modem = factory(terms=Terms(tricks={(op, 0): Trick.MUTE}))
    plan = make_plan(running(modem), [image(DIFF, "diff", base=33080)], Options())
    assert plan.stop_at_zero
    began = modem.ticks_ms()
    outcome = flash(modem, plan, DIFF)
    assert outcome.error is not None
    assert (outcome.error[0], outcome.mode) == ("stall-at-zero-percent", states.APPLICATION)
    assert 290_000 < modem.ticks_ms() - began < 400_000
    assert sent(modem) == []
    modem.terms.tricks.clear()
    plan = make_plan(running(modem), [image(DIFF, "diff", base=33080)], Options(method="on-the-fly"))
    proved(flash(modem, plan, DIFF), modem)
    assert sent(modem) == [("fly", DIFF)]


def test_boot_rom_after_the_differential() -> None:
    modem = factory(becomes={DIFF: replace(V41065, bootloader0=33080), BOOTROM: V41065})
    plan = make_plan(running(modem), [image(DIFF, "diff", base=33080)], Options(bootrom=PACKAGE))
    proved(flash(modem, plan, DIFF, {"bootrom": BOOTROM}), modem)
    assert sent(modem) == [("store", DIFF), ("store", BOOTROM)]


@pytest.mark.parametrize("unlike", ["as logged", "boot switch refused", "answer lost in the reboot"])
def test_full_image_on_the_factory_build(unlike: str) -> None:
    modem = factory(habits=UNLIKE[unlike][0], becomes={BOOTROM: V33080})
    plan = make_plan(running(modem), [image(FULL)], Options(updater_elf=UPDATER, bootrom=PACKAGE))
    proved(flash(modem, plan, FULL, {"updater-elf": ELF, "bootrom": BOOTROM}), modem)
    assert sent(modem) == [("fly", BOOTROM), ("elf", ELF), ("fly", FULL)]


# ---- modem-protocol.md 5.3: from the boot ROM


@pytest.mark.parametrize("smod", [1, 4])
@pytest.mark.parametrize("first_error", [False, True])
def test_from_the_boot_rom(smod: int, first_error: bool) -> None:
    modem = fipy(Mode.FFH, habits=Habits(ram_smod=smod, first_error=first_error))
    plan = make_plan(running(modem), [image(FULL)], Options(updater_elf=UPDATER, soak=True))
    proved(flash(modem, plan, FULL, {"updater-elf": ELF}), modem)
    assert sent(modem) == [("elf", ELF), ("fly", FULL)]
    assert modem.commands.count("AT+IPR=921600") == 1


def test_from_the_boot_rom_that_was_given_its_speed_already() -> None:
    modem = fipy(Mode.FFH)
    modem.baud = 921_600
    plan = make_plan(running(modem), [image(FULL)], Options(updater_elf=UPDATER))
    proved(flash(modem, plan, FULL, {"updater-elf": ELF}), modem)
    assert "AT+IPR=921600" not in modem.commands


# ---- the pair of 48829 (modem-protocol.md 7.3)


@pytest.mark.parametrize("method", ["auto", "on-the-fly"])
def test_pair(method: str) -> None:
    modem = fipy(version=V41065)
    pair = [image(FIRST, "pair-1", 48829), image(SECOND, "pair-2", 48829)]
    proved(
        flash(modem, make_plan(running(modem), pair, Options(method=method)), FIRST, {"second": SECOND}), modem, V48829
    )
    assert sent(modem) == [("fly", FIRST), ("store" if method == "auto" else "fly", SECOND)]
    assert modem.restarts == (2 if method == "auto" else 4)  # what ON_THE_FLY itself takes, and no other


def test_no_restart_in_the_pair_whatever_its_version_is() -> None:
    modem = fipy(version=V41065, habits=Habits(late_start=True))
    pair = [image(FIRST, "pair-1", 48829), image(SECOND, "pair-2", 48829)]
    flash(modem, make_plan(running(modem), pair, Options()), FIRST, {"second": SECOND})
    assert "AT^RESET" not in modem.commands


def test_second_file_alone_where_the_first_is_in() -> None:
    modem = fipy(version=V39529)
    pair = [image(FIRST, "pair-1", 48829), image(SECOND, "pair-2", 48829)]
    plan = make_plan(running(modem), pair, Options(first_done=True))
    modem.forbid_restart = True
    proved(flash(modem, plan, FIRST, {"second": SECOND}), modem, V48829)
    assert sent(modem) == [("store", SECOND)]


# ---- what another left behind


def found(modem: StrictModem) -> states.State:
    return states.detect(modem, modem, MONARCH2 if modem.habits.monarch2 else SQN3330)


@pytest.mark.parametrize(("announced", "partial"), [(0, b""), (2016, b""), (2016, b"fast\3\1\7"), (512, bytes(100))])
@pytest.mark.parametrize("gives_up_ms", [None, 60_000])
def test_session_that_another_left_open(announced: int, partial: bytes, gives_up_ms: int | None) -> None:
    modem = fipy(Mode.RECOVERY, terms=Terms(partial_ms=gives_up_ms))
    modem.leave_session_open(7, announced, partial)
    state = found(modem)
    if state.mode == states.STP_OPEN and "session-closed" not in state.notes:
        assert states.close_session(modem, modem)
    assert found(modem).mode == states.RECOVERY
    proved(flash(modem, make_plan(running(modem), [image(FULL)], Options()), FULL), modem)


@pytest.mark.parametrize("leaves", [False, True])
def test_transfer_mode_that_another_left_before_its_session(leaves: bool) -> None:
    modem = fipy(Mode.RECOVERY, terms=Terms(idle_reset_leaves=leaves))
    modem.leave_session_open(0)
    assert found(modem).mode == states.STP_OPEN
    assert found(modem).mode == states.RECOVERY  # if RESET alone does not leave, opening a session and closing it does
    modem.verdict()


def test_data_mode_that_another_left_on() -> None:
    modem = fipy()
    modem.enter_data_mode()
    state = found(modem)
    assert (state.mode, "left-data-mode" in state.notes) == (states.APPLICATION, True)
    proved(flash(modem, make_plan(running(modem), [image(FULL)], Options()), FULL), modem)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("make", [fipy, gm02s])
def test_looking_breaks_nothing(make: Callable[[Mode], StrictModem], mode: Mode) -> None:
    modem = make(mode)
    state, facts = states.examine(modem, modem, MONARCH2 if modem.habits.monarch2 else SQN3330)
    assert state.mode == MODES[mode]
    assert facts.ati1 == ([modem.version.ue, modem.version.release] if mode is Mode.APPLICATION else [])
    modem.verdict()


# ---- stopped, refused, damaged (modem-protocol.md 4.5, 4.8)


@pytest.mark.parametrize("after", [0, 1, 3])
def test_stopped_by_the_user(after: int) -> None:
    modem = fipy(Mode.RECOVERY)
    plan = make_plan(running(modem), [image(FULL)], Options())
    outcome = flash(modem, plan, FULL, stop=lambda: bool(modem.slave and len(modem.slave.taken) >= 2016 * after))
    modem.verdict()
    assert outcome.error is not None
    assert outcome.error[0] == "user-interrupt"
    assert outcome.sent_bytes == after * 2016


BLOCK_TRICKS = [Trick.HALF_CONSUMED, Trick.LYING_RESIDUE]
TRICKS = [
    (op, trick)
    for op in (RESET, OPEN, COMMAND, BLOCK)
    for trick in Trick
    if trick not in (Trick.MUTE, Trick.REFUSED) and (op == BLOCK or trick not in BLOCK_TRICKS)
]


@pytest.mark.sampled(7)
@pytest.mark.parametrize(("op", "trick"), TRICKS)
@pytest.mark.parametrize("crc", [False, True])
def test_one_reply_goes_wrong(op: int, trick: Trick, crc: bool) -> None:
    if trick is Trick.BAD_HEADER_CRC and not crc:
        crc = True
    modem = fipy(terms=Terms(crc_in_acks=crc, tricks={(op, 0 if op < COMMAND else 2): trick}))
    proved(flash(modem, make_plan(running(modem), [image(FULL)], Options(method="on-the-fly")), FULL), modem)
    assert sent(modem) == [("fly", FULL)]


@pytest.mark.parametrize("repeats_get", [None, Trick.LOST, Trick.NACKED, Trick.UNKNOWN])
@pytest.mark.parametrize("trick", [Trick.LOST, Trick.SHORT])
@pytest.mark.parametrize("op", [COMMAND, BLOCK])
def test_no_byte_is_taken_twice(op: int, trick: Trick, repeats_get: Trick | None) -> None:
    modem = fipy(Mode.RECOVERY, terms=Terms(tricks={(op, 1): trick}, repeats_get=repeats_get))
    outcome = flash(modem, make_plan(running(modem), [image(FULL)], Options()), FULL)
    assert modem.slave is not None
    assert FULL.startswith(modem.slave.taken)
    assert outcome.proved == (bytes(modem.slave.taken) == FULL)
    assert outcome.mode == (states.APPLICATION if outcome.proved else states.RECOVERY)


def test_session_that_is_refused_once_is_asked_for_once_more() -> None:
    modem = fipy(Mode.RECOVERY, terms=Terms(tricks={(OPEN, 0): Trick.REFUSED}))
    proved(flash(modem, make_plan(running(modem), [image(FULL)], Options()), FULL), modem)
    assert sent(modem) == [("fly", FULL)]


def test_session_that_is_refused() -> None:
    modem = fipy(Mode.RECOVERY, terms=Terms(tricks={(OPEN, n): Trick.REFUSED for n in range(2)}))
    outcome = flash(modem, make_plan(running(modem), [image(FULL)], Options()), FULL)
    assert outcome.error is not None
    assert (outcome.error[0], outcome.mode) == ("stp-open-session-failed", states.RECOVERY)
    modem.verdict()


@pytest.mark.parametrize("trick", [Trick.LOST, Trick.SHORT, Trick.NULS_BEFORE, Trick.TWICE, Trick.NACKED])
def test_the_reply_to_the_closing_reset_goes_wrong(trick: Trick) -> None:
    modem = fipy(terms=Terms(tricks={(RESET, 1): trick}))
    proved(flash(modem, make_plan(running(modem), [image(FULL)], Options(method="on-the-fly")), FULL), modem)


# ---- modem-protocol.md 5.4, 5.5: Monarch 2


PACKED = {"packed": deflated(FULL)}
GM02 = image(FULL, build=63493, radio="", family="MONARCH2")


@pytest.mark.parametrize("mode", [Mode.APPLICATION, Mode.RECOVERY, Mode.RAM])
@pytest.mark.parametrize("packed", [False, True])
def test_monarch2(mode: Mode, packed: bool) -> None:
    modem = gm02s(mode)
    plan = make_plan(running(modem), [GM02], Options())
    outcome = flash(modem, plan, FULL, PACKED if packed else {})
    proved(outcome, modem, GM02_NEW)
    assert sent(modem) == [("fly", FULL)]
    assert modem.transfers[0].data_type == (5 if packed else 4)
    assert ("AT+CFUN=5" in modem.commands) == (mode is Mode.APPLICATION)


@pytest.mark.parametrize("packed", [False, True])
def test_monarch2_from_its_boot_rom(packed: bool) -> None:
    modem = gm02s(Mode.FFH)
    plan = make_plan(running(modem), [GM02], Options(updater_elf=UPDATER))
    files = {"updater-elf": ELF, **(PACKED if packed else {})}
    proved(flash(modem, plan, FULL, files), modem, GM02_NEW)
    assert [transfer.data_type for transfer in modem.transfers] == [2, 5 if packed else 4]
    assert sent(modem) == [("elf", ELF), ("fly", FULL)]


@pytest.mark.parametrize("packed", [False, True])
def test_monarch2_in_the_manner_of_version_1(packed: bool) -> None:
    modem = gm02s(session=1)
    outcome = flash(modem, make_plan(running(modem), [GM02], Options()), FULL, PACKED if packed else {})
    proved(outcome, modem, GM02_NEW)
    assert modem.transfers[0].data_type is None


@pytest.mark.parametrize("trick", [Trick.LOST, Trick.NACKED, Trick.UNKNOWN, Trick.SHORT, Trick.TWICE])
def test_monarch2_reply_to_the_data_type_goes_wrong(trick: Trick) -> None:
    modem = gm02s()
    modem.terms.tricks[(DATA_TYPE, 0)] = trick
    outcome = flash(modem, make_plan(running(modem), [GM02], Options()), FULL, PACKED)
    proved(outcome, modem, GM02_NEW)


@pytest.mark.parametrize("trick", [Trick.NACKED, Trick.UNKNOWN])
@pytest.mark.parametrize("packed", [False, True])
def test_monarch2_that_knows_no_data_type_gets_plain_data(trick: Trick, packed: bool) -> None:
    modem = gm02s()
    modem.terms.tricks.update({(DATA_TYPE, n): trick for n in range(9)})
    proved(flash(modem, make_plan(running(modem), [GM02], Options()), FULL, PACKED if packed else {}), modem, GM02_NEW)
    assert sent(modem) == [("fly", FULL)]
    assert modem.transfers[0].data_type is None


@pytest.mark.parametrize("unlike", ["boot switch refused", "answer lost in the reboot", "no echo"])
def test_monarch2_dialects(unlike: str) -> None:
    habits = UNLIKE[unlike][0]
    modem = gm02s(
        smswboot_errors=habits.smswboot_errors,
        boot_answer_lost=habits.boot_answer_lost,
        echo=habits.echo,
        boot_ms=9_000,
    )
    proved(flash(modem, make_plan(running(modem), [GM02], Options()), FULL), modem, GM02_NEW)


def test_version_1_gets_no_zlib() -> None:
    modem = fipy()
    proved(flash(modem, make_plan(running(modem), [image(FULL)], Options()), FULL, PACKED), modem)
    assert sent(modem) == [("store", FULL)]
