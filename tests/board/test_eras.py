from __future__ import annotations

import pytest

from doctor.board.eras import base_of_version, era_of, parse_release


@pytest.mark.parametrize(
    "releases, name",
    [
        ("1.11.0.b1 1.16.0.b1", "Z"),
        ("1.17.0.b1 1.17.3.b1 1.18.0", "A"),
        ("1.18.1 1.18.1.r1 1.18.1.r4", "B1"),
        ("1.18.1.r5 1.18.2.r6 1.20.0.rc0 1.20.0.rc10", "B2"),
        ("1.18.2.r7 1.18.3 1.20.0.rc11 1.20.0.rc12.1 1.20.1.r2 1.20.2.rc6", "C"),
        ("1.20.2.rc7 1.20.2.r0 1.20.2.r1", "D"),
        ("1.20.2.r2", "E"),
        ("1.20.2.r3 1.20.2.r4 1.20.2.r6 1.20.3.b3", "F"),
        ("959ffd7-dirty custom 1.20", "?"),
    ],
)
def test_each_release_has_its_era(releases: str, name: str) -> None:
    assert {release: era_of(release).name for release in releases.split()} == dict.fromkeys(releases.split(), name)


def test_releases_sort_as_they_were_made() -> None:
    order = ["1.18.0", "1.18.1.r1", "1.18.2.b1", "1.18.2", "1.20.0.rc9", "1.20.0.rc10", "1.20.0.rc10.1", "1.20.0.r1"]
    assert sorted(order, key=lambda r: parse_release(r) or ()) == order


@pytest.mark.parametrize(
    "release, size",
    [("1.18.0", 512), ("1.18.1", 4096), ("1.18.3", 4096), ("1.20.0.rc0", 512), ("1.20.2.r1", 512), ("1.20.2.r2", 4096)],
)
def test_the_receive_buffer_shrank_and_grew_again(release: str, size: int) -> None:
    assert era_of(release).rx_buffer_bytes == size


@pytest.mark.parametrize("release, there", [("1.15.0.b1", False), ("1.16.0.b1", True), ("nonsense", False)])
def test_safe_boot_by_key_begins_with_1_16(release: str, there: bool) -> None:
    assert era_of(release).has_ctrl_f is there


def test_only_the_last_eras_need_lte_before_mirror_mode() -> None:
    needing = [
        r for r in ("1.18.1", "1.20.1.r2", "1.20.2.r1", "1.20.2.r2", "1.20.2.r6") if era_of(r).mirror_needs_lte_tried
    ]
    assert needing == ["1.20.2.r2", "1.20.2.r6"]


@pytest.mark.parametrize(
    "release, hangs", [("1.16.0.b1", False), ("1.17.3.b1", True), ("1.18.1", True), ("1.18.3", False)]
)
def test_lte_hangs_in_a_and_b(release: str, hangs: bool) -> None:
    assert era_of(release).lte_hangs is hangs


def test_the_calls_of_the_original_board() -> None:
    era = era_of("1.17.3.b1")
    assert not era.has_modem_upgrade_mode
    assert not era.sqnsupgrade_frozen
    assert (era.has_mkfs, era.has_fsformat, era.base) == (True, False, "1.8.6")


@pytest.mark.parametrize(
    "text, base", [("v1.11-06dfad0 on 2019-11-30", "1.11"), ("v1.8.6-849-83e2f7f", "1.8.6"), ("959ffd7", "")]
)
def test_the_base_is_read_from_the_version(text: str, base: str) -> None:
    assert base_of_version(text) == base
