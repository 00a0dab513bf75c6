"""Check ``board-reads-card``."""

from __future__ import annotations

from dataclasses import dataclass, replace

from doctor.bench import Bench
from doctor.board.card import sdcard
from doctor.board.card.sdcard import CardEntry, CardView, Stage
from doctor.check import Check, Finding, Grade, Remedy
from doctor.errors import DoctorError
from doctor.escape import shown
from doctor.needs import Needs

LISTS_NOTHING = "sd-mounts-but-listing-empty"
IN_FOLDER = "dup-in-folder-named-sd"
NOT_THERE = "dup-path-enoent"
HIDDEN_EXTENSION = "hidden-double-extension"
COMPANION = "appledouble-companion"
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
COPY = Remedy("copy-dup", Grade.MANUAL)
MOVE = Remedy("move-dup", Grade.ASKS)

HOUSEKEEPING = frozenset({"system volume information", ".spotlight-v100", ".trashes", ".fseventsd"})
#: More used space than this on a volume that lists nothing is files that cannot be seen: an empty FAT32 volume uses one
#: cluster of at most 64 KiB, Windows' housekeeping some 100 KiB.
EMPTY_USES_BYTES = 1 << 20

Words = dict[str, str | int | float | bool | list[str] | None]


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
    where the firmware gives them, the partition table and boot sectors. Compared with --firmware by size (by content
    with --thorough) and with --sd. What was not mounted is unmounted again.

    Cures: reseat-card, power-cycle, copy-dup, move-dup, go-without-card (flashing over USB needs none), reformat-sd.
    """

    id = "board-reads-card"
    needs = (Needs.BOARD,)
    after = ("board-has-modem",)
    deadline_s = 180.0
    gates = True
    way = "card"
    finds = (
        LISTS_NOTHING,
        IN_FOLDER,
        NOT_THERE,
        HIDDEN_EXTENSION,
        COMPANION,
        NO_CARD,
        NO_FAT,
        EXFAT,
        PARTITIONS,
        CONTACT,
        SWAPPED,
        MOUNTED,
        OTHER,
        CUT,
        NOT_FLUSHED,
    )

    def look(self, bench: Bench) -> Finding:
        """Ask the board once, then tell the failures apart."""
        view = sdcard.look(bench.board)
        on_pc = _seen_on_pc(bench)
        if view.stage is Stage.SD:
            finding = self._dead(view, card_on_pc=bench.options.sd is not None)
        elif view.stage is not Stage.NONE:
            finding = self._unreadable(view)
        elif not _own(view.listed or ()):
            finding = self._nothing_listed(view, on_pc)
        else:
            finding = self._listed(bench, view)
        remedies = finding.remedies
        if bench.link.network is not None or bench.options.card_file is not None:  # there a card is needed
            remedies = tuple(remedy for remedy in remedies if remedy != WITHOUT)
        return replace(finding, evidence={**_evidence(view, on_pc), **finding.evidence}, remedies=remedies)

    def _dead(self, view: CardView, *, card_on_pc: bool) -> Finding:
        """SD() failed: electrical, before any question of file systems. Flashing over USB needs no card."""
        known = "requested operation failed" in view.error
        cause = (
            "no card, a card that is not fully in or was put in after power-on, or other hardware on P4, P8 or P23"
            if known
            else f"the board gave an answer that is not known for this: {shown(view.error)}"
        )
        what = "no card in the board, or it does not answer; flashing over USB needs none"
        if card_on_pc:
            what = "no card in the board: it cannot be tried there while it is at the PC (--sd)"
        return self.warn(what, catalogue=NO_CARD if known else OTHER, cause=cause, remedies=(WITHOUT, RESEAT, POWER))

    def _unreadable(self, view: CardView) -> Finding:
        """The card answers, and mounting or listing failed."""
        error = view.error
        if view.stage is Stage.MOUNT and ("not possible" in error or "EPERM" in error):
            return self.warn(
                "the card could not be looked at: the board says that it is mounted already, but does not show where",
                catalogue=MOUNTED,
                cause="a program on the board mounted it",
                remedies=(WITHOUT, POWER),
            )
        if "EIO" in error or "Errno 5]" in error:
            swapped = not view.mounted_by_us
            return self.fail(
                f"the board cannot read its card: {shown(error)}",
                catalogue=SWAPPED if swapped else CONTACT,
                cause="the card was changed while it was mounted" if swapped else "bad contact, or a failing card",
                remedies=(POWER, RESEAT, WITHOUT) if swapped else (RESEAT, POWER, WITHOUT),
            )
        known = "requested operation failed" in error or "ENODEV" in error or "Errno 19]" in error
        if not known:
            return self.fail(
                f"the board cannot use its card: {shown(error)}",
                catalogue=OTHER,
                remedies=(POWER, RESEAT, WITHOUT, FORMAT),
            )
        catalogue, words = _why_no_fat(view)
        return self.fail(
            f"the board finds no FAT volume on its card: {words}",
            catalogue=catalogue,
            cause="the board reads FAT16 and FAT32 on a whole card or in one of four MBR partitions, nothing else",
            remedies=(RESEAT, WITHOUT, FORMAT),
        )

    def _nothing_listed(self, view: CardView, on_pc: OnPc | None) -> Finding:
        """Mounted, and the listing is ``[]``: empty, unreadable, or another volume than the PC's."""
        hidden = _hidden_files(view, on_pc)
        if hidden:
            what, cause = hidden
            return self.fail(
                f"the card mounts on the board but lists nothing, {what}",
                catalogue=LISTS_NOTHING,
                cause=cause,
                remedies=(RESEAT, WITHOUT, FORMAT),
            )
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
            cause="this firmware reports a directory that it cannot read as an empty one; compare with the PC by --sd",
            remedies=(RESEAT, WITHOUT, COPY, FORMAT),
        )

    def _listed(self, bench: Bench, view: CardView) -> Finding:
        files = [f for f in view.files if not f.name.startswith("._")]
        images = [f for f in files if f.name.lower().endswith(".dup")]
        at_root = [f for f in images if _at_root(f)]
        if at_root:
            return self._compare(bench, at_root)
        if images:
            folder = images[0].path.split("/")[-2]
            return self.fail(
                f"the firmware is in a folder: {shown(images[0].path)}; it belongs at the card's root",
                catalogue=IN_FOLDER if folder.lower() == "sd" else NOT_THERE,
                cause="/sd is the place where the board shows its card, not a folder to make on it",
                remedies=(MOVE,),
            )
        renamed = [f for f in files if ".dup." in f.name.lower()]
        if renamed:
            return self.fail(
                f"the firmware has a second ending: {shown(renamed[0].path)}",
                catalogue=HIDDEN_EXTENSION,
                cause="the PC hides known file name endings, so the .dup was saved with one more",
                remedies=(MOVE,),
            )
        if any(f.name.startswith("._") and f.name.lower().endswith(".dup") for f in view.files):
            return self.fail(
                "only macOS's companion file of the firmware is on the card, not the firmware itself",
                catalogue=COMPANION,
                cause="the copy was not finished, or only the file starting with ._ was copied",
                remedies=(COPY, MOVE),
            )
        if bench.options.firmware:
            return self.warn(
                "the board reads its card, but there is no .dup file on it; flashing over USB needs none",
                catalogue=NOT_THERE,
                cause="the firmware was not copied to this card",
                remedies=(COPY,),
            )
        return self.passed(f"the board reads its card: {len(view.files)} files, no .dup among them")

    def _compare(self, bench: Bench, at_root: list[CardEntry]) -> Finding:
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

    def _wrong_size(self, entry: CardEntry, wanted: int | None) -> Finding:
        against = "" if wanted is None else f", the one on the PC has {wanted}"
        empty = entry.size_bytes == 0
        return self.fail(
            f"{shown(entry.path)} has {entry.size_bytes} bytes on the board{against}",
            catalogue=NOT_FLUSHED if empty else CUT,
            cause="the card was pulled out without ejecting it" if empty else "the copy was not finished",
            remedies=(COPY,),
        )

    def _by_content(self, bench: Bench, entry: CardEntry, wanted: str) -> Finding:
        ours = sdcard.sha256(bench.board, entry.path)
        if ours is None or ours == wanted:
            how = "the same content as on the PC" if ours else "its firmware cannot hash it"
            return self.passed(f"the board reads {shown(entry.name)} at the card's root, {how}")
        return self.fail(
            f"the board reads other bytes in {shown(entry.path)} than the PC's file has",
            catalogue=CONTACT,
            evidence={"sha256_board": ours, "sha256_pc": wanted},
            cause="a damaged copy, bad contact, or a failing card",
            remedies=(COPY, RESEAT),
        )


