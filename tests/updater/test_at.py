from __future__ import annotations

import pytest

from doctor.updater.at import QUIET_LIMIT_MS, AtChannel, parse_reply
from tests.updater.wire import OK, AtScript, Deaf, Wire

#: What a user's log shows as "the" answer to AT+SMSWBOOT=3,0 (modem-protocol.md 2.1).
OLD = b'\r\n+CPSMS: 1,,,"00101100"\r\n\r\nOK\r\n\r\nOK\r\n\r\nERROR\r\n'


def channel(answers: dict[str, bytes | list[bytes]]) -> tuple[AtChannel, Wire]:
    wire = Wire(AtScript(answers))
    return AtChannel(wire, wire.clock), wire


@pytest.mark.parametrize(
    ("raw", "status", "lines"),
    [
        (b"\r\nOK\r\n", "OK", []),
        (b"OK\r\n", "OK", []),
        (b"\r\n2\r\nOK\r\n", "OK", ["2"]),
        (b"0\r\nOK\r\n", "OK", ["0"]),
        (b"\r\nSEQUANS Communications\r\nVZM20Q\r\n\r\nOK\r\n", "OK", ["SEQUANS Communications", "VZM20Q"]),
        (b"\r\n+CME ERROR: 4\r\n", "ERROR", []),
        (b"\r\nERROR\r\n", "ERROR", []),
        (b"\x00\xfe\xfd\r\nOK\r\n", "OK", []),
        (b"AT+X\r\r\n2\r\nOK\r\n", "OK", ["2"]),
        (b"\r\nO", "", []),
        (b"\r\nOK", "", []),
        (b"\r\nBROOK\r\n", "", ["BROOK"]),
    ],
)
def test_reply_is_parsed(raw: bytes, status: str, lines: list[str]) -> None:
    reply = parse_reply(raw, "AT+X")
    assert (reply.status, reply.lines) == (status, lines)


def test_last_result_is_ours() -> None:
    reply = parse_reply(OLD + b"\r\n2\r\nOK\r\n", "AT+SMOD?")
    assert (reply.status, reply.lines) == ("OK", ["2"])
    assert reply.stale == ['+CPSMS: 1,,,"00101100"', "OK", "OK", "ERROR"]


def test_echo_divides_old_from_new() -> None:
    reply = parse_reply(b"\r\nERROR\r\n+X: 1\r\nAT\r\r\nOK\r\n", "AT")
    assert (reply.status, reply.lines, reply.stale) == ("OK", [], ["ERROR", "+X: 1"])


def test_urc_behind_the_result_is_no_answer() -> None:
    reply = parse_reply(b"\r\nOK\r\n\r\n+SYSSTART\r\n", "AT")
    assert (reply.status, reply.lines, reply.stale) == ("OK", [], [])


def test_old_bytes_are_thrown_away_before_a_command() -> None:
    at, wire = channel({"AT": OK})
    wire.say(b"\r\nERROR\r\n", 0)
    wire.say(b"\r\n+CEREG: 2\r\n", 150)
    reply = at.command("AT")
    assert (reply.status, reply.stale) == ("OK", ["ERROR", "+CEREG: 2"])


def test_modem_that_never_stops_talking_does_not_stop_us() -> None:
    at, wire = channel({"AT": OK})
    for i in range(100):
        wire.say(b"x", i * 100)
    at.command("AT")
    assert wire.clock.now_ms < QUIET_LIMIT_MS + 25_000


def test_answer_in_pieces() -> None:
    wire = Wire(Deaf())
    for i, piece in enumerate((b"\r\n", b"2\r", b"\nOK", b"\r\n")):
        wire.say(piece, 10 + i * 900)
    reply = AtChannel(wire, wire.clock).command("AT+SMOD?")
    assert (reply.status, reply.lines) == ("OK", ["2"])


def test_unanswered_command_ends_at_its_limit() -> None:
    wire = Wire(Deaf())
    assert AtChannel(wire, wire.clock).command("AT", 700).status == ""
    assert wire.clock.now_ms == 700


def test_answer_is_not_waited_for_longer_than_it_takes() -> None:
    at, wire = channel({"AT": OK})
    at.command("AT")
    assert wire.clock.now_ms < 200


def test_urc_ends_a_lost_answer() -> None:
    at, wire = channel({"AT+SMSWBOOT=1,1": b"\r\n+SYSSTART\r\n"})
    reply = at.command("AT+SMSWBOOT=1,1", 20_000, (b"+SYSSTART",))
    assert reply.status == ""
    assert wire.clock.now_ms < 100


def test_wake_wants_clean_answers_in_a_row() -> None:
    at, _ = channel({"AT": [b"\r\nERROR\r\n", OK, b"\r\n+X: 1\r\nOK\r\n", OK, OK]})
    assert at.wake(5, 1000)


def test_wake_gives_up() -> None:
    wire = Wire(Deaf())
    assert not AtChannel(wire, wire.clock).wake(3, 1000)
    assert wire.clock.now_ms <= 3000


def test_urc_that_came_early_is_found() -> None:
    at, _ = channel({"AT^RESET": b"\r\nOK\r\n\r\n+SHUTDOWN\r\n"})
    at.command("AT^RESET")
    assert at.wait_urc("+SHUTDOWN", 0)
    assert not at.wait_urc("+SHUTDOWN", 100)


def test_data_mode_is_left_with_silence_around() -> None:
    at, wire = channel({"+++": OK})
    assert at.escape_data_mode()
    assert wire.written == [b"+++"]
    assert wire.clock.now_ms == 2300
