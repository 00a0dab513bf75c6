"""What a board prints: first contact, the raw REPL, tagged lines, its files and scripts, our updater on it."""

from __future__ import annotations

import hashlib
import io
import json
import socket
from collections.abc import Callable
from functools import partial
from unittest.mock import patch

from doctor.board import at_work, autorun
from doctor.board.board import Board
from doctor.board.card.ftp import BoardFtp, FtpUnusable
from doctor.board.first_contact import contact
from doctor.board.repl import Repl, tagged
from doctor.board.storage import files
from doctor.errors import BoardError, BoardReset, LinkError
from doctor.firmware.scripts import classify
from doctor.link import telnet_url
from tests.board.old_repl import BANNER, RAW_BANNER, ROM
from tests.fuzz.parser import Parser, harmless
from tests.fuzz.wires import repl

LONGEST_MS = 3600 * 1000
UPDATER = b"import sqnsupgrade as s\nfrom uartmirror import *\nmachine.main('app.py')\nif 1:\n    s.run('/sd/x.dup')\n"
PAGE = b"<!DOCTYPE html>\n<html><head><title>x.py at master</title></head><body>import sqnsupgrade</body></html>\n"


def first_contact(data: bytes) -> None:
    """Whatever is at the other end."""
    wire = repl(data)
    found = contact(wire.link(), may_interrupt=data[:1] == b"i")
    assert all(isinstance(value, (str, int, bool)) for value in found.evidence.values())
    assert b"\x03" not in wire.written or data[:1] == b"i"
    assert wire.clock.now_ms < LONGEST_MS


def raw_repl(data: bytes) -> None:
    """A command in the raw REPL, its answer, and the way out."""
    wire = repl(data)
    talk = Repl(wire.link())
    try:
        talk.enter()
        talk.call("print(1)", tries=2)
    finally:
        talk.leave()
        assert wire.clock.now_ms < LONGEST_MS


def listing(data: bytes) -> None:
    """What a board says of its files, each row proved as it wants to have it."""
    rows = data.decode("utf-8", "surrogateescape").split("\n")
    answers = [proved(row.split("\t")) for row in rows]

    def sound(question: bytes) -> list[bytes]:
        if question.endswith(b"\x04"):
            return [b"OK" + (answers.pop(0) if answers else b"") + b"\x04\x04>"]
        return [RAW_BANNER] if question == b"\x01" else []

    wire = repl(b"|".join([b"="] * 400), sound)
    board = Board(wire.link())
    looks: tuple[Callable[[Board, str], object], ...] = (files.listdir, files.stat, files.sha256)
    for look in looks:
        look(board, "/flash/lib")


def proved(values: list[str]) -> bytes:
    """Rows as snippets.proved prints them."""

    def digest(text: str) -> str:
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]

    whole, lines = "", []
    for number, text in enumerate(values):
        whole = digest(whole + text)
        lines.append(f'@@FD ["{digest(f"{number} {text}")}", {number}, {text}]')
    end = json.dumps([len(values), whole])
    lines.append(f'@@FD ["{digest(f"-1 {end}")}", -1, {end}]')
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n"


def tagged_lines(data: bytes) -> None:
    """The values in the output of a snippet."""
    tagged(data.decode("utf-8", "replace"))


def updater_lines(data: bytes) -> None:
    """What our updater on the board tells."""
    for line in data.split(b"\n"):
        told = at_work.understand(line)
        if told is not None:
            assert harmless(at_work.in_words(told))
    at_work.last_heard(data.decode("utf-8", "replace"))


def updater_talk(data: bytes) -> None:
    """The same as it comes over the line."""
    wire = repl(b"")
    wire.say(data, 1)
    for _ in at_work.events(wire.link()):
        pass


def scripts(data: bytes) -> None:
    """What a script is, and what it starts."""
    for name in ("main.py", "sqnsupgrade.py"):
        assert harmless(classify(name, data).text)
    source = data.decode("utf-8", "replace")
    for imported in (False, True):
        for starter in autorun.find_starters(source, when_imported=imported):
            assert 0 < starter.line <= source.count("\n") + 1
    autorun.named_main(source)
    autorun.imported_modules(source)


