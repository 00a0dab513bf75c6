"""What comes and goes at the ports of a computer: a board is new once each time that it was out."""

from __future__ import annotations

from doctor.fleet.plugs import SETTLE_S, Plugs
from doctor.link.ports import PortInfo, port_info


def carrier(device: str = "COM7", serial: str | None = "Py34", slot: str = "1-1", says: str = "Pysense") -> PortInfo:
    return port_info(device, 0x04D8, 0xF012, serial, says, slot)


A, B = carrier(), carrier("COM9", None, "1-2")


def test_a_port_is_new_once_and_only_after_it_has_stayed() -> None:
    plugs = Plugs()
    assert plugs.look([A], 0.0) == []
    assert plugs.look([], 0.5) == [] and plugs.look([A], 1.0) == []  # a plug that is pushed in comes and goes
    assert plugs.look([A], SETTLE_S + 0.5) == []
    assert plugs.look([A, B], SETTLE_S + 1.0) == [A]
    assert plugs.look([A, B], 100.0) == [B] and plugs.look([A, B], 200.0) == []


def test_what_was_out_is_new_also_under_another_name() -> None:
    plugs = Plugs()
    plugs.look([A, B], 0.0)
    assert plugs.look([A, B], 5.0) == [A, B]
    assert plugs.look([B], 6.0) == []
    moved = carrier("COM8")
    assert plugs.look([B, moved], 7.0) == [] and plugs.look([B, moved], 10.0) == [moved]
    assert plugs.look([A, B], 11.0) == [] and plugs.look([A, B], 14.0) == [A]


def test_a_name_that_is_read_late_makes_no_other_board() -> None:
    plugs = Plugs()
    plugs.look([carrier(says="")], 0.0)
    assert plugs.look([A], 5.0) == [A] and plugs.look([carrier(says="n/a")], 9.0) == []


def test_it_can_be_told_again_as_long_as_it_stays() -> None:
    plugs = Plugs()
    plugs.look([A], 0.0)
    assert plugs.look([A], 5.0) == [A] and A in plugs
    plugs.again(A, 15.0)
    assert plugs.look([A], 14.0) == [] and plugs.look([A], 15.0) == [A]
    plugs.again(A, 25.0)
    assert plugs.look([], 16.0) == [] and A not in plugs
    plugs.again(A, 17.0)
    assert plugs.look([A], 18.0) == [] and plugs.look([A], 18.0 + SETTLE_S) == [A]
