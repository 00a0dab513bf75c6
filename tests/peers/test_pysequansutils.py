"""The vendor's own tool for the sibling modem sends the genuine file to the simulated one, and is content."""

from __future__ import annotations

import hashlib
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.peers.served import said, served

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")


def genuine() -> Path:
    spec = find_spec("pysequansutils")
    if spec is None or spec.origin is None:
        pytest.skip("pysequansutils is not installed")
    return Path(spec.origin).with_name("fw") / "GM02RB6Q_LR8.0.5.13-59577.dup"


def test_full_upgrade_ends_in_success(tmp_path: Path) -> None:
    image = genuine()
    with served("sim://gm02s", speed=400) as listener:
        modem = listener.serial.bench.modem
        assert modem.build != 59577
        done = said(("python", str(Path(__file__).with_name("kit.py")), listener.names[0], str(image)), tmp_path)
        assert done.splitlines()[-1].startswith("True 8.0.5.13")
        assert modem.build == 59577
        assert modem.received[-1].sha256 == hashlib.sha256(image.read_bytes()).hexdigest()
        assert not modem.misuse
