from __future__ import annotations

import pytest

from doctor.updater import states
from doctor.updater.plan import make_plan
from doctor.updater.profile import STORE_LIMIT_BYTES
from doctor.updater.shapes import ImageFacts, Options, Plan, Running
from doctor.updater.version_block import UNREAD, Loaders

MIB = 1 << 20


def full(
    build: int, radio: str = "CATM1", *, size: int = 6 * MIB, kind: str = "full", family: str = "SQN3330"
) -> ImageFacts:
    return ImageFacts(f"{radio}-{build}.dup", size, kind, radio, build, 0, family)


def diff(base: int, build: int, radio: str = "CATM1") -> ImageFacts:
    return ImageFacts(f"upgdiff_{base}-to-{build}.dup", MIB, "diff", radio, build, base, "SQN3330")


PRACTICE = ImageFacts("PRACTICE-CATM1-41065.dup", MIB, "practice", "CATM1", 41065, 0, "practice")
UPDATER = ImageFacts("updater.elf", 306_076, "updater-elf", "", 0, 0, "unknown")
BOOTROM = ImageFacts("sqnsbr.py", 54_854, "bootrom", "", 41065, 0, "SQN3330")
GM02S = ImageFacts("GM02.dup", 7 * MIB, "full", "", 59577, 0, "MONARCH2")


def modem(
    build: int = 38638, radio: str = "CATM1", *, mode: str = states.APPLICATION, was: int = 0, loader: int = 0
) -> Running:
    return Running(mode, build, radio, "SQN3330", Loaders((loader, 0, 0)) if loader else UNREAD, was)


PARTS = [full(48829, size=MIB, kind=kind) for kind in ("pair-1", "pair-2")]
MONARCH2 = Running(states.APPLICATION, 58000, "", "MONARCH2")
WAITING = modem(0, "", mode=states.RECOVERY)


def refused(plan: Plan) -> str:
    assert plan.refusal is not None
    assert plan.steps == []
    assert plan.refusal.what
    assert plan.refusal.next
    return plan.refusal.id


@pytest.mark.parametrize(
    ("running", "image", "method"),
    [
        (modem(), full(41065), "on-the-fly"),
        (modem(), full(41065, size=STORE_LIMIT_BYTES), "store"),
        (modem(), full(41065, size=STORE_LIMIT_BYTES + 1), "on-the-fly"),
        (modem(), diff(38638, 39529), "store"),
        (modem(33080), diff(33080, 41065), "store"),
        (WAITING, full(41065, size=MIB), "on-the-fly"),
        (modem(0, "", mode=states.RAM_UPDATER), full(41065, size=MIB), "on-the-fly"),
        (MONARCH2, GM02S, "on-the-fly"),
    ],
)
def test_allowed(running: Running, image: ImageFacts, method: str) -> None:
    plan = make_plan(running, [image], Options())
    assert plan.refusal is None
    assert plan.method == method


