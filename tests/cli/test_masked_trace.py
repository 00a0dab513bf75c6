"""Masked traces: nothing private in them, and they play back to what the unmasked ones do."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

import pytest

from doctor.bundle.mask import Mask
from doctor.bundle.stand_in import wire
from doctor.bundle.traces import MaskedTrace
from doctor.jobs.bundle import own_words
from doctor.sim.scenarios import SCENARIOS
from tests.cli.terminal import Terminal
from tests.cli.test_replay import again, taken

WORDS = own_words()


def mask_of(data: bytes) -> tuple[Mask, bytes]:
    mask, trace = Mask(WORDS), MaskedTrace(data)
    trace.learn(mask)
    trace.know_hashes(mask)
    return mask, trace.masked(mask)


def same_again(terminal: Terminal, folder: Path, port: str, *words: str) -> str:
    """Plays a trace back, and the masked one; the masked one, after comparing what they find."""
    taken(terminal, folder / "t", port, *words)
    mask, now = mask_of((folder / "t").read_bytes())
    (folder / "m").write_bytes(now)
    found = again(terminal, folder / "t", port, words[0])
    of_masked = again(terminal, folder / "m", port, words[0])
    assert of_masked["error"] == found["error"]
    assert of_masked == json.loads(mask.masked(wire(json.dumps(found))).replace(str(folder / "t"), str(folder / "m")))
    return now.decode()


@pytest.mark.sampled(8, "long")
@pytest.mark.parametrize("board", ["fipy", "gpy"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_is_found_again_and_nothing_private_is_left(
    terminal: Terminal, tmp_path: Path, name: str, board: str
) -> None:
    same_again(terminal, tmp_path, f"sim://{board}?scenario={name}", "check")


