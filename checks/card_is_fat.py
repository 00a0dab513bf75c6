"""Check ``card-is-fat``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.bench import Needs
from doctor.card.card import CardProblem, Volume, VolumeKind
from doctor.card.second_reader import compare_readers
from doctor.check import Check, Evidence, Finding, Grade, Remedy
from doctor.events import Outcome, SecondReading
from doctor.fat.format import SMALLEST_CARD_BYTES
from doctor.text.escape import shown

if TYPE_CHECKING:
    from doctor.bench import Bench
    from doctor.card.image import Card

_MOST_NAMED = 3  #: problems on the one line; all are in the evidence
_REFORMAT = Remedy("reformat-sd", Grade.DESTROYS)
_REPAIR = Remedy("repair-sd", Grade.ASKS)
_CAUSES = {
    "sd-exfat-or-over-32gb": "cards above 32 GB are sold as exFAT, and Windows formats them so again",
    "sd-partition-layout": "the card was a boot disk before, or a tool of macOS, Linux or Windows partitioned it",
    "sd-mount-no-fat": "the card was formatted for something else, or its first sectors were overwritten",
    "write-protected-or-unsafe-eject": "the card was pulled out while it was written, or is worn out",
}
#: Files that are no image of a card, and how one comes by them.
_NOT_A_CARD = {
    VolumeKind.HTML: "a web page was saved instead of the file: the download page or a login page",
    VolumeKind.ARCHIVE: "the file was renamed instead of unpacked",
    VolumeKind.DISK_IMAGE: "it is the disk of a virtual machine, in the format of that program",
    VolumeKind.ISO9660: "it is the image of a CD",
}
_TOO_SMALL = "no SD card is this small; the image was cut short, never written, or is something else"


class CardIsFat(Check):
    """The card holds a FAT volume that this PC and the board can read.

    Why: the board's updater opens the image through FAT only. exFAT, NTFS, GPT and damaged tables may well work in
    the PC and not in the board, which then says ENODEV, or lists nothing.
    Looks at: partition table, boot sector, both FATs, the root directory and the chains of its files; for a mounted
    folder, what the system says it is. With -v a second reader (pyfatfs) reads an image or a device whole, and is
    compared with ours. Writes nothing.
    Cures: repair-sd if there is a good copy on the card, reformat-sd (``fipy-doctor fix --reformat-sd``, with a
    backup), or copying the file again and ejecting.
    """

    id = "card-is-fat"
    needs = (Needs.CARD,)
    deadline_s = 30.0
    gates = True
    finds = tuple(_CAUSES)

    def look(self, bench: Bench) -> Finding:
        """Judge the card. Raises CardError if it cannot be read at all."""
        card = bench.card
        name = shown(card.name)
        volume = card.volume()
        second = _second_reading(bench)
        evidence = {**_evidence(volume), "second_reader": str(second) if second else None}
        blocking = sorted((p for p in volume.problems if p.pc or p.board), key=lambda p: (not p.board, not p.pc))
        if blocking:
            worst = blocking[0]
            return self.fail(
                f"{name}: {worst.text}; {_who_reads(volume)}",
                catalogue=worst.catalogue,
                evidence=evidence,
                cause=_cause(volume, worst),
                remedies=_remedies(card, volume),
            )
        if second is not None and second.outcome is Outcome.DIFFER:
            return self.warn(
                f"{name}: {second}",
                catalogue="write-protected-or-unsafe-eject",
                evidence=evidence,
                cause="the card gives different bytes each time it is read, or one of the two readers is wrong",
                remedies=(_REFORMAT,),
            )
        files = card.files()
        if volume.problems:
            first = volume.problems[0]
            large = all(problem.catalogue == "sd-exfat-or-over-32gb" for problem in volume.problems)
            return self.warn(
                f"{name}: {_texts(volume.problems)}",
                catalogue=first.catalogue,
                evidence=evidence,
                cause="this card is large; most large cards work" if large else _CAUSES[first.catalogue],
                remedies=() if large else _remedies(card, volume),
            )
        if volume.board_reads is None:
            return self.warn(
                f"{name} is a folder on this PC's own disk, not a card; the card's file system was not examined",
                evidence=evidence,
                cause="the folder is a copy of the card, or the card is mounted elsewhere",
            )
        label = f" ({shown(volume.label)})" if volume.label else ""
        count = len([file for file in files if not file.is_dir])
        return self.passed(f"{name}{label} is {volume.kind.value} with {_files(count)}", evidence=evidence)


def _second_reading(bench: Bench) -> SecondReading | None:
    """What a second reader makes of an image or a device, if it was asked for."""
    path = bench.options.sd
    if path is None or not bench.options.two_readers or bench.card.kind == "folder":
        return None
    return compare_readers(path)


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _who_reads(volume: Volume) -> str:
    if volume.pc_reads:
        return "this PC can read it, the board cannot" if not volume.board_reads else "both can read it"
    return (
        "the board might read it, this PC cannot" if volume.board_reads else "neither this PC nor the board can read it"
    )


def _texts(problems: tuple[CardProblem, ...]) -> str:
    """What is wrong, on one line; damaged files first, because they are what the user can save."""
    by_file = sorted(problems, key=lambda problem: not problem.path)
    more = len(by_file) - _MOST_NAMED
    return "; ".join(p.text for p in by_file[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _cause(volume: Volume, worst: CardProblem) -> str:
    if volume.kind not in _NOT_A_CARD and _is_too_small(volume):
        return _TOO_SMALL
    return worst.cause or _NOT_A_CARD.get(volume.kind, _CAUSES[worst.catalogue])


def _is_too_small(volume: Volume) -> bool:
    """Whether ``fix --reformat-sd`` would refuse it; a mounted folder may not tell its size."""
    return volume.layout is not None and volume.size_bytes is not None and volume.size_bytes < SMALLEST_CARD_BYTES


def _remedies(card: Card, volume: Volume) -> tuple[Remedy, ...]:
    if volume.kind in _NOT_A_CARD or _is_too_small(volume):
        return ()
    if card.heals():
        return (_REPAIR, _REFORMAT)
    if any(problem.unsafe for problem in volume.problems):
        return (_REFORMAT,)  # and no new copy: on a torn table it tears other files; a new table holds
    return (_REFORMAT,)


def _evidence(volume: Volume) -> Evidence:
    """What was seen, with the sector of every defect."""
    layout = volume.layout
    return {
        "kind": volume.kind.value,
        "label": shown(volume.label),
        "size_bytes": volume.size_bytes,
        "free_bytes": volume.free_bytes,
        "pc_reads": volume.pc_reads,
        "board_reads": volume.board_reads,
        "partition_table": layout.scheme.value if layout else None,
        "partitions": [f"{p.kind.value} at sector {p.start_sector}" for p in layout.partitions] if layout else None,
        "problems": [p.text if p.sector is None else f"sector {p.sector}: {p.text}" for p in volume.problems],
    }
