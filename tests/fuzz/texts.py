"""What people paste and type, and what a network says: explain, traces, port URLs, telnet, RFC 2217."""

from __future__ import annotations

import atexit
import contextlib
import io
from functools import cache
from pathlib import Path

from doctor.documents.trace_lines import FIRST_BYTES, lines_of
from doctor.jobs.explain import explain_sources
from doctor.jobs.explaining.advice import advice
from doctor.knowledge import paste
from doctor.link import telnet_url
from doctor.link.port_url import PortUrl
from doctor.link.telnet import Decoder
from doctor.report import wire
from doctor.sim.served.network import NetworkClient, _Manager
from doctor.sim.simurl import parse_sim_url
from doctor.sim.urlhandler.protocol_sim import Serial
from tests.fuzz.parser import Parser

INPUTS = Path(__file__).parent.parent / "explain" / "inputs"
MOST_HELD = 1 << 16


def pasted(data: bytes) -> None:
    """Anything at all."""
    for explained in explain_sources([("paste", data)]):
        assert advice(explained.explanation) is not None


def traces(data: bytes) -> None:
    """A trace of ours, line by line: what explain takes from it, and what people are shown."""
    paste.read(FIRST_BYTES + data)
    assert all(str(row).isprintable() for row in wire.rows(lines_of(io.BytesIO(FIRST_BYTES + data)), verbose=True))


def urls(data: bytes) -> None:
    """What is typed behind --port."""
    port = PortUrl.read(data.decode("utf-8", "replace"))
    for name in ("device", "name", "key", "kept_in", "has_address", "lasts", "tells_lines_at_once"):
        getattr(port, name)
    with contextlib.suppress(ValueError):
        parse_sim_url(port.text)
    with contextlib.suppress(ValueError):
        address = telnet_url.parse(port.text, port.password, {})
        assert telnet_url.parse(telnet_url.shown_url(address), address.password, {}) == address


def telnet(data: bytes) -> None:
    """What a telnet server sends, in any pieces."""
    whole, pieces = Decoder(), Decoder()
    at_once = whole.feed(data)
    said = [pieces.feed(data[at : at + 1]) for at in range(min(len(data), 3000))]
    if len(said) == len(data):
        assert at_once[0] == b"".join(out for out, _ in said)
        assert at_once[1] == b"".join(answer for _, answer in said)


class Nobody(NetworkClient):
    """A connection that nobody is at the other end of."""

    def __init__(self) -> None:
        self.said = b""

    def write(self, data: bytes) -> None:
        self.said += data


def rfc2217(data: bytes) -> None:
    """What an RFC 2217 client sends to a served bench, in pieces as TCP cuts them; then it is still served."""
    manager = _Manager(served(), Nobody())
    for at in range(0, len(data), 1000):
        manager.feed(data[at : at + 1000])
    manager.feed(b"\xff\xf0" + b"AT\r")
    assert not manager._pending


@cache
def served() -> Serial:
    """The bench, made once."""
    port = Serial("sim://sqn3330")
    atexit.register(port.close)
    return port


TRACE = (INPUTS / "trace.jsonl").read_bytes()
PARSERS = (
    Parser(
        "explain",
        pasted,
        (*(path.read_bytes()[:3000] for path in sorted(INPUTS.iterdir())), b"<html>&lt;&#x41;</html>"),
    ),
    Parser("trace", traces, (TRACE[:2000],)),
    Parser(
        "urls",
        urls,
        (
            b"sim://fipy?scenario=html-scripts&fault=nack@40@3&files=504k,fat,eio:lib/x.py,dip@7&speed=4&seed=3",
            b"telnet://micro:py%40thon@[::1]:23?ftp=off",
            b"rfc2217://localhost:4000?ign_set_control",
            b"spy:///dev/ttyACM0?file=x",
        ),
    ),
    Parser("telnet", telnet, (b"Login as: \xff\xfb\x01\xff\xfd\x18abc\xff\xff\xff\xfa\x18\x01\xff\xf0>>> ",)),
    Parser(
        "rfc2217",
        rfc2217,
        (
            b"\xff\xfb\x2c\xff\xfd\x2c\xff\xfa\x2c\x01\x00\x0e\x10\x00\xff\xf0AT\r",
            b"\xff\xfa\x2c\x05\x08\xff\xf0\xff\xfa\x2c\x0c\x03\xff\xf0\xff\xff\xff\xfa\x2c\x0a\xff\xff\xff\xf0",
        ),
    ),
)
