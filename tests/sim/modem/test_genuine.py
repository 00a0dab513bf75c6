"""The one genuine firmware file that is publicly packaged: the sibling modem's, in PyPI ``pysequansutils``."""

from __future__ import annotations

import hashlib
import importlib.util
import random
from pathlib import Path

import pytest

from doctor.firmware.checksums import fletcher32
from doctor.sim.modem.images import judge
from doctor.sim.modem.modem import Modem
from doctor.sim.world import World
from tests.sim.modem.host import Host

NAME = "GM02RB6Q_LR8.0.5.13-59577.dup"


@pytest.fixture(scope="module")
def genuine() -> bytes:
    spec = importlib.util.find_spec("pysequansutils")
    if spec is None or spec.origin is None:
        pytest.skip("pysequansutils is not installed")
    return (Path(spec.origin).parent / "fw" / NAME).read_bytes()


def test_it_is_judged_whole(genuine: bytes) -> None:
    image = judge(genuine)
    assert (image.kind, image.family, image.build, image.problem) == ("application", "MONARCH2", 59577, "")


@pytest.mark.long
def test_any_bit_matters(genuine: bytes) -> None:
    chance = random.Random(1)
    for _ in range(40):
        damaged = bytearray(genuine)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        assert judge(bytes(damaged)).problem


@pytest.mark.parametrize("offset", [0x110BB, 0x6D0A1, 0x638E2F])
def test_fletcher_sums_of_the_images_inside(genuine: bytes, offset: int) -> None:
    start = offset + 4
    end = start + 40 + int.from_bytes(genuine[start + 28 : start + 32], "little")
    assert fletcher32(genuine[start:end], "little") == int.from_bytes(genuine[end : end + 4], "little")


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize(("family", "word"), [("MONARCH2", b"success"), ("SQN3330", b"failure")])
def test_only_its_own_modem_takes_it(genuine: bytes, family: str, word: bytes) -> None:
    host = Host(Modem(World(), family, mode="recovery", build=None if family == "SQN3330" else 63493)).calm()
    host.enter_stp()
    host.close(host.send_image(genuine, 8176))
    host.world.sleep_ms(60_000)
    assert host.modem.received[0].sha256 == hashlib.sha256(genuine).hexdigest()
    assert word in host.calm().at("AT+SMUPGRADE?")
    host.at("AT+SMSWBOOT=1,1", 10_000)
    assert host.modem.flash.software.release == ("LR8.0.5.13-59577" if family == "MONARCH2" else "LR5.1.1.0-38638")
