"""The bad line itself, then our client behind it."""

from __future__ import annotations

import sys

import pytest

from doctor.board.board import Board
from doctor.link.link import open_link
from doctor.link.port_url import PortUrl
from doctor.sim.served.listen import Listener
from tests.board.one_byte import FROM_BOARD, TO_BOARD, OneByte, PtyProxy

SAID = b"OK@@FD 1\r\n@@FD 2\r\n\x04\x04>"


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize(
    ("fault", "arrives"),
    [
        (OneByte("flip", FROM_BOARD, 1), SAID.replace(b"OK", b"OJ")),
        (OneByte("drop", FROM_BOARD, after=b"@@FD ", occurrence=2), SAID.replace(b"2", b"")),
        (OneByte("double", FROM_BOARD, after=b"@@FD "), SAID.replace(b"1", b"11")),
        (OneByte("flip", FROM_BOARD, at=2, after=b"D 1", bit=6), SAID.replace(b"\n@@FD 2", b"\n\x00@FD 2")),
        (OneByte("drop", TO_BOARD), SAID),
        (OneByte("drop", FROM_BOARD, after=b"@@FD ", occurrence=3), SAID),
    ],
    ids=["position", "pattern", "doubled", "bit", "other-way", "never"],
)
def test_exactly_one_byte_is_hit_however_they_come(fault: OneByte, arrives: bytes, size: int) -> None:
    fault = OneByte(fault.kind, fault.way, fault.at, fault.after, fault.occurrence, fault.bit)
    pieces = [SAID[start : start + size] for start in range(0, len(SAID), size)]
    assert b"".join(fault.pass_on(FROM_BOARD, piece) for piece in pieces) == arrives
    assert (fault.hit is None) is (arrives == SAID)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminals")
@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        (OneByte("flip", FROM_BOARD, after=b"figure "), "figure 6\n"),
        (OneByte("double", TO_BOARD, after=b"figure "), "figure 77\n"),
        (OneByte("drop", TO_BOARD, at=0, after=b"nothing of that kind"), "figure 7\n"),
    ],
    ids=["from", "to", "none"],
)
def test_a_program_talks_to_a_served_board_through_it(fault: OneByte, heard: str) -> None:
    with Listener("sim://gpy?speed=200") as board, PtyProxy(board.names[0], fault.pass_on) as line:
        for _ in range(2):  # it is opened again, and the fault is over
            link = open_link(PortUrl.read(line.name))
            try:
                repl = Board(link).repl
                repl.enter()
                assert repl.run("print('figure 7')\n") == heard
                repl.leave()
            finally:
                link.close()
            heard = "figure 7\n"
    assert board.error is None
