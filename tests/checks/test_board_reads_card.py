from __future__ import annotations

from pathlib import Path

import pytest

from checks.board_reads_card import BoardReadsCard
from doctor.check import Finding, Status
from doctor.sim.bench import SimBench
from doctor.sim.card.image import CardLayout, build_card
from doctor.sim.card.layout import partition_table
from doctor.sim.card.volume import FatVolume
from doctor.sim.practice.image import practice_image, practice_name
from tests.card.images import DUP_NAME

from .simulated import Spoil, bench_at, write_files
from .test_dup_at_root import FAULTS, made
from .test_dup_at_root import look as look_on_pc

DUP = practice_name()
IMAGE = practice_image(size_bytes=1_100_000)  # over 1 MiB: small cards count as empty below that


def card(files: dict[str, bytes], layout: CardLayout = CardLayout.PC) -> Spoil:
    return lambda sim: sim.hands.put_card(build_card(files, layout))


def look(spoil: Spoil | None = None, url: str = "sim://fipy", **options: object) -> Finding:
    with bench_at(url, spoil, **options) as bench:
        return BoardReadsCard().look(bench)


def wiped_root(sim: SimBench) -> None:
    """The directory reads as empty, while the file's clusters are still in use."""
    blocks = build_card({DUP: IMAGE})
    volume = sim.card
    volume.insert(blocks)
    mounted: FatVolume = volume.mount()
    geometry = mounted.geometry
    root = geometry.data_lba + (geometry.root_cluster - 2) * geometry.sectors_per_cluster
    blocks.write(root, bytes(512))


def exfat(sim: SimBench) -> None:
    blocks = build_card({}, CardLayout.BLANK)
    blocks.write(0, partition_table([(0x07, 2048, 4096)]))
    blocks.write(2048, (b"\xeb\x76\x90EXFAT   ").ljust(510, b"\0") + b"\x55\xaa")
    sim.hands.put_card(blocks)


def test_image_at_the_root_passes_with_its_size() -> None:
    found = look()
    assert found.status is Status.PASS
    assert f"{DUP} at the card's root, {len(practice_image())} bytes" in found.summary


def test_mounts_are_left_as_found() -> None:
    with bench_at() as bench:
        BoardReadsCard().look(bench)
        assert bench.board.repl.run("import os\nprint(os.listdir('/'))").strip() == "['flash']"


def test_card_mounted_by_the_user_stays_mounted() -> None:
    with bench_at() as bench:
        bench.board.repl.run("import os\nfrom machine import SD\nos.mount(SD(), '/sd')\n")
        found = BoardReadsCard().look(bench)
        assert found.status is Status.PASS
        assert found.evidence["mounted_by_us"] is False
        assert DUP in bench.board.repl.run("print(os.listdir('/sd'))")


@pytest.mark.parametrize(("url", "partitions"), [("sim://fipy", True), ("sim://fipy?release=1.17.3.b1", False)])
def test_other_partition_than_the_pcs_is_told_where_the_firmware_shows_sectors(url: str, partitions: bool) -> None:
    found = look(card({DUP: IMAGE}, CardLayout.LEFTOVER_PARTITION), url)
    assert found.status is Status.FAIL
    assert found.catalogue == "sd-mounts-but-listing-empty"
    assert ("2 partitions" in found.summary) is partitions


def test_unreadable_directory_is_told_from_an_empty_card() -> None:
    unreadable = look(wiped_root)
    assert unreadable.status is Status.FAIL
    assert unreadable.catalogue == "sd-mounts-but-listing-empty"
    assert "are in use" in unreadable.summary
    empty = look(card({}))
    assert empty.status is Status.WARN
    assert "is empty" in empty.summary


def test_what_the_pc_sees_shows_that_the_board_lists_too_little(tmp_path: Path) -> None:
    found = look(card({}), sd=write_files(tmp_path, {DUP: IMAGE}))
    assert found.status is Status.FAIL
    assert found.catalogue == "sd-mounts-but-listing-empty"
    assert DUP in found.summary


def test_card_that_is_empty_on_both_sides_is_empty(tmp_path: Path) -> None:
    assert look(card({}), sd=tmp_path).status is Status.WARN


def test_housekeeping_alone_counts_as_empty() -> None:
    found = look(card({"System Volume Information/IndexerVolumeGuid": b"x"}))
    assert "is empty" in found.summary


def test_folder_named_sd() -> None:
    found = look(card({f"sd/{DUP}": IMAGE}))
    assert found.status is Status.FAIL
    assert found.catalogue == "dup-in-folder-named-sd"
    assert f"/sd/sd/{DUP}" in found.summary
    assert found.remedies[0].id == "move-dup"


