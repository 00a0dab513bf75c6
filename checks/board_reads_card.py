"""Check ``board-reads-card``."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from doctor.bench import Bench, Needs
from doctor.card.dups import COPY, NAME_FAULTS, find_dups, misplaced, missing
from doctor.check import Check, EvidenceValue, Finding, Grade, Known, Remedy
from doctor.errors import DoctorError
from doctor.fat.card_file import CardFile
from doctor.fat.layout import Scheme, VolumeKind
from doctor.text.escape import shown

if TYPE_CHECKING:
    from doctor.board.card.sdcard import CardView

LISTS_NOTHING = "sd-mounts-but-listing-empty"
NOT_THERE = "dup-path-enoent"
NO_CARD = "sd-object-init-fails"
NO_FAT = "sd-mount-no-fat"
EXFAT = "sd-exfat-or-over-32gb"
PARTITIONS = "sd-partition-layout"
CONTACT = "sd-socket-contact"
SWAPPED = "sd-swapped-while-mounted"
MOUNTED = "sd-already-mounted"
OTHER = "sd-unable-to-mount-generic"
CUT = "ftp-truncated-file"
NOT_FLUSHED = "write-protected-or-unsafe-eject"

FORMAT = Remedy("reformat-sd", Grade.DESTROYS)
WITHOUT = Remedy("go-without-card", Grade.MANUAL)
RESEAT = Remedy("reseat-card", Grade.MANUAL)
POWER = Remedy("power-cycle", Grade.MANUAL)

_NO_FAT = Known(
    "the board reads FAT16 and FAT32 on a whole card or in one of four MBR partitions, nothing else",
    (RESEAT, WITHOUT, FORMAT),
)
_NO_CARD = Known(
    "no card, a card that is not fully in or was put in after power-on, or other hardware on P4, P8 or P23",
    (WITHOUT, RESEAT, POWER),
)
#: More used space than this on a volume that lists nothing is files that cannot be seen: an empty FAT32 volume uses one
#: cluster of at most 64 KiB, Windows' housekeeping some 100 KiB.
EMPTY_USES_BYTES = 1 << 20


@dataclass(frozen=True)
class OnPc:
    """What the PC sees on the card that was given: files of the volume that the board takes, and of the others."""

    files: tuple[str, ...]
    elsewhere: tuple[str, ...]


class BoardReadsCard(Check):
    """The board reads its SD card, and finds the firmware at the card's root.

    Why: the board mounts the first FAT volume that it finds on a card, which need not be the one that the PC wrote
    to; and older firmware reports a directory that cannot be read as an empty list. So a card can look right on the PC
    and list nothing, or other files, on the board.

    Looks at: SD() alone (does the card answer), then mounting, then the files two levels deep, then free space and,
    if the firmware gives them, the partition table and boot sectors. Compared with --firmware by size (by content
    with --thorough) and with --sd. What was not mounted is unmounted again.

    Cures: reseat-card, power-cycle, copy-dup, move-dup, go-without-card (flashing over USB needs none), reformat-sd.
    """

    id = "board-reads-card"
    needs = (Needs.BOARD,)
    after = ("board-has-modem",)
    deadline_s = 180.0
    gates = True
    way = "card"
    knows = {
        LISTS_NOTHING: Known(remedies=(RESEAT, WITHOUT, FORMAT)),
        **dict.fromkeys(NAME_FAULTS, Known()),
        NO_CARD: _NO_CARD,
        NO_FAT: _NO_FAT,
        EXFAT: _NO_FAT,
        PARTITIONS: _NO_FAT,
        CONTACT: Known("bad contact, or a failing card", (RESEAT, POWER, WITHOUT)),
        SWAPPED: Known("the card was changed while it was mounted", (POWER, RESEAT, WITHOUT)),
        MOUNTED: Known("a program on the board mounted it", (WITHOUT, POWER)),
        OTHER: Known(remedies=(POWER, RESEAT, WITHOUT, FORMAT)),
        CUT: Known("the copy was not finished", (COPY,)),
        NOT_FLUSHED: Known("the card was pulled out without ejecting it", (COPY,)),
    }

    def look(self, bench: Bench) -> Finding:
        """Ask the board once, then tell the failures apart."""
        from doctor.board.card import sdcard  # what looks at a board is loaded if there is one

        view = sdcard.look(bench.board)
        on_pc = _seen_on_pc(bench)
        if view.stage is sdcard.Stage.SD:
            finding = self._dead(view, card_on_pc=bench.options.sd is not None)
        elif view.stage is not sdcard.Stage.NONE:
            finding = self._unreadable(view)
        elif all(file.is_housekeeping for file in view.listed or ()):
            finding = self._nothing_listed(view, on_pc)
        else:
            finding = self._listed(bench, view)
        remedies = finding.remedies
        if bench.link.network is not None or bench.options.card_file is not None:  # there a card is needed
            remedies = tuple(remedy for remedy in remedies if remedy != WITHOUT)
        return replace(finding, evidence={**_evidence(view, on_pc), **finding.evidence}, remedies=remedies)

    def _dead(self, view: CardView, *, card_on_pc: bool) -> Finding:
        """SD() failed: electrical, before any question of file systems. Flashing over USB needs no card."""
        what = "no card in the board, or it does not answer; flashing over USB needs no card"
        if card_on_pc:
            what = "no card in the board: the card is at the PC (--sd), so the board cannot try it"
        if "requested operation failed" in view.error:
            return self.warn(what, catalogue=NO_CARD)
        cause = f"the board gave an answer that this program does not know: {shown(view.error)}"
        return self.warn(what, catalogue=OTHER, cause=cause, remedies=_NO_CARD.remedies)

    def _unreadable(self, view: CardView) -> Finding:
        """The card answers, and mounting or listing failed."""
        from doctor.board.card.sdcard import Stage

        error = view.error
        if view.stage is Stage.MOUNT and ("not possible" in error or "EPERM" in error):
            return self.warn(
                "the card could not be looked at: the board says that it is mounted already, but does not show where",
                catalogue=MOUNTED,
            )
        if "EIO" in error or "Errno 5]" in error:
            text = f"the board cannot read its card: {shown(error)}"
            return self.fail(text, catalogue=CONTACT if view.mounted_by_us else SWAPPED)
        known = "requested operation failed" in error or "ENODEV" in error or "Errno 19]" in error
        if not known:
            return self.fail(f"the board cannot use its card: {shown(error)}", catalogue=OTHER)
        catalogue, words = _why_no_fat(view)
        return self.fail(f"the board finds no FAT volume on its card: {words}", catalogue=catalogue)

    def _nothing_listed(self, view: CardView, on_pc: OnPc | None) -> Finding:
        """Mounted, and the listing is ``[]``: empty, unreadable, or another volume than the PC's."""
        hidden = _hidden_files(view, on_pc)
        if hidden:
            what, cause = hidden
            text = f"the card mounts on the board but lists nothing, {what}"
            return self.fail(text, catalogue=LISTS_NOTHING, cause=cause)
        if on_pc is not None or _really_empty(view):
            return self.warn(
                "the card in the board is empty; flashing over USB needs no card",
                catalogue=NOT_THERE,
                cause="nothing was copied to it",
                remedies=(COPY,),
            )
        return self.fail(
            "the card mounts on the board but lists nothing: it is empty, or the board cannot read it",
            catalogue=LISTS_NOTHING,
            cause="this firmware shows a directory that it cannot read as empty; compare it in the PC (--sd)",
            remedies=(RESEAT, WITHOUT, COPY, FORMAT),
        )

    def _listed(self, bench: Bench, view: CardView) -> Finding:
        dups = find_dups(view.files)
        if dups.at_root:
            return self._compare(bench, dups.at_root)
        fault = misplaced(dups) or missing(dups)
        if fault.firmware:
            return self.fail(fault.text, catalogue=fault.catalogue, cause=fault.cause, remedies=fault.remedies)
        if bench.options.firmware:
            what = f"the board reads its card, but {fault.text}; flashing over USB needs no card"
            return self.warn(what, catalogue=fault.catalogue, cause=fault.cause, remedies=fault.remedies)
        return self.passed(f"the board reads its card: {len(view.files)} files, no .dup among them")

    def _compare(self, bench: Bench, at_root: tuple[CardFile, ...]) -> Finding:
        """The .dup files at the root against the ones on the PC."""
        names = ", ".join(shown(f.name) for f in at_root)
        by_name = {path.name.lower(): path for path in bench.options.firmware}
        for entry in at_root:
            path = by_name.get(entry.name.lower())
            if path is None:
                continue
            image = next((i for i in bench.firmware if i.path == path), None)
            if image is None:
                continue
            if entry.size_bytes != image.size_bytes:
                return self._wrong_size(entry, image.size_bytes)
            if bench.options.thorough:
                return self._by_content(bench, entry, image.sha256)
            return self.passed(f"the board reads {shown(entry.name)} at the card's root, {entry.size_bytes} bytes")
        if any(f.size_bytes == 0 for f in at_root):
            return self._wrong_size(next(f for f in at_root if f.size_bytes == 0), None)
        if by_name:
            return self.warn(
                f"the card holds {names}, not the firmware that was given",
                catalogue=NOT_THERE,
                cause="another file was copied, or this is another card",
                remedies=(COPY,),
            )
        if len(at_root) > 1:
            return self.warn(
                f"several firmware files at the card's root: {names}; --firmware says which one is meant",
                evidence={"dup": [shown(f.path) for f in at_root]},
            )
        return self.passed(f"the board reads {names} at the card's root, {at_root[0].size_bytes} bytes")

    def _wrong_size(self, entry: CardFile, wanted: int | None) -> Finding:
        against = "" if wanted is None else f", the one on the PC has {wanted}"
        text = f"{shown(entry.path)} has {entry.size_bytes} bytes on the board{against}"
        return self.fail(text, catalogue=CUT if entry.size_bytes else NOT_FLUSHED)

    def _by_content(self, bench: Bench, entry: CardFile, wanted: str) -> Finding:
        from doctor.board.card import sdcard

        ours = sdcard.sha256(bench.board, entry.path)
        if ours is None or ours == wanted:
            how = "the same content as on the PC" if ours else "its firmware cannot hash it"
            return self.passed(f"the board reads {shown(entry.name)} at the card's root, {how}")
        return self.fail(
            f"{shown(entry.path)} differs between the board and the PC",
            catalogue=CONTACT,
            evidence={"sha256_board": ours, "sha256_pc": wanted},
            cause="a damaged copy, bad contact, or a failing card",
            remedies=(COPY, RESEAT),
        )