@pytest.mark.parametrize(
    ("running", "image", "catalogue"),
    [
        # the mode
        (modem(mode=states.FFH), full(41065), "modem-in-ffh"),
        (modem(mode=states.DEPLOYING), full(41065), "stall-after-100-waiting"),
        (modem(mode=states.SILENT), full(41065), "modem-silent"),
        (modem(mode=states.STP_OPEN), full(41065), "modem-left-in-update-boot"),
        (modem(mode=states.DATA), full(41065), "modem-in-data-mode"),
        (modem(mode=states.UNKNOWN), full(41065), "modem-state-unknown"),
        # what kind of file it is
        (modem(), UPDATER, "files-swapped"),
        (modem(), BOOTROM, "files-swapped"),
        (modem(), full(41065, kind="unknown"), "wrong-firmware-variant-chosen"),
        (modem(), full(41065, size=127), "firmware-file-too-small-message"),
        (modem(), GM02S, "wrong-firmware-variant-chosen"),
        (MONARCH2, full(41065), "wrong-firmware-variant-chosen"),
        (MONARCH2, full(41065, family="unknown"), "wrong-firmware-variant-chosen"),
        (modem(), PRACTICE, "practice-image-on-real-port"),
        # differentials
        (modem(38638), diff(39529, 41065), "diff-with-wrong-base"),
        (modem(38638), diff(0, 41065), "diff-with-wrong-base"),
        (modem(0, was=38638), diff(38638, 39529), "diff-with-wrong-base"),
        (modem(38638, mode=states.RECOVERY), diff(38638, 39529), "diff-with-wrong-base"),
        # 48829
        (modem(), full(48829, kind="pair-1"), "48829-second-step-skipped"),
        (modem(39529), full(48829, kind="pair-2"), "48829-second-step-skipped"),
        (modem(), full(48829), "48829-second-step-skipped"),
        (modem(33080), full(48829), "33080-straight-to-48829"),
        (modem(41019, "NB1"), full(48829, kind="pair-1"), "nb1-to-48829-direct"),
        # the factory build
        (modem(33080), full(41065), "full-image-on-33080-needs-updater"),
        (modem(41065, loader=33080), full(38638), "old-boot-loader"),
        (modem(33080), diff(33080, 39529), "old-boot-loader"),
        (modem(33080), diff(33080, 41019, "NB1"), "nb1-first-on-factory-modem"),
        (modem(0, "", was=33080), full(38638), "full-image-on-33080-needs-updater"),
        # what needs consent
        (modem(), full(41019, "NB1"), "wrong-firmware-variant-chosen"),
        (modem(0, "", mode=states.RECOVERY, was=41019), full(41065), "wrong-firmware-variant-chosen"),
        (modem(43818), full(41065), "modem-build-50523"),
        (modem(46470), full(41065), "modem-build-50523"),
        (modem(50523), full(41065), "modem-build-50523"),
    ],
)
def test_refused(running: Running, image: ImageFacts, catalogue: str) -> None:
    assert refused(make_plan(running, [image], Options())) == catalogue


@pytest.mark.parametrize(
    ("running", "image", "accept"),
    [
        (modem(), full(41019, "NB1"), "radio-change"),
        (modem(43818), full(41065), "no-way-back"),
        (modem(50523), full(41065), "no-way-back"),
    ],
)
def test_consent_lifts(running: Running, image: ImageFacts, accept: str) -> None:
    assert make_plan(running, [image], Options(accept=(accept,))).refusal is None


@pytest.mark.parametrize("accept", ["radio-change", "no-way-back", "jumpers-removed"])
@pytest.mark.parametrize("image", [diff(39529, 41065), GM02S, full(48829)])
def test_consent_never_lifts_what_kills(accept: str, image: ImageFacts) -> None:
    assert make_plan(modem(), [image], Options(accept=(accept,))).refusal is not None


def test_both_consents_may_be_needed() -> None:
    image = full(41019, "NB1")
    assert (
        refused(make_plan(modem(43818), [image], Options(accept=("no-way-back",)))) == "wrong-firmware-variant-chosen"
    )
    assert refused(make_plan(modem(43818), [image], Options(accept=("radio-change",)))) == "modem-build-50523"
    assert make_plan(modem(43818), [image], Options(accept=("no-way-back", "radio-change"))).refusal is None


def test_practice_image_goes_to_the_simulator() -> None:
    assert make_plan(modem(), [PRACTICE], Options(simulated=True)).refusal is None


def test_differential_with_updater() -> None:
    plan = make_plan(modem(38638), [diff(38638, 39529)], Options(updater_elf=UPDATER))
    assert refused(plan) == "diff-with-updater-elf"


def test_no_image_and_too_many() -> None:
    assert refused(make_plan(modem(), [], Options()))
    assert refused(make_plan(modem(), [full(41065), full(38638)], Options())) == "wrong-firmware-variant-chosen"


