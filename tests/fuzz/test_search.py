"""What the search tells once its processes have ended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz import __main__ as search


def test_a_search_that_fails_is_told_beside_what_another_one_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def started(room: str, place: Path, seconds: float) -> subprocess.Popen[bytes]:
        (place / "artifacts").mkdir(parents=True)
        (place / "log").write_text("no room on the disk")
        if room == "modem":
            (place / "artifacts" / "slow-unit-1").write_bytes(b"\0\0")
        return subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"])

    monkeypatch.setattr(search, "_started", started)
    monkeypatch.setattr(search, "FOUND", tmp_path)
    assert search._all(["modem", "board"], 1, 1) == 1
    said = capsys.readouterr().out
    assert "BROKEN stp-transfer: found/stp-transfer/slow-" in said
    assert "BROKEN board: the search itself failed\n    no room on the disk" in said
