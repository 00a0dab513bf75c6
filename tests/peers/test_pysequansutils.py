"""The vendor's own tool for the sibling modem sends the genuine file to the simulated one, and is content."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from tests.peers.served import said, served

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")


def test_full_upgrade_ends_in_success(genuine: Path, tmp_path: Path) -> None:
    with served("sim://gm02s", speed=400) as listener:
        modem = listener.serial.bench.modem
        assert modem.build != 59577
        done = said(("python", str(Path(__file__).with_name("kit.py")), listener.names[0], str(genuine)), tmp_path)
        assert done.splitlines()[-1].startswith("True 8.0.5.13")
        assert modem.build == 59577
        assert modem.received[-1].sha256 == hashlib.sha256(genuine.read_bytes()).hexdigest()
        assert not modem.misuse
