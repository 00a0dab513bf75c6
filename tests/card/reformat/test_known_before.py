"""What a reformat cannot put back is known before the first write, and the choice that the refusal offers works."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.card.drives.find import find_drive
from doctor.card.drives.guard import Identity
from doctor.card.image import ImageCard, open_card
from doctor.card.reformat.choice import NOTHING, Choice
from doctor.card.reformat.device import plan_reformat_device, reformat_device
from doctor.card.reformat.image import plan_reformat, reformat_image
from doctor.errors import CardError, UsageError
from doctor.fat.format import plan_format
from doctor.fat.writer import NewFile, best_layout, new_file
from tests.card.images import BIG, DUP, DUP_NAME, MIB, SMALL, START, card, mkfs_fat, tool, with_mbr
from tests.card.reformat.test_device import attach, detach

PHOTO = hashlib.sha256(b"photo").digest() * (MIB // 32)


def choice_in(text: str) -> Choice:
    """The first choice that an error offers, as a shell would read it."""
    names = re.search(r'add ((?:--leave-out "[^"]+" ?)+)', text)
    assert names is not None, text
    return Choice(leave_out=tuple(re.findall(r'"([^"]+)"', names[1])))


class Card:
    """An image file or a loop device of one, formatted in the same way."""

    def __init__(self, image: Path, device: Path | None) -> None:
        self.image, self.device = image, device
        self.backups = image.parent / "backups"

    def plan(self, choice: Choice = Choice()) -> str:  # noqa: B008 - a frozen value
        path = self.device
        if path is None:
            return "\n".join(plan_reformat(self.image, backup_dir=self.backups, choice=choice).lines)
        return "\n".join(plan_reformat_device(path, backup_dir=self.backups, choice=choice, force=True).lines)

    def reformat(self, choice: Choice) -> None:
        if self.device is None:
            reformat_image(self.image, backup_dir=self.backups, choice=choice)
        else:
            expected = Identity.of(find_drive(str(self.device)))
            reformat_device(self.device, backup_dir=self.backups, expected=expected, choice=choice, force=True)

    def files(self) -> dict[str, str]:
        there = open_card(self.device or self.image)
        assert there.volume().problems == ()
        return {file.path: there.sha256(file.path) for file in there.files() if not file.is_dir}

    def bytes(self) -> str:
        return hashlib.sha256(self.image.read_bytes()).hexdigest()


@pytest.fixture(params=["image", "device"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(kind: str) -> Iterator[object]:
    attached: list[str] = []

    def made(image: Path) -> Card:
        if kind == "image":
            return Card(image, None)
        attached.append(attach(image))
        return Card(image, Path(attached[-1]))

    yield made
    for device in attached:
        detach(device)


def nearly_full(folder: Path, photos: int) -> Path:
    """A FAT16 card without a partition table, with a .dup and photos; it has no border, so it holds more than ours."""
    files = {DUP_NAME: DUP, **{f"DCIM/{number} photo.jpg": PHOTO for number in range(photos)}, "notes.txt": b"n"}
    image = mkfs_fat(folder / "card.img", BIG, "-F", "16")
    tree = folder / "tree"
    for name, data in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(data)
    tool("mcopy", "-s", "-i", image, *tree.iterdir(), "::")
    return image


@pytest.mark.long
@pytest.mark.needs_tool("mkfs.fat", "mcopy")
def test_nearly_full_card_is_refused_untouched_and_the_offered_choice_works(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    it: Card = make(nearly_full(tmp_path, 38))
    before = it.bytes()
    for work in (it.plan, lambda: it.reformat(Choice())):
        with pytest.raises(CardError, match="do not fit") as refused:
            work()
        assert "bytes are missing" in refused.value.what
    assert it.bytes() == before
    assert not it.backups.exists()
    it.reformat(choice_in(refused.value.next))
    files = it.files()
    assert files[f"/sd/{DUP_NAME}"] == hashlib.sha256(DUP).hexdigest()
    assert "/sd/notes.txt" in files
    assert len(list(it.backups.glob("*/files/DCIM/*"))) == 38


@pytest.mark.sampled(3)
@pytest.mark.needs_tool("mkfs.fat", "mcopy")
@pytest.mark.parametrize("choice", [Choice((NOTHING,)), Choice(("*.DUP",)), Choice(leave_out=("/sd/dcim",))])
def test_every_choice_of_a_refusal_works(tmp_path: Path, choice: Choice) -> None:
    it = Card(nearly_full(tmp_path, 38), None)
    it.reformat(choice)
    assert (f"/sd/{DUP_NAME}" in it.files()) == (not choice.nothing)
    assert not any("photo" in path for path in it.files())


@pytest.mark.long
@pytest.mark.needs_tool("mkfs.fat", "mcopy")
def test_files_that_fit_with_other_clusters_only_come_back_with_these(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    it: Card = make(nearly_full(tmp_path, 34))
    assert "not the usual ones, so that the files fit" in it.plan()
    it.reformat(Choice())
    assert len(it.files()) == 36


@pytest.mark.long
def test_small_files_on_large_clusters_get_smaller_ones() -> None:
    size = 300 * MIB
    usual = plan_format(size).geometry
    count = usual.clusters // 5 + 100
    files = [NewFile(f"{number}.jpg", 4 * usual.cluster_bytes + 1, tuple) for number in range(count)]
    layout = best_layout(size, files)
    assert layout.plan.geometry.cluster_bytes < usual.cluster_bytes
    assert layout.plan.geometry.width == 32


def two_of_one_name(folder: Path) -> Path:
    one, two = folder / "one", folder / "two"
    one.write_bytes(card(folder / "a", {"data": b"a file"}).read_bytes()[START:])
    two.write_bytes(card(folder / "b", {"DATA/inside.bin": b"inside", DUP_NAME: DUP}).read_bytes()[START:])
    return with_mbr(folder / "card.img", [(6, 2048, one), (6, 16384, two)])


def test_a_file_and_a_folder_of_one_name_are_refused_untouched_and_both_offers_work(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    it: Card = make(two_of_one_name(tmp_path))
    before = it.bytes()
    for work in (it.plan, lambda: it.reformat(Choice())):
        with pytest.raises(CardError, match="partition 1/data is a file and partition 2/DATA a folder") as refused:
            work()
    assert it.bytes() == before
    it.reformat(choice_in(refused.value.next))
    assert set(it.files()) == {"/sd/data", f"/sd/{DUP_NAME}"}


@pytest.mark.parametrize(
    ("choice", "left"),
    [
        (Choice(leave_out=("partition 1/data",)), {"/sd/DATA/inside.bin", f"/sd/{DUP_NAME}"}),
        (Choice(("none",)), set()),
        (Choice(("partition 2/*",)), {"/sd/DATA/inside.bin", f"/sd/{DUP_NAME}"}),
    ],
)
def test_volumes_can_be_told_apart(tmp_path: Path, choice: Choice, left: set[str]) -> None:
    it = Card(two_of_one_name(tmp_path), None)
    it.reformat(choice)
    assert set(it.files()) == left


def test_folders_of_two_volumes_that_differ_in_case_become_one(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(card(tmp_path / "a", {"Photos/Old/1.txt": b"1"}).read_bytes()[START:])
    two.write_bytes(card(tmp_path / "b", {"photos/old/2.txt": b"2", "PHOTOS.TXT": b"3"}).read_bytes()[START:])
    it = Card(with_mbr(tmp_path / "card.img", [(6, 2048, one), (6, 16384, two)]), None)
    it.reformat(Choice())
    there = ImageCard(it.image)
    assert b"".join(there.read("/sd/photos/old/2.txt")) == b"2"
    assert b"".join(there.read("/sd/photos/old/1.txt")) == b"1"
    assert [file.path for file in there.files() if file.at_root] == ["/sd/Photos", "/sd/PHOTOS.TXT"]


@pytest.mark.parametrize("choice", [Choice(("nottes.txt",)), Choice(leave_out=("photo/*",))])
def test_name_that_nothing_has_is_refused(tmp_path: Path, choice: Choice) -> None:
    it = Card(card(tmp_path / "card.img", {"notes.txt": b"n", DUP_NAME: DUP}), None)
    before = it.bytes()
    with pytest.raises(UsageError, match="is called") as refused:
        it.plan(choice)
    assert "notes.txt" in refused.value.cause
    assert it.bytes() == before


def test_what_stays_behind_is_named(tmp_path: Path) -> None:
    it = Card(card(tmp_path / "card.img", {"notes/a.txt": b"n", DUP_NAME: DUP}), None)
    assert "not put back, because that is what you chose: /sd/notes/a.txt" in it.plan(Choice(("*.dup",)))
    it.reformat(Choice(("*.dup",)))
    assert [file.path for file in ImageCard(it.image).files()] == [f"/sd/{DUP_NAME}"]


@pytest.mark.parametrize("letter", ["\u6f22", "\u0436", "\U0001f4be"])
def test_names_longer_than_the_pc_can_have_come_back(tmp_path: Path, letter: str) -> None:
    longest = letter * (255 // (len(letter.encode("utf-16-le")) // 2))
    names = [longest, *(letter * 60 + f"{n}.dup" for n in range(2))]
    deep = "/".join([letter * 60] * 12)
    files = {**{name: name.encode() for name in names}, f"{deep}/end.txt": b"deep"}
    it = Card(card(tmp_path / "card.img", files), None)
    it.reformat(Choice())
    there = ImageCard(it.image)
    assert all(b"".join(there.read(f"/sd/{name}")) == data for name, data in files.items())


def test_a_full_root_of_fat16_is_known_before() -> None:
    files = [new_file(f"a rather long name {number}.txt", b"") for number in range(600)]
    with pytest.raises(CardError, match="root of a FAT16 card"):
        best_layout(SMALL, files)