def test_unknown_build_warns_and_asks() -> None:
    plan = make_plan(WAITING, [full(41065)], Options())
    assert [warning.id for warning in plan.warnings] == ["modem-state-unknown"]
    assert "--was" in plan.warnings[0].next


def test_named_build_ends_that_warning() -> None:
    assert make_plan(modem(0, "", mode=states.RECOVERY, was=38638), [full(41065)], Options()).warnings == []


def test_build_that_was_read_counts_more_than_the_named_one() -> None:
    assert make_plan(modem(38638, was=33080), [full(38638)], Options()).refusal is None


def test_factory_modem_stuck_in_its_updater_may_go_on_with_a_warning() -> None:
    plan = make_plan(modem(0, "", mode=states.RECOVERY, was=33080), [full(41065)], Options())
    assert plan.refusal is None
    assert [warning.id for warning in plan.warnings] == ["full-image-on-33080-needs-updater"]


def test_factory_build_goes_over_its_boot_rom_with_both_files_only() -> None:
    for bootrom, updater in ((None, UPDATER), (BOOTROM, None)):
        plan = make_plan(modem(33080), [full(41065)], Options(updater_elf=updater, bootrom=bootrom))
        assert refused(plan) == "full-image-on-33080-needs-updater"
        assert "--bootrom" in plan.refusal.next  # type: ignore[union-attr]
    plan = make_plan(modem(33080), [full(41065)], Options(updater_elf=UPDATER, bootrom=BOOTROM))
    ids = [step.id for step in plan.steps]
    assert ids.index("bootrom-transfer") < ids.index("ffh") < ids.index("prove") < ids.index("bootrom-store-transfer")


@pytest.mark.parametrize("running", [modem(41065, loader=33080), modem(38638), modem(38638, loader=41065)])
def test_boot_rom_is_entered_from_the_factory_build_only(running: Running) -> None:
    options = Options(updater_elf=UPDATER, bootrom=BOOTROM, accept=("old-boot-loader",))
    steps = [step.id for step in make_plan(running, [full(39529)], options).steps]
    assert steps[:6] == ["prepare", "switch", "transfer", "deploy", "return", "prove"]


def test_store_on_the_factory_build_warns() -> None:
    plan = make_plan(modem(33080), [diff(33080, 41065)], Options())
    assert [warning.id for warning in plan.warnings] == ["modem-filesystem-read-only"]


def test_image_that_names_no_modem_warns() -> None:
    plan = make_plan(modem(), [full(41065, family="unknown")], Options())
    assert [warning.id for warning in plan.warnings] == ["wrong-firmware-variant-chosen"]


def test_method_by_name() -> None:
    assert make_plan(modem(), [diff(38638, 39529)], Options(method="on-the-fly")).method == "on-the-fly"
    most = full(41065, size=STORE_LIMIT_BYTES)
    assert make_plan(modem(), [most], Options(method="store")).refusal is None
    assert refused(make_plan(modem(), [full(41065)], Options(method="store"))) == "file-too-big-for-fff"
    assert refused(make_plan(WAITING, [full(41065, size=MIB)], Options(method="store"))) == "modem-in-upgrade-mode"


def test_steps_of_each_method() -> None:
    def ids(running: Running, image: ImageFacts) -> list[str]:
        return [step.id for step in make_plan(running, [image], Options()).steps]

    assert ids(modem(), full(41065)) == ["prepare", "switch", "transfer", "deploy", "return", "prove"]
    assert ids(modem(), diff(38638, 39529)) == ["prepare", "transfer", "deploy", "return", "prove"]
    assert ids(WAITING, full(41065)) == ["prepare", "transfer", "deploy", "return", "prove"]


