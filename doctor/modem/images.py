"""From examined files and modem facts to what the planner asks about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from doctor.modem.facts import ModemFacts
from doctor.text.escape import shown
from doctor.updater import side_file
from doctor.updater.shapes import ImageFacts, Options, Running

if TYPE_CHECKING:
    from doctor.firmware.bootrom import BootRom
    from doctor.firmware.elf import ElfImage
    from doctor.firmware.image import FirmwareImage

LONGEST_NAME = 300  #: characters of a name in the planner's words: more than any file system takes


def image_facts(image: FirmwareImage) -> ImageFacts:
    """What the planner needs to know of one file; what content and name do not say is 0 or ""."""
    return ImageFacts(
        name=shown(image.path.name, LONGEST_NAME),
        size=image.size_bytes,
        kind=image.kind,
        radio=image.radio or "",
        build=image.promised_build or 0,
        base=image.base or 0,
        family=image.family,
        part=image.part,
        version=_numbers(image.promised_release),
    )


def side_content(image: FirmwareImage, data: bytes) -> bytes:
    """The side file for ``image``, whose bytes are all in ``data``: see updater/side_file.py."""
    whole = image.verdict.value == "verified"
    return side_file.build(data, image_facts(image), image.sha256, whole=whole)


def updater_facts(image: ElfImage) -> ImageFacts:
    """What the planner needs to know of an updater image: that there is one."""
    return ImageFacts(shown(image.path.name, LONGEST_NAME), image.size_bytes, "updater-elf", "", 0, 0, image.family)


def bootrom_facts(package: BootRom) -> ImageFacts:
    """What the planner needs to know of a boot ROM package."""
    from doctor.firmware.bootrom import FROM_BOARD

    of_board = package.path == FROM_BOARD
    name = "the boot ROM out of the board's firmware" if of_board else shown(package.path.name, LONGEST_NAME)
    return ImageFacts(name, len(package.data), "bootrom", "", package.build, 0, package.family)


def options_for(
    images: Sequence[FirmwareImage],
    updater: ElfImage | None,
    bootrom: BootRom | None,
    *,
    accept: Collection[str],
    simulated: Callable[[], bool],
    method: str = "auto",
    soak: bool = False,
    first_done: bool = False,
) -> Options:
    """What the planner is told of the user's choice; ``simulated`` is asked only if practice files are given."""
    families = [image.family for image in images] + [helper.family for helper in (updater, bootrom) if helper]
    practice = any(image.kind == "practice" for image in images) or "practice" in families
    return Options(
        method=method,
        accept=tuple(accept),
        updater_elf=updater_facts(updater) if updater is not None else None,
        simulated=practice and simulated(),
        bootrom=bootrom_facts(bootrom) if bootrom is not None else None,
        soak=soak,
        first_done=first_done,
    )


def running(facts: ModemFacts, was: int | None = None) -> Running:
    """What the planner needs to know of the modem; ``was`` is the build that the user named."""
    return Running(
        mode=facts.mode,
        build=facts.build or 0,
        radio=facts.radio or "",
        family=facts.family,
        loaders=facts.loaders,
        was=was or 0,
        version=_numbers(facts.release),
    )


def _numbers(release: str) -> tuple[int, ...]:
    """The numbers of a release such as ``LR8.0.5.13-59577``."""
    return tuple(int(number) for number in release[2:].split("-")[0].split(".") if number.isdecimal())
