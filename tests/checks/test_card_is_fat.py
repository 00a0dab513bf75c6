from __future__ import annotations

from pathlib import Path

import pytest

from checks.card_is_fat import CardIsFat
from checks.dup_at_root import DupAtRoot
from doctor.bench import Bench, BenchOptions
from doctor.check import Finding, Status
from tests.card.images import BIG, DUP, DUP_NAME, SMALL, START, Inside, card, patched, with_mbr
from tests.card.media import old_bytes


def look(path: Path) -> Finding:
    with Bench(BenchOptions(sd=path)) as bench:
        return CardIsFat().look(bench)


@pytest.mark.parametrize(("size", "kind"), [(SMALL, "FAT16"), (BIG, "FAT32")])
def test_healthy_image_passes(tmp_path: Path, size: int, kind: str) -> None:
    finding = look(card(tmp_path / "card.img", size=size))
    assert finding.status is Status.PASS
    assert finding.summary.endswith(f"(FIPY) is {kind} with 1 file")
    assert finding.evidence["pc_reads"] is finding.evidence["board_reads"] is True


def test_exfat_says_that_only_the_pc_reads_it(tmp_path: Path) -> None:
    boot = b"\xeb\x76\x90EXFAT   " + bytes(501)
    finding = look(patched(card(tmp_path / "a", {}), tmp_path / "card.img", {START: boot}))
    assert (finding.status, finding.catalogue) == (Status.FAIL, "sd-exfat-or-over-32gb")
    assert "this PC can read it, the board cannot" in finding.summary
    assert [remedy.id for remedy in finding.remedies] == ["reformat-sd"]


def test_blank_card_fails(tmp_path: Path) -> None:
    path = tmp_path / "card.img"
    path.write_bytes(bytes(SMALL))
    finding = look(path)
    assert (finding.status, finding.catalogue) == (Status.FAIL, "sd-mount-no-fat")
    assert "neither" in finding.summary


def test_web_page_offers_no_formatting(tmp_path: Path) -> None:
    path = tmp_path / "card.img"
    path.write_bytes(b"<!DOCTYPE html>" + old_bytes(9000))
    finding = look(path)
    assert (finding.status, finding.catalogue, finding.remedies) == (Status.FAIL, "sd-mount-no-fat", ())
    assert "page" in (finding.cause or "")


@pytest.mark.parametrize("size", [0, 300, 512, 40_000])
def test_what_cannot_be_formatted_offers_no_formatting(tmp_path: Path, size: int) -> None:
    path = tmp_path / "card.img"
    path.write_bytes(old_bytes(size))
    finding = look(path)
    assert (finding.status, finding.remedies) == (Status.FAIL, ())
    assert "no SD card is this small" in (finding.cause or "")


@pytest.mark.parametrize(("type_byte", "word"), [(b"\x83", "Linux"), (b"\x0c", "FAT"), (b"\x99", "a partition")])
def test_empty_partition_is_no_blank_card(tmp_path: Path, type_byte: bytes, word: str) -> None:
    source = card(tmp_path / "a", {})
    finding = look(patched(source, tmp_path / "card.img", {450: type_byte, START: bytes(100_000)}))
    assert (finding.status, finding.catalogue) == (Status.FAIL, "sd-mount-no-fat")
    assert "blank" not in finding.summary
    assert word in finding.summary
    assert [remedy.id for remedy in finding.remedies] == ["reformat-sd"]


def test_damaged_chain_names_file_and_sector(tmp_path: Path) -> None:
    source = card(tmp_path / "a")
    inside = Inside(source)
    cluster = inside.entries[DUP_NAME].first_cluster + 7
    finding = look(patched(source, tmp_path / "card.img", inside.fats(cluster, 0)))
    assert (finding.status, finding.catalogue) == (Status.WARN, "write-protected-or-unsafe-eject")
    assert DUP_NAME in finding.summary
    assert f"sector {inside.fat(cluster) // 512}" in str(finding.evidence["problems"])
    assert [remedy.id for remedy in finding.remedies] == ["reformat-sd"]


