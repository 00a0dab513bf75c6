"""Every era of the reference x {FiPy, GPy} x {check, flash from the card, flash over USB}; ``make table`` tries all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from doctor import engine
from doctor.bench import Bench, BenchOptions
from doctor.jobs.flash import FlashRequest, flash
from doctor.sim.practice.image import make_practice_image
from tests.jobs.flashing import BUILD, User

ERAS = {
    "Z": "1.16.0.b1", "A": "1.17.3.b1", "B1": "1.18.1.r2", "B2": "1.18.2.r4", "C": "1.18.3", "C-vfs": "1.20.1.r2",
    "D": "1.20.2.r1", "E": "1.20.2.r2", "F": "1.20.2.r6",
}  # fmt: skip
BOARDS = ("fipy", "gpy")
WAYS = ("check", "card", "usb")
#: Not in the table: each era, each board and each way at least once, with two of them in ``make test``.
SAMPLE = {
    ("Z", "gpy", "card"): [pytest.mark.long],
    ("A", "fipy", "card"): [],
    ("B1", "gpy", "usb"): [pytest.mark.long],
    ("B2", "fipy", "check"): [pytest.mark.long],
    ("E", "fipy", "usb"): [],
}
CELLS = [(era, board, way) for era in ERAS for board in BOARDS for way in WAYS]


@pytest.mark.parametrize(
    ("era", "board", "way"),
    [pytest.param(*cell, marks=SAMPLE.get(cell, [pytest.mark.table])) for cell in CELLS],
)
def test_cell(tmp_path: Path, era: str, board: str, way: str) -> None:
    image = make_practice_image(tmp_path, build=BUILD, size_bytes=40_000)
    url = f"sim://{board}?release={ERAS[era]}"
    with Bench(BenchOptions(port=url, firmware=(image,))) as bench:
        modem = bench.link.serial.bench.modem
        if way == "check":
            report = engine.run(bench)
            assert [f.check for f in report.findings if f.failed] == []
            return
        bench.link.serial.hands.copy_to_card(image)
        result = flash(bench, FlashRequest(way), consent=User())
        assert result.error is None and result.proof is not None and result.proof.holds
        assert modem.build == BUILD
        assert bench.link.serial.received_sha256 == hashlib.sha256(image.read_bytes()).hexdigest()
