"""The planner's answers to what cost modems: boot ROM, factory build, the pair, the sibling."""

from __future__ import annotations

import pytest

from doctor.updater import states
from doctor.updater.plan import make_plan
from doctor.updater.shapes import ImageFacts, Options, Plan, Running
from doctor.updater.version_block import UNREAD, Loaders

MIB = 1 << 20


def image(
    build: int = 41065, kind: str = "full", *, base: int = 0, radio: str = "CATM1", size: int = MIB
) -> ImageFacts:
    return ImageFacts(f"{kind}-{build}.dup", size, kind, radio, build, base, "SQN3330")


def practice(part: int = 0) -> ImageFacts:
    return ImageFacts("PRACTICE.dup", MIB, "practice", "CATM1", 41065, 0, "practice", part)


def modem(
    build: int = 38638, *, mode: str = states.APPLICATION, radio: str = "CATM1", loader: int = 0, was: int = 0
) -> Running:
    return Running(mode, build, radio, "SQN3330", Loaders((loader, 0, 0)) if loader else UNREAD, was)


ELF = ImageFacts("updater.elf", 371_307, "updater-elf", "", 0, 0, "unknown")
PRACTICE_ELF = ImageFacts("PRACTICE-updater.elf", 371_307, "updater-elf", "", 0, 0, "practice")
SIBLING_ELF = ImageFacts("mtools.elf", 371_307, "updater-elf", "", 0, 0, "MONARCH2")
BOOTROM = ImageFacts("sqnsbrz.py", 55_570, "bootrom", "", 41065, 0, "SQN3330")
PAIR = [image(48829, "pair-1"), image(48829, "pair-2")]
FFH = modem(0, mode=states.FFH, radio="")
FACTORY = modem(33080, loader=33080)
RENEWED = modem(loader=38638)


def ids(plan: Plan) -> list[str]:
    assert plan.refusal is None, plan.refusal.what
    return [step.id for step in plan.steps]


def refused(plan: Plan) -> str:
    assert plan.refusal is not None
    assert plan.steps == []
    return plan.refusal.id


def test_boot_rom_needs_updater_elf() -> None:
    assert refused(make_plan(FFH, [image()], Options())) == "modem-in-ffh"
    plan = make_plan(FFH, [image()], Options(updater_elf=ELF))
    assert ids(plan) == ["speed", "load", "prepare", "transfer", "deploy", "return", "prove"]
    assert plan.method == "on-the-fly"


def test_soak_comes_at_the_speed_of_flashing() -> None:
    assert ids(make_plan(FFH, [image()], Options(updater_elf=ELF, soak=True)))[:3] == ["speed", "soak", "load"]
    assert ids(make_plan(modem(), [image()], Options(soak=True)))[:2] == ["soak", "prepare"]


def test_practice_boot_rom_never_reaches_a_real_modem() -> None:
    boot = ImageFacts("PRACTICE-bootrom.dup", 55_570, "bootrom", "", 41065, 0, "practice")
    assert refused(make_plan(FACTORY, [image()], Options(bootrom=boot))) == "practice-image-on-real-port"
    assert ids(make_plan(FACTORY, [practice()], Options(updater_elf=PRACTICE_ELF, bootrom=boot, simulated=True)))


def test_practice_updater_never_reaches_a_real_modem() -> None:
    assert refused(make_plan(FFH, [image()], Options(updater_elf=PRACTICE_ELF))) == "practice-image-on-real-port"
    assert refused(make_plan(modem(), [image()], Options(updater_elf=PRACTICE_ELF))) == "practice-image-on-real-port"
    assert ids(make_plan(FFH, [practice()], Options(updater_elf=PRACTICE_ELF, simulated=True)))


def test_updater_of_another_modem() -> None:
    assert refused(make_plan(FFH, [image()], Options(updater_elf=SIBLING_ELF))) == "updater-elf-from-other-package"


def test_differential_in_the_boot_rom() -> None:
    diff = image(39529, "diff", base=38638)
    assert refused(make_plan(FFH, [diff], Options(updater_elf=ELF))) == "diff-with-updater-elf"


@pytest.mark.parametrize("mode", [states.APPLICATION, states.RECOVERY, states.RAM_UPDATER])
def test_updater_that_is_not_needed(mode: str) -> None:
    plan = make_plan(modem(mode=mode), [image()], Options(updater_elf=ELF))
    assert "load" not in ids(plan)
    assert [warning.id for warning in plan.warnings] == ["updater-not-required"]


def test_boot_rom_is_replaced_only_when_asked() -> None:
    plan = make_plan(FACTORY, [image()], Options(updater_elf=ELF, bootrom=BOOTROM))
    assert ids(plan)[:5] == ["first-prepare", "first-switch", "bootrom-transfer", "bootrom-deploy", "ffh"]
    assert [step.id for step in plan.part(True).steps][-2:] == ["ffh", "speed"]
    assert plan.warnings == []


def test_boot_rom_that_is_known_to_be_renewed_is_not_sent() -> None:
    plan = make_plan(RENEWED, [image()], Options(bootrom=BOOTROM))
    assert not [step for step in plan.steps if step.image == "bootrom"]
    assert [warning.id for warning in plan.warnings] == ["updater-not-required"]


