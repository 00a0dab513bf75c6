"""``--trace`` spares what is not a trace, and says if it ends early."""

from __future__ import annotations

from pathlib import Path

import pytest

from .terminal import Terminal


def test_a_trace_never_replaces_the_firmware(terminal: Terminal, image: Path) -> None:
    before = image.read_bytes()
    said = terminal.type("check", "--port", "sim://fipy", "--firmware", str(image), "--trace", str(image))
    assert (said.code, image.read_bytes()) == (2, before)
    assert "is not a trace" in said.err


def test_a_trace_replaces_an_earlier_trace(terminal: Terminal, tmp_path: Path) -> None:
    trace = tmp_path / "trace.jsonl"
    trace.touch()
    for _ in range(2):
        assert terminal.type("check", "--port", "sim://fipy", "--trace", str(trace)).code == 0
    assert trace.read_bytes().startswith(b'{"t": ')


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_ends_the_trace_with_one_line(terminal: Terminal) -> None:
    said = terminal.type("check", "--port", "sim://fipy", "--trace", "/dev/full")
    assert said.code == 0
    assert said.err.count("the trace /dev/full ends here") == 1