@pytest.mark.parametrize("first_done", [False, True])
def test_nothing_may_be_unplugged_between_the_two_files(first_done: bool) -> None:
    pair = [full(48829, kind=kind) for kind in ("pair-1", "pair-2")]
    running = modem(39529 if first_done else 41065, loader=41065)
    plan = make_plan(running, pair, Options(first_done=first_done))
    assert plan.refusal is None
    ids = [step.id for step in plan.steps]
    late = plan.steps[0 if first_done else ids.index("transfer") :]
    assert len(late) >= 6
    assert not [step.id for step in late if step.may_unplug]


def test_nothing_may_be_unplugged_from_the_transfer_on() -> None:
    steps = make_plan(modem(), [full(41065)], Options()).steps
    assert [step.may_unplug for step in steps] == [True, True, False, False, False, False]
    assert {step.id: step.limit_ms for step in steps}["deploy"] == 30 * 60 * 1000


@pytest.mark.parametrize(
    ("running", "images", "method", "old"),
    [
        (modem(), [diff(38638, 39529)], "auto", 38638),
        (modem(), [full(41065, size=MIB)], "auto", 38638),
        (modem(), [full(41065)], "auto", 0),  # on the fly: the old firmware is gone
        (modem(), [full(38638, size=MIB)], "auto", 0),  # its build does not change
        (modem(41065, loader=41065), [PARTS[0], PARTS[1]], "auto", 0),
        (modem(39529, loader=41065), [PARTS[0], PARTS[1]], "auto", 0),
        (WAITING, [full(41065, size=MIB)], "auto", 0),
    ],
)
def test_restart_of_a_kept_file_is_named_beforehand(
    running: Running, images: list[ImageFacts], method: str, old: int
) -> None:
    plan = make_plan(running, images, Options(method=method, first_done=running.build == 39529))
    assert plan.refusal is None
    assert [step.old for step in plan.steps if step.old] == ([old] if old else [])
    assert ("AT^RESET" in " ".join(step.text for step in plan.steps)) == bool(old)
    restarts = next((step for step in plan.steps if step.old), None)
    assert restarts is None or (str(old) in restarts.text and not restarts.may_unplug)


# -- words and borders of a plan


def step(plan: Plan, id: str) -> tuple[str, str]:
    (found,) = [each for each in plan.steps if each.id == id]
    return found.text, found.way_back


def test_a_program_for_the_modems_memory_is_named() -> None:
    plan = make_plan(modem(0, "", mode=states.FFH), [full(41065)], Options(updater_elf=UPDATER))
    assert UPDATER.name in step(plan, "load")[0]


@pytest.mark.parametrize(
    ("size", "method", "taken"),
    [
        (STORE_LIMIT_BYTES, "auto", "store"),
        (STORE_LIMIT_BYTES + 1, "auto", "on-the-fly"),
        (STORE_LIMIT_BYTES, "on-the-fly", "on-the-fly"),
    ],
)
def test_the_second_file_of_a_pair_goes_as_its_own_size_asks(size: int, method: str, taken: str) -> None:
    pair = [PARTS[0], full(48829, size=size, kind="pair-2")]
    running = Running(states.APPLICATION, 41065, "CATM1", "SQN3330", Loaders((41065, 41065, 41065), 2))
    plan = make_plan(running, pair, Options(method=method))
    assert [each.method for each in plan.steps if each.id == "second-transfer"] == [taken]


def test_a_boot_rom_that_broke_off_is_no_file_to_send_again() -> None:
    running = Running(states.APPLICATION, 33080, "CATM1", "SQN3330", Loaders((33080, 33080, 33080), 0))
    plan = make_plan(running, [full(41065)], Options(updater_elf=UPDATER, bootrom=BOOTROM))
    assert step(plan, "bootrom-transfer")[1] == ""
    assert "send the same file again" in step(plan, "transfer")[1]


def shown(plan: Plan) -> str:
    """Each step: id=what it does /file :method; ! may be unplugged, ^ needs a port with speeds, ? if copy 0 is old."""
    assert plan.refusal is None
    words = []
    for each in plan.steps:
        what = "" if each.do == each.id else f"={each.do}"
        file, method = each.image and f"/{each.image}", each.method and f":{each.method}"
        words.append(f"{each.id}{what}{file}{method}{'!' * each.may_unplug}{'^' * each.early}{'?' * each.if_old}")
    return " ".join(words)


