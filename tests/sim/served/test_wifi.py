"""The served board's telnet and FTP, by clients that share no code with ours: a bare socket, and ftplib."""

from __future__ import annotations

import ftplib
import io
import re
import socket
import time
from collections.abc import Iterator

import pytest

from doctor.sim.served.wifi import WifiListener

LIMIT_S = 5.0
AT_USER = bytes((255, 252, 1, 255, 252, 3, 255, 251, 34))
AT_PASSWORD = bytes((255, 251, 1, 255, 252, 3, 255, 251, 34))


@pytest.fixture(scope="module")
def listener() -> Iterator[WifiListener]:
    with WifiListener("sim://fipy?speed=200", tcp_port=None, pty=False) as served:
        yield served
    assert served.error is None


class Client:
    def __init__(self, listener: WifiListener) -> None:
        self.socket = socket.create_connection(("127.0.0.1", listener.telnet.tcp_port), LIMIT_S)
        self.heard = b""

    @classmethod
    def soon(cls, listener: WifiListener) -> Client:
        """Once the board listens again."""
        end = time.monotonic() + LIMIT_S
        while True:
            try:
                return cls(listener)
            except ConnectionRefusedError:
                assert time.monotonic() < end
                time.sleep(0.005)

    def until(self, wanted: bytes) -> bytes:
        while wanted not in self.heard:
            data = self.socket.recv(1000)
            assert data, self.heard
            self.heard += data
        found, self.heard = self.heard.split(wanted, 1)
        return found

    def log_in(self, user: bytes = b"micro", password: bytes = b"python") -> None:
        self.until(b"Login as: ")
        self.socket.sendall(user + b"\r\n")
        self.until(b"Password: ")
        self.socket.sendall(password + b"\r\n")

    def ended(self) -> bool:
        try:
            while self.socket.recv(1000):
                pass
        except ConnectionError:
            pass
        return True


@pytest.fixture
def client(listener: WifiListener) -> Iterator[Client]:
    made = Client.soon(listener)
    yield made
    made.socket.close()


@pytest.fixture
def ftp(listener: WifiListener) -> Iterator[ftplib.FTP]:
    with ftplib.FTP() as made:
        made.connect("127.0.0.1", listener.ftp.tcp_port, LIMIT_S)
        made.login("micro", "python")
        yield made


def test_login_then_the_prompt(client: Client) -> None:
    client.log_in()
    client.until(b"Login succeeded!")
    client.until(b'Type "help()" for more information.\r\n')
    client.until(b"\r\n>>> ")  # by itself: the server types Enter
    client.socket.sendall(b"6*7\r")
    client.until(b"6*7\r\n42\r\n>>> ")


def test_greeting_and_options_are_those_of_telnet_c(client: Client) -> None:
    greeting = client.until(b"Login as: ")
    assert re.fullmatch(rb"MicroPython v1\.11-\w+ on [-0-9]+; FiPy with ESP32\r\n" + re.escape(AT_USER), greeting)
    client.socket.sendall(b"nobody\r\n")
    assert client.until(AT_PASSWORD) == b"Password: "
    client.socket.sendall(b"nothing\r\n")
    assert client.until(b"Login as: ") == b"\r\nInvalid credentials, try again.\r\n" + AT_USER
    client.socket.sendall(b"micro\r\n")
    assert client.until(AT_PASSWORD) == b"Password: "
    client.socket.sendall(b"python\r\n")
    assert client.until(b"\r\nLogin succeeded!\r\n") == bytes((255, 251, 1, 255, 251, 3, 255, 252, 34))


def test_ctrl_c_stops_a_program_and_255_is_doubled(client: Client) -> None:
    client.log_in()
    client.socket.sendall(b"\rimport time; print('be' + 'gun'); time.sleep(100000)\r")
    client.until(b"begun")
    client.socket.sendall(b"\x03")
    client.until(b"KeyboardInterrupt")
    client.socket.sendall(b"len('\xff\xff')\r")
    client.until(b"\r\n1\r\n")


def test_three_wrong_logins_end_the_connection(client: Client) -> None:
    for _ in range(3):
        client.log_in(password=b"wrong")
    assert client.ended()


def test_second_client_is_refused_until_the_first_has_gone(listener: WifiListener, client: Client) -> None:
    client.until(b"Login as: ")
    with pytest.raises(ConnectionRefusedError):
        Client(listener)
    client.socket.close()
    second = Client.soon(listener)
    second.until(b"Login as: ")
    second.socket.close()


def test_a_reset_ends_the_connection(listener: WifiListener, client: Client) -> None:
    client.log_in()
    client.until(b"Login succeeded!")
    listener.by_hand(lambda hands: hands.press_reset())
    assert client.ended()
    again = Client.soon(listener)
    again.until(b"Login as: ")
    again.socket.close()


