"""``--trace`` spares what is not a trace, and says if it ends early."""

from __future__ import annotations

import sys
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


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
def test_a_full_disk_ends_the_trace_with_one_line(terminal: Terminal, tmp_path: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    try:
        said = terminal.type("check", "--port", "sim://fipy", "--trace", str(tmp_path / "t"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert said.code == 0
    assert said.err.count("the trace") == said.err.count("ends here") == 1
    assert (tmp_path / "t").stat().st_size == 2000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_trace_goes_into_no_device(terminal: Terminal) -> None:
    said = terminal.type("check", "--port", "sim://fipy", "--trace", "/dev/full")
    assert (said.code, "it is not a file" in said.err) == (2, True)
