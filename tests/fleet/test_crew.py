"""Many boards at once: none waits for another, a failing one disturbs none, and what signals mean."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor import own_process
from doctor.fleet.boards import Board
from doctor.fleet.crew import Crew
from doctor.fleet.standing import Standing

from .played import LOADS, PREPARES, Move, Watched, ends, heard, played, sent


def words(board: Board) -> list[str]:
    return [board.port]


def test_each_ends_by_itself_and_no_more_than_so_many_run_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boards = played(tmp_path, monkeypatch, [ends(0)], [sent(50), {"kill": 9}], [{"kill": 9}], [ends(1)], [ends(0)])
    watched = Watched()
    crew = Crew(boards, words, watched, jobs=2)
    outcomes = crew.run()
    assert [(o.board, o.code, o.sent) for o in outcomes] == list(
        zip(boards, (0, 3, 1, 1, 0), (False, True, False, False, False), strict=True)
    )
    assert [o.document.get("died") for o in outcomes[1:3]] == [
        "its process was killed (SIGKILL): 5,000 of 10,000 bytes; do not unplug", "its process was killed (SIGKILL)"
    ]  # fmt: skip
    assert watched.most == 2 and sorted(watched.ended_, key=boards.index) == boards and not crew.stopped


def test_one_that_cannot_be_started_waits_for_room_and_disturbs_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boards = played(tmp_path, monkeypatch, [{"see": str(tmp_path / "refused")}, sent(100), ends(0)], [], [ends(0)])
    start = own_process.command
    no_program = str(tmp_path / "no program")

    def command(*words: str) -> list[str]:
        if words[-1] != boards[1].port:
            return start(*words)
        (tmp_path / "refused").touch()
        return [no_program]

    monkeypatch.setattr("doctor.own_process.command", command)
    watched = Watched()
    outcomes = Crew(boards, words, watched, jobs=3, flashes=True).run()
    assert [(o.code, o.sent) for o in outcomes] == [(0, True), (1, False), (0, False)]
    assert watched.ended_ == [boards[0], boards[1], boards[2]]
    assert "cannot be started" in outcomes[1].document["died"]


def test_ctrl_c_begins_no_board_stops_those_that_sent_nothing_and_asks_about_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = {"see": str(tmp_path / "ready")}
    early = [PREPARES, {"touch": str(tmp_path / "ready")}, {"hear": 1}, ends(130)]
    midway = [ready, sent(50), {"hear": 1}, {"hear": 1}, ends(3)]
    done = [ready, sent(100), {"hear": 1}, {"touch": str(tmp_path / "over")}, ends(0)]
    boards = played(tmp_path, monkeypatch, early, midway, done, [ends(0)])
    seen: set[Board] = set()

    def press(_watched: Watched, standing: Standing) -> None:
        seen.add(standing.board)
        if len(seen) == 3:
            signal.raise_signal(signal.SIGINT)

    watched = Watched(stop=True, on=press)
    crew = Crew(boards, words, watched, jobs=3, flashes=True)
    outcomes = crew.run()
    assert [(o.board, o.code) for o in outcomes] == list(zip(boards[:3], (130, 3, 0), strict=True)) and crew.stopped
    assert [heard(board) for board in boards] == [["stop"], ["stop", "stop transfer"], ["stop"], []]
    assert [sorted(map(boards.index, asked)) for asked in watched.asked] == [[1, 2]]


@pytest.fixture
def nothing_ignored() -> Iterator[None]:
    """As at a terminal: under nohup these tests would have SIGHUP ignored, and a crew leaves that so."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("nothing_ignored")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_would_end_us_finishes_what_is_being_flashed_without_a_question(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boards = played(tmp_path, monkeypatch, [sent(50), {"hear": 1}, sent(100), ends(0)], [ends(0)])

    def end(watched: Watched, _standing: Standing) -> None:
        if not watched.notices:
            signal.raise_signal(number)
            watched.notices.append("sent")

    watched = Watched(on=end)
    outcomes = Crew(boards, words, watched, jobs=1, flashes=True).run()
    assert [(o.board, o.code) for o in outcomes] == [(boards[0], 0)]
    assert heard(boards[0]) == ["stop"] and not watched.asked and "finished" in watched.notices[1]


def test_what_has_everything_is_not_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    boards = played(tmp_path, monkeypatch, [sent(100), {"hear": 1}, ends(0)])

    def press(watched: Watched, _standing: Standing) -> None:
        signal.raise_signal(signal.SIGINT)

    watched = Watched(stop=True, on=press)
    assert [o.code for o in Crew(boards, words, watched, jobs=1, flashes=True).run()] == [0]
    assert not watched.asked and "cannot be stopped" in watched.notices[0] and heard(boards[0]) == ["stop"]


@pytest.mark.parametrize("begun", [[], [LOADS]], ids=["python-begins", "command-line-is-loaded"])
def test_a_check_is_stopped_as_ctrl_c_stops_it(
    begun: list[Move], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boards = played(tmp_path, monkeypatch, [*begun, PREPARES, {"see": str(tmp_path / "never")}, ends(0)], [ends(0)])
    watched = Watched(on=lambda _watched, _standing: signal.raise_signal(signal.SIGINT))
    crew = Crew(boards, words, watched, jobs=1)
    ended = [(o.board, o.code, o.document["died"]) for o in crew.run()]  # it had no time to say so itself
    assert ended == [(boards[0], 130, "stopped by you while it began")] and crew.stopped


def test_a_board_is_added_while_others_work_and_its_next_thing_comes_before_those_that_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boards = played(tmp_path, monkeypatch, [ends(0)], [ends(1)], [ends(1)])
    left = list(boards[1:])

    def ended(watched: Watched, standing: Standing) -> None:
        if standing.board is boards[0] and watched.ended_.count(boards[0]) < 2:
            crew.add(boards[0], words, flashes=True, first=True)

    watched = Watched(after=ended, more=lambda: crew.add(left.pop(0), words, flashes=True) if left else None)
    crew: Crew = Crew(boards[:1], words, watched, jobs=1, more=lambda: len(watched.ended_) < 4)
    crew.run()
    assert watched.ended_ == [boards[0], *boards]


def test_asked_again_those_that_stop_wait_for_nothing_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    boards = played(tmp_path, monkeypatch, [PREPARES, {"hear": 1}, {"hear": 1}, ends(130)])
    pressed: list[int] = []

    def press(_watched: Watched, _standing: Standing) -> None:
        if not pressed:
            pressed.append(1)
            signal.raise_signal(signal.SIGINT)
            threading.Timer(1.0, lambda: signal.raise_signal(signal.SIGINT)).start()

    outcomes = Crew(boards, words, Watched(on=press), jobs=1, flashes=True).run()
    assert [o.code for o in outcomes] == [130] and heard(boards[0]) == ["stop", "stop"]
