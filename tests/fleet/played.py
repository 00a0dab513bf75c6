"""Boards whose processes are played: what they write, and what they make of the lines on their standard input."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from doctor.fleet.boards import Board
from doctor.fleet.outcome import Outcome
from doctor.fleet.standing import Standing

#: The process: plays the moves in the file that its port names, and ends with the code of the last one.
_PLAYER = """
import json, os, signal, sys, time
signal.alarm(20)  # no test leaves a process behind
for move in json.load(open(sys.argv[-1])):
    if "say" in move:
        sys.stdout.write(json.dumps(move["say"]) + "\\n")
        sys.stdout.flush()
    elif "hear" in move:
        heard = sys.stdin.readline().strip()
        open(sys.argv[-1] + ".heard", "a").write(heard + "\\n")
    elif "see" in move:
        while not os.path.exists(move["see"]):
            time.sleep(0.01)
    elif "touch" in move:
        open(move["touch"], "w").close()
    elif "loads" in move:
        signal.signal(signal.SIGTERM, lambda *_, code=move["loads"]: os._exit(code))
    elif "kill" in move:
        os.kill(os.getpid(), signal.SIGKILL)
    else:
        sys.stdout.write(json.dumps({"exit": move["exit"], "error": None, "next": None, "port": "x"}) + "\\n")
        sys.exit(move["exit"])
"""

Move = dict[str, Any]
PREPARES: Move = {"say": {"event": "step-started", "text": "wake the modem", "phase": "prepare", "number": 1, "of": 3}}
LOADS: Move = {"loads": 130}  #: its command line: stopped, it ends with this code and says nothing


def sent(percent: int) -> Move:
    """So much of the image is over."""
    return {
        "say": {
            "event": "progress",
            "phase": "transfer" if percent < 100 else "wait-modem",
            "done_bytes": percent * 100,
            "total_bytes": 10_000,
            "may_unplug": False,
        }
    }


def ends(code: int) -> Move:
    """It is over."""
    return {"exit": code}


def played(folder: Path, monkeypatch: pytest.MonkeyPatch, *boards: list[Move]) -> list[Board]:
    """Boards whose processes make these moves."""
    monkeypatch.setattr("doctor.own_process.command", lambda *words: [sys.executable, "-S", "-c", _PLAYER, *words])
    made = []
    for number, moves in enumerate(boards):
        path = folder / f"board{number}"
        path.write_text(json.dumps(moves))
        made.append(Board(str(path), f"slot {number}"))
    return made


def heard(board: Board) -> list[str]:
    """The lines that its process heard."""
    path = Path(f"{board.port}.heard")
    return path.read_text().splitlines() if path.exists() else []


class Watched:
    """Notes what it is told, and answers as it was made to."""

    def __init__(self, *, stop: bool = False, on: Any = None, after: Any = None, more: Any = None) -> None:
        self.began_: list[Board] = []
        self.ended_: list[Board] = []
        self.notices: list[str] = []
        self.asked: list[list[Board]] = []
        self.most = 0
        self._stop = stop
        self._on = on or (lambda _watched, _standing: None)
        self._after = after or (lambda _watched, _standing: None)
        self._more = more or (lambda: None)

    def began(self, standing: Standing, pid: int) -> None:
        assert pid > 0
        self.began_.append(standing.board)
        self.most = max(self.most, len(self.began_) - len(self.ended_))

    def heard(self, standing: Standing, _event: dict[str, Any]) -> None:
        self._on(self, standing)

    def ended(self, standing: Standing, outcome: Outcome) -> None:
        assert standing.over and outcome.board is standing.board
        self.ended_.append(standing.board)
        self._after(self, standing)

    def stop_transfers(self, boards: Any) -> bool:
        self.asked.append([standing.board for standing in boards])
        return self._stop

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def look(self) -> None:
        """Whatever else happens here."""
        self._more()
