"""Cures for the card in the board, against the simulated one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from checks.board_reads_card import BoardReadsCard
from doctor.bench import Bench
from doctor.board.card import sdcard
from doctor.check import Status
from doctor.errors import CardError
from doctor.jobs.fix import FixRequest, FixResult, fix
from doctor.remedies.cure import CureContext
from doctor.remedies.move_dup import MoveDup
from doctor.updater.side_file import SUFFIX
from tests.checks.simulated import bench_at
from tests.checks.test_board_reads_card import DUP, IMAGE, card

NOTE = b"\0\5\x16\7" + bytes(60)


class Owner:
    """Somebody at the terminal who confirms every plan."""

    def __init__(self, *, answer: bool = False, typed: str | None = None) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.plans: list[str] = []
        self._answer = answer
        self._typed = typed

    def say(self, text: str) -> None:
        self.said.append(text)

    def ask(self, question: str) -> bool:
        self.asked.append(question)
        return self._answer

    def typed(self, question: str) -> str | None:
        return self._typed

    def confirm_plan(self, aim: str, plan: object) -> bool:
        assert isinstance(plan, tuple)
        self.plans += plan
        return True


def cure(bench: Bench, named: str, owner: Owner, confirm: str | None = None) -> FixResult:
    return fix(bench, FixRequest([named], Path(os.environ["FIPY_DOCTOR_STATE_DIR"]) / "copies", confirm), owner)


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("release", ["1.17.3.b1", "1.18.2.r7", "1.20.2.r4"])
def test_names_are_tidied_in_every_era(release: str) -> None:
    files = {f"sd/{DUP}.txt": IMAGE, f"._{DUP}": NOTE}
    with bench_at(f"sim://fipy?release={release}", card(files)) as bench:
        assert cure(bench, "move-dup", Owner()).error is None
        assert BoardReadsCard().look(bench).status is Status.PASS
        assert {file.path for file in sdcard.look(bench.board).files} == {f"/sd/{DUP}"}
        assert sdcard.look(bench.board).mounted_by_us


class Hasty(MoveDup):
    """Plans to delete whatever is named so."""

    def _is_apple_double(self, bench: Bench, path: str) -> bool:
        return True


def test_file_that_is_no_note_of_macos_is_not_deleted(tmp_path: Path) -> None:
    with bench_at(spoil=card({DUP: IMAGE, f"._{DUP}": b"somebody's own"})) as bench:
        with pytest.raises(CardError, match="not a metadata file"):  # it became another one since the plan
            Hasty().do(bench, None, CureContext(print, lambda _question: True, tmp_path))
        assert cure(bench, "move-dup", Owner()).actions[0].text == "nothing to do"
        assert f"/sd/._{DUP}" in {file.path for file in sdcard.look(bench.board).files}


@pytest.mark.long
@pytest.mark.sampled(2)
@pytest.mark.parametrize("release", ["1.17.3.b1", "1.20.2.r4"])
def test_formatted_card_gets_its_dup_over_the_port_where_the_owner_waits(release: str, tmp_path: Path) -> None:
    firmware = tmp_path / DUP
    firmware.write_bytes(IMAGE)
    with bench_at(f"sim://fipy?release={release}", card({"OLD.BIN": b"x"}), firmware=(firmware,)) as bench:
        owner = Owner(answer=True, typed="/sd")
        result = cure(bench, "reformat-sd", owner)
        assert result.error is None
        assert any("OLD.BIN" in line for line in owner.plans)
        assert any("over this port, about" in line for line in owner.plans)
        assert {file.path for file in sdcard.look(bench.board).files} == {f"/sd/{DUP}", f"/sd/{DUP}{SUFFIX}"}
        assert sdcard.look(bench.board).mounted_by_us
        assert BoardReadsCard().look(bench).status is Status.PASS


@pytest.mark.sampled(4, "long")
@pytest.mark.parametrize("typed", [None, "", "y", "/flash"])
def test_only_the_name_of_the_mount_confirms(typed: str | None) -> None:
    with bench_at(spoil=card({DUP: IMAGE})) as bench:
        refused = cure(bench, "reformat-sd", Owner(answer=True, typed=typed)).error
        assert refused is not None
        assert "--confirm /sd" in refused.next
        assert [file.path for file in sdcard.look(bench.board).files] == [f"/sd/{DUP}"]
