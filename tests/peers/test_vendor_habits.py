"""The habits of the vendor's on-board updater of 2018, which worked on real modems, work on the simulated one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from doctor.sim.practice.image import make_practice_image
from doctor.sim.urlhandler.protocol_sim import Serial
from tests.peers.vendor2018 import GaveUp, Vendor2018


def modem(scenario: str = "") -> Any:
    port = Serial(f"sim://sqn3330{scenario}", baudrate=921600, timeout=1)
    port.rts = True
    return port


@pytest.fixture
def image(tmp_path: Path) -> bytes:
    return make_practice_image(tmp_path, build=41065, size_bytes=60_000).read_bytes()


@pytest.mark.parametrize("asks_how_it_went", [False, True])
def test_it_ends_with_the_new_build(image: bytes, asks_how_it_went: bool) -> None:
    with modem() as port:
        client = Vendor2018(port)
        client.update(image, asks_how_it_went=asks_how_it_went)
        assert client.build() == "LR5.1.1.0-41065"
        assert port.bench.modem.misuse == []


def test_it_goes_on_with_a_modem_found_in_recovery(image: bytes) -> None:
    with modem("?scenario=modem-recovery") as port:
        client = Vendor2018(port)
        client.update(image, resume=True)
        assert client.build() == "LR5.1.1.0-41065"


def test_an_echo_there_would_stop_it_as_it_stopped_nobody(image: bytes) -> None:
    with modem() as port:
        port.bench.modem.switches.echo = "everywhere"
        with pytest.raises(GaveUp, match="Invalid answer b'AT\\+S'"):
            Vendor2018(port).update(image)
