"""Masked traces: nothing private in them, and they play back to what the unmasked ones do."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from doctor.bundle.mask import Mask
from doctor.bundle.stand_in import wire
from doctor.bundle.traces import MaskedTrace
from doctor.documents.trace_lines import RX, TX, read_line
from doctor.jobs.bundle import own_words
from doctor.sim.bench import SimBench
from doctor.sim.numbers import imei, unique_id
from doctor.sim.practice.image import make_practice_image
from doctor.sim.scenarios import SCENARIOS
from tests.cli.terminal import Terminal
from tests.cli.test_replay import again, taken

WORDS = own_words()


def all_of(trace: str) -> str:
    """What a trace says in any layer: its lines, the bytes of both ways, and what their base64 says."""
    said = [trace]
    for way in (RX, TX):
        lines = [read_line(line.encode()) for line in trace.splitlines()]
        stream = b"".join(line.data for line in lines if line.what == way).decode("latin-1")
        words = re.findall("[A-Za-z0-9+/]{4,}", stream)
        said += [
            stream,
            "".join(base64.b64decode(word + "===").decode("latin-1") for word in words if len(word) % 4 != 1),
        ]
    return "\n".join(said)


def masked(terminal: Terminal, folder: Path, port: str, *words: str, private: tuple[str, ...] = ()) -> str:
    """The masked trace of a run, all layers of it; it is compared with the run as both play back."""
    taken(terminal, folder / "t", port, *words)
    mask, trace = Mask(WORDS), MaskedTrace((folder / "t").read_bytes())
    trace.learn(mask)
    trace.know_hashes(mask)
    (folder / "m").write_bytes(trace.masked(mask))
    before, now = (all_of((folder / name).read_text()) for name in "tm")
    found = again(terminal, folder / "t", port, words[0])
    of_masked = again(terminal, folder / "m", port, words[0])
    assert of_masked["error"] == found["error"]
    assert of_masked == json.loads(mask.masked(wire(json.dumps(found))).replace(str(folder / "t"), str(folder / "m")))
    for secret in private:
        assert secret in before and secret not in now, secret
    return now


@pytest.mark.sampled(28, "long", 5)
@pytest.mark.parametrize("board", ["fipy", "gpy"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_is_found_again_and_nothing_private_is_left(
    terminal: Terminal, tmp_path: Path, name: str, board: str
) -> None:
    port = f"sim://{board}?scenario={name}"
    now = masked(terminal, tmp_path, port, "check")
    assert imei(port) not in now and unique_id(port).hex() not in now


#: Programs of a user: what starts with the board, what is found beside it, and what names of files may tell.
OWN = """# started by Annegret
import machine, network
wlan = network.WLAN(mode=network.WLAN.STA)
wlan.connect('Villa Kunterbunt', auth=(network.WLAN.WPA2, 'Pippi&Langstrumpf%7'))
mqtt = {"server": "x", "token": "Sachensucher-0815"}
"""
SECRETS = ("Villa Kunterbunt", "Pippi&Langstrumpf%7", "Sachensucher-0815")


@pytest.mark.sampled(16, "long", 3)
@pytest.mark.parametrize("release", ["1.20.2.r4", "1.17.3.b1&files=word@60", "1.11.0.b1", "1.20.1&files=log-every@9"])
@pytest.mark.parametrize("pad", [0, 340, 353, 9000])
def test_secrets_in_the_programs_of_a_board_go_wherever_its_rows_are_cut(
    terminal: Terminal, tmp_path: Path, release: str, pad: int
) -> None:
    port = f"sim://gpy?release={release}&state={tmp_path / 'bench'}"
    sim = SimBench.from_url(port)
    assert sim.board is not None
    code = ("#" * pad + "\n" + OWN).encode()
    sim.board.flash.lay({"main.py": code, "boot.py": OWN.encode(), "lib/of 354346090175109.py": code})
    sim.release()
    masked(terminal, tmp_path, port, "check", private=SECRETS)


def test_a_flash_leaves_no_firmware_in_its_trace(terminal: Terminal, tmp_path: Path) -> None:
    image = make_practice_image(tmp_path, build=41019, size_bytes=100_000)
    taken(terminal, tmp_path / "t", "sim://fipy", "flash", str(image), "--via", "usb", "--yes")
    data = image.read_bytes()
    pieces = [data[at : at + 24].decode("latin-1") for at in range(1000, len(data) - 24, 2000)]
    before = (tmp_path / "t").read_text()
    said = all_of(before)
    assert sum(piece in said for piece in pieces) > len(pieces) / 2
    mask, trace = Mask(WORDS), MaskedTrace(before.encode())
    trace.learn(mask)
    now = trace.masked(mask).decode()
    said = all_of(now)
    assert not [piece for piece in pieces if piece in said] and len(now) < len(before) / 2
    (tmp_path / "m").write_text(now)
    assert again(terminal, tmp_path / "m", "sim://fipy", "check")["findings"] == json.loads(
        mask.masked(json.dumps(again(terminal, tmp_path / "t", "sim://fipy", "check")["findings"]))
    )
    shown = terminal.type("trace", str(tmp_path / "m")).out
    assert re.search(r"STP BLOCK sid \d+ tid \d+, \d+ bytes, crc [0-9a-f]{4} of a payload that was left out", shown)
    assert "WRONG" not in shown
