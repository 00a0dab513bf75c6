"""firmware-is-whole: the firmware image is complete, unaltered, and what it says it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.bench import Needs
from doctor.check import Check, Evidence, Finding, Grade, Known, Remedy
from doctor.firmware.image import FirmwareImage, Problem, Verdict
from doctor.text.command import marked
from doctor.text.escape import shown
from doctor.updater.shapes import RADIO_IN_WORDS

if TYPE_CHECKING:
    from doctor.bench import Bench

_REDOWNLOAD = Remedy("redownload-firmware", Grade.MANUAL)
_OTHER = Remedy("use-other-image", Grade.MANUAL)
_KNOWN = {
    "error-page-saved-as-dup": Known("a login or error page was saved under the firmware's name", (_REDOWNLOAD,)),
    "firmware-still-zipped": Known(
        "the archive was renamed or copied instead of unpacked", (Remedy("unzip-firmware", Grade.MANUAL),)
    ),
    "hidden-double-extension": Known(
        "Windows hides known extensions; the file was renamed or saved as text", (Remedy("rename-dup", Grade.MANUAL),)
    ),
    "appledouble-companion": Known(
        "macOS writes such a file beside each real one, which has the same name without ._",
        (_OTHER, Remedy("delete-dot-files", Grade.MANUAL)),
    ),
    "firmware-file-truncated": Known("the download or copy was interrupted or damaged on the way", (_REDOWNLOAD,)),
    "firmware-file-too-small-message": Known("the download or copy was interrupted right away", (_REDOWNLOAD,)),
    "files-swapped": Known(
        "the firmware and the updater image were swapped",
        (_OTHER, Remedy("give-updater-elf", Grade.MANUAL)),
    ),
    "wrong-firmware-variant-chosen": Known("the file was renamed, or belongs to another modem", (_OTHER,)),
}
_KIND_WORDS = {
    "full": "full image",
    "diff": "differential image",
    "pair-1": "first file of a pair",
    "pair-2": "second file of a pair",
    "bootrom": "boot ROM package",
    "practice": "practice image",
    "unknown": "image of unknown kind",
}


class FirmwareIsWhole(Check):
    """The firmware image is complete, unaltered, and what it says it is.

    Why: the modem finds out that an image is damaged only after it has erased the old one. Web pages, zip archives and
    broken-off downloads have been sent to modems, and some never came back.
    Looks at: the file's content, every length and checksum in it, its size against sizes from public logs, and its
    name. An image with a checksum is proved whole; one signed with a key of the maker cannot be: a warning. The SHA-256
    of the file is told, to be compared with that of another owner.
    Cures: redownload-firmware, unzip-firmware, rename-dup, use-other-image.
    """

    id = "firmware-is-whole"
    needs = (Needs.FIRMWARE,)
    deadline_s = 60.0
    gates = True
    overridable = False
    knows = _KNOWN

    def look(self, bench: Bench) -> Finding:
        """Judge each image; the worst decides, all are named."""
        images = sorted(bench.firmware, key=_badness)
        worst = images[0]
        others = "".join(f"; {_sentence(image)}" for image in images[1:])
        summary = _sentence(worst) + others
        evidence = _evidence(worst, images)
        problem = worst.problems[0] if worst.problems else None
        if problem is not None:
            report = self.fail if worst.verdict is Verdict.DAMAGED else self.warn
            return report(summary, catalogue=problem.catalogue, evidence=evidence)
        if worst.verdict is Verdict.UNVERIFIABLE and bench.options.card_file is not None and worst.containers:
            return self.warn(
                f"{shown(worst.name.text, 60)} on the board's card: {_what(worst)}; its headers and lengths are right,"
                " and the board checks its checksums before it sends anything",
                evidence=evidence,
                cause="its content is only on the board's card",
            )
        if worst.verdict is Verdict.UNVERIFIABLE:
            return self.warn(
                summary,
                evidence=evidence,
                cause="the checksum in this kind of file can only be verified with the maker's key",
                remedies=() if worst.size_known else (_REDOWNLOAD,),
            )
        return self.passed(summary, evidence=evidence)


def _badness(image: FirmwareImage) -> int:
    """Sort key: damaged, then unverifiable with a doubt, unverifiable, verified with a doubt, verified."""
    order = (Verdict.DAMAGED, Verdict.UNVERIFIABLE, Verdict.VERIFIED)
    return order.index(image.verdict) * 2 + (not image.problems)


def _sentence(image: FirmwareImage) -> str:
    name = shown(image.name.text, 60)
    if image.verdict is Verdict.DAMAGED:
        return f"{name} {_texts(image.damage)}"
    what = _what(image)
    doubts = f", but it {_texts(image.warnings)}" if image.warnings else ""
    if image.verdict is Verdict.VERIFIED:
        sums = image.checksums_agreeing
        agree = "its checksum agrees" if sums == 1 else f"all {sums} checksums agree"
        if not image.containers:  # on the board's card, examined when that was prepared
            agree = "its side file has the same SHA-256"
        return f"{name} is whole: {what}, {agree}{doubts}{_to_compare(image)}"
    known = "its size is the one in public logs" if image.size_known and not image.warnings else "its size is not known"
    if image.warnings:
        return f"{name} cannot be verified ({what}){doubts}{_to_compare(image)}"
    return f"{name} cannot be verified: {what}, {known}{_to_compare(image)}"


def _to_compare(image: FirmwareImage) -> str:
    """What owners of the same file compare, never broken where it is shown."""
    return f"; its SHA-256 is {marked(image.sha256)}"


def _texts(problems: tuple[Problem, ...]) -> str:
    """The first problem, and the last too: outer parts come first, so the last one is the nearest to the place."""
    texts = list(dict.fromkeys(problem.text for problem in (problems[0], problems[-1])))
    return "; it ".join(texts)


def _what(image: FirmwareImage) -> str:
    words = [f"{image.size_bytes} bytes", _KIND_WORDS.get(image.kind, image.kind)]
    if image.radio in RADIO_IN_WORDS:
        words.append(RADIO_IN_WORDS[image.radio])
    if image.base is not None:
        words.append(f"from build {image.base}")
    if image.promised_build is not None:
        words.append(f"build {image.promised_build}" + ("" if image.from_content else " by its name"))
    if image.family == "MONARCH2":
        words.append("for a Monarch 2 modem")
    return ", ".join(words)


def _evidence(worst: FirmwareImage, images: list[FirmwareImage]) -> Evidence:
    return {
        "file": shown(worst.name.text, 200),
        "verdict": worst.verdict.value,
        "size_bytes": worst.size_bytes,
        "sha256": worst.sha256,
        "kind": worst.kind,
        "family": worst.family,
        "build": worst.promised_build,
        "release": shown(worst.promised_release),
        "radio": shown(worst.radio or "") or None,
        "base": worst.base,
        "offset": worst.problems[0].offset if worst.problems else None,
        "problems": [f"{problem.catalogue}: {problem.text}" for problem in worst.problems],
        "containers": [
            f"{container.offset:#x} {container.magic} {container.description} {container.size} bytes"
            + (", checksum agrees" if container.checked else "")
            for container in worst.containers
        ],
        "files": [f"{shown(image.name.text, 200)}: {image.verdict.value}, SHA-256 {image.sha256}" for image in images],
    }
