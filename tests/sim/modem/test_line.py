"""Faults of single bytes, of CTS and of the silence after the last block."""

from __future__ import annotations

import pytest

from doctor.sim.modem.faults import Fault, Faults
from doctor.sim.modem.modem import Modem
from doctor.sim.world import World


class Bare:
    """A modem whose every byte is kept."""

    def __init__(self) -> None:
        self.world = World()
        self.modem = Modem(self.world)
        self.modem.switches.echo = "nowhere"
        self.modem.switches.first_at_error = False
        self.heard = b""
        self.modem.transmit = self._keep

    def _keep(self, data: bytes, baud: int) -> None:
        self.heard += data

    def say(self, line: bytes, ms: float = 1000) -> bytes:
        self.heard = b""
        self.modem.receive(line + b"\r", 921600)
        self.world.sleep_ms(ms)
        return self.heard


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("drop-byte", b"\r\nK\r\n"),
        ("corrupt-byte", b"\r\nKK\r\n"),
        ("double-byte", b"\r\nOOK\r\n"),
        ("noise", b"\r\n\xfe\x80\xff\x00\xfdOK\r\n"),
        ("cut", b""),
    ],
)
def test_third_byte_of_an_answer(kind: str, answer: bytes) -> None:
    bare = Bare()
    bare.modem.faults.at("tx", kind, after="AT", byte=2)
    assert bare.say(b"AT") == answer
    assert bare.modem.powered is (kind != "cut")


def test_late_bytes_keep_their_order() -> None:
    bare = Bare()
    bare.modem.faults.at("tx", "late-byte", after="AT", byte=2, ms=500)
    assert bare.say(b"AT", 100) == b"\r\n"
    bare.world.sleep_ms(500)
    assert bare.heard == b"\r\nOK\r\n"


def test_byte_that_the_modem_hears() -> None:
    bare = Bare()
    bare.modem.faults.at("rx", "corrupt-byte", after="AT", byte=3, count=2)
    assert bare.say(b"ATI") == bare.say(b"ATI")
    assert bare.say(b"AT+CGSN").endswith(b"ERROR\r\n")


def test_cts_is_held_for_a_while() -> None:
    bare = Bare()
    seen: list[bool] = []
    bare.modem.on_cts = seen.append
    bare.modem.faults.at("AT", "hold", ms=5000)
    assert b"OK" in bare.say(b"AT")
    assert bare.say(b"AT") == b""
    bare.world.sleep_ms(5000)
    assert b"OK" in bare.say(b"AT")
    assert seen == [False, True]


def test_blip_starts_the_modem_again() -> None:
    bare = Bare()
    bare.modem.faults.at("AT", "blip")
    bare.say(b"AT", 10_000)
    assert b"+SYSSTART" in bare.heard


@pytest.mark.parametrize(("kind", "after"), [("nonsense", "AT"), ("drop-byte", ""), ("drop-byte", "somewhere")])
def test_faults_that_cannot_be(kind: str, after: str) -> None:
    with pytest.raises(ValueError, match="no such"):
        Fault(kind, "rx", after=after)


def test_a_waiting_byte_is_kept() -> None:
    faults = Faults()
    faults.at("rx", "drop-byte", after="block", byte=9)
    faults.strike("block", 1.0)
    assert Faults.from_list(faults.as_list()).armed("rx") == faults.armed("rx")
    assert faults.armed("rx") is not None


@pytest.mark.parametrize("line", [b"AT+SMSWBOOT=3,1", b"AT^RESET"])
def test_power_that_fails_in_an_answer_stays_away(line: bytes) -> None:
    bare = Bare()
    bare.modem.faults.at("tx", "cut", after="AT", byte=3)
    bare.say(line, 30_000)
    assert not bare.modem.powered
