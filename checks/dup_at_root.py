"""Check ``dup-at-root``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from doctor.bench import Needs
from doctor.card.dups import (
    COPY,
    DOWNLOAD,
    MOVE,
    NAME_FAULTS,
    UNZIP,
    DupFault,
    Dups,
    double_extension,
    find_dups,
    in_folder,
    misplaced,
    missing,
)
from doctor.card.target import first_difference
from doctor.check import Check, EvidenceValue, Finding, Grade, Remedy
from doctor.errors import CardError, FirmwareError
from doctor.fat.card_file import APPLE_DOUBLE_MAGIC, CardFile
from doctor.firmware import caba
from doctor.firmware.content import sniff
from doctor.firmware.image import examine_bytes
from doctor.firmware.reading import MAX_BYTES
from doctor.firmware.wrong_file import wrong_content
from doctor.text.escape import shown

if TYPE_CHECKING:
    from doctor.bench import Bench
    from doctor.card.image import Card
    from doctor.firmware.image import FirmwareImage

_REFORMAT = Remedy("reformat-sd", Grade.DESTROYS)
_REPAIR = Remedy("repair-sd", Grade.ASKS)
_WRONG = {
    "error-page-saved-as-dup": ("the login or error page was saved under its name", (DOWNLOAD,)),
    "firmware-still-zipped": ("the archive was renamed instead of unpacked", (UNZIP, COPY)),
    "appledouble-companion": ("a ._ file was renamed", (COPY,)),
}
_BROKEN = ("the download or the copy to the card was interrupted or damaged on the way", (COPY, DOWNLOAD))


class DupAtRoot(Check):
    """The firmware image lies at the root of the card, whole, and is the one that was given.

    Why: the board opens ``/sd/NAME.dup`` and nothing else. A folder ``sd``, a hidden ``.txt``, a ``._`` file of macOS
    or a copy cut short all end in ENOENT or, worse, in a modem that gets half an image.
    Looks at: the names on the card, two levels deep; with ``--firmware``, size and every byte against that file;
    without, what the image on the card says of its own length and checksums.
    Writes nothing.
    Cures: move-dup (``fipy-doctor fix --move-dup``: to the root, under its right name, without ._ files), or copying
    again and ejecting.
    """

    id = "dup-at-root"
    needs = (Needs.CARD,)
    after = ("card-is-fat",)
    deadline_s = 120.0
    gates = True
    finds = (
        *NAME_FAULTS,
        "error-page-saved-as-dup",
        "write-protected-or-unsafe-eject",
        "sd-mounts-but-listing-empty",
        "sd-partition-layout",
        "sd-read-error-mid-flash",
    )

    def look(self, bench: Bench) -> Finding:
        """Look for the image. Raises CardError if the card cannot be listed."""
        card = bench.card
        listing = card.files()
        dups = find_dups(listing)
        images = bench.firmware if bench.options.firmware else ()
        evidence: dict[str, EvidenceValue] = {
            "root": [shown(file.name) for file in listing if file.at_root],
            "dup_files": [shown(file.path) for file in (*dups.at_root, *dups.in_folders, *dups.double)],
        }
        fault = _first_fault(card, listing, dups, images)
        if fault is not None:
            if fault.offset is not None:
                evidence["first_difference_at"] = fault.offset
            remedies = _on_this_card(card, fault.remedies)
            return self.fail(
                fault.text, catalogue=fault.catalogue, evidence=evidence, cause=fault.cause, remedies=remedies
            )
        names = ", ".join(shown(file.name) for file in dups.at_root)
        if len(dups.at_root) > 1 and not images:
            return self.warn(
                f"{len(dups.at_root)} firmware images are on the card: {names}; say which one with --firmware",
                evidence=evidence,
                cause="older images were left on the card",
            )
        if dups.companions:
            notes = all(_is_note_of_macos(card, file) for file in dups.companions)
            return self.warn(
                f"beside {names} lies {shown(dups.companions[0].name)}, which the vendor's scripts may take for it"
                + (
                    ""
                    if notes
                    else "; it does not look like a metadata file of macOS: look at it, then delete it yourself"
                ),
                catalogue="appledouble-companion",
                evidence=evidence,
                cause="macOS writes a ._ file beside each file on a FAT card",
                remedies=_on_this_card(card, (MOVE,)) if notes else (),
            )
        if images:
            given = ", ".join(shown(image.path.name) for image in images)
            return self.passed(f"{given}: the card's copy at the root has the same size and SHA-256", evidence=evidence)
        only = dups.at_root[0]
        return self.passed(f"{shown(only.path)} is at the root, {only.size_bytes} bytes", evidence=evidence)


def _on_this_card(card: Card, remedies: tuple[Remedy, ...]) -> tuple[Remedy, ...]:
    """The cures; on a damaged card what mends it comes first, since no file on it is changed before."""
    if not any(problem.stops_changes for problem in card.volume().problems):
        return remedies
    if card.heals():
        return (_REPAIR, *remedies)
    return tuple(dict.fromkeys((*(remedy for remedy in remedies if remedy not in (MOVE, COPY)), _REFORMAT)))


def _first_fault(
    card: Card, listing: tuple[CardFile, ...], dups: Dups, images: tuple[FirmwareImage, ...]
) -> DupFault | None:
    if not dups.at_root:
        return _none_at_root(card, listing, dups)
    if images:
        faults = (_compare(card, dups, image) for image in images)
        return next((fault for fault in faults if fault is not None), None)
    faults = (_odd_content(card, file) for file in dups.at_root)
    return next((fault for fault in faults if fault is not None), None)


def _none_at_root(card: Card, listing: tuple[CardFile, ...], dups: Dups) -> DupFault:
    """Why the board would find no image."""
    fault = misplaced(dups)
    if fault is not None:
        return fault
    elsewhere = tuple(file for file in card.files_elsewhere() if file.name.lower().endswith(".dup"))
    return _other_volume(elsewhere, is_empty=not listing) if elsewhere else missing(dups)


def _other_volume(found: tuple[CardFile, ...], *, is_empty: bool) -> DupFault:
    catalogue = "sd-mounts-but-listing-empty" if is_empty else "sd-partition-layout"
    text = f"{shown(found[0].path)} is on a volume of the card that the board does not see"
    if is_empty:
        text += "; the volume that it does see is empty"
    return DupFault(catalogue, text, "the card has several partitions; the board takes the first FAT one", (_REFORMAT,))


def _compare(card: Card, dups: Dups, image: FirmwareImage) -> DupFault | None:
    """Whether the card's copy of a given image is that image, byte for byte."""
    name = image.path.name
    same_name = [file for file in dups.at_root if file.name.lower() == name.lower()]
    if not same_name:
        same_size = (file for file in dups.at_root if file.size_bytes == image.size_bytes)
        if any(_sha256(card, file) == image.sha256 for file in same_size):
            return None
        return _not_there(dups, name)
    file = same_name[0]
    if file.size_bytes == image.size_bytes and _sha256(card, file) == image.sha256:
        return None
    try:
        offset = first_difference(card.read(file.path), image.path)
    except CardError as err:
        return _unreadable(file, err)
    except OSError as err:
        raise FirmwareError("firmware-file-truncated", f"cannot be read: {err.strerror}", on=str(image.path)) from err
    return None if offset is None else _different(file, image.size_bytes, offset)