def _seen_on_pc(bench: Bench) -> OnPc | None:
    """The PC's view of the card, None where none was given or it cannot be read (card-is-fat tells why)."""
    if bench.options.sd is None:
        return None
    try:
        card = bench.card
        return OnPc(
            tuple(f.path for f in card.files() if not f.is_dir and not f.path.lower().startswith(_HOUSE)),
            tuple(f.path for f in card.files_elsewhere() if not f.is_dir),
        )
    except DoctorError:
        return None


_HOUSE = tuple(f"/sd/{name}" for name in HOUSEKEEPING)


def _own(entries: tuple[CardEntry, ...]) -> list[CardEntry]:
    """Entries that are not the housekeeping of Windows or macOS."""
    return [e for e in entries if e.path.lower().split("/")[2] not in HOUSEKEEPING]


def _at_root(entry: CardEntry) -> bool:
    return entry.path.count("/") == 2


def _hidden_files(view: CardView, on_pc: OnPc | None) -> tuple[str, str] | None:
    """What shows that the card holds more than the board lists: (what, cause); None where nothing does."""
    if on_pc is not None and on_pc.elsewhere:
        return (
            f"while the PC sees {shown(on_pc.elsewhere[0])}",
            "the card has several partitions, and the board takes the first FAT volume it finds",
        )
    if on_pc is not None and on_pc.files:
        return (
            f"while the PC sees {shown(on_pc.files[0])}",
            "the board cannot read the card's directory, or it has another card",
        )
    layout = view.layout
    if layout is not None and len(layout.slots) > 1:
        return (
            f"and the card has {layout.in_words()}",
            "the card has several partitions, and the board takes the first FAT volume it finds, not the PC's",
        )
    used = view.used_bytes
    if used is not None and used > EMPTY_USES_BYTES:
        return f"though {used // 1024} KiB of it are in use", "the board cannot read the card's directory"
    if used is not None and used < 0:
        return "and its free space makes no sense", "the board cannot read the card properly"
    return None


def _really_empty(view: CardView) -> bool:
    """Little used space on a card with one volume: nothing is hidden there."""
    return view.used_bytes is not None and (view.layout is None or len(view.layout.slots) <= 1)


def _why_no_fat(view: CardView) -> tuple[str, str]:
    """(catalogue id, what there is instead of FAT)."""
    layout = view.layout
    if layout is None:
        return NO_FAT, "it may be exFAT, a disk with several partitions, or not formatted"
    if layout.exfat:
        return EXFAT, f"it is formatted exFAT ({layout.in_words()})"
    if layout.gpt or len(layout.slots) > 1:
        return PARTITIONS, "it has a GUID partition table" if layout.gpt else layout.in_words()
    return NO_FAT, layout.in_words()


def _evidence(view: CardView, on_pc: OnPc | None) -> Words:
    words: Words = {
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