def test_files_by_ftp(listener: WifiListener, ftp: ftplib.FTP) -> None:
    data = bytes(range(256)) * 100
    ftp.storbinary("STOR /flash/a.bin", io.BytesIO(data))
    assert ftp.size("/flash/a.bin") == len(data)
    ftp.cwd("/flash")
    ftp.rename("a.bin", "b.bin")
    got = io.BytesIO()
    ftp.retrbinary("RETR b.bin", got.write)
    assert got.getvalue() == data
    assert listener.serial.bench.board is not None
    assert listener.serial.bench.board.flash.read("/b.bin") == data
    ftp.delete("b.bin")
    with pytest.raises(ftplib.error_perm, match="550"):
        ftp.size("b.bin")


def test_a_refused_transfer_leaves_nothing_to_the_next(listener: WifiListener, ftp: ftplib.FTP) -> None:
    """The data connection of a command ends with it, or with the next PASV (board-and-repl.md 3.7)."""
    with pytest.raises(ftplib.error_perm, match="550"):
        ftp.retrbinary("RETR /flash/nope.py", lambda data: None)
    with pytest.raises(ftplib.error_perm, match="502"):
        ftp.nlst("/flash")
    ftp.storbinary("STOR /flash/after.bin", io.BytesIO(bytes(20_000)))
    assert ftp.size("/flash/after.bin") == 20_000
    host, port = ftp.makepasv()
    with socket.create_connection((host, port), LIMIT_S) as data:
        with pytest.raises(ftplib.error_perm, match="550"):
            ftp.sendcmd("RETR /flash/nope.py")
        assert data.recv(1) == b""
    got = io.BytesIO()
    ftp.retrbinary("RETR /flash/after.bin", got.write)
    assert len(got.getvalue()) == 20_000
    ftp.delete("/flash/after.bin")


def test_replies_are_those_of_ftp_c(listener: WifiListener, ftp: ftplib.FTP) -> None:
    assert ftp.sendcmd("FEAT") == "211 no-features"
    ftp.cwd("/flash")
    assert ftp.sendcmd("PWD") == "257 /flash"
    lines: list[str] = []
    ftp.retrlines("LIST -a /nowhere", lines.append)  # it lists where it stands, whatever is asked
    assert "main.py" in [line.split()[-1] for line in lines]
    ftp.quit()
    with ftplib.FTP() as stranger:
        stranger.connect("127.0.0.1", listener.ftp.tcp_port, LIMIT_S)
        with pytest.raises(ftplib.error_reply, match="332"):
            stranger.voidcmd("PWD")


def test_card_is_there_once_it_is_mounted(client: Client, ftp: ftplib.FTP) -> None:
    lines: list[str] = []
    ftp.retrlines("LIST /", lines.append)
    assert [entry.split()[-1] for entry in lines] == ["flash"]
    client.log_in()
    client.socket.sendall(b"\rimport os; from machine import SD; os.mount(SD(), '/sd'); print('moun' + 'ted')\r")
    client.until(b"mounted")
    ftp.retrlines("LIST /", lines.append)
    assert [entry.split()[-1] for entry in lines] == ["flash", "flash", "sd"]


@pytest.mark.parametrize("command", ["NLST", "MLSD", "EPSV", "REST 10", "PORT 127,0,0,1,9,9"])
def test_what_the_boards_server_lacks(ftp: ftplib.FTP, command: str) -> None:
    with pytest.raises(ftplib.error_perm, match="502"):
        ftp.sendcmd(command)


def test_second_ftp_client_is_not_greeted(listener: WifiListener, ftp: ftplib.FTP) -> None:
    with pytest.raises(TimeoutError), ftplib.FTP() as second:
        second.connect("127.0.0.1", listener.ftp.tcp_port, timeout=0.05)


def test_an_idle_client_is_sent_away(listener: WifiListener, ftp: ftplib.FTP) -> None:
    assert listener.ftp.idle_limit_ms == 5 * 60 * 1000
    listener.ftp.idle_limit_ms = 1000
    try:
        assert ftp.sock is not None and ftp.sock.recv(1) == b""
    finally:
        listener.ftp.idle_limit_ms = 5 * 60 * 1000


def test_file_of_a_broken_connection_is_too_short(listener: WifiListener, ftp: ftplib.FTP) -> None:
    with ftp.transfercmd("STOR /flash/half.bin") as data:
        data.sendall(bytes(1000))
        while listener.ftp._transfer is None or not listener.ftp._transfer.content:
            time.sleep(0.001)
        assert ftp.sock is not None
        ftp.sock.shutdown(socket.SHUT_RDWR)
        board = listener.serial.bench.board
        assert board is not None
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end and not board.flash.files.get("half.bin"):
            time.sleep(0.001)
        assert len(board.flash.files["half.bin"]) == 1000


def test_bare_modem_has_no_wifi() -> None:
    with pytest.raises(ValueError, match="no Wi-Fi"):
        WifiListener("sim://sqn3330", pty=False)