def _sha256(card: Card, file: CardFile) -> str:
    """SHA-256 of a file on the card; empty if it cannot be read."""
    try:
        return card.sha256(file.path)
    except CardError:
        return ""


def _not_there(dups: Dups, name: str) -> DupFault:
    below = tuple(file for file in dups.in_folders if file.name.lower() == name.lower())
    if below:
        return in_folder(below)
    disguised = tuple(file for file in dups.double if file.name.lower().startswith(name.lower()))
    if disguised:
        return double_extension(disguised)
    there = ", ".join(shown(file.name) for file in dups.at_root)
    text = f"{shown(name)} is not on the card; it holds {there}"
    return DupFault("dup-path-enoent", text, "another image was copied, or the file has another name", (COPY,))


def _different(file: CardFile, local_bytes: int, offset: int) -> DupFault:
    name = shown(file.name)
    if 0 < file.size_bytes == offset < local_bytes:
        text = f"{name} on the card ends after {file.size_bytes} of {local_bytes} bytes"
        return DupFault(
            "firmware-file-truncated", text, "copying was cut short, or the card is full", (COPY,), offset=offset
        )
    if file.size_bytes == 0:
        text = f"{name} on the card is empty; the local file has {local_bytes} bytes"
    else:
        sizes = "" if file.size_bytes == local_bytes else f" ({file.size_bytes} and {local_bytes} bytes)"
        text = f"{name} on the card differs from the local file from byte {offset} on{sizes}"
    cause = "the card was pulled out before everything was written, or holds an older copy"
    return DupFault("write-protected-or-unsafe-eject", text, cause, (COPY,), offset)


def _unreadable(file: CardFile, err: CardError) -> DupFault:
    text = f"{shown(file.name)} cannot be read whole from the card: {err.what}"
    catalogue = err.id if err.id in DupAtRoot.finds else "sd-read-error-mid-flash"
    return DupFault(catalogue, text, err.cause, (_REFORMAT, COPY))


def _odd_content(card: Card, file: CardFile) -> DupFault | None:
    """What the content says if there is no local file to compare with: the rules of firmware-is-whole."""
    name = shown(file.name)
    if file.size_bytes == 0:
        cause = "the card was pulled out before anything was written"
        return DupFault("write-protected-or-unsafe-eject", f"{name} on the card is empty", cause, (COPY,))
    try:
        data = _bounded(card, file)
    except CardError as err:
        return _unreadable(file, err)
    problem, whole = wrong_content(sniff(data), data), len(data) == file.size_bytes
    if problem is None and whole and data.startswith(tuple(caba.KNOWN_MAGICS)):  # others state nothing of themselves
        damage = examine_bytes(data, Path(file.name)).damage
        problem = next((problem for problem in damage if problem.catalogue in DupAtRoot.finds), None)
    if problem is None or problem.catalogue not in (DupAtRoot.finds if whole else _WRONG):
        return None
    cause, remedies = _WRONG.get(problem.catalogue, _BROKEN)
    return DupFault(problem.catalogue, f"{name} on the card {problem.text}", cause, remedies)


def _bounded(card: Card, file: CardFile) -> bytes:
    """The file; only its first piece if it is too large to be an image. Raises CardError."""
    pieces = iter(card.read(file.path))
    return b"".join(pieces) if file.size_bytes <= MAX_BYTES else next(pieces, b"")


def _is_note_of_macos(card: Card, file: CardFile) -> bool:
    """Whether ``fix --move-dup`` will delete it; it leaves alone what only has such a name."""
    try:
        return next(iter(card.read(file.path)), b"").startswith(APPLE_DOUBLE_MAGIC)
    except CardError:
        return False
