"""Every cell of the table as the planner judges it, and the rows that hold in other modes."""

from __future__ import annotations

from itertools import combinations

import pytest

from doctor.sim.modem.flash import parse_loaders
from doctor.updater import states
from doctor.updater.plan import make_plan
from doctor.updater.rules_loaders import loader_line
from doctor.updater.shapes import ImageFacts, Options, Plan, Running, radio_of
from doctor.updater.version_block import UNREAD, Loaders
from tests.loaders.table import CONSENTS, Row, rows

MIB = 1 << 20
ELF = ImageFacts("updater.elf", 371_307, "updater-elf", "", 0, 0, "SQN3330")
BOOTROM = ImageFacts("sqnsbrz.py", 55_570, "bootrom", "", 41065, 0, "SQN3330")
EVERY_CONSENT = (*CONSENTS.values(), "no-way-back", "unknown-build", "same-build")


def full(build: int) -> ImageFacts:
    radio = radio_of(build)
    return ImageFacts(f"{radio}-{build}.dup", 6 * MIB, "full", radio, build, 0, "SQN3330")


def diff(base: int, build: int) -> ImageFacts:
    return ImageFacts(f"upgdiff_{base}-to-{build}.dup", MIB, "diff", radio_of(build), build, base, "SQN3330")


PAIR = [ImageFacts(f"CATM1-48829-{n}.dup", MIB, f"pair-{n}", "CATM1", 48829, 0, "SQN3330") for n in (1, 2)]


def images(word: str) -> list[ImageFacts]:
    if word == "48829":
        return PAIR
    base, _, build = word.rpartition(">")
    return [diff(int(base), int(build))] if base else [full(int(build))]


def loaders(text: str) -> Loaders:
    copies, star = parse_loaders(text) if text else ([], None)
    return Loaders([build or 0 for build in copies], star or 0) if text else UNREAD


def running(software: int, text: str = "", *, mode: str = states.APPLICATION, was: int = 0) -> Running:
    return Running(mode, software, radio_of(software), "SQN3330", loaders(text), was)


def options(elf: bool, bootrom: bool, *accept: str) -> Options:
    return Options(accept=accept, updater_elf=ELF if elf else None, bootrom=BOOTROM if bootrom else None)


def plan_of(row: Row, *accept: str) -> Plan:
    now = running(row.software, row.loaders)
    return make_plan(now, images(row.file), options(row.elf, row.bootrom, *accept))


def verdict(plan: Plan) -> str:
    if plan.refusal is not None:
        assert plan.steps == [] and plan.refusal.what and plan.refusal.why and plan.refusal.next
        return "no"
    if plan.nothing:
        assert plan.steps == []
        return "nothing"
    if plan.bootrom_alone:
        return "bootrom"
    return "ffh" if "ffh" in [step.id for step in plan.steps] else "go"


def test_table_is_whole() -> None:
    assert len(rows()) == 14 * 6 * 4
    assert len({row.name for row in rows()}) == len(rows())


@pytest.mark.parametrize("software", sorted({row.software for row in rows()}))
def test_rows(software: int) -> None:
    for row in rows():
        if row.software == software:
            print(row.name)  # a failure shows the last one
            _is_judged_as_the_table_says(row)


def _is_judged_as_the_table_says(row: Row) -> None:
    needs = sorted(row.consents)
    for count in range(len(needs)):
        for some in combinations(needs, count):
            assert verdict(plan_of(row, *some)) == "no"
    plan = plan_of(row, *needs)
    if row.verdict != "no":
        assert verdict(plan) == row.verdict
    elif not needs:
        assert verdict(plan_of(row, *EVERY_CONSENT)) == "no"
    else:  # row f without one of the helpers: the consent sends it straight, and is never offered
        assert verdict(plan) == "go"
        refusal = plan_of(row).refusal
        assert refusal is not None and refusal.change is not None and not refusal.consent
        assert "old-boot-loader" not in refusal.next + str(refusal.change.given)
    if verdict(plan) == "go" and row.elf:
        assert "updater-not-required" in [warning.id for warning in plan.warnings]
    if plan.steps:
        _bootrom_comes_last(row, plan)


