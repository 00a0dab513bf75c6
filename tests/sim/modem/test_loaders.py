"""Which copies of the boot loader an image and a boot ROM package change: the rows of modem-protocol.md 7.1."""

from __future__ import annotations

import pytest

from doctor.sim.modem.flash import Flash, fresh_flash, install, parse_loaders
from doctor.sim.modem.images import Judged
from doctor.sim.scenarios import SCENARIOS, set_up
from doctor.sim.simurl import parse_sim_url


def image(build: int) -> Judged:
    return Judged("practice", "practice", build=build)


def bootrom(build: int) -> Judged:
    return Judged("bootrom", "practice", build=build)


def after(*sent: tuple[Judged, bool]) -> Flash:
    """A factory modem to which this was sent, by the store method if True."""
    flash = fresh_flash("SQN3330", 33080, None, None)
    for what, stored in sent:
        assert install(flash, what, 60_000, stored=stored, in_application=False) == ""
    return flash


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("factory", ()),
        ("33988", ((image(33988), False), (bootrom(39529), False))),
        ("37781", ((image(36417), False), (image(37781), False))),
        ("38638-recovery", ((bootrom(38638), False), (image(38638), False))),
        ("38638", ((bootrom(38638), False), (image(38638), False), (image(38638), False))),
        (
            "41019",
            ((bootrom(41065), False), (image(41065), False), (image(41019), False), (bootrom(41065), True)),
        ),
    ],
)
def test_what_was_sent_makes_what_was_seen(name: str, sent: tuple[tuple[Judged, bool], ...]) -> None:
    seen = set_up((f"loaders-{name}",))
    flash = after(*sent)
    assert flash.software.build == seen.build
    assert (flash.bootloaders, flash.star) == parse_loaders(seen.bootloaders or "")


def test_every_bench_of_boot_loaders_is_one_that_was_seen() -> None:
    names = [name for name in SCENARIOS if name.startswith("loaders-")]
    assert len(names) == 7
    assert all(SCENARIOS[name].check is None for name in names)


@pytest.mark.parametrize(
    ("build", "copies", "star"),
    [(33080, [33080, None, None], 0), (38638, [33080, 38638, 38638], 2), (43818, [43818] * 3, 1)],
)
def test_usual_boot_loaders(build: int, copies: list[int | None], star: int) -> None:
    flash = fresh_flash("SQN3330", build, None, None)
    assert (flash.bootloaders, flash.star) == (copies, star)


@pytest.mark.parametrize("text", ["33080", "33080,1,2,3", "a,b,c", "33080*,38638*,38638", "", "33080,,38638*"])
def test_what_are_no_boot_loaders(text: str) -> None:
    with pytest.raises(ValueError, match="bootloaders"):
        parse_sim_url(f"sim://fipy?bootloaders={text}")


def test_boot_loaders_of_a_url() -> None:
    assert parse_sim_url("sim://fipy?bootloaders=33080*,NA,NA").bootloaders == "33080*,NA,NA"
    assert parse_loaders("33080,38638,38638") == ([33080, 38638, 38638], None)
