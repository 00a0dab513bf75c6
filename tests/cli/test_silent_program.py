"""A port that opens and says nothing: the first advice tells a silent program from a board without power."""

from __future__ import annotations

from pathlib import Path

from doctor.bench import Bench, BenchOptions
from doctor.board.storage import files
from doctor.check import Finding, Grade, Remedy, Status
from doctor.engine import Report
from doctor.remedies import cures
from doctor.report import next_step
from doctor.text.command import Command

from .terminal import Terminal

SILENT = b"import time\nwhile True:\n time.sleep(1)\n"
NOTHING = Finding(
    "repl-answers",
    Status.FAIL,
    "nothing answers",
    catalogue="tx-rx-jumper-missing",
    remedies=(Remedy("stop-program", Grade.ASKS), Remedy("power-cycle", Grade.MANUAL), Remedy("plug-in", Grade.MANUAL)),
)


def test_a_silent_program_is_stopped_first_and_kept_from_starting_again(terminal: Terminal, tmp_path: Path) -> None:
    port = f"sim://fipy?state={tmp_path / 'bench'}"
    with Bench(BenchOptions(port=port)) as bench:
        files.write(bench.board, "/flash/main.py", SILENT)
    assert terminal.type("sim", "--hands", "press-reset", "--port", port).code == 0
    said = terminal.type("check", "--port", port)
    assert said.next[:2] == ["fix", "--stop-program"]
    said = terminal.type(*said.next, "--yes")
    assert "os.rename('/flash/main.py', '/flash/main.py.off')" in " ".join(said.out.split())
    assert "--power-cycle" not in said.next


def test_advice_for_a_port_that_stays_silent_ends() -> None:
    given, known, report = Command("check", port="COM9"), cures(), Report((NOTHING,))
    done: list[str] = []
    for name in ("stop-program", "power-cycle"):
        assert f"--{name}" in next_step.after(report, given, known, done=done).command.words()
        done.append(name)
    assert next_step.after(report, given, known, done=[*done, "plug-in"]).command == (
        Command("open", ("tx-rx-jumper-missing",))
    )
