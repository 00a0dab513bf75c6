"""updater-image-is-elf: the RAM-loaded updater is an ELF program, whole, and goes with the firmware."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.bench import Needs
from doctor.check import Check, EvidenceValue, Finding, Grade, Known, Remedy
from doctor.errors import UsageError
from doctor.firmware.elf import ElfImage
from doctor.firmware.image import FirmwareImage, Verdict
from doctor.text.escape import shown

if TYPE_CHECKING:
    from doctor.bench import Bench

#: Size in bytes of the updater of each package -> first and last build of the firmware that came with it.
#: 306 076 is known with 38638 and 371 307 with 41019; what lies between is left open.
BUILDS_OF_SIZE = {306_076: (0, 41018), 371_307: (38639, 99999)}
_GIVE = Remedy("give-updater-elf", Grade.MANUAL)
_OTHER = Remedy("use-other-image", Grade.MANUAL)
_KNOWN = {
    "files-swapped": Known("the firmware and the updater image were swapped", (_GIVE, _OTHER)),
    "firmware-file-truncated": Known("the download or copy was interrupted or damaged on the way", (_GIVE,)),
    "firmware-file-too-small-message": Known("the download or copy was interrupted right away", (_GIVE,)),
    "error-page-saved-as-dup": Known("a login or error page was saved under the updater's name", (_GIVE,)),
    "firmware-still-zipped": Known(
        "the archive was renamed or copied instead of unpacked", (Remedy("unzip-firmware", Grade.MANUAL), _GIVE)
    ),
    "appledouble-companion": Known(
        "macOS writes such a file beside each real one, which has the same name without ._",
        (_GIVE, Remedy("delete-dot-files", Grade.MANUAL)),
    ),
    "hidden-double-extension": Known("Windows hides known extensions; the file was renamed or saved as text", (_GIVE,)),
    "diff-with-updater-elf": Known(
        "an old page of the vendor told users to give both", (Remedy("leave-helper-away", Grade.MANUAL),)
    ),
    "updater-elf-from-other-package": Known(
        "several packages were unpacked into one folder; each has an updater.elf", (_GIVE,)
    ),
}


class UpdaterImageIsElf(Check):
    """The updater image is a whole ELF program and goes with the firmware.

    Why: a modem in ffh runs whatever is loaded into its memory. And an updater image together with a differential
    firmware leaves the modem without a base to patch.
    Looks at: the ELF headers, segments and sections of the file, its size, the names inside it, and the firmware images
    that are to be flashed with it.
    Cures: give-updater-elf, use-other-image, leave-helper-away.
    """

    id = "updater-image-is-elf"
    needs = (Needs.UPDATER_ELF,)
    deadline_s = 30.0
    gates = True
    overridable = False
    knows = _KNOWN

    def look(self, bench: Bench) -> Finding:
        """Judge the file alone, then together with the firmware images."""
        elf = bench.updater_elf
        if elf is None:
            raise UsageError(self.id, "no updater image was given", next="add --updater-elf FILE")
        if elf.damaged:
            return self._alone(elf, fails=True)
        images = bench.firmware if bench.options.firmware else ()
        together = self._with_diff(elf, images) or self._of_other_modem(elf, images)
        if together is not None:
            return together
        if elf.problems:
            return self._alone(elf, fails=False)
        return self._of_other_package(elf, images) or self.passed(
            f"{_name(elf)} is a whole ELF program of {elf.size_bytes} bytes"
            + (f", as it came with {elf.package}" if elf.package else ""),
            evidence=_evidence(elf),
        )

    def _alone(self, elf: ElfImage, *, fails: bool) -> Finding:
        worst = elf.problems[0]
        report = self.fail if fails else self.warn
        return report(f"{_name(elf)} {worst.text}", catalogue=worst.catalogue, evidence=_evidence(elf))

    def _with_diff(self, elf: ElfImage, images: tuple[FirmwareImage, ...]) -> Finding | None:
        diffs = [shown(image.name.text, 60) for image in images if image.kind == "diff" or image.base is not None]
        if not diffs:
            return None
        return self.fail(
            f"{diffs[0]} is a differential image and must never be flashed with an updater image ({_name(elf)})",
            catalogue="diff-with-updater-elf",
            evidence=_evidence(elf) | {"differential": diffs, "next_without": ["updater_elf"]},
        )

    def _of_other_modem(self, elf: ElfImage, images: tuple[FirmwareImage, ...]) -> Finding | None:
        wanted = {image.family for image in images if image.family in ("SQN3330", "MONARCH2")}
        if elf.family == "unknown" or not wanted or elf.family in wanted:
            return None
        return self.fail(
            f"{_name(elf)} is the updater of another modem ({elf.family}); the firmware is for {sorted(wanted)[0]}",
            catalogue="updater-elf-from-other-package",
            evidence=_evidence(elf),
        )

    def _of_other_package(self, elf: ElfImage, images: tuple[FirmwareImage, ...]) -> Finding | None:
        low, high = BUILDS_OF_SIZE.get(elf.size_bytes, (0, 99999))
        for image in images:
            build = image.promised_build
            if image.verdict is not Verdict.DAMAGED and build is not None and not low <= build <= high:
                return self.warn(
                    f"{_name(elf)} has the size of the updater from {elf.package}, which came with another firmware"
                    f" than {shown(image.name.text, 60)}",
                    catalogue="updater-elf-from-other-package",
                    evidence=_evidence(elf) | {"build": build},
                )
        return None


def _name(elf: ElfImage) -> str:
    return shown(elf.path.name, 60)


def _evidence(elf: ElfImage) -> dict[str, EvidenceValue]:
    return {
        "file": shown(elf.path.name, 200),
        "size_bytes": elf.size_bytes,
        "sha256": elf.sha256,
        "machine": elf.machine,
        "byte_order": "little" if elf.little_endian else "big",
        "family": elf.family,
        "problems": [f"{problem.catalogue}: {problem.text}" for problem in elf.problems],
    }
