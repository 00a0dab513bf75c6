"""What survives power loss in the simulated modem, and the text in which it shows: versions, boot ROM copies, flags."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from doctor.sim.modem.images import Judged

SELECT_FFH, SELECT_FFF, SELECT_UPDATER, SELECT_RECOVERY = range(4)
"""Boot selectors (modem-protocol.md 3.2)."""
SELECTOR_NAMES = ("FFH", "FFF", "UPDATER", "RECOVERY")

STORE_LIMIT_BYTES = 4 * 1024 * 1024
"""What the store method can keep (modem-protocol.md 5.2)."""

FAMILY_BUILD = {"SQN3330": 38638, "MONARCH2": 59577}
FACTORY_BUILD = 33080
LAST_PUBLIC_BUILD = 41065
"""The last that was flashed in the field from a single public file (modem-protocol.md 7)."""
COPIES = 3

KNOWN_BUILDS: dict[int, tuple[str, str, str]] = {
    33080: ("CATM1", "5.1.1.0", "Unknown"),
    33988: ("CATM1", "5.1.1.0", "5.0.0.0c"),
    35351: ("NB1", "6.0.0.0", "6.0.0.0-ER7"),
    36417: ("CATM1", "5.1.1.0", "5.0.0.0d"),
    36571: ("NB1", "6.0.0.0", "6.0.0.0-ER9"),
    37365: ("NB1", "6.0.0.0", "6.0.0.0"),
    37781: ("NB1", "6.0.0.0", "6.0.0.0"),
    38638: ("CATM1", "5.1.1.0", "5.0.0.0d"),
    38729: ("NB1", "6.0.0.0", "6.0.0.0"),
    39529: ("CATM1", "5.1.1.0", "5.0.0.0d"),
    40343: ("NB1", "6.0.0.0", "6.0.0.0"),
    41019: ("NB1", "6.0.0.0", "6.0.0.0"),
    41065: ("CATM1", "5.1.1.0", "5.0.0.0d"),
    43818: ("CATM1", "5.1.1.0", "5.0.0.0d"),
    46262: ("NB1", "6.1.2.0", "6.1.2.0"),
    46470: ("CATM1", "5.1.1.0", "5.0.0.0d"),
    48829: ("CATM1", "5.2.1.0", "5.2.0.3"),
    50523: ("CATM1", "5.4.1.0", "5.4.0.2"),
    59577: ("", "8.0.5.13", "8.0.5.13"),
    60186: ("", "8.2.0.3", "8.2.0.3"),
    61488: ("", "8.2.1.0", "8.2.1.0"),
    63493: ("", "8.2.2.1", "8.2.2.1"),
}
"""Build: (radio, version, UE version), from modem-protocol.md 7."""

_USUAL = {"CATM1": ("5.1.1.0", "5.0.0.0d"), "NB1": ("6.0.0.0", "6.0.0.0"), "": ("8.0.5.13", "8.0.5.13")}
_BUILT_AT = {
    33080: "2017-10-27 12:00:00",
    33988: "2017-12-11 15:06:33",
    37781: "2018-07-05 12:00:00",
    38638: "2018-08-20 12:00:00",
    41019: "2018-12-13 12:00:00",
    59577: "2023-08-31 14:34:00",
}
_BUILT_AT_DEFAULT = "2019-02-01 12:00:00"
_ECOPAGING_FROM_BUILD = 50_000  # LR5.4 and Monarch 2 have two lines more


@dataclass(frozen=True)
class Software:
    """An application firmware. ``radio`` is CATM1, NB1, or empty if one image does both (Monarch 2)."""

    build: int
    radio: str
    version: str
    ue: str

    @classmethod
    def of(cls, build: int, radio: str | None, family: str) -> Software:
        """What a build is known to be; unknown ones look like their radio mode's usual one."""
        known = KNOWN_BUILDS.get(build)
        if known is not None and radio in (None, known[0]):
            return cls(build, *known)
        mode = radio if radio is not None else ("" if family == "MONARCH2" else "CATM1")
        version, ue = _USUAL.get(mode, _USUAL["CATM1"])
        return cls(build, mode, version, ue)

    @property
    def release(self) -> str:
        """As ATI1 tells it: ``LR5.1.1.0-38638``."""
        return f"LR{self.version}-{self.build}"

    @property
    def ue_line(self) -> str:
        """As ATI and ATI1 tell it: ``UE5.0.0.0d``."""
        return f"UE{self.ue}" if self.ue[:1].isdigit() else self.ue


