from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from doctor.bench import BenchOptions
from doctor.clock import Clock
from doctor.errors import DoctorError, LinkError, PortLost, UsageError
from doctor.link.link import Link, open_link
from doctor.link.port_url import PortUrl
from doctor.link.telnet import Decoder
from doctor.link.telnet_url import TelnetAddress, parse, shown_url, without_password
from doctor.link.trace import Trace

SECRET = "s3same"
WELCOME = b'\r\nLogin succeeded!\r\nType "help()" for more information.\r\n'


class Hurried:
    """A clock on which time passes ``speed`` times faster; by default for limits that a test waits out."""

    def __init__(self, speed: int = 200) -> None:
        self.speed = speed

    def ticks_ms(self) -> int:
        return int(time.monotonic() * 1000 * self.speed)

    def sleep_ms(self, ms: int) -> None:
        time.sleep(ms / 1000 / self.speed)


BRISK = Hurried(20)  #: pauses are short, and limits long enough for a slow computer


Serve = Callable[[socket.socket], None]


@contextmanager
def board(*clients: Serve) -> Iterator[str]:
    """A server written for one test: serves its clients one after the other; gives its URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run() -> None:
            for serve in clients:
                connection, _ = server.accept()
                with connection:
                    connection.settimeout(5)
                    serve(connection)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"telnet://127.0.0.1:{server.getsockname()[1]}"
        thread.join(5)
        assert not thread.is_alive()


def line(connection: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        data += connection.recv(1)
    return data.strip()


def log_in(connection: socket.socket, password: str = "python") -> None:
    connection.sendall(b"MicroPython v1.8.6\r\n\xff\xfc\x01Login as: ")
    user = line(connection)
    connection.sendall(b"Password: ")
    assert (user[-5:], line(connection)) == (b"micro", password.encode())
    connection.sendall(WELCOME)


def until_closed(connection: socket.socket) -> None:
    while connection.recv(100):
        pass


def logged_in(connection: socket.socket) -> None:
    log_in(connection)
    until_closed(connection)


def web_server(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.0 400\r\n")
    until_closed(connection)


def failure(url: str, clock: Clock | None = None) -> DoctorError:
    with pytest.raises(DoctorError) as caught:
        open_link(PortUrl.read(url), clock=clock or Hurried())
    assert SECRET not in f"{caught.value!r} {vars(caught.value)} {caught.value.__cause__!r}"
    assert caught.value.what and caught.value.next
    return caught.value


def received(link: Link, end: bytes) -> bool:
    data = b""
    while not data.endswith(end):
        data += link.read(100, 20_000)
    return True


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("telnet://192.168.4.1", TelnetAddress("192.168.4.1")),
        ("TELNET://board.local:2323/", TelnetAddress("board.local", 2323)),
        ("telnet://me:a%40b@h", TelnetAddress("h", user="me", password="a@b")),
        ("telnet://me:a@b:c@h:24?ftp=2121", TelnetAddress("h", 24, 2121, "me", "a@b:c")),
        ("telnet://h?ftp=off", TelnetAddress("h", ftp_port=None)),
        ("telnet://[::1]:23", TelnetAddress("::1")),
    ],
)
def test_addresses(url: str, address: TelnetAddress) -> None:
    assert parse(url, environ={}) == address
    assert parse(shown_url(address), address.password) == address


@pytest.mark.parametrize("url", ["telnet://", f"telnet://u:{SECRET}@", f"telnet://u:{SECRET}@h:x", "telnet://h?f=1"])
def test_what_is_no_address_is_refused_without_the_password(url: str) -> None:
    error = failure(url)
    assert isinstance(error, UsageError) and error.on.startswith("telnet://")


def test_password_comes_from_the_environment_where_none_is_given() -> None:
    environ = {"FIPY_DOCTOR_TELNET_PASSWORD": SECRET}
    assert parse("telnet://h", environ=environ).password == SECRET
    assert parse("telnet://u:x@h", environ=environ).password == "x"
    assert SECRET not in repr(parse("telnet://h", environ=environ))


def test_bench_options_keep_the_password_out_of_sight() -> None:
    options = BenchOptions(port=f"telnet://micro:{SECRET}@h:24?ftp=1")
    assert options.port == "telnet://micro@h:24?ftp=1" and options.password == SECRET
    assert SECRET not in repr(options)
    assert without_password("rfc2217://a:b@h") == ("rfc2217://a:b@h", None)


@pytest.mark.parametrize("host", ["a..b", ".b", "a" * 64, "x." + "a" * 64 + ".y"])
def test_a_name_that_no_host_can_have_is_wrong_usage(host: str) -> None:
    with pytest.raises(UsageError, match="not the address of a board"):
        open_link(PortUrl.read(f"telnet://micro@{host}:23"))


def test_login_then_bytes_with_255_doubled_both_ways() -> None:
    got = []

    def serve(connection: socket.socket) -> None:
        log_in(connection)
        got.append(connection.recv(100))
        connection.sendall(b"a\xff\xffb")

    with board(serve) as url, open_link(PortUrl.read(url), clock=BRISK) as link:
        assert not link.can_change_baud and not link.has_modem_lines
        link.write(b"x\xffy")
        assert received(link, b"information.\r\na\xffb")
    assert got == [b"x\xff\xffy"]


def test_speed_stays_and_modem_lines_are_none() -> None:
    with board(logged_in) as url, open_link(PortUrl.read(url), clock=BRISK) as link:
        with pytest.raises(LinkError, match="cannot be changed"):
            link.set_baud(921600)
        with pytest.raises(LinkError, match="no RTS"):
            link.rts = False


def test_commands_are_taken_out_whatever_the_pieces() -> None:
    raw = b"a\xff\xfb\x01b\xff\xff\xff\xfa\x18\x01\xff\xf0c\xff\xfd\x18\xff\xfb\x01d\xff\xf1\xffe"
    for cut in range(len(raw)):
        decoder = Decoder()
        parts = [decoder.feed(raw[:cut]), decoder.feed(raw[cut:])]
        assert b"".join(data for data, _ in parts) == b"ab\xffcd\xffe"
        assert b"".join(answer for _, answer in parts) == b"\xff\xfd\x01\xff\xfc\x18"  # DO echo once, WONT 24


def test_wrong_login_is_named() -> None:
    def serve(connection: socket.socket) -> None:
        connection.sendall(b"Login as: ")
        line(connection)
        connection.sendall(b"Password: ")
        assert line(connection) == SECRET.encode()
        connection.sendall(b"\r\nInvalid credentials, try again.\r\nLogin as: ")
        until_closed(connection)

    with board(serve) as url:
        error = failure(url.replace("//", f"//micro:{SECRET}@"), BRISK)
    assert error.id == "telnet-login-refused"


@pytest.mark.parametrize("serve", [until_closed, lambda connection: None], ids=["silent", "closed"])
def test_no_login_prompt_means_that_another_client_has_the_board(serve: Serve) -> None:
    with board(serve) as url:
        assert failure(url).id == "port-busy"


def test_another_server_is_no_board() -> None:
    with board(web_server) as url:
        assert failure(url).id == "board-not-on-wifi"


def test_nobody_there_leads_to_the_boards_wifi() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"telnet://127.0.0.1:{server.getsockname()[1]}"
    error = failure(url)
    assert error.id == "board-not-on-wifi" and "no telnet server" in error.what
    assert "fipy-wlan-xxxx" in failure("telnet://no-such-board.invalid").next


def test_end_of_the_connection_is_told() -> None:
    with board(log_in) as url, open_link(PortUrl.read(url), clock=BRISK) as link, pytest.raises(PortLost) as caught:
        for _ in range(50):
            link.read(100, 100)
    assert caught.value.id == "wifi-connection-lost" and "powered" in caught.value.next


def test_trace_holds_the_dialogue_and_no_password(tmp_path: Path) -> None:
    def serve(connection: socket.socket) -> None:
        log_in(connection, SECRET)
        until_closed(connection)

    with (
        board(serve) as url,
        Trace(tmp_path / "t") as trace,
        open_link(PortUrl.read(url.replace("//", f"//micro:{SECRET}@")), trace=trace, clock=BRISK) as link,
    ):
        link.write(b"hello")
        assert SECRET not in link.url.text + link.name
    text = (tmp_path / "t").read_text()
    assert b"hello".hex() in text and SECRET not in text and SECRET.encode().hex() not in text


def test_a_restart_that_was_meant_connects_again() -> None:
    with board(log_in, log_in) as url, open_link(PortUrl.read(url), clock=BRISK) as link:
        link.reconnect(60)
        assert received(link, WELCOME[-5:])


def test_a_board_that_stays_away_after_a_restart_is_told() -> None:
    with board(log_in) as url, open_link(PortUrl.read(url), clock=BRISK) as link:
        pass
    with pytest.raises(PortLost, match="did not answer telnet again"):
        link.reconnect(1)


def test_an_option_ends_where_it_ends() -> None:
    """A byte 255 within one is doubled, others may stand within it, and one that never ends does not count."""
    decoder = Decoder()
    assert decoder.feed(bytes.fromhex("fffa 18 ffff f0 41 fff0") + b"x") == (b"x", b"")
    assert decoder.feed(bytes.fromhex("fffa 18 fffa 19 fff0") + b"y") == (b"y", b"")
    data = b"".join(decoder.feed(piece)[0] for piece in [b"\xff\xfa", *[b"A" * 100] * 50])
    assert len(data) >= 4000