class _Connection:
    """A connection to a server that has said all of this already, and has hung up; a data connection takes all."""

    def __init__(self, address: tuple[str, int], timeout: float, source_address: object = None, *, said: bytes) -> None:
        self._said = said
        self.family = socket.AF_INET
        if not 0 <= address[1] < 1 << 63:
            raise OverflowError("Python int too large to convert to C long")

    def makefile(self, mode: str, encoding: str) -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO(self._said), encoding)

    def getpeername(self) -> tuple[str, int]:
        return "192.168.4.1", 21

    def sendall(self, data: bytes) -> None:
        """Taken."""

    def settimeout(self, seconds: float) -> None:
        """It never waits."""

    def close(self) -> None:
        """There is nothing to close."""

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *told: object) -> None:
        """There is nothing to close."""


def ftp_replies(data: bytes) -> None:
    """What a board's FTP server says while a file goes over and gets its name."""
    address = telnet_url.parse("telnet://micro:python@192.168.4.1", None, {})
    with patch.object(socket, "create_connection", partial(_Connection, said=data)):
        try:
            with BoardFtp(address) as ftp:
                ftp.store("/sd/x.dup", b"x" * 10_000, lambda done: None, on="telnet://192.168.4.1")
                ftp.rename("/sd/x.dup", "/sd/y.dup")
        except (FtpUnusable, BoardError) as err:
            assert harmless(str(err))
            raise


TALK = b"=|" + RAW_BANNER
PARSERS = (
    Parser(
        "first-contact",
        first_contact,
        (
            b"\r\n>>> ",
            b"i" + ROM + b"||\r\n" + BANNER + b">>> ",
            b"hello\r\n" * 40 + b"|\r\n" + BANNER + b'Type "help()" for more information.\r\n>>> ',
            b'Sending 4096 of 6160982\r\n@@FD {"fipyup": "heartbeat", "data": {"done": 5}}\r\n',
            b"\r\nOK\r\n|AT\r\r\nOK\r\n",
        ),
    ),
    Parser(
        "raw-repl",
        raw_repl,
        (
            RAW_BANNER + b'|OK@@FD {"a": [1, 2.5, null]}\r\n\x04\x04>|' + BANNER + b">>> ",
            RAW_BANNER + b"|OK\x04Traceback (most recent call last):\r\nOSError: [Errno 5] EIO\r\n\x04>|" + BANNER,
        ),
        (BoardError, LinkError),
    ),
    Parser(
        "board-files",
        listing,
        (
            b'["main.py", false, 33]\t["lib", true, 0]\n[false, 404]\n[false, 404]\n"' + b"ab" * 32 + b'"\t404',
            b'["' + "пример".encode() + b'", 0, 1]\n[true, 0]\n["", 0]\n[null, 3]',
        ),
        (BoardError, LinkError),
    ),
    Parser(
        "ftp-replies",
        ftp_replies,
        (
            b"220 Micropython FTP Server\r\n331 \r\n230 \r\n200 \r\n227 (192,168,4,1,7,232)\r\n150 \r\n226 \r\n"
            b"213 10000\r\n350 \r\n250 \r\n221 \r\n",
            b"220-Micropython\r\n FTP Server\r\n220 ready\r\n331 \r\n530 who?\r\n",
            b"220 \r\n331 \r\n230 \r\n200 \r\n227 (192,168,4,1,7,232)\r\n550 \r\n221 \r\n",
        ),
        (FtpUnusable, BoardError),
    ),
    Parser("tagged-lines", tagged_lines, (b'x\n@@FD {"a": [1, "b\\u00e9"]}\n@@FD [1]\n', b"@@FD 3\n@@FD null\n")),
    Parser(
        "updater-lines",
        updater_lines,
        (
            b'@@FD {"fipyup": "heartbeat", "data": {"done": 5, "total": 10, "step": "transfer", "file": "x.dup"}}\n',
            b"fipyup: 12 %, 1234 of 5678 bytes, step transfer, file x.dup\nfipyup: at work, step soak, file x.dup\n",
            b'@@FD {"fipyup": "end", "data": {"proved": true, "mode": "application", "lines": ["UE"], "error": ["a"]}}',
        ),
        (BoardReset,),
    ),
    Parser(
        "updater-talk",
        updater_talk,
        (
            b'@@FD {"fipyup": "progress", "data": {"done": 5, "total": 10}}\r\n'
            b'@@FD {"fipyup": "end", "data": {"proved": true}}\r\n\x04\x04>',
        ),
        (BoardError, LinkError),
    ),
    Parser(
        "scripts",
        scripts,
        (UPDATER, PAGE, b"print 'x'\n", b"def f(:\n", "s = \u2018x\u2019\n".encode(), b"\xff\xfex\0"),
    ),
)
