"""The mask: what is private goes, in every form, and the same secret has the same stand-in."""

from __future__ import annotations

import base64
import re

import pytest

from doctor.bundle.mask import Mask
from doctor.bundle.stand_in import wire
from tests.bundle.planted import KNOWN, SECRETS, TELLING, forms


@pytest.fixture(scope="module")
def mask() -> Mask:
    """A mask that has read what tells of all secrets."""
    made = Mask({"micro", "python", "modem"})
    for kind, name in KNOWN:
        made.know(kind, name)
    made.learn(wire(TELLING))
    return made


def masked(mask: Mask, text: str) -> str:
    return mask.masked(wire(text)).encode("latin-1").decode()


@pytest.mark.parametrize("form", forms("x"))
def test_no_secret_is_left_in_any_form(mask: Mask, form: str) -> None:
    for secret in SECRETS:
        said = forms(secret)[form]
        now = masked(mask, f"it says <{said}> there")
        assert said not in now, (secret, now)
        same = forms(masked(mask, secret))[form].lower() in now.lower()
        assert same or form.startswith(("html", "percent", "hex at")) or len(secret.encode()) == 6, now


def test_what_tells_of_it_is_masked_itself(mask: Mask) -> None:
    now = masked(mask, TELLING)
    assert not [secret for secret in SECRETS if secret in now]
    assert len(now) == len(TELLING) and "micro" not in now


@pytest.mark.parametrize("secret", SECRETS)
def test_a_stand_in_is_as_long_and_of_the_same_kind(mask: Mask, secret: str) -> None:
    now = masked(mask, secret)
    assert now != secret and len(now) == len(secret) and len(now.encode()) == len(secret.encode())
    for kind in (r"\d+", "[0-9a-f]+", r"\S+"):
        assert not re.fullmatch(kind, secret) or re.fullmatch(kind, now)
    assert masked(mask, f"a {secret} b {secret}") == f"a {now} b {now}"


def test_two_secrets_have_two_stand_ins(mask: Mask) -> None:
    assert len({masked(mask, secret) for secret in SECRETS}) == len(SECRETS)


def test_an_address_is_the_same_however_it_is_written(mask: Mask) -> None:
    now = masked(mask, "240ac49f1b7e")
    assert masked(mask, "24:0A:C4:9F:1B:7E").replace(":", "").lower() == now
    assert masked(mask, "240a.c49f.1b7e").replace(".", "") == now
    raw = bytes.fromhex("240ac49f1b7e").decode("latin-1")
    assert mask.masked(f"id {raw}!").encode("latin-1")[3:-1].hex() == now


#: What is made of an address and how it is written, and what stands there instead (RFC 4291, appendix A).
OF_ADDRESSES = (
    ("30:ae:a4:12:34:59", "30AEA4FFFE123459", "303030FFFE303031"),
    ("30:ae:a4:12:34:59", "32AEA4FFFE123459", "323030FFFE303031"),
    ("30:ae:a4:12:34:59", "32 AE A4 FF FE 12 34 59", "32 30 30 FF FE 30 30 31"),
    ("30:ae:a4:12:34:59", "fe80::32ae:a4ff:fe12:3459/64", "fe80::3230:30ff:fe30:3031/64"),
    ("3c:61:05:0c:00:09", "fe80::3e61:5ff:fe0c:9/64", "fe80::3230:0ff:fe30:1/64"),
    ("30:ae:a4:12:34:59", "{0x30, 0xAE, 0xA4, 0x12, 0x34, 0x59}", "{0x30, 0x30, 0x30, 0x30, 0x30, 0x31}"),
    ("30:ae:a4:12:34:59", "(48, 174, 164, 18, 52, 89)", "(48, 148, 148, 48, 48, 49)"),
    ("3c:61:05:0c:00:09", "[60,97,5,255,254,12,0,9]", "[48,48,8,255,254,48,8,9]"),
)


@pytest.mark.parametrize(("address", "written", "instead"), OF_ADDRESSES)
def test_what_is_made_of_an_address_goes_with_it(address: str, written: str, instead: str) -> None:
    mask = Mask()
    mask.learn(f"mac {address}")
    for around in ("{}", '{{"heard": "is {}, up"}}'):
        assert mask.masked(around.format(written)) == around.format(instead)
    eui64 = bytes.fromhex(address[:8].replace(":", "") + "fffe" + address[9:].replace(":", ""))
    carried = mask.masked(base64.b64encode(b"id: " + eui64).decode())
    assert base64.b64decode(carried) == b"id: 000\xff\xfe001"


@pytest.mark.parametrize("dots", ["...", "…", ""])
def test_the_beginning_of_a_secret_goes_too_where_a_text_was_cut(mask: Mask, dots: str) -> None:
    for cut in range(4, 13):
        now = masked(mask, f"heard {'Limonadenbaum'[:cut]}{dots}")
        assert "Limo" not in now and now.endswith(dots) and len(now) == 6 + cut + len(dots)


def test_a_short_name_goes_only_as_a_word() -> None:
    mask = Mask()
    mask.know("user", "dan")
    assert mask.masked("dan sat in a sedan; danger, Dan_2") == "xx1 sat in a sedan; danger, xx1_2"


def test_a_list_of_numbers_is_masked_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doctor.bundle.mask.MOST_EVERYWHERE", 50)
    numbers = [f"{8949020000123456789 + n}" for n in range(80)]
    mask = Mask()
    mask.know("user", "annegret")
    text = "annegret\n" + "\n".join(numbers)
    mask.learn(text)
    now = mask.masked(text)
    assert len(set(now.split("\n"))) == 81 and not set(now.split("\n")) & {*numbers, "annegret"}


def test_only_what_was_replaced_is_counted() -> None:
    mask = Mask()
    mask.know("user", "annegret")
    mask.know("host", "villa")
    mask.masked("annegret was here")
    assert mask.counts == {"user": 1}


@pytest.mark.parametrize(
    "text",
    [
        "Pycom MicroPython 1.20.2.r4 [v1.11-708c53e] on 2020-09-16; FiPy with ESP32",
        "65f9d61bdd4a90c056aa8a61cf7e517797cd4ed8c0e525e53efe5b84d94cdcfb",
        "flash-20261130-174210-377483.log",
        "sim://fipy?fault=nack@60",
        "import network\nlte = LTE()\nlte.attach(apn='internet')\n",
        "the modem says 100 % after 6,160,982 bytes (6160982), UE5.0.0.0d",
        "p = Pin('P19', mode=Pin.OUT); led_pin = 'P2'",
        "rssi = [-70, 12, 255, 300, 48, 49]; version (1, 20, 2, 4); at 0x30, 0xae, 0xa4, 0x120",
        '{"serial": null, "pin": 5, "key": 0x10}',
    ],
)
def test_what_is_not_private_stays(mask: Mask, text: str) -> None:
    assert masked(mask, text) == text


def test_a_name_that_is_a_word_of_ours_goes_only_where_it_is_a_name() -> None:
    mask = Mask({"modem"})
    mask.know("user", "modem")
    text = "/home/modem/x.dup: the modem-answers check found a modem"
    mask.learn(text)
    assert mask.masked(text).endswith("/x.dup: the modem-answers check found a modem")
    assert "/home/modem" not in mask.masked(text)