def _seen_on_pc(bench: Bench) -> OnPc | None:
    """The PC's view of the card, None if none was given or it cannot be read (card-is-fat tells why)."""
    if bench.options.sd is None:
        return None

    def look() -> OnPc:
        card = bench.card
        return OnPc(
            tuple(f.path for f in card.files() if not f.is_dir and not f.is_housekeeping),
            tuple(f.path for f in card.files_elsewhere() if not f.is_dir),
        )

    with suppress(DoctorError):
        return bench.known("card_on_pc", OnPc, look, of="sd")
    return None


def _hidden_files(view: CardView, on_pc: OnPc | None) -> tuple[str, str] | None:
    """What shows that the card holds more than the board lists: (what, cause); None if nothing does."""
    if on_pc is not None and on_pc.elsewhere:
        return (
            f"but the PC sees {shown(on_pc.elsewhere[0])}",
            "the card has several partitions, and the board takes the first FAT volume it finds",
        )
    if on_pc is not None and on_pc.files:
        return (
            f"but the PC sees {shown(on_pc.files[0])}",
            "the board cannot read the card's directory, or it has another card",
        )
    layout = view.layout
    if layout is not None and len(layout.partitions) > 1:
        return (
            f"and the card has {layout.in_words()}",
            "the board takes the first FAT volume it finds; a PC may take another",
        )
    used = view.used_bytes
    if used is not None and used > EMPTY_USES_BYTES:
        return f"though {used // 1024} KiB of it are in use", "the board cannot read the card's directory"
    if used is not None and used < 0:
        return "and its free space makes no sense", "the board cannot read the card properly"
    return None


