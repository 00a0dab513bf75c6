"""The cures for cards, from the finding to the cured card."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from checks.card_is_fat import CardIsFat
from checks.dup_at_root import DupAtRoot
from doctor.bench import Bench, BenchOptions
from doctor.card.dups import find_dups
from doctor.check import Status
from doctor.errors import CardError, DoctorError
from doctor.jobs.fix import FixRequest, FixResult, fix
from doctor.remedies import side_files
from doctor.remedies.cure import CureContext
from doctor.sim.practice.image import make_practice_image
from doctor.updater import side_file
from doctor.updater.crc import crc16
from tests.card.images import BIG, DUP, DUP_NAME, START, card, patched
from tests.card.media import OTHERS_FILES, used_folder
from tests.card.reformat.test_device import attach, detach

NOTE = bytes.fromhex("0005160700020000") + bytes(100)


class Yes:
    """Somebody who confirms every plan, as ``--yes`` does, and types nothing."""

    def __init__(self, typed: str | None = None) -> None:
        self.said: list[str] = []
        self._typed = typed

    def say(self, text: str) -> None:
        self.said.append(text)

    def ask(self, question: str) -> bool:
        return False

    def typed(self, question: str) -> str | None:
        return self._typed

    def confirm_plan(self, aim: str, plan: object) -> bool:
        return True


def cure(
    path: Path, *named: str, talk: Yes | None = None, confirm: str | None = None, force: bool = False
) -> FixResult:
    request = FixRequest(named, path.parent / "backups", confirm, force)
    with Bench(BenchOptions(sd=path)) as bench:
        return fix(bench, request, talk or Yes())


def context_in(tmp_path: Path) -> CureContext:
    """How a cure talks if nobody answers."""
    return CureContext(lambda _text: None, lambda _question: False, tmp_path / "backups")


def folder(tmp_path: Path, files: dict[str, bytes]) -> Path:
    root = used_folder(tmp_path / "mounted")
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def image(tmp_path: Path, files: dict[str, bytes]) -> Path:
    return card(tmp_path / "card.img", files)


MAKERS: dict[str, Callable[[Path, dict[str, bytes]], Path]] = {"folder": folder, "image": image}
UNTIDY = {
    "in a folder": {f"sd/{DUP_NAME}": DUP},
    "hidden .txt": {f"{DUP_NAME}.txt": DUP},
    "hidden .txt in a folder": {f"sd/{DUP_NAME}.txt": DUP},
    "twice the extension": {f"{DUP_NAME}.dup": DUP},
    "metadata file of macOS": {DUP_NAME: DUP, f"._{DUP_NAME}": NOTE},
    "all at once": {f"sd/{DUP_NAME}.TXT": DUP, f"._{DUP_NAME}": NOTE},
}


@pytest.mark.sampled(7, "long")
@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("what", UNTIDY)
def test_dup_comes_to_the_root_under_its_name(what: str, kind: str, tmp_path: Path) -> None:
    path = MAKERS[kind](tmp_path, UNTIDY[what])
    result = cure(path, "move-dup")
    assert result.error is None
    with Bench(BenchOptions(sd=path)) as bench:
        assert DupAtRoot().look(bench).status is Status.PASS
        assert b"".join(bench.card.read(f"/sd/{DUP_NAME}")) == DUP
        assert not [file for file in bench.card.files() if file.name.startswith("._")]
    if f"._{DUP_NAME}" in UNTIDY[what]:
        assert NOTE in [kept.read_bytes() for kept in (tmp_path / "backups").rglob("*") if kept.is_file()]


def test_checks_name_the_cure_that_does_it(tmp_path: Path) -> None:
    result = cure(image(tmp_path, UNTIDY["all at once"]))
    assert [action.cure.id for action in result.actions if action.done] == ["move-dup"]


def test_what_only_looks_like_a_note_of_macos_stays(tmp_path: Path) -> None:
    path = image(tmp_path, {DUP_NAME: DUP, f"._{DUP_NAME}": b"somebody's own"})
    assert cure(path, "move-dup").actions[0].text == "nothing to do"


def test_two_of_one_name_are_the_users_choice(tmp_path: Path) -> None:
    path = image(tmp_path, {DUP_NAME: DUP, f"sd/{DUP_NAME}": b"other"})
    assert isinstance(cure(path, "move-dup").error, CardError)


@pytest.mark.parametrize("kind", MAKERS)
def test_two_files_for_one_place_are_refused_before_one_is_moved(kind: str, tmp_path: Path) -> None:
    path = MAKERS[kind](tmp_path, {f"a/{DUP_NAME}": DUP, f"b/{DUP_NAME}.txt": b"other"})
    refused = cure(path, "move-dup").error
    assert isinstance(refused, CardError) and refused.id == "dup-in-folder-named-sd"
    with Bench(BenchOptions(sd=path)) as bench:
        assert {f"/sd/a/{DUP_NAME}", f"/sd/b/{DUP_NAME}.txt"} <= {file.path for file in bench.card.files()}


@pytest.mark.long
def test_unsafe_card_is_repaired_first(tmp_path: Path) -> None:
    whole = card(tmp_path / "a", {f"sd/{DUP_NAME}": DUP}, BIG)
    path = patched(whole, tmp_path / "card.img", {START + 65: b"\1"})
    refused = cure(path, "move-dup").error
    assert refused is not None
    assert "--repair-sd" in refused.next
    with Bench(BenchOptions(sd=path)) as bench:
        assert CardIsFat().look(bench).remedies[0].id == "repair-sd"
    assert cure(path, "repair-sd").error is None
    assert cure(path, "move-dup").error is None


def test_repair_needs_the_raw_card(tmp_path: Path) -> None:
    refused = cure(folder(tmp_path, {DUP_NAME: DUP}), "repair-sd").error
    assert refused is not None
    assert "cards" in refused.next


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize("named", ["reformat-sd", "move-dup"])
def test_yes_alone_never_writes_a_device(tmp_path: Path, named: str) -> None:
    path = card(tmp_path / "card.img", {f"sd/{DUP_NAME}": DUP}, BIG)
    before = path.read_bytes()
    name = attach(path)
    try:
        device = Path(name)
        unforced = cure(device, named).error
        assert isinstance(unforced, CardError)
        assert "--force-device" in unforced.next
        for talk in (Yes(), Yes("y"), Yes(device.name)):
            refused = cure_of_device(device, tmp_path, named, talk)
            assert isinstance(refused.error, DoctorError)
            assert refused.error.id == "not-confirmed"
        assert path.read_bytes() == before
        done = cure_of_device(device, tmp_path, named, Yes(f"{device.name}-42MB"))
        assert done.error is None
        with Bench(BenchOptions(sd=device)) as bench:
            assert DupAtRoot().look(bench).status is Status.PASS
    finally:
        detach(name)


def cure_of_device(device: Path, tmp_path: Path, named: str, talk: Yes) -> FixResult:
    with Bench(BenchOptions(sd=device)) as bench:
        return fix(bench, FixRequest([named], tmp_path / "backups", None, True), talk)


IMAGE_SIZE = 30_000


def practice(tmp_path: Path) -> bytes:
    return make_practice_image(tmp_path / "PRACTICE-made.dup", build=41019, size_bytes=IMAGE_SIZE).read_bytes()


NAME = "PRACTICE-CATM1-41019.dup"


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("make", [folder, image])
@pytest.mark.parametrize("stale", [None, b"something else", b""])
def test_an_image_that_is_moved_gets_its_side_file_and_a_wrong_one_goes(
    tmp_path: Path, make: Callable[[Path, dict[str, bytes]], Path], stale: bytes | None
) -> None:
    data = practice(tmp_path)
    beside = {} if stale is None else {f"{NAME}.crc": stale}
    path = make(tmp_path, {f"sd/{NAME}": data, **beside})
    cure(path, "move-dup")
    with Bench(BenchOptions(sd=path)) as bench:
        side = side_file.parse(b"".join(bench.card.read(f"/sd/{NAME}.crc")))
        assert side.sha256 == hashlib.sha256(data).hexdigest() and side.crc_of(0, 2016) == crc16(data[:2016])
        assert [file.name for file in find_dups(bench.card.files()).at_root] == [NAME]
        assert DupAtRoot().look(bench).status is Status.PASS


def test_a_side_file_that_fits_is_left_as_it_is(tmp_path: Path) -> None:
    path = folder(tmp_path, {NAME: practice(tmp_path)})
    with Bench(BenchOptions(sd=path)) as bench:
        assert "are beside it" in side_files.tend(bench.card)
        assert side_files.tend(bench.card) == ""


def test_a_damaged_image_gets_no_side_file_and_loses_the_one_that_it_had(tmp_path: Path) -> None:
    data = practice(tmp_path)
    path = folder(tmp_path, {NAME: data})
    with Bench(BenchOptions(sd=path)) as bench:
        side_files.tend(bench.card)
        (path / NAME).write_bytes(data[:-100])
        side_files.tend(bench.card)
    assert not (path / f"{NAME}.crc").exists()


def test_a_card_that_takes_no_side_file_fails_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder(tmp_path, {NAME: practice(tmp_path)})

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with Bench(BenchOptions(sd=path)) as bench:
        monkeypatch.setattr("doctor.card.folder.os.replace", refuse)
        assert "no checksums" in side_files.tend(bench.card)
    assert {found.name for found in path.iterdir()} == {NAME, *(name.partition("/")[0] for name in OTHERS_FILES)}


def test_files_that_reformatting_puts_back_get_their_side_file(tmp_path: Path) -> None:
    path = image(tmp_path, {f"sd/{NAME}": practice(tmp_path)})
    cure(path, "reformat-sd")
    with Bench(BenchOptions(sd=path)) as bench:
        assert {f"/sd/{NAME}", f"/sd/{NAME}.crc"} <= {file.path for file in bench.card.files()}