ON_THE_FLY_END = "transfer/firmware:on-the-fly deploy:on-the-fly return:on-the-fly prove"
PAIR = [
    ImageFacts(f"CATM1-48829-{part}.dup", part * MIB, f"pair-{part}", "CATM1", 48829, 0, "SQN3330", part)
    for part in (1, 2)
]
#: modem-protocol.md 5.2 (a kept file; on the fly), 5.3 (from the boot ROM, and over it), 7 (the pair), 7.2 (copy 0).
FLOWS = {
    "kept": (
        (modem(), [full(41065, size=MIB)], Options()),
        "prepare! transfer/firmware:store deploy:store return:store prove",
    ),
    "fly": ((modem(), [full(41065)], Options()), f"prepare! switch! {ON_THE_FLY_END}"),
    "recovery": ((WAITING, [full(41065)], Options()), f"prepare! {ON_THE_FLY_END}"),
    "soak": ((WAITING, [full(41065)], Options(soak=True)), f"soak! prepare! {ON_THE_FLY_END}"),
    "ffh": (
        (modem(0, "", mode=states.FFH), [full(41065)], Options(updater_elf=UPDATER)),
        f"speed!^ load/updater-elf prepare! {ON_THE_FLY_END}",
    ),
    "over ffh": (
        (modem(33080, loader=33080), [full(41065)], Options(updater_elf=UPDATER, bootrom=BOOTROM, soak=True)),
        "soak-first=soak!^ first-prepare=prepare!^ first-switch=switch!^ bootrom-transfer=transfer/bootrom:on-the-fly^ "
        "bootrom-deploy=deploy:on-the-fly^ ffh!^ speed!^ soak! load/updater-elf prepare! "
        f"{ON_THE_FLY_END} bootrom-store-prepare=prepare!? bootrom-store-transfer=transfer/bootrom:store? "
        "bootrom-store-deploy=deploy:store? bootrom-store-return=return:store? bootrom-store-prove=prove-loaders?",
    ),
    "copy 0 alone": (
        (modem(41065, loader=33080), [full(41065)], Options(bootrom=BOOTROM, soak=True)),
        "soak! bootrom-store-prepare=prepare! bootrom-store-transfer=transfer/bootrom:store "
        "bootrom-store-deploy=deploy:store bootrom-store-return=return:store bootrom-store-prove=prove-loaders",
    ),
    "pair": (
        (modem(41065, loader=41065), PAIR, Options()),
        "prepare! switch! transfer/firmware:on-the-fly deploy:on-the-fly return:on-the-fly between "
        "second-prepare=prepare second-transfer=transfer/second:store second-deploy=deploy:store "
        "second-return=return:store prove",
    ),
    "second of the pair": (
        (modem(39529, loader=41065), PAIR, Options(first_done=True)),
        "prepare transfer/second:store deploy:store return:store prove",
    ),
}


@pytest.mark.parametrize(("asked", "steps"), FLOWS.values(), ids=FLOWS.keys())
def test_the_steps_of_each_flow(asked: tuple[Running, list[ImageFacts], Options], steps: str) -> None:
    plan = make_plan(*asked)
    assert shown(plan) == steps
    assert len({each.id for each in plan.steps}) == len(plan.steps)
    by_name = {image.name for image in asked[1]}
    for each in plan.steps:
        assert each.limit_ms >= 120_000  # nothing is given up within two minutes
        if each.image == "firmware":
            assert asked[1][0].name in each.text
        elif each.image == "second":
            assert asked[1][1].name in each.text
        elif each.do == "transfer":
            assert not any(name in each.text for name in by_name)