def _really_empty(view: CardView) -> bool:
    """Little used space on a card with one volume: nothing is hidden there."""
    return view.used_bytes is not None and (view.layout is None or len(view.layout.partitions) <= 1)


def _why_no_fat(view: CardView) -> tuple[str, str]:
    """(catalogue id, what there is instead of FAT)."""
    layout = view.layout
    if layout is None:
        return NO_FAT, "it may be exFAT, a disk with several partitions, or not formatted"
    if VolumeKind.EXFAT in (layout.whole, *(part.kind for part in layout.partitions)):
        return EXFAT, f"it is formatted exFAT ({layout.in_words()})"
    divided = layout.scheme is Scheme.GPT or len(layout.partitions) > 1
    return PARTITIONS if divided else NO_FAT, f"it has {layout.in_words()}"


def _evidence(view: CardView, on_pc: OnPc | None) -> dict[str, EvidenceValue]:
    words: dict[str, EvidenceValue] = {
        "mounts": [shown(name) for name in view.mounts],
        "mounted_by_us": view.mounted_by_us,
        "listed": None if view.listed is None else [f"{shown(e.path)} {e.size_bytes}" for e in view.listed[:40]],
        "free_bytes": view.free_bytes,
    }
    if view.total_bytes is not None:
        words["total_bytes"] = view.total_bytes
    if view.error:
        words["error"] = f"{view.stage.value}: {shown(view.error, 120)}"
    if view.layout is not None:
        words["layout"] = view.layout.in_words()
    if on_pc is not None:
        words["on_pc"] = [shown(path) for path in (*on_pc.files, *on_pc.elsewhere)[:40]]
    return words