def _bootrom_comes_last(row: Row, plan: Plan) -> None:
    """If copy 0 may be the factory's, a given boot ROM follows the proof, and is judged again by then."""
    renews = row.bootrom and row.loaders[:5] in ("", "33080")
    after = [step for step in plan.steps if step.id.startswith("bootrom-store-")]
    assert bool(after) == renews
    assert all(step.if_old == (row.verdict != "bootrom") for step in after)
    assert plan.steps[-len(after) :] == after or not after
    named = BOOTROM.name in plan.loaders
    assert named == (renews and bool(row.loaders))


def test_same_build_goes_on_by_its_consent() -> None:
    same = [row for row in rows() if row.verdict == "nothing"]
    assert len(same) > 20
    for row in same:
        assert not plan_of(row, "same-build").nothing, row.name
        assert verdict(plan_of(row, "same-build", "old-boot-loader")) == "go", row.name


def test_what_renews_copy_0_is_offered_before_the_consent() -> None:
    refusal = make_plan(running(41065, "33080*,NA,NA"), [full(38638)], Options()).refusal
    assert refusal is not None and refusal.change is not None
    assert refusal.consent == "old-boot-loader"
    assert refusal.change.files == ("CATM1-41065.dup",)
    assert refusal.change.given == (("bootrom", "board"),)
    done = make_plan(running(41065, "33080*,NA,NA"), [full(41065)], options(False, True))
    assert [step.image for step in done.steps if step.image] == ["bootrom"]
    assert [step.method for step in done.steps if step.image] == ["store"]
    assert f"is renewed with {BOOTROM.name}. " in done.loaders  # no new firmware runs then


@pytest.mark.parametrize(
    ("software", "block"), [(33988, "33080,33988*,39529"), (37781, "33080,36417,37781*"), (35351, "33080,35351*,35351")]
)
def test_what_renews_copy_0_is_not_offered_where_another_copy_runs(software: int, block: str) -> None:
    file = full(41065)
    refusal = make_plan(running(software, block), [file], Options(accept=("radio-change",))).refusal
    assert refusal is not None and refusal.change is not None
    assert refusal.consent == "old-boot-loader"
    assert "renew" not in refusal.next and refusal.change.given == (("accept", "old-boot-loader"),)
    copy0 = block.replace("33080", "41065", 1)  # renewed: the question is the same
    again = make_plan(running(software, copy0), [file], Options(accept=("radio-change",))).refusal
    assert again is not None and again.consent == "old-boot-loader"


# -- rows a to d and j


@pytest.mark.parametrize(
    "mode", [states.DEPLOYING, states.SILENT, states.STP_OPEN, states.DATA, states.UNKNOWN, states.FFH]
)
@pytest.mark.parametrize("file", ["41065", "38638>39529", "48829"])
def test_rows_a_and_b_refuse_everything(mode: str, file: str) -> None:
    plan = make_plan(running(38638, mode=mode), images(file), options(False, True, *EVERY_CONSENT))
    assert verdict(plan) == "no"


WAITING = [states.FFH, states.RAM_UPDATER, states.RECOVERY]


@pytest.mark.parametrize("mode", WAITING)
@pytest.mark.parametrize("was", [0, 38638, 43818])
def test_row_c(mode: str, was: int) -> None:
    now = running(0, mode=mode, was=was)
    plan = make_plan(now, [full(41065)], options(True, True))
    assert verdict(plan) == "go" and plan.method == "on-the-fly"
    assert "could not be read" in plan.loaders
    assert ("modem-build-50523" in [warning.id for warning in plan.warnings]) == (was == 43818)
    assert [step.if_old for step in plan.steps if step.id == "bootrom-store-transfer"] == [True]
    assert verdict(make_plan(now, [diff(38638, 39529)], options(mode == states.FFH, False))) == "no"
    pair = make_plan(now, PAIR, options(mode == states.FFH, False, "no-way-back"))
    assert verdict(pair) == ("go" if mode == states.RECOVERY and was else "no")


