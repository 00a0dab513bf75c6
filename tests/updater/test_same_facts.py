"""A firmware file is the same to the PC, which reads all of it, and to a board that looks at its beginning."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctor.firmware.image import examine_bytes
from doctor.modem.images import image_facts
from doctor.updater.image_file import HEAD_BYTES, judge
from tests.firmware.made import container, practice_image
from tests.updater.test_micropython import odd_names

PRACTICE = "PRACTICE\nradio=NB1\nbuild=41019\nversion=LR6.0.0.0-41019\nue=UE6.0.0.0\n"
CONTENTS = {
    "unknown": b"\x80\x81" * 1000,
    "differential": container(b"DIFF", b"\x80\x81" * 1000),
    "practice": practice_image(),
    "practice, second of a pair": practice_image(PRACTICE + "part=2\n"),
    "practice, no part": practice_image(PRACTICE + "part=7\n"),
    "practice, differential": practice_image(PRACTICE + "base=33080\n"),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("what", CONTENTS)
def test_pc_and_board_take_a_file_for_the_same(what: str) -> None:
    data = CONTENTS[what]
    drifted = {}
    for name in odd_names():
        pc = image_facts(examine_bytes(data, Path(name)))
        board, _ = judge(f"/sd/{name}", len(data), data[:HEAD_BYTES])
        told = [
            (one.kind, one.known_radio, one.build, one.base, one.family, one.part, one.of_pair) for one in (pc, board)
        ]
        if told[0] != told[1]:
            drifted[name] = told
    assert not drifted
