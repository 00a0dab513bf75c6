"""Repairs of a FAT volume from the good copies that lie on it: boot sector, FAT, FSInfo, dirty mark, a second name.

Only if it is clear which copy is good. Everything is tried in memory first and judged there; the card is
written only when the result holds no fault, and what stood in the changed sectors is kept on the PC.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import cast

from doctor.card.drives.device import open_source
from doctor.card.judge import Judgement, backup_differs, chain_faults, fsinfo_fault, good_backup, judge
from doctor.card.medium import medium_to_change
from doctor.card.second_reader import contents, prove_again
from doctor.card.target import disk_error
from doctor.documents.json_file import make_folder, open_ours
from doctor.errors import CardError
from doctor.events import Listener, ignore
from doctor.fat.chains import Fat, scan_fats
from doctor.fat.directory import DELETED_MARK, DirEntry, walk
from doctor.fat.format import fs_info
from doctor.fat.layout import Scheme, VolumeKind, look_at
from doctor.fat.overlay import Group, Medium, Overlay
from doctor.fat.source import SECTOR_BYTES, BlockSource
from doctor.fat.volume import FatVolume, find_volume, open_volume
from doctor.text.escape import shown

_ORDER = (Group.DATA, Group.SECOND_FAT, Group.FIRST_FAT, Group.LONG_NAME, Group.DIRECTORY, Group.BOOT)
_CLEAN = {16: 0x8000, 32: 0x08000000}  #: bit of FAT[1] that says that the volume was ejected cleanly
_COPY_BYTES = 1 << 20


def plan_repair(path: Path) -> tuple[str, ...]:
    """What ``repair`` would do, a sentence a line; empty if there is nothing to repair. Changes nothing.

    Raises CardError if the card has faults that no copy on it mends.
    """
    with open_source(path) as source:
        return _repair(_looked_at(source))


def _looked_at(source: BlockSource) -> Overlay:
    """An overlay that is never written."""
    return Overlay(cast(Medium, source))


def heals(source: BlockSource) -> bool:
    """Whether the copies on a card mend all that is wrong with it, so that a repair comes before a format."""
    try:
        return bool(_repair(_looked_at(source)))
    except CardError:
        return False


def repair(path: Path, *, backup_dir: Path, now: datetime, emit: Listener = ignore) -> tuple[str, ...]:
    """Repair a card image or device; what was done. Raises CardError, leaving the card as it was."""
    with medium_to_change(path) as medium:
        overlay = Overlay(medium)
        done = _repair(overlay)
        if done:
            mended = find_volume(overlay)
            assert mended is not None, "the repair was judged"
            meant = contents(mended)
            _keep_old(medium, overlay.changed_sectors, backup_dir, now)
            overlay.commit(_ORDER)
            medium.sync()
            if _faults(judge(medium)):
                raise CardError("card-is-fat", "the repaired card does not read back as written", on=medium.name)
            prove_again(Path(medium.name), mended.start_sector, meant, emit)
        return done


def _repair(overlay: Overlay) -> tuple[str, ...]:
    """All repairs, in the overlay. Raises CardError if faults would be left."""
    done = _boot_sector(overlay)
    volume = find_volume(overlay)
    if volume is None:
        raise _beyond(overlay, judge(overlay))
    done += _fats(overlay, volume)
    volume.fat.forget()
    done += _second_names(overlay, volume)
    done += _dirty_marks(overlay, volume)
    done += _backup_boot_sector(overlay, volume)
    done += _free_space(overlay, volume)
    if done and _faults(after := judge(overlay)):
        raise _beyond(overlay, after)
    return tuple(done)


def _faults(verdict: Judgement) -> bool:
    return any(problem.stops_changes for problem in verdict.problems)


def _beyond(overlay: Overlay, verdict: Judgement) -> CardError:
    worst = next((problem for problem in verdict.problems if problem.stops_changes), verdict.problems[0])
    return CardError(
        worst.catalogue,
        f"{worst.text}; the card has no copy that could repair that, and nothing was changed",
        on=overlay.name,
        next="run `fipy-doctor fix --reformat-sd`: it saves what can be read first",
    )


def _boot_sector(overlay: Overlay) -> list[str]:
    layout = look_at(overlay)
    empty = (VolumeKind.UNKNOWN, VolumeKind.BLANK, VolumeKind.FAT12, VolumeKind.FAT16, VolumeKind.FAT32)
    starts = [part.start_sector for part in layout.partitions if part.primary and part.kind in empty]
    if layout.scheme is Scheme.NONE and layout.whole in empty and 0 not in starts:
        starts.append(0)
    for start in starts:
        good = good_backup(overlay, start)
        at = start * SECTOR_BYTES
        if good is None or not _boot_is_faulty(overlay, start):
            continue
        overlay.write_at(at, good, Group.BOOT)
        return [f"restore the boot sector at sector {start} from its backup copy"]
    return []


def _boot_is_faulty(overlay: Overlay, start: int) -> bool:
    volume, defects = open_volume(overlay, start)
    return volume is None or any(defect.pc or defect.board for defect in defects)


def _fats(overlay: Overlay, volume: FatVolume) -> list[str]:
    """Make the FATs equal, if it is plain which of them is good. Raises CardError if it is not."""
    geometry = volume.geometry
    used = -(-(geometry.clusters + 2) * geometry.width // 8)
    if scan_fats(volume.view, volume.fat, count=False).difference is None:
        return []
    second = replace(volume, fat=Fat(volume.view, geometry, 1))
    first_is_whole, second_is_whole = (_is_whole(each) for each in (volume, second))
    if not first_is_whole and not second_is_whole:
        raise _unclear(overlay, "both copies of the FAT are damaged")
    if first_is_whole and second_is_whole and _chains(volume) != _chains(second):
        raise _unclear(overlay, "the two copies of the FAT both make sense, but they differ")
    good, bad = (0, 1) if first_is_whole else (1, 0)
    group = Group.SECOND_FAT if bad else Group.FIRST_FAT
    for at in range(0, used, _COPY_BYTES):
        length = min(_COPY_BYTES, used - at)
        data = volume.view.read_at(geometry.fat_offset(good) + at, length)
        old = volume.view.read_at(geometry.fat_offset(bad) + at, length)
        for piece in range(0, length, SECTOR_BYTES):
            if data[piece : piece + SECTOR_BYTES] != old[piece : piece + SECTOR_BYTES]:
                place = volume.view.offset + geometry.fat_offset(bad) + at + piece
                overlay.write_at(place, data[piece : piece + SECTOR_BYTES], group)
    names = ("first", "second")
    return [f"copy the {names[good]} FAT over the {names[bad]}"]


def _unclear(overlay: Overlay, what: str) -> CardError:
    return CardError(
        "write-protected-or-unsafe-eject",
        f"{what}; nothing shows which is right, and nothing was changed",
        on=overlay.name,
        next="run `fipy-doctor fix --reformat-sd`: it saves what can be read first",
    )


def _is_whole(volume: FatVolume) -> bool:
    root = volume.root()
    return not root.fault and next(chain_faults(volume, root), None) is None


def _chains(volume: FatVolume) -> Mapping[str, object]:
    root = volume.root()
    return {"": root.chain} | {
        step.entry.path: volume.fat.chain(step.entry.first_cluster) if step.entry.first_cluster else None
        for step in walk(volume.view, volume.fat, root)
    }


def _second_names(overlay: Overlay, volume: FatVolume) -> list[str]:
    """Take away the second name of a file that a move on a device left when it was cut: the old one.

    That is where all but the place is the same, and the name or what is in front of a hidden ending. Other files that
    share a cluster are damage.
    """
    entries = [step.entry for step in walk(volume.view, volume.fat, volume.root())]
    files = [entry for entry in entries if not entry.is_dir and entry.first_cluster]
    kept: dict[tuple[object, ...], DirEntry] = {}
    done = []
    for entry in sorted(files, key=lambda entry: (entry.path.count("/"), len(entry.name))):
        same = (entry.first_cluster, entry.size_bytes, entry.attributes, entry.stamps)
        first = kept.setdefault(same, entry)
        if first is not entry and entry.name.lower().startswith(first.name.lower()):
            for slot in entry.slots:
                overlay.write_at(volume.view.offset + slot, bytes([DELETED_MARK]), Group.DIRECTORY)
            done.append(f"remove {shown(entry.path)}, the second name of {shown(first.path)}")
    return done


def _dirty_marks(overlay: Overlay, volume: FatVolume) -> list[str]:
    """Clear the marks of an unclean eject, in the boot sector and in FAT[1], if all chains are good."""
    geometry, start = volume.geometry, volume.view.offset
    mask = _CLEAN.get(geometry.width, 0)
    found = False
    at = 65 if geometry.width == 32 else 37
    boot = volume.view.read_at(0, SECTOR_BYTES)
    if boot[at] & 1:
        overlay.write_at(start + at, bytes([boot[at] & 0xFE]), Group.BOOT)
        found = True
    if mask and not volume.fat[1] & mask:
        for copy in range(geometry.fats):
            group = Group.SECOND_FAT if copy else Group.FIRST_FAT
            size, code = (4, "<I") if geometry.width == 32 else (2, "<H")
            place = geometry.fat_offset(copy) + size
            (entry,) = struct.unpack(code, volume.view.read_at(place, size))
            overlay.write_at(start + place, struct.pack(code, entry | mask), group)
        volume.fat.forget()
        found = True
    return ["clear the mark of an unclean eject: every file is intact"] if found else []


def _backup_boot_sector(overlay: Overlay, volume: FatVolume) -> list[str]:
    if not backup_differs(volume):
        return []
    boot = volume.view.read_at(0, SECTOR_BYTES)
    overlay.write_at(volume.view.offset + volume.geometry.backup_sector * SECTOR_BYTES, boot, Group.BOOT)
    return ["renew the backup copy of the boot sector"]


def _free_space(overlay: Overlay, volume: FatVolume) -> list[str]:
    free = volume.fat.count_free()
    if not fsinfo_fault(volume, free):
        return []
    geometry = volume.geometry
    following = next((cluster for cluster in range(2, len(volume.fat)) if volume.fat[cluster] == 0), 2)
    info = fs_info(free, following)
    for sector in (geometry.fsinfo_sector, geometry.backup_sector + geometry.fsinfo_sector):
        if sector < geometry.reserved:
            overlay.write_at(volume.view.offset + sector * geometry.sector_bytes, info, Group.BOOT)
    return ["correct the recorded free space"]


def _keep_old(medium: Medium, sectors: tuple[int, ...], backup_dir: Path, now: datetime) -> Path:
    """What stands in the sectors that will be changed, in a dated file: their numbers first, then 512 bytes each."""
    stamp = f"fipy-doctor-{now:%Y%m%d-%H%M%S}-repair"
    path = backup_dir / f"{stamp}.sectors"
    try:
        make_folder(backup_dir)
        number = 1
        while path.exists():  # two repairs within a second
            number += 1
            path = backup_dir / f"{stamp}-{number}.sectors"
        with open_ours(path, "xb") as file:
            file.write(json.dumps({"card": medium.name, "sectors": sectors}).encode() + b"\n")
            for sector in sectors:
                file.write(medium.read_at(sector * SECTOR_BYTES, SECTOR_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as err:
        raise disk_error(path, err) from err
    return path
