"""What the simulated modem makes of the sibling's genuine firmware file."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from doctor.firmware.checksums import fletcher32
from doctor.sim.modem.images import judge
from doctor.sim.modem.modem import Modem
from doctor.sim.world import World
from tests.sim.modem.host import Host


@pytest.fixture(scope="module")
def whole(genuine: Path) -> bytes:
    return genuine.read_bytes()


def test_it_is_judged_whole(whole: bytes) -> None:
    image = judge(whole)
    assert (image.kind, image.family, image.build, image.problem) == ("application", "MONARCH2", 59577, "")


@pytest.mark.long
def test_any_bit_matters(whole: bytes) -> None:
    chance = random.Random(1)
    for _ in range(40):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        assert judge(bytes(damaged)).problem


@pytest.mark.parametrize("offset", [0x110BB, 0x6D0A1, 0x638E2F])
def test_fletcher_sums_of_the_images_inside(whole: bytes, offset: int) -> None:
    start = offset + 4
    end = start + 40 + int.from_bytes(whole[start + 28 : start + 32], "little")
    assert fletcher32(whole[start:end], "little") == int.from_bytes(whole[end : end + 4], "little")


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize(("family", "word"), [("MONARCH2", b"success"), ("SQN3330", b"failure")])
def test_only_its_own_modem_takes_it(whole: bytes, family: str, word: bytes) -> None:
    host = Host(Modem(World(), family, mode="recovery", build=None if family == "SQN3330" else 63493)).calm()
    host.enter_stp()
    host.close(host.send_image(whole, 8176))
    host.world.sleep_ms(60_000)
    assert host.modem.received[0].sha256 == hashlib.sha256(whole).hexdigest()
    assert word in host.calm().at("AT+SMUPGRADE?")
    host.at("AT+SMSWBOOT=1,1", 10_000)
    assert host.modem.flash.software.release == ("LR8.0.5.13-59577" if family == "MONARCH2" else "LR5.1.1.0-38638")
