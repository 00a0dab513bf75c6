"""Which boards there are, and that no two are one; the exit code of all."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctor.errors import UsageError
from doctor.fleet.boards import Board, named, one_modem, plugged_in, refuse_twice
from doctor.fleet.outcome import Outcome, worst
from doctor.link.ports import port_info

CARRIER = port_info("/dev/ttyACM0", 0x04D8, 0xF012, "Py34", "Pysense", "1-1.2:1.0")
OLD = port_info("/dev/ttyUSB0", 0x0403, 0x6015, None, "FT230X")
ARDUINO = port_info("/dev/ttyACM7", 0x2341, 0x0043, "75", "ttyACM7")
IN_DFU = port_info("/dev/ttyACM8", 0x04D8, 0xF011, None, "Pysense")
BUILT_IN = port_info("/dev/ttyS0", None, None, None, "")


def test_all_are_those_with_a_pycom_id_and_the_others_are_named() -> None:
    boards, left_alone = plugged_in([CARRIER, OLD, ARDUINO, IN_DFU, BUILT_IN])
    assert [board.words for board in boards] == ["/dev/ttyACM0 (USB 1-1.2:1.0, serial Py34)", "/dev/ttyUSB0"]
    assert left_alone == [ARDUINO, IN_DFU]
    assert named(["/dev/ttyACM0", "sim://fipy"], [CARRIER]) == [boards[0], Board("sim://fipy")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sim://fipy?state=a", "sim://fipy?speed=1&state=a"),
        ("COM3", "COM3"),
        ("ttyX", "by-id"),
        ("rfc2217://localhost:4000", "rfc2217://127.0.0.1:4000/?ign_set_control"),
        ("rfc2217://Farm:4000", "socket://farm:4000"),
    ],
)
def test_one_board_under_two_names_is_refused(one: str, other: str, tmp_path: Path) -> None:
    if one == "ttyX":
        (tmp_path / "ttyX").touch()
        (tmp_path / "by-id").symlink_to(tmp_path / "ttyX")
        one, other = str(tmp_path / one), str(tmp_path / other)
    with pytest.raises(UsageError, match="one board is named twice"):
        refuse_twice([Board(one), Board(other)])
    refuse_twice([Board(one), Board(other, key="another place")])


def test_two_ports_of_one_server_are_two_boards() -> None:
    refuse_twice([Board("rfc2217://farm:4000"), Board("rfc2217://farm:4001"), Board("telnet://farm")])


def test_a_name_is_one_line_whatever_stands_in_it() -> None:
    assert Board("rfc2217://farm:4000\n").words == "rfc2217://farm:4000\\n"
    assert "\x1b" not in Board("/dev/ttyX", "slot \x1b[2J").words


def test_two_ports_with_one_modem() -> None:
    a, b, c = Board("a"), Board("b"), Board("c")
    assert one_modem({a: "1", b: "2", c: "1"}) == {a: c, c: a}
    assert one_modem({a: "1", b: "2"}) == {}


@pytest.mark.parametrize(
    ("codes", "sent", "code"),
    [
        ((0, 0), True, 0),
        ((0, 1, 3, 130), True, 3),
        ((0, 130), True, 1),
        ((130, 1), False, 130),
        ((1, 2), False, 1),
        ((0, 2), False, 2),
    ],
)
def test_the_exit_code_is_the_worst(codes: tuple[int, ...], sent: bool, code: int) -> None:
    assert worst([Outcome(Board("x"), one, {}, sent and one == 0) for one in codes]) == code