@pytest.mark.parametrize("running", [modem(), modem(mode=states.RECOVERY), FFH])
def test_boot_rom_is_judged_after_the_proof_where_copy_0_is_not_known(running: Running) -> None:
    plan = make_plan(running, [image()], Options(updater_elf=ELF, bootrom=BOOTROM))
    sent = [step for step in plan.steps if step.image == "bootrom"]
    assert [(step.method, step.if_old) for step in sent] == [("store", True)]


def test_boot_rom_never_goes_with_the_pair() -> None:
    assert refused(make_plan(RENEWED, PAIR, Options(bootrom=BOOTROM))) == "old-boot-loader"


def test_boot_rom_of_another_modem() -> None:
    other = ImageFacts("other.dup", 55_570, "bootrom", "", 1, 0, "MONARCH2")
    assert refused(make_plan(FACTORY, [image()], Options(updater_elf=ELF, bootrom=other))) == (
        "wrong-firmware-variant-chosen"
    )


def test_only_the_factory_build_gives_up_at_zero_percent() -> None:
    assert make_plan(FACTORY, [image(41065, "diff", base=33080)], Options()).stop_at_zero
    assert not make_plan(modem(), [image(39529, "diff", base=38638)], Options()).stop_at_zero
    fly = make_plan(FACTORY, [image(41065, "diff", base=33080)], Options(method="on-the-fly"))
    assert not fly.stop_at_zero
    assert "switch" in ids(fly)


# -- the pair


def test_pair_in_its_order() -> None:
    plan = make_plan(RENEWED, PAIR, Options())
    assert plan.method == "on-the-fly"
    steps = ids(plan)
    assert steps.index("between") < steps.index("second-transfer") < steps.index("prove")
    assert [step.image for step in plan.steps if step.do == "transfer"] == ["firmware", "second"]


@pytest.mark.parametrize(
    ("running", "images", "options", "catalogue"),
    [
        (modem(), PAIR[::-1], Options(), "48829-doc-names-wrong-file"),
        (modem(), PAIR[:1], Options(), "48829-second-step-skipped"),
        (modem(39529), PAIR[1:], Options(), "48829-second-step-skipped"),
        (modem(), [PAIR[0], PAIR[0]], Options(), "48829-second-step-skipped"),
        (modem(), [PAIR[0], image()], Options(), "48829-second-step-skipped"),
        (modem(33080), PAIR, Options(), "33080-straight-to-48829"),
        (modem(41019, radio="NB1"), PAIR, Options(), "nb1-to-48829-direct"),
        (modem(41019, radio="NB1"), PAIR, Options(accept=("radio-change",)), "nb1-to-48829-direct"),
        (FFH, PAIR, Options(updater_elf=ELF), "48829-second-step-skipped"),
        (modem(0, mode=states.RECOVERY, radio=""), PAIR, Options(), "modem-state-unknown"),
        (modem(0, mode=states.RECOVERY, radio="", was=41019), PAIR, Options(), "nb1-to-48829-direct"),
        (RENEWED, PAIR, Options(method="store"), "48829-without-load-fff-false"),
        (modem(41065), PAIR, Options(first_done=True), "48829-second-step-skipped"),
        (modem(0, mode=states.RECOVERY, was=39529), PAIR, Options(first_done=True), "48829-second-step-skipped"),
        (modem(50523), PAIR, Options(), "modem-build-50523"),
    ],
)
def test_pair_is_refused(running: Running, images: list[ImageFacts], options: Options, catalogue: str) -> None:
    assert refused(make_plan(running, images, options)) == catalogue


def test_first_file_again_where_it_broke_off() -> None:
    plan = make_plan(modem(0, mode=states.RECOVERY, radio="", was=38638), PAIR, Options())
    steps = ids(plan)
    assert "switch" not in steps[: steps.index("transfer")]
    assert "between" in steps


def test_practice_pair() -> None:
    plan = make_plan(RENEWED, [practice(1), practice(2)], Options(simulated=True))
    assert "between" in ids(plan)


# -- the sibling


def sibling(version: tuple[int, ...], mode: str = states.APPLICATION) -> Running:
    return Running(mode, 59577, "", "MONARCH2", version=version)


GM02S = ImageFacts("GM02.dup", 7 * MIB, "full", "", 60186, 0, "MONARCH2")


def test_old_sibling() -> None:
    assert refused(make_plan(sibling((8, 0, 3, 9)), [GM02S], Options())) == "monarch2-too-old"
    assert ids(make_plan(sibling((8, 0, 4, 0)), [GM02S], Options()))
    assert ids(make_plan(sibling(()), [GM02S], Options()))


@pytest.mark.parametrize("mode", [states.RECOVERY, states.RAM_UPDATER])
def test_sibling_in_an_updater(mode: str) -> None:
    assert ids(make_plan(sibling((), mode), [GM02S], Options()))[:2] == ["prepare", "transfer"]


def test_sibling_in_its_boot_rom_keeps_its_speed() -> None:
    assert ids(make_plan(sibling((), states.FFH), [GM02S], Options(updater_elf=ELF)))[:2] == ["load", "prepare"]


def test_method_that_is_asked_for_holds_for_both_files() -> None:
    plan = make_plan(RENEWED, PAIR, Options(method="on-the-fly"))
    assert [step.method for step in plan.steps if step.do == "transfer"] == ["on-the-fly", "on-the-fly"]