@pytest.mark.parametrize(("size", "limit_s"), [(MIB, 900 + 349), (6 * MIB, 900 + 2097)])
def test_a_transfer_may_take_as_long_as_the_slowest_that_was_seen_and_three_stalls(size: int, limit_s: int) -> None:
    (transfer,) = [each for each in make_plan(WAITING, [full(41065, size=size)], Options()).steps if each.image]
    assert transfer.limit_ms == limit_s * 1000


@pytest.mark.parametrize(("name", "limit_s"), [("kept", 120 + 30 + 360), ("fly", 120)])
def test_a_proof_that_may_need_a_restart_has_time_for_it(name: str, limit_s: int) -> None:
    (proof,) = [each for each in make_plan(*FLOWS[name][0]).steps if each.id == "prove"]
    assert proof.limit_ms == limit_s * 1000


def test_the_way_back_from_each_step() -> None:
    def ways(name: str) -> dict[str, str]:
        return {each.id: each.way_back for each in make_plan(*FLOWS[name][0]).steps}

    assert "still has its firmware" in ways("fly")["prepare"]
    assert "waits in its updater" in ways("recovery")["prepare"]
    assert "waits in its updater" in ways("over ffh")["prepare"]
    assert "still has its firmware" in ways("over ffh")["first-prepare"]
    assert "AT+SMSWBOOT=1,1" in ways("fly")["switch"] and "AT+SMSWBOOT=1,1" in ways("pair")["switch"]
    assert "old firmware is untouched" in ways("kept")["transfer"]
    assert "send the same file again" in ways("fly")["transfer"]
    assert "ffh" in ways("over ffh")["ffh"] and "ffh" in ways("ffh")["load"]
    assert "fipy-doctor status" in ways("ffh")["speed"] and "fipy-doctor status" in ways("ffh")["load"]
    assert not any(way for id, way in ways("fly").items() if id in ("deploy", "return", "prove"))
    pair, second = ways("pair"), ways("second of the pair")
    for way in (pair["between"], pair["second-prepare"], second["prepare"]):
        assert "send the second file" in way and "do not unplug" in way


# -- a differential image that cannot be used: what can

FACTORY = 33080


@pytest.mark.parametrize(
    ("running", "image", "options", "id", "next", "files", "without"),
    [
        (modem(38638), diff(38638, 39529), Options(updater_elf=UPDATER), "diff-with-updater-elf",
         "leave out updater.elf: this image needs none", (), ("updater_elf",)),
        (modem(41019), diff(38638, 39529), Options(updater_elf=UPDATER), "diff-with-updater-elf",
         "use the full image", ("FULL-IMAGE.dup",), ()),
        (modem(41019), diff(38638, 39529), Options(), "diff-with-wrong-base",
         "use the full image, or upgdiff_41019-to-...", ("FULL-IMAGE.dup",), ()),
        (modem(0, ""), diff(38638, 39529), Options(), "diff-with-wrong-base",
         "use the full image", ("FULL-IMAGE.dup",), ()),
    ],
)  # fmt: skip
def test_a_differential_image_in_the_wrong_place_leads_to_the_right_one(
    running: Running,
    image: ImageFacts,
    options: Options,
    id: str,
    next: str,
    files: tuple[str, ...],
    without: tuple[str, ...],
) -> None:
    refusal = make_plan(running, [image], options).refusal
    assert refusal is not None and refusal.change is not None
    assert (refusal.id, refusal.next) == (id, next)
    assert (refusal.change.files, refusal.change.without) == (files, without)


@pytest.mark.parametrize("options", [Options(), Options(updater_elf=UPDATER)])
def test_a_factory_modem_is_led_to_the_image_that_it_can_start_from(options: Options) -> None:
    refusal = make_plan(modem(FACTORY), [diff(38638, 39529)], options).refusal
    assert refusal is not None and refusal.change is not None
    assert "upgdiff_33080-to-41065.dup" in refusal.next
    assert refusal.change.files == ("upgdiff_33080-to-41065.dup",)
