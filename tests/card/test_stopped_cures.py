"""Ctrl-C at every write of a cure: what is said afterwards is true of the card as it is then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.card.drives.raw_posix import PosixDevice
from doctor.card.target import FileTarget
from doctor.errors import Exit
from doctor.jobs.check import check
from doctor.jobs.fix import FixRequest, FixResult, fix
from tests.card.images import BIG, DUP, DUP_NAME, START, card, copied, patched
from tests.card.reformat.test_device import attach, detach
from tests.card.test_cures import Yes

CURES = {"reformat-sd": {}, "move-dup": {}, "repair-sd": {START + 65: b"\1"}}
FILES = {f"sd/{DUP_NAME}": DUP[:4000], "notes/a long name.txt": b"notes"}


class Writes:
    """Counts the writes to the medium, and presses Ctrl-C before the one that is asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, device: bool) -> None:
        self.left = -1
        self.seen = 0
        kind, name = (PosixDevice, "write") if device else (FileTarget, "write_at")
        real: Callable[..., object] = getattr(kind, name)

        def write(target: object, *words: object) -> object:
            self.seen += 1
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
            return real(target, *words)

        monkeypatch.setattr(kind, name, write)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("stopped")
    whole = card(folder / "whole.img", FILES, BIG)
    return {cure: patched(whole, folder / f"{cure}.img", changes) for cure, changes in CURES.items()}


def cure(path: Path, named: str) -> FixResult:
    request = FixRequest([named], path.parent.parent / "backups", None, True)
    with Bench(BenchOptions(sd=path)) as bench:
        return fix(bench, request, Yes(confirmation_of(path)))


def confirmation_of(path: Path) -> str:
    return f"{path.name}-{BIG / 1e6:.0f}MB"


def seen_by_check(path: Path) -> list[tuple[str, str, str]]:
    with Bench(BenchOptions(sd=path)) as bench:
        return [(f.check, f.status.value, f.summary) for f in check(bench).findings]


@pytest.fixture(params=["image", "device"])
def medium(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[Path], Path]]:
    attached: list[str] = []

    def fresh(source: Path) -> Path:
        image = copied(source, tmp_path / f"card{len(attached)}.img")
        attached.append(attach(image) if request.param == "device" else "")
        return Path(attached[-1] or image)

    yield fresh
    for name in filter(None, attached):
        detach(name)


@pytest.mark.long
@pytest.mark.sampled(2)
@pytest.mark.parametrize("named", CURES)
def test_report_after_ctrl_c_is_that_of_the_card_as_it_is(
    broken: dict[str, Path],
    medium: Callable[[Path], Path],
    named: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = medium(broken[named])
    writes = Writes(monkeypatch, device=path.parent == Path("/dev"))
    assert cure(path, named).error is None
    total = writes.seen
    for stop_at in sorted({1, 2, total // 2, total - 2, total - 1, total} & {*range(1, total + 1)}):
        path = medium(broken[named])
        writes.left = stop_at
        result = cure(path, named)
        assert result.exit_code is Exit.STOPPED, stop_at
        told = [(f.check, f.status.value, f.summary) for f in result.report.findings]
        assert told == seen_by_check(path), stop_at
        writes.left = -1
        error = cure(path, named).error
        if error is not None:  # cut between two names of one file
            assert "--repair-sd" in error.next, (stop_at, error)
            assert cure(path, "repair-sd").error is None, stop_at
            assert cure(path, named).error is None, stop_at
        assert [status for _, status, _ in seen_by_check(path)].count("fail") <= 1