def test_two_partitions_warn(tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    volume.write_bytes(card(tmp_path / "a").read_bytes()[START:])
    finding = look(with_mbr(tmp_path / "card.img", [(6, 2048, volume), (6, 16384, volume)]))
    assert (finding.status, finding.catalogue) == (Status.WARN, "sd-partition-layout")


def test_partition_type_of_gpt_without_fat_fails_as_layout(tmp_path: Path) -> None:
    source = card(tmp_path / "a")
    gpt = b"EFI PART".ljust(72, b"\0") + (2).to_bytes(8, "little") + (1).to_bytes(4, "little") + b"\x80\0\0\0"
    entry = b"\xa2" * 32 + (8192).to_bytes(8, "little") + (16383).to_bytes(8, "little")
    table = {450: b"\xee", 454: b"\1\0\0\0", 512: gpt, 1024: entry}
    finding = look(patched(source, tmp_path / "card.img", table))
    assert (finding.status, finding.catalogue) == (Status.FAIL, "sd-partition-layout")
    assert "GPT" in finding.summary


def test_large_card_warns(tmp_path: Path) -> None:
    finding = look(card(tmp_path / "card.img", {"x.dup": DUP}, 64_000_000_000))
    assert (finding.status, finding.catalogue) == (Status.WARN, "sd-exfat-or-over-32gb")


def test_folder_on_the_own_disk_is_not_judged(tmp_path: Path) -> None:
    finding = look(tmp_path)
    assert (finding.status, finding.catalogue) == (Status.WARN, None)
    assert "not a card" in finding.summary


def test_names_cannot_steer_the_terminal(tmp_path: Path) -> None:
    source = card(tmp_path / "a", {"\x1b[2Jx.bin": DUP})
    inside = Inside(source)
    cluster = inside.entries["\x1b[2Jx.bin"].first_cluster + 7
    finding = look(patched(source, tmp_path / "card.img", inside.fats(cluster, 0)))
    assert "\x1b" not in finding.summary + str(finding.evidence)
    assert "x.bin" in finding.summary


@pytest.mark.parametrize("change", [0, 2, 0x0FFFFFFF])
def test_finding_is_one_that_the_check_declares(tmp_path: Path, change: int) -> None:
    source = card(tmp_path / "a", size=BIG)
    finding = look(patched(source, tmp_path / "card.img", Inside(source).fats(2, change)))
    assert finding.catalogue is None or finding.catalogue in CardIsFat.finds


def damaged_elsewhere(what: str, folder: Path) -> tuple[Path, str]:
    """A card whose .dup is whole and on which something else is not; and its name."""
    files = {DUP_NAME: DUP, "photos/one.jpg": DUP[:3000], "photos/two.jpg": DUP[:3000], "updater.elf": DUP}
    source = card(folder / "whole", files, BIG)
    inside = Inside(source)
    if what == "a folder that leads to the root":
        return patched(source, folder / "card.img", {inside.slot("photos") + 26: b"\2\0"}), "photos"
    if what == "a folder full of garbage":
        place = inside.cluster(inside.entries["photos"].first_cluster)
        return patched(source, folder / "card.img", {place + 64: b"\xa7" * 448}), "photos"
    if what == "a chain that ends early":
        cluster = inside.entries["updater.elf"].first_cluster
        return patched(source, folder / "card.img", inside.fats(cluster, 0x0FFFFFFF)), "updater.elf"
    cut = folder / "card.img"
    cut.write_bytes(source.read_bytes()[: inside.cluster(inside.entries["updater.elf"].first_cluster) + 600])
    return cut, "updater.elf"


@pytest.mark.parametrize(
    "what",
    ["a folder that leads to the root", "a folder full of garbage", "a chain that ends early", "an image that was cut"],
)
def test_damage_beside_a_whole_dup_is_a_warning_that_names_it(what: str, tmp_path: Path) -> None:
    image, name = damaged_elsewhere(what, tmp_path)
    finding = look(image)
    assert finding.status is Status.WARN
    assert name in finding.summary
    assert [remedy.id for remedy in finding.remedies] == ["reformat-sd"]
    local = tmp_path / DUP_NAME
    local.write_bytes(DUP)
    with Bench(BenchOptions(sd=image, firmware=(local,))) as bench:
        assert DupAtRoot().look(bench).status is Status.PASS


def test_a_damaged_dup_stops_a_flash_by_its_own_check(tmp_path: Path) -> None:
    source = card(tmp_path / "whole", {DUP_NAME: DUP}, BIG)
    inside = Inside(source)
    image = patched(source, tmp_path / "card.img", inside.fats(inside.entries[DUP_NAME].first_cluster + 3, 0))
    assert look(image).status is Status.WARN
    with Bench(BenchOptions(sd=image)) as bench:
        finding = DupAtRoot().look(bench)
    assert (finding.status, finding.remedies[0].id) == (Status.FAIL, "reformat-sd")


def test_a_dup_in_a_folder_of_a_damaged_card_is_moved_after_the_card_is_mended(tmp_path: Path) -> None:
    source = card(tmp_path / "whole", {f"sd/{DUP_NAME}": DUP}, BIG)
    torn = patched(source, tmp_path / "torn", {Inside(source).fat(900, 0): b"\7\0\0\0"})
    with Bench(BenchOptions(sd=torn)) as bench:
        assert [remedy.id for remedy in DupAtRoot().look(bench).remedies] == ["repair-sd", "move-dup"]
