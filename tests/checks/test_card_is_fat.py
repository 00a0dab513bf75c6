from __future__ import annotations

from pathlib import Path

import pytest

from checks.card_is_fat import CardIsFat
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
    assert [remedy.id for remedy in finding.remedies] == ["reformat-sd", "copy-dup"]


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
