"""``fipy-doctor trace``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trace of a bare modem."""
    from doctor.cli.main import run

    path = tmp_path_factory.mktemp("trace") / "t.jsonl"
    run(["check", "--port", "sim://sqn3330", "--via", "modem", "--trace", str(path), "--json"])
    return path


def test_it_is_read_with_its_times_checks_and_findings(terminal: Terminal, trace: Path) -> None:
    said = terminal.type("trace", str(trace))
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[1].startswith("     0.000  - trace of check by fipy-doctor ")
    assert any(line.endswith("> AT+SMOD?") for line in lines)
    assert any("- modem-answers: pass: the modem answers" in line for line in lines)
    assert lines[-1].endswith("- closed")


def test_in_numbers_it_is_one_document(terminal: Terminal, trace: Path) -> None:
    held = terminal.type("trace", str(trace), "--json").document["trace"]
    assert (held["version"], held["command"], held["taken_of"]) == (2, "check", "sim://sqn3330")
    assert held["lines"] == len(trace.read_text().splitlines())


@pytest.mark.parametrize("words", [("trace",), ("check", "--port", "replay://")])
def test_what_is_not_a_trace_is_named(terminal: Terminal, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "t").write_bytes(b"\x00\xff{}")
    *front, last = words
    typed = (*words, str(tmp_path / "t")) if last == "trace" else (*front, f"{last}{tmp_path / 't'}")
    said = terminal.type(*typed)
    assert said.code == 2 and "is not a trace" in said.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no /dev/zero")
def test_a_device_is_no_trace(terminal: Terminal) -> None:
    said = terminal.type("check", "--port", "replay:///dev/zero")
    assert said.code == 2 and "it is not a file" in said.err


def test_it_ends_with_its_reader(trace: Path, tmp_path: Path) -> None:
    long = tmp_path / "long"
    lines = trace.read_text().splitlines()
    long.write_text("\n".join([*lines[:3], *lines[3:] * 300]))
    command = [sys.executable, "-m", "doctor", "trace", str(long)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as shown:
        assert shown.stdout is not None and shown.stderr is not None
        assert shown.stdout.readline()
        shown.stdout.close()
        assert shown.stderr.read() == b""
        assert shown.wait(60) == 0
