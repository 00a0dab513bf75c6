"""The firmware that is meant if none was named: looked for where people keep it, and judged as a flash judges it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path

from doctor.bench import Bench
from doctor.computer import is_mac
from doctor.documents import user_folders
from doctor.documents.json_file import read_bounded
from doctor.errors import LONGEST, BoardError, DoctorError, reason
from doctor.firmware.bootrom import FROM_BOARD
from doctor.firmware.image import FirmwareImage, Verdict, examine_bytes
from doctor.firmware.reading import MAX_BYTES
from doctor.jobs.flashing.ways import needs_more
from doctor.jobs.last_flash import tell_history
from doctor.modem.images import image_facts, options_for, running
from doctor.text.command import ON_CARD
from doctor.text.escape import first_of, shown
from doctor.updater.plan import make_plan
from doctor.updater.shapes import Running

MOST_FILES = 50  #: of one folder; more are nobody's choice
_PRACTICE = "practice-image-on-real-port"


@dataclass(frozen=True)
class Candidate:
    """Firmware that fits: an image, or the two files of a pair in their order."""

    images: tuple[FirmwareImage, ...]
    card_file: str | None = None
    """Its name on the card in the board, if it lies there."""

    @property
    def words(self) -> tuple[str, ...]:
        """How the command line names it."""
        if self.card_file is not None:
            return (f"{ON_CARD}{self.card_file}",)
        return tuple(str(image.path) for image in self.images)

    @property
    def text(self) -> str:
        """Each file by its name and the head of its SHA-256."""
        return " and ".join(f"{shown(image.path.name)} (SHA-256 {image.sha256[:16]}…)" for image in self.images)


@dataclass
class Search:
    """What was found.

    place     the first place that has firmware that fits; "" if none has
    fits      what fits there
    looked    the places that were looked at
    left_out  what does not fit, and why
    """

    place: str = ""
    fits: list[Candidate] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def find_firmware(bench: Bench, via: str) -> Search:
    """Look for the firmware that fits the modem, one place after the other, until one has some.

    via  the way of the flash (``--via``): a file on the card in the board goes no other way than from there

    What is damaged, is for another modem, or changes another build does not count, and a practice image only at a
    simulated port. Sends what checks send. Raises DoctorError if the modem cannot be asked: nothing can be judged then.
    """
    search = Search()
    tell_history(bench)
    modem = running(bench.modem_facts, bench.ran_before)
    for place, look in _places(bench, via):
        search.looked.append(place)
        for candidate in look(search):
            why_not = _why_not(bench, modem, candidate)
            if why_not:
                search.left_out.append(why_not)
            else:
                search.fits.append(candidate)
        if search.fits:
            search.place = place
            break
    return search


def _places(bench: Bench, via: str) -> Iterator[tuple[str, Callable[[Search], Iterator[Candidate]]]]:
    """The places in their order; each is looked at only if the one before has nothing."""
    if via in ("auto", "card") and not bench.is_bare_modem and not needs_more(bench):
        yield "on the card in the board", lambda search: _on_board(bench, search)
    on_pc = bench.known("places_on_pc", tuple[tuple[str, str], ...], lambda: tuple(_on_pc(bench)), default=())
    for number, (place, folder) in enumerate(on_pc):
        yield place, partial(_in_folder, bench, number, Path(folder))


def _on_pc(bench: Bench) -> Iterator[tuple[str, str]]:
    """The places of this PC, in words and by their paths."""
    card = _card_in_pc(bench)
    if card is not None:
        yield f"on the card in this PC ({shown(str(card), LONGEST)})", str(card)
    yield from ((place, str(folder)) for place, folder in folders())
    for named in (bench.options.bootrom, bench.options.updater_elf):
        if named is not None and named != FROM_BOARD:  # what belongs together lies together
            yield f"beside {shown(named.name)}", str(named.parent)


def folders() -> Iterator[tuple[str, Path]]:
    """The folders of this PC where firmware may lie, each with the words for it."""
    yield "in this folder", Path()
    if not is_mac():  # which asks its user before a program may look there
        folder = user_folders.downloads()
        yield f"in {shown(str(folder), LONGEST)}", folder


def _on_board(bench: Bench, search: Search) -> Iterator[Candidate]:
    from doctor.board.card import sdcard
    from doctor.board.card.image import image_on_card
    from doctor.card.dups import find_dups

    try:
        names = [file.name for file in find_dups(sdcard.look(bench.board).files).at_root]
    except BoardError:
        return  # it shows in the checks of the flash
    for name in names:
        try:
            image = image_on_card(bench.board, name)
        except DoctorError as err:
            search.left_out.append(f"{shown(name)} {err.what}")
            continue
        if image.part or image.name.part:
            search.left_out.append(f"{shown(name)} is one file of a pair, which the board cannot flash from its card")
        else:
            yield Candidate((image,), name)


def _card_in_pc(bench: Bench) -> Path | None:
    """The folder where the card in this PC is mounted."""
    from doctor.card.found import only_fat_card

    if bench.options.sd is not None:
        return bench.options.sd if bench.options.sd.is_dir() else None
    card = only_fat_card()
    return card.path if card is not None and card.path.is_dir() else None


@dataclass(frozen=True)
class _Held:
    """What a folder holds: images, the two files of a pair together, and what is left out, with the reason."""

    found: tuple[tuple[FirmwareImage, ...], ...]
    left_out: tuple[str, ...]


def _in_folder(bench: Bench, number: int, folder: Path, search: Search) -> Iterator[Candidate]:
    """Images at the top level of the folder of that number."""
    held = bench.known(f"firmware_in_place_{number}", _Held, lambda: _look(folder), default=_Held((), ()))
    search.left_out += held.left_out
    yield from map(Candidate, held.found)


def _look(folder: Path) -> _Held:
    """The same bytes under two names are one, and two files may be a pair.

    Nobody named them, so no link is followed: it may lead to anything on this computer.
    """
    seen: dict[str, FirmwareImage] = {}
    left_out: list[str] = []
    for path in _dups(folder, left_out):
        try:
            image = examine_bytes(read_bounded(path, MAX_BYTES), path)
        except (OSError, ValueError) as err:
            left_out.append(f"{shown(path.name)} cannot be read ({reason(err)})")
            continue
        seen.setdefault(image.sha256, image)
    halves = [image for image in seen.values() if image.part]
    firsts, seconds = ([image for image in halves if image.part == part] for part in (1, 2))
    if bool(firsts) != bool(seconds):
        left_out.append(f"{shown(halves[0].path.name)} is one file of a pair, and the other one is not there")
    alone = [(image,) for image in seen.values() if not image.part]
    return _Held((*alone, *product(firsts, seconds)), tuple(left_out))


def _dups(folder: Path, left_out: list[str]) -> list[Path]:
    """The files of a folder that are called .dup, the shortest names first: a copy has a longer one."""
    try:
        with os.scandir(folder) as listing:
            entries = [entry for entry in listing if entry.name.lower().endswith(".dup") and entry.name[:2] != "._"]
    except FileNotFoundError:
        return []
    except OSError as err:
        left_out.append(f"{shown(str(folder), LONGEST)} cannot be listed ({err.strerror})")
        return []
    links = sorted(entry.name for entry in entries if entry.is_symlink())
    if links:
        left_out.append(f"{first_of(links)} (only a link: name it if it is meant)")
    names = sorted((e.name for e in entries if e.is_file(follow_symlinks=False)), key=lambda name: (len(name), name))
    if len(names) > MOST_FILES:
        left_out.append(f"{len(names) - MOST_FILES} of {len(names)} .dup files, which are too many to read")
    return [folder / name for name in names[:MOST_FILES]]


def _why_not(bench: Bench, modem: Running, candidate: Candidate) -> str:
    """Why a candidate does not fit ``modem``; "" if it does.

    A refusal counts if another file is what it asks for; what the modem's state or a consent needs, the flash says.
    """
    images = candidate.images
    damaged = next((image for image in images if image.verdict is Verdict.DAMAGED), None)
    if damaged is not None:
        return f"{shown(damaged.path.name)} {damaged.damage[0].text}"
    asked = options_for(images, bench.updater_elf, None, accept=(), simulated=lambda: bench.simulated)
    refusal = make_plan(modem, [image_facts(image) for image in images], asked).refusal
    if refusal is None or not (refusal.id == _PRACTICE or (refusal.change and refusal.change.files)):
        return ""
    name = shown(images[0].path.name)
    return refusal.what if name in refusal.what else f"{name}: {refusal.what}"