@pytest.mark.parametrize("mode", WAITING)
@pytest.mark.parametrize(
    ("file", "expected"),
    [("33988", "go"), ("38638", "go"), ("41065", "go"), ("41019", "no"), ("43818", "no"), ("48829", "no")],
)
def test_row_d(mode: str, file: str, expected: str) -> None:
    plan = make_plan(running(0, mode=mode, was=33080), images(file), options(mode == states.FFH, False))
    assert verdict(plan) == expected
    if expected == "go":
        assert "full-image-on-33080-needs-updater" in [warning.id for warning in plan.warnings]


def test_row_j() -> None:
    unread = running(0, "33080,38638,38638*")
    refusal = make_plan(unread, [full(41065)], Options()).refusal
    assert refusal is not None and refusal.id == "modem-state-unknown" and "--was" in refusal.next
    assert verdict(make_plan(unread, [full(41065)], options(False, False, "unknown-build"))) == "go"
    for file in ("38638>39529", "48829"):
        assert verdict(make_plan(unread, images(file), options(False, False, *EVERY_CONSENT))) == "no"
    named = {was: verdict(make_plan(running(0, was=was), [full(39529)], Options())) for was in (38638, 33988, 33080)}
    assert named == {38638: "go", 33988: "no", 33080: "no"}
    assert verdict(make_plan(running(0, was=33988), [full(39529)], options(False, False, "old-boot-loader"))) == "go"
    assert verdict(make_plan(running(0, was=39529), [full(39529)], Options())) == "go"  # it does not say so itself


# -- what is said


@pytest.mark.parametrize(
    ("text", "bootrom", "said"),
    [
        ("33080,38638*,38638", "", "copy 1 [38638] runs; copy 0 [33080] is kept (the vendor's tool replaces it "
         "afterwards; --bootrom does). Nobody knows what copy 0 does after a failed flash."),
        ("33080,38638*,38638", "x.py", "copy 1 [38638] runs; copy 0 [33080] is renewed with x.py once the new firmware "
         "runs. Nobody knows what copy 0 does after a failed flash."),
        ("41065,41019*,41065", "", "copy 1 [41019] runs; copy 0 is [41065]"),
        ("41065*,NA,NA", "", "copy 0 [41065] runs; copies 1 and 2 are kept"),
        ("", "", "they could not be read here"),
    ],
)  # fmt: skip
def test_line_about_the_boot_loaders(text: str, bootrom: str, said: str) -> None:
    assert loader_line("SQN3330", loaders(text), bootrom) == "boot loaders: " + said
    assert loader_line("MONARCH2", loaders(text), bootrom) == ""


@pytest.mark.parametrize(
    ("now", "image", "older"),
    [
        (running(41065), full(38638), True),
        (running(38638), full(41065), False),
        (running(41065), full(41019), False),  # of another radio
        (running(0, mode=states.RECOVERY, was=41065), full(38638), False),
        (Running("application", 61488, "", "MONARCH2", version=(8, 2, 1, 0)),
         ImageFacts("GM02.dup", MIB, "full", "", 60186, 0, "MONARCH2", version=(8, 2, 0, 3)), True),
        (Running("application", 59577, "", "MONARCH2", version=(8, 2, 0, 1)),
         ImageFacts("GM02.dup", MIB, "full", "", 58000, 0, "MONARCH2", version=(8, 2, 0, 3)), False),
    ],
)  # fmt: skip
def test_image_older_than_what_runs_is_named(now: Running, image: ImageFacts, older: bool) -> None:
    plan = make_plan(now, [image], Options(accept=("radio-change",)))
    assert ("image-older-than-modem" in [warning.id for warning in plan.warnings]) == older
