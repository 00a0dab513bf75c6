from __future__ import annotations

import pytest

from doctor.board.line.carriers import Carrier, Seat, carrier_of, seat
from doctor.cli.options import CARRIERS
from doctor.link.ports import PortInfo, port_info

PIC = (0x04D8, 0xEF98)
FTDI = (0x0403, 0x6015)
PYSENSE = (0x04D8, 0xF012)


def port(usb: tuple[int, int] | None) -> PortInfo | None:
    return port_info("COM7", usb[0], usb[1], None, "") if usb is not None else None


@pytest.mark.parametrize(
    ("name", "carrier"),
    [
        ("expansion2", Carrier.EXPANSION_2),
        ("Expansion Board 2.0", Carrier.EXPANSION_2),
        ("expansion board v2", Carrier.EXPANSION_2),
        ("Expansion Board 3.x", Carrier.EXPANSION_3),
        ("expansion-3.1", Carrier.EXPANSION_3),
        ("exp3", Carrier.EXPANSION_3),
        ("Pysense", Carrier.WITHOUT_JUMPERS),
        ("Pysense 2.0X", Carrier.WITHOUT_JUMPERS),
        ("pytrack", Carrier.WITHOUT_JUMPERS),
        ("my own board", Carrier.UNKNOWN),
        ("expansion", Carrier.UNKNOWN),
        ("expansion4", Carrier.UNKNOWN),
        ("expert 23", Carrier.UNKNOWN),
        (None, Carrier.UNKNOWN),
    ],
)
def test_carrier_names(name: str | None, carrier: Carrier) -> None:
    assert carrier_of(name) is carrier


@pytest.mark.parametrize("name", CARRIERS)
def test_every_offered_name_is_known(name: str) -> None:
    assert carrier_of(name) is not Carrier.UNKNOWN


@pytest.mark.parametrize(
    ("told", "usb", "kind"),
    [
        (None, None, Carrier.UNKNOWN),
        (None, PIC, Carrier.EXPANSION_3),
        (None, PYSENSE, Carrier.WITHOUT_JUMPERS),
        (None, FTDI, Carrier.EXPANSION_2),
        ("expansion2", None, Carrier.EXPANSION_2),
        ("pytrack", None, Carrier.WITHOUT_JUMPERS),
        ("expansion3", FTDI, Carrier.EXPANSION_3),  # any FTDI cable has this id
        ("pytrack", FTDI, Carrier.WITHOUT_JUMPERS),
        ("expansion3", PYSENSE, Carrier.EXPANSION_3),  # to look does no harm
        ("pytrack", PIC, Carrier.EXPANSION_3),
        ("expansion2", PIC, Carrier.EXPANSION_3),
    ],
)
def test_users_word_against_the_usb_id(told: str | None, usb: tuple[int, int] | None, kind: Carrier) -> None:
    assert seat(told, port(usb)).kind is kind


def test_a_word_that_is_not_believed_is_named() -> None:
    assert seat("pytrack", port(PIC)) == Seat(Carrier.EXPANSION_3, "Expansion Board 3.x", "pytrack")
