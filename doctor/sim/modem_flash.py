"""What survives power loss in the simulated modem, and the text in which it shows: versions, boot ROM copies, flags."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from doctor.sim.modem_images import Judged

SELECT_FFH, SELECT_FFF, SELECT_UPDATER, SELECT_RECOVERY = range(4)
"""Boot selectors (modem-protocol.md 3.2)."""
SELECTOR_NAMES = ("FFH", "FFF", "UPDATER", "RECOVERY")

STORE_LIMIT_BYTES = 4 * 1024 * 1024
"""What the store method can keep (modem-protocol.md 5.2)."""

FAMILY_BUILD = {"SQN3330": 38638, "MONARCH2": 59577}
FACTORY_BUILD = 33080

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
    """An application firmware. ``radio`` is CATM1, NB1, or empty where one image does both (Monarch 2)."""

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
    star         the copy in use
    report       the word that AT+SMUPGRADE? gives; empty before any upgrade
    stored       what the store method keeps, and the bytes it has
    """

    family: str
    software: Software
    selector: int = SELECT_FFF
    whole: bool = True
    bootloaders: list[int | None] = field(default_factory=lambda: [None, None, None])
    star: int = 1
    report: str = ""
    stored: Judged | None = None
    stored_bytes: int = 0

    def take_bootrom(self, build: int) -> None:
        """A boot ROM package was installed: copy 0 and the copy that was not in use."""
        self.star = 2 if self.star == 1 else 1
        self.bootloaders[0] = self.bootloaders[self.star] = build or self.bootloaders[0]

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

    def as_dict(self) -> dict[str, Any]:
        """JSON-able copy."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Flash:
        """What ``as_dict`` told."""
        values = dict(data)
        values["software"] = Software(**values["software"])
        if values["stored"] is not None:
            values["stored"] = Judged(**values["stored"])
        return cls(**values)


def fresh_flash(family: str, build: int | None, radio: str | None, bootloader0: int | None) -> Flash:
    """The flash of a modem that left the factory with this build. Raises ValueError for an unknown family."""
    if family not in FAMILY_BUILD:
        raise ValueError(f"no such modem family: {family} (known: {', '.join(FAMILY_BUILD)})")
    number = FAMILY_BUILD[family] if build is None else build
    software = Software.of(number, radio, family)
    boot = number if bootloader0 is None else bootloader0
    if number == FACTORY_BUILD:  # factory boards run from copy 0, the others are empty (modem-protocol.md 7)
        return Flash(family, software, bootloaders=[boot, None, None], star=0)
    return Flash(family, software, bootloaders=[boot, boot, boot])


def install(flash: Flash, image: Judged, size_bytes: int, *, stored: bool, in_application: bool) -> str:
    """Write a received image to flash; empty when that worked, else why it did not.

    stored          it came by the store method, whose room is limited
    in_application  it arrived ON_THE_FLY while the application runs, where only a boot ROM can be replaced
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
    if image.kind == "bootrom":
        flash.take_bootrom(image.build)
        return ""
    if flash.family == "MONARCH2" and image.family == "practice":  # which speaks of Cat-M1 or NB-IoT, as SQN3330 does
        flash.software = Software.of(image.build, "", flash.family)
    else:
        usual = Software.of(image.build, image.radio or None, flash.family)
        flash.software = Software(image.build, usual.radio, image.version or usual.version, image.ue or usual.ue)
    flash.whole = True
    return ""


def _unfit(flash: Flash, image: Judged) -> str:
    if image.kind not in ("application", "diff", "bootrom", "practice"):
        return f"not an upgrade: {image.kind}"
    if image.family not in (flash.family, "practice"):
        return f"made for {image.family}"
    return ""
