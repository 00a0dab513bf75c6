from __future__ import annotations

from pathlib import Path

import pytest

from checks.dup_at_root import DupAtRoot
from doctor.bench import Bench, BenchOptions
from doctor.check import Finding, Grade, Status
from doctor.sim.practice.image import practice_image
from tests.card.images import DUP, DUP_NAME, START, Inside, card, patched, with_mbr
from tests.card.media import used_folder

OTHER = "CATM1-38638.dup"


def look(path: Path, *firmware: Path) -> Finding:
    with Bench(BenchOptions(sd=path, firmware=firmware)) as bench:
        return DupAtRoot().look(bench)


@pytest.fixture(params=["image", "folder"])
def place(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


def made(tmp_path: Path, place: str, files: dict[str, bytes]) -> Path:
    """A card with these files: as an image, and as the folder where it would be mounted."""
    if place == "image":
        return card(tmp_path / "card.img", files)
    root = used_folder(tmp_path / "mounted")
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


@pytest.mark.parametrize("name", [DUP_NAME, DUP_NAME.upper(), "x.Dup"])
def test_dup_at_the_root_passes(tmp_path: Path, place: str, name: str) -> None:
    finding = look(made(tmp_path, place, {name: DUP, "System Volume Information/x": b"", "notes.txt": b"n"}))
    assert finding.status is Status.PASS
    assert f"/sd/{name} is at the root, {len(DUP)} bytes" in finding.summary


FAULTS = {
    "in folder sd": ({f"sd/{DUP_NAME}": DUP}, "dup-in-folder-named-sd", "move-dup"),
    "in another folder": ({f"Neuer Ordner/{DUP_NAME}": DUP}, "dup-in-folder-named-sd", "move-dup"),
    "several in folders": ({f"sd/{DUP_NAME}": DUP, f"sd/{OTHER}": DUP}, "dup-in-folder-named-sd", "copy-dup"),
    "text": ({f"{DUP_NAME}.txt": DUP}, "hidden-double-extension", "move-dup"),
    "macOS note only": ({f"._{DUP_NAME}": DUP}, "appledouble-companion", "copy-dup"),
    "nothing": ({}, "dup-path-enoent", "copy-dup"),
    "only others": ({"notes.txt": b"n"}, "dup-path-enoent", "copy-dup"),
    "zip": ({"CATM1-41065.zip": b"PK"}, "firmware-still-zipped", "unzip-firmware"),
    "unfinished": ({f"{DUP_NAME}.crdownload": DUP}, "firmware-file-truncated", "redownload-firmware"),
    "disk image inside": ({"card.img": DUP}, "dup-path-enoent", "copy-dup"),
    "empty": ({DUP_NAME: b""}, "write-protected-or-unsafe-eject", "copy-dup"),
    "page": ({DUP_NAME: b"<!DOCTYPE html>..."}, "error-page-saved-as-dup", "redownload-firmware"),
    "renamed zip": ({DUP_NAME: b"PK\x03\x04..."}, "firmware-still-zipped", "unzip-firmware"),
    "renamed macOS note": ({DUP_NAME: b"\0\5\x16\7..."}, "appledouble-companion", "copy-dup"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_each_failure_is_told_apart(tmp_path: Path, place: str, what: str) -> None:
    files, catalogue, remedy = FAULTS[what]
    finding = look(made(tmp_path, place, files))
    assert (finding.status, finding.catalogue, finding.remedies[0].id) == (Status.FAIL, catalogue, remedy)
    assert finding.catalogue in DupAtRoot.finds
    assert finding.cause


def test_moving_asks_first(tmp_path: Path) -> None:
    finding = look(card(tmp_path / "card.img", {f"sd/{DUP_NAME}": DUP}))
    assert finding.remedies[0].grade is Grade.ASKS
    assert f"/sd/sd/{DUP_NAME}" in finding.summary


def test_several_are_named_not_guessed(tmp_path: Path, place: str) -> None:
    finding = look(made(tmp_path, place, {DUP_NAME: DUP, OTHER: DUP}))
    assert finding.status is Status.WARN
    assert DUP_NAME in finding.summary
    assert OTHER in finding.summary


def test_macos_note_beside_the_image_warns(tmp_path: Path, place: str) -> None:
    finding = look(made(tmp_path, place, {DUP_NAME: DUP, f"._{DUP_NAME}": b"\0\5\x16\7"}))
    assert (finding.status, finding.catalogue) == (Status.WARN, "appledouble-companion")
    assert finding.remedies[0].id == "move-dup"


@pytest.fixture
def local(tmp_path: Path) -> Path:
    path = tmp_path / "local" / DUP_NAME
    path.parent.mkdir()
    path.write_bytes(DUP)
    return path


@pytest.mark.parametrize(
    "files", [{DUP_NAME: DUP}, {DUP_NAME.lower(): DUP}, {"renamed.dup": DUP}, {DUP_NAME: DUP, OTHER: b"o"}]
)
def test_equal_to_the_local_file_passes(tmp_path: Path, place: str, local: Path, files: dict[str, bytes]) -> None:
    finding = look(made(tmp_path, place, files), local)
    assert finding.status is Status.PASS
    assert "same size and SHA-256" in finding.summary


FLIPPED = DUP[:30_000] + bytes([DUP[30_000] ^ 1]) + DUP[30_001:]
UNSAFE = "write-protected-or-unsafe-eject"
DIFFERENT = {
    "cut": ({DUP_NAME: DUP[:20_000]}, "firmware-file-truncated", 20_000),
    "empty": ({DUP_NAME: b""}, UNSAFE, 0),
    "one bit": ({DUP_NAME: FLIPPED}, UNSAFE, 30_000),
    "longer": ({DUP_NAME: DUP + b"x"}, UNSAFE, len(DUP)),
    "older": ({DUP_NAME: b"o" * 100}, UNSAFE, 0),
    "another image": ({OTHER: b"o"}, "dup-path-enoent", None),
    "same size, other name and content": ({OTHER: FLIPPED}, "dup-path-enoent", None),
    "in a folder beside another": ({OTHER: b"o", f"sd/{DUP_NAME}": DUP}, "dup-in-folder-named-sd", None),
    "disguised beside another": ({OTHER: b"o", f"{DUP_NAME}.txt": DUP}, "hidden-double-extension", None),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_difference_from_the_local_file_is_located(tmp_path: Path, place: str, local: Path, what: str) -> None:
    files, catalogue, offset = DIFFERENT[what]
    finding = look(made(tmp_path, place, files), local)
    assert (finding.status, finding.catalogue) == (Status.FAIL, catalogue)
    assert finding.evidence.get("first_difference_at") == offset


def test_file_that_cannot_be_read_whole_fails(tmp_path: Path, local: Path) -> None:
    source = card(tmp_path / "a")
    inside = Inside(source)
    cluster = inside.entries[DUP_NAME].first_cluster
    broken = patched(source, tmp_path / "card.img", inside.fats(cluster + 9, 0))
    for finding in (look(broken), look(broken, local)):
        assert (finding.status, finding.catalogue) == (Status.FAIL, UNSAFE)
        assert "cannot be read whole" in finding.summary


@pytest.mark.parametrize(
    ("files", "catalogue"), [({}, "sd-mounts-but-listing-empty"), ({"x": b""}, "sd-partition-layout")]
)
def test_dup_on_a_volume_that_the_board_does_not_see(tmp_path: Path, files: dict[str, bytes], catalogue: str) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(card(tmp_path / "a", files).read_bytes()[START:])
    second.write_bytes(card(tmp_path / "b").read_bytes()[START:])
    finding = look(with_mbr(tmp_path / "card.img", [(6, 2048, first), (6, 16384, second)]))
    assert (finding.status, finding.catalogue) == (Status.FAIL, catalogue)


def test_cures_cure(tmp_path: Path, place: str) -> None:
    path = made(tmp_path, place, {f"sd/{DUP_NAME}": DUP})
    with Bench(BenchOptions(sd=path)) as bench:
        bench.card.move(f"/sd/sd/{DUP_NAME}", f"/sd/{DUP_NAME}")
        assert DupAtRoot().look(bench).status is Status.PASS


@pytest.mark.parametrize("keep", [1000, 47000])
def test_image_cut_short_is_found_without_the_local_file(tmp_path: Path, place: str, keep: int) -> None:
    whole = practice_image(size_bytes=48000)
    assert look(made(tmp_path, place, {"PRACTICE-CATM1-41065.dup": whole})).status is Status.PASS
    (tmp_path / "cut").mkdir()
    finding = look(made(tmp_path / "cut", place, {"PRACTICE-CATM1-41065.dup": whole[:keep]}))
    assert (finding.status, finding.catalogue) == (Status.FAIL, "firmware-file-truncated")


def test_what_only_has_the_name_of_a_macos_note_is_left_to_the_user(tmp_path: Path, place: str) -> None:
    finding = look(made(tmp_path, place, {DUP_NAME: DUP, f"._{DUP_NAME}": b"mine"}))
    assert (finding.status, finding.remedies) == (Status.WARN, ())