@dataclass
class Flash:
    """Flash memory of the modem.

    selector     what boots next, see SELECT_…
    whole        False when the application was half written
    bootloaders  builds of the three boot ROM copies; None reads ``NA``
    star         the copy in use; None: no line has the star
    written      which of copies 1 and 2 was written last
    report       the word that AT+SMUPGRADE? gives; empty before any upgrade
    stored       what the store method keeps, and the bytes it has
    """

    family: str
    software: Software
    selector: int = SELECT_FFF
    whole: bool = True
    bootloaders: list[int | None] = field(default_factory=lambda: [None, None, None])
    star: int | None = 1
    written: int = 2
    report: str = ""
    stored: Judged | None = None
    stored_bytes: int = 0
    late: Judged | None = None
    """Firmware that the next restart starts, though its upgrade was called a success before."""

    def take_loader(self, build: int, *, runs: bool) -> None:
        """A boot loader came ON_THE_FLY or with an image: it goes to the copy of 1 and 2 that was not written last.

        runs  it takes the star: that of an image does, a boot ROM package leaves it (modem-protocol.md 7.2 ?)
        """
        self.written = 2 if self.written == 1 else 1
        self.bootloaders[self.written] = build
        if runs:
            self.star = self.written

    def showver(self) -> list[str]:
        """The lines of AT!="showver" (modem-protocol.md 8.3)."""
        lines = ["SYSTEM VERSION", "==============", "  FIRMWARE VERSION"]
        for copy, build in enumerate(self.bootloaders):
            name = f"Bootloader{copy}{'*' if copy == self.star else ''}"
            lines.append(f"    {name:<13}: {self._numbered(build)}")
        lines += ["    NV Info      : 1.1,0,0", f"    Software     : {self._long()}"]
        if self.software.build > _ECOPAGING_FROM_BUILD:
            lines.append(f"    Ecopaging    : {self._long()}")
        lines.append(f"    UE           : {self.software.ue}")
        if self.software.build > _ECOPAGING_FROM_BUILD:
            lines.append(f"    pxl          : {self.software.version}-{self.software.build}")
        return [*lines, "  COMPONENTS", "    ZSP0         : 1.0.99-13604", "    ZSP1         : 1.0.99-12341"]

    def get_sw_version(self) -> list[str]:
        """The lines of AT!="get_sw_version" (modem-protocol.md 8.4)."""
        lines = []
        for copy, build in enumerate(self.bootloaders):
            lines.append(f"[BOOTROM{copy}{'*' if copy == self.star else ''}] {self._numbered(build)}")
        return [*lines, f"[FFF] {self._long()}", f"[UPDATER] {self._long()}", "[NVRAM] 1.1,0,0"]

    def _long(self) -> str:
        build = self.software.build
        return f"{self._numbered(build)} by robot-soft at {_BUILT_AT.get(build, _BUILT_AT_DEFAULT)}"

    def _numbered(self, build: int | None) -> str:
        if build is None:
            return "NA"
        return f"{Software.of(build, None, self.family).version} [{build}]"

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Flash:
        """What ``asdict`` told."""
        values = dict(data)
        values["software"] = Software(**values["software"])
        values.setdefault("written", values["star"] or 2)  # kept by an older version
        for name in ("stored", "late"):
            if values.get(name) is not None:
                values[name] = Judged(**values[name])
        return cls(**values)


def parse_loaders(text: str) -> tuple[list[int | None], int | None]:
    """Builds and star out of ``33080,38638,38638*``. Raises ValueError for anything else."""
    words = text.split(",")
    stars = [number for number, word in enumerate(words) if word.endswith("*")]
    bare = [word.removesuffix("*") for word in words]
    known = all(word == "NA" or (word.isascii() and word.isdecimal()) for word in bare)
    if len(words) != COPIES or len(stars) > 1 or not known:
        raise ValueError(f"bootloaders are three builds or NA, one with the star: 33080,38638,38638*, not {text!r}")
    return [None if word == "NA" else int(word) for word in bare], stars[0] if stars else None


def usual_loaders(family: str, build: int) -> str:
    """The boot loaders of the commonest modem that runs ``build`` (modem-protocol.md 7.1).

    What was flashed in the field keeps the factory's copy 0; later modems left the factory with their own.
    """
    if build == FACTORY_BUILD:
        return f"{build}*,NA,NA"
    if family == "SQN3330" and FACTORY_BUILD < build <= LAST_PUBLIC_BUILD:
        return f"{FACTORY_BUILD},{build},{build}*"
    return f"{build},{build}*,{build}"


def fresh_flash(family: str, build: int | None, radio: str | None, loaders: str | None) -> Flash:
    """The flash of a modem with this build and these boot loaders; None: the usual ones.

    Raises ValueError for an unknown family, or if those are no loaders.
    """
    if family not in FAMILY_BUILD:
        raise ValueError(f"no such modem family: {family} (known: {', '.join(FAMILY_BUILD)})")
    number = FAMILY_BUILD[family] if build is None else build
    builds, star = parse_loaders(loaders or usual_loaders(family, number))
    return Flash(family, Software.of(number, radio, family), bootloaders=builds, star=star, written=star or 2)


def install(flash: Flash, image: Judged, size_bytes: int, *, stored: bool, in_application: bool) -> str:
    """Write a received image to flash; empty when that worked, else why it did not.

    stored          it came by the store method, whose room is limited
    in_application  it arrived ON_THE_FLY while the application runs: then only a boot ROM can be replaced
    """
    problem = image.problem or _unfit(flash, image)
    if not problem and stored and size_bytes > STORE_LIMIT_BYTES:
        problem = "too large for the store method"
    if not problem and in_application and image.kind != "bootrom":
        problem = "the application cannot replace itself"
    if not problem and image.base and image.base != flash.software.build:
        problem = "wrong base"
    if problem:
        return problem
    if image.kind == "bootrom" and stored:  # which renews copy 0, and nothing else
        flash.bootloaders[0] = image.build
        return ""
    if image.kind == "bootrom":
        flash.take_loader(image.build, runs=False)
        return ""
    if flash.family == "MONARCH2" and image.family == "practice":  # which speaks of Cat-M1 or NB-IoT, as SQN3330 does
        flash.software = Software.of(image.build, "", flash.family)
    else:
        usual = Software.of(image.build, image.radio or None, flash.family)
        flash.software = Software(image.build, usual.radio, image.version or usual.version, image.ue or usual.ue)
    flash.take_loader(flash.software.build, runs=True)
    flash.whole = True
    return ""


def _unfit(flash: Flash, image: Judged) -> str:
    if image.kind not in ("application", "diff", "bootrom", "practice"):
        return f"not an upgrade: {image.kind}"
    if image.family not in (flash.family, "practice"):
        return f"made for {image.family}"
    return ""
