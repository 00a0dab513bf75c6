"""What is reported of unfinished work; tests/board/storage/test_begun.py follows each kind to its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.board_files_complete import BoardFilesComplete
from doctor.board.storage import begun
from doctor.board.storage.begun import Book, Goal
from doctor.board.storage.own_names import draft_of, second_of
from doctor.check import Status
from doctor.sim.bench import SimBench
from doctor.text.command import Command
from tests.checks.simulated import NotesIn, bench_at, board_of

PASS, WARN, FAIL = Status.PASS, Status.WARN, Status.FAIL
OWN = "/flash/own.py"


@pytest.mark.parametrize(
    ("lies_there", "status", "cures"),
    [
        ([OWN], PASS, []),
        ([OWN, draft_of(OWN)], WARN, ["upload-scripts"]),
        ([OWN, second_of(OWN)], WARN, ["upload-scripts"]),
        ([second_of(OWN)], FAIL, ["upload-scripts"]),
    ],
)
def test_names_of_ours_tell_of_work_that_was_cut(lies_there: list[str], status: Status, cures: list[str]) -> None:
    def spoil(sim: SimBench) -> None:
        for path in lies_there:
            board_of(sim).flash.write(path.removeprefix("/flash/"), b"x = 1\n")

    with bench_at("sim://gpy", spoil) as bench:
        found = BoardFilesComplete().look(bench)
    assert (found.status, [remedy.id for remedy in found.remedies]) == (status, cures)


@pytest.mark.parametrize(
    ("what", "command", "cures"),
    [("reset-flash", Command("fix", ("--reset-flash",)), ["reset-flash"]), ("restore", Command("restore"), [])],
)
def test_a_note_of_files_that_the_board_lacks_leads_on(
    what: str, command: Command, cures: list[str], tmp_path: Path
) -> None:
    place = tmp_path / "notes"
    with bench_at("sim://gpy") as bench:
        bench.history = NotesIn(place)
        record = begun.begin(bench.board, what, command, tmp_path, (Goal(OWN, 6, "00", str(tmp_path / "main.py")),))
        Book(place).write(record)
        found = BoardFilesComplete().look(bench)
        assert found.status is FAIL
        assert OWN in found.summary
        assert [remedy.id for remedy in found.remedies] == cures
        (note,) = place.iterdir()
        note.write_bytes(note.read_bytes()[:50])
        unread = BoardFilesComplete().look(bench)
        assert (unread.status, unread.evidence["note"]) == (WARN, str(note))