@pytest.mark.parametrize(
    ("files", "catalogue", "remedy"),
    [
        ({f"firmware/{DUP}": IMAGE}, "dup-in-folder-named-sd", "move-dup"),
        ({DUP: b""}, "write-protected-or-unsafe-eject", "copy-dup"),
    ],
)
def test_other_misplaced_files(files: dict[str, bytes], catalogue: str, remedy: str) -> None:
    found = look(card(files))
    assert found.status is Status.FAIL
    assert found.catalogue == catalogue
    assert found.remedies[0].id == remedy


#: Both sides tell these by names alone.
BY_NAMES = {what: files for what, (files, _, _) in FAULTS.items() if DUP_NAME not in files}
LEFT_BY_SYSTEMS = {"System Volume Information/x": b"", ".Trash-1000/old.dup": b"x"}


@pytest.mark.parametrize("what", BY_NAMES)
def test_board_and_pc_tell_the_same_of_the_same_names(what: str, tmp_path: Path) -> None:
    files = {**BY_NAMES[what], **LEFT_BY_SYSTEMS}
    given = tmp_path / DUP_NAME
    given.write_bytes(IMAGE)
    found = look(card(files), firmware=(given,))
    assert found.catalogue == look_on_pc(made(tmp_path, "folder", files)).catalogue
    firmware = any(".dup" in name for name in BY_NAMES[what])
    assert found.status is (Status.FAIL if firmware else Status.WARN)  # what may be anything else only warns


@pytest.mark.parametrize("name", ["log.zip", "draft.tmp", "backup.img", "._notes.txt"])
def test_files_that_may_be_anything_are_no_fault_of_a_card_that_needs_no_firmware(name: str) -> None:
    assert look(card({name: b"PK"})).status is Status.PASS


def test_cut_copy_is_found_by_its_size(tmp_path: Path) -> None:
    ours = write_files(tmp_path, {DUP: IMAGE}) / DUP
    found = look(card({DUP: IMAGE[:-5000]}), firmware=(ours,))
    assert found.status is Status.FAIL
    assert found.catalogue == "ftp-truncated-file"
    assert str(len(IMAGE)) in found.summary


def test_other_content_is_found_only_when_asked_to_be_thorough(tmp_path: Path) -> None:
    ours = write_files(tmp_path, {DUP: IMAGE}) / DUP
    flipped = card({DUP: IMAGE[:-1] + bytes([IMAGE[-1] ^ 1])})
    assert look(flipped, firmware=(ours,)).status is Status.PASS
    found = look(flipped, firmware=(ours,), thorough=True)
    assert found.status is Status.FAIL
    assert found.catalogue == "sd-socket-contact"
    assert look(card({DUP: IMAGE}), firmware=(ours,), thorough=True).status is Status.PASS


def test_several_images_are_named_and_none_is_guessed() -> None:
    found = look(card({DUP: IMAGE, "other.dup": IMAGE}))
    assert found.status is Status.WARN
    assert DUP in found.summary and "other.dup" in found.summary


def test_card_without_the_given_image_is_a_warning(tmp_path: Path) -> None:
    ours = write_files(tmp_path, {DUP: IMAGE}) / DUP
    assert look(card({"readme.txt": b"x"}), firmware=(ours,)).status is Status.WARN
    assert look(card({"readme.txt": b"x"})).status is Status.PASS


@pytest.mark.parametrize("url", ["sim://fipy", "sim://fipy?release=1.17.3.b1"])
def test_empty_slot_is_a_warning_and_says_where_the_card_is(url: str, tmp_path: Path) -> None:
    def take_out(sim: SimBench) -> None:
        sim.hands.put_card(None)

    found = look(take_out, url)
    assert (found.status, found.catalogue) == (Status.WARN, "sd-object-init-fails")
    assert "USB needs no card" in found.summary
    assert "the card is at the PC" in look(take_out, url, sd=tmp_path).summary


@pytest.mark.parametrize("url", ["sim://fipy", "sim://fipy?release=1.17.3.b1"])
def test_blank_card_has_no_fat_in_either_wording(url: str) -> None:
    found = look(card({}, CardLayout.BLANK), url)
    assert found.status is Status.FAIL
    assert found.catalogue == "sd-mount-no-fat"
    assert [remedy.id for remedy in found.remedies] == ["reseat-card", "go-without-card", "reformat-sd"]


def test_exfat_card_is_recognised() -> None:
    assert look(exfat).catalogue == "sd-exfat-or-over-32gb"
