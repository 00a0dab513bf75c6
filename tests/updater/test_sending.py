"""One file over STP, byte by byte: what is known of it afterwards, whatever the modem, the file or the port does."""

from __future__ import annotations

import io
import zlib
from itertools import pairwise
from typing import Any

import pytest

from doctor.updater import states
from doctor.updater.profile import SQN3330
from doctor.updater.sending import Sender, awaited
from doctor.updater.session import FlowError, Session
from tests.updater.test_stp_bounds import PulledOut
from tests.updater.test_stp_master import BLOCK, CMD, IMAGE
from tests.updater.wire import OK, StpSlave, Wire

SIZE = 2016
LINE = "AT+SMSTPU"
BLOCKS = -(-len(IMAGE) // SIZE)


class Modem:
    """Speaks AT until the transfer mode is asked for, and again once its session is ended.

    refusals  of the transfer mode; "": not answered
    mode      digit of AT+SMOD?, None if it does not answer any more after a transfer
    """

    def __init__(self, slave: StpSlave, refusals: tuple[bytes, ...] = (), mode: str | None = "2") -> None:
        self.slave = slave
        self.refusals = list(refusals)
        self.mode = mode
        self.in_stp = self.was_in_stp = False
        self.lines: list[tuple[int, str]] = []
        self.deaf_from = 1 << 30  # number of the request from which on it hears nothing
        self.resets_ignored = 0
        self.ended_ms = 0  # when it was told to end a session, and did not hear it

    def heard(self, data: bytes, wire: Wire) -> None:
        if data.startswith(b"fast"):
            if not self.in_stp or len(self.slave.requests) >= self.deaf_from:
                return
            if data[4] == 0 and self.was_in_stp and self.resets_ignored:
                self.resets_ignored -= 1
                self.ended_ms = wire.clock.now_ms
                return
            self.was_in_stp = self.was_in_stp or data[4] != 0
            self.slave.heard(data, wire)
            self.in_stp = not self.slave.ended
            return
        line = data.decode().strip()
        if self.in_stp or not line or (self.was_in_stp and self.mode is None):
            return
        self.lines.append((wire.clock.now_ms, line))
        answer = OK
        if line == LINE:
            if self.refusals:
                answer = self.refusals.pop(0)
            else:
                self.in_stp = True
        elif line == "AT+SMOD?":
            answer = f"\r\n{self.mode}\r\n".encode() + OK
        if answer:
            wire.say(answer)


def session_on(modem: Modem) -> tuple[Session, list[tuple[str, dict[str, Any]]]]:
    events: list[tuple[str, dict[str, Any]]] = []
    wire = Wire(modem)
    return Session(wire, wire.clock, SQN3330, lambda name, data: events.append((name, data)), 0), events


def failed(sender: Sender, source: Any, size: int = len(IMAGE)) -> FlowError:
    with pytest.raises(FlowError) as caught:
        sender.send(source, size)
    return caught.value


def behind_resets(session: Session) -> list[bytes]:
    """What was written right behind each RESET: CR ends the line that it began in an AT parser."""
    assert isinstance(session.port, Wire)
    return [after for before, after in pairwise(session.port.written) if before[:5] == b"fast\0"]


def image() -> io.BytesIO:
    return io.BytesIO(IMAGE)


ERROR = b"\r\nERROR\r\n"


@pytest.mark.parametrize("refusals", [(), (ERROR,), (ERROR, ERROR), (b"", ERROR)])
def test_transfer_mode_is_asked_for_three_times(refusals: tuple[bytes, ...]) -> None:
    modem = Modem(StpSlave(), refusals)
    session, events = session_on(modem)
    Sender(session, LINE).send(image(), len(IMAGE))
    outcome = session.outcome
    assert modem.slave.image == IMAGE
    assert (outcome.sent_bytes, outcome.sent_any, outcome.unsure, outcome.closing) == (len(IMAGE), True, None, False)
    assert not outcome.maybe_all  # the modem keeps it: nothing is written before that is asked for
    times = [at for at, line in modem.lines if line == LINE]
    assert len(times) == len(refusals) + 1
    assert all(later - earlier >= 1000 for earlier, later in pairwise(times))
    assert all(asked == b"\r" for asked in behind_resets(session)[: refusals.count(b"")])
    assert not any(data["may_unplug"] for name, data in events if name == "progress")
    told = [(data["done"], data["total"]) for name, data in events if name == "progress"]
    assert told[0] == (0, len(IMAGE)) and told[-1] == (len(IMAGE), len(IMAGE)) and len(told) == BLOCKS + 1


def test_a_fourth_refusal_is_not_waited_for() -> None:
    modem = Modem(StpSlave(), (ERROR,) * 3)
    session, _ = session_on(modem)
    assert failed(Sender(session, LINE), image()).id == "stp-start-refused"
    assert (session.outcome.sent_any, modem.slave.requests) == (False, [])


@pytest.mark.parametrize(("mode", "known"), [("2", states.APPLICATION), ("4", states.RECOVERY), (None, states.UNKNOWN)])
def test_a_file_that_cannot_be_read_any_more_leaves_a_modem_whose_mode_is_known(mode: str | None, known: str) -> None:
    modem = Modem(StpSlave(), mode=mode)
    session, _ = session_on(modem)
    error = failed(Sender(session, LINE), PulledOut(2))
    assert error.id == "sd-read-error-mid-flash"
    assert (session.outcome.mode, session.outcome.sent_any) == (known, True)
    assert session.outcome.sent_bytes == 2 * SIZE
    assert modem.slave.ended


def test_a_session_that_cannot_be_opened_has_sent_nothing() -> None:
    modem = Modem(StpSlave(max_transfer=16))
    session, _ = session_on(modem)
    assert failed(Sender(session, LINE), image()).id == "stp-open-session-failed"
    assert (session.outcome.sent_any, session.outcome.maybe_all) == (False, False)


def test_a_modem_that_falls_silent_at_the_first_block_stands_at_zero() -> None:
    modem = Modem(StpSlave(ignore=set(range(BLOCK, BLOCK + 3))))
    session, _ = session_on(modem)
    error = failed(Sender(session, LINE, stop_at_zero=True), image())
    assert error.id == "stall-at-zero-percent"
    assert (session.outcome.sent_any, session.outcome.sent_bytes) == (True, 0)


def test_a_first_block_whose_answer_is_lost_is_sent_again_unless_a_stall_ends_it() -> None:
    modem = Modem(StpSlave(ignore={BLOCK}))
    session, _ = session_on(modem)
    Sender(session, LINE).send(image(), len(IMAGE))
    assert modem.slave.image == IMAGE


def test_one_that_falls_silent_later_does_not_stand_at_zero() -> None:
    modem = Modem(StpSlave())
    modem.deaf_from = CMD + 2
    session, _ = session_on(modem)
    assert failed(Sender(session, LINE), image()).id == "stp-header-too-small"
    assert session.outcome.sent_bytes == SIZE


def test_one_that_never_opens_a_session_does_not_stand_at_zero_either() -> None:
    modem = Modem(StpSlave())
    modem.deaf_from = 0
    session, _ = session_on(modem)
    assert failed(Sender(session, LINE), image()).id == "stp-header-too-small"


# -- stopped by the user


@pytest.mark.parametrize(("after", "words"), [(0, "stopped before anything"), (2, f"after {2 * SIZE} of {len(IMAGE)}")])
def test_a_stop_is_told_by_what_was_sent(after: int, words: str) -> None:
    modem = Modem(StpSlave())
    session, _ = session_on(modem)
    session.should_stop = lambda: len(modem.slave.blocks) >= after
    error = failed(Sender(session, LINE), image())
    assert error.id == "user-interrupt" and words in error.text
    assert session.outcome.sent_any == bool(after)
    assert modem.slave.ended and session.outcome.mode == states.APPLICATION
    assert ("the modem needs the whole file from its beginning" in error.text) == bool(after)


def test_nobody_is_asked_any_more_once_an_earlier_file_was_sent() -> None:
    modem = Modem(StpSlave())
    session, _ = session_on(modem)
    session.outcome.sent_any = True
    sender = Sender(session, LINE)
    session.should_stop = lambda: not modem.slave.requests  # only the question before the first block would be heard
    sender.send(image(), len(IMAGE))
    assert modem.slave.image == IMAGE
    assert session.outcome.sent_any


# -- the last answer is lost


@pytest.mark.parametrize(("last", "all_of_it"), [(0, True), (1, False)])
@pytest.mark.parametrize("writes", [False, True])
def test_a_port_that_is_lost_behind_the_last_block_may_leave_a_modem_that_writes(
    last: int, all_of_it: bool, writes: bool
) -> None:
    """The last block is out once it is written; one before it is not all of the file."""
    modem = Modem(StpSlave())
    session, _ = session_on(modem)
    number = BLOCK + 2 * (BLOCKS - 1 - last)
    read = session.port.read

    def dies(max_bytes: int, wait_ms: int) -> bytes:
        if len(modem.slave.requests) > number:
            raise OSError(5, "Input/output error")
        return read(max_bytes, wait_ms)

    session.port.read = dies  # type: ignore[method-assign]
    with pytest.raises(OSError, match="Input/output"):
        Sender(session, LINE, writes=writes).send(image(), len(IMAGE))
    assert session.outcome.maybe_all == (writes and all_of_it)
    assert session.outcome.sent_any


def test_a_modem_that_may_have_all_of_it_is_waited_for_and_not_called_failed() -> None:
    last = BLOCK + 2 * (BLOCKS - 1)
    modem = Modem(StpSlave(ignore=set(range(last, last + 3))))
    session, events = session_on(modem)
    Sender(session, LINE, writes=True).send(image(), len(IMAGE))
    assert session.outcome.unsure == ("stp-header-too-small", "BLOCK was not answered 3 times", len(IMAGE))
    assert session.outcome.maybe_all
    assert any("may have all of it" in str(data.get("text")) for _, data in events)


@pytest.mark.parametrize(("ignored", "closed"), [(1, True), (2, True), (99, False)])
def test_its_session_is_ended_with_patience(ignored: int, closed: bool) -> None:
    last = BLOCK + 2 * (BLOCKS - 1)
    modem = Modem(StpSlave(ignore=set(range(last, last + 3))))
    modem.resets_ignored = ignored
    session, _ = session_on(modem)
    Sender(session, LINE, writes=True).send(image(), len(IMAGE))
    assert session.outcome.closing is not closed
    assert modem.slave.ended is closed


@pytest.mark.parametrize("writes", [True, False])
def test_a_stop_before_the_last_block_comes_too_late_if_the_modem_may_have_as_many_bytes(writes: bool) -> None:
    modem = Modem(StpSlave(ignore={BLOCK}))  # its first block went out twice
    session, _ = session_on(modem)
    session.should_stop = lambda: len(modem.slave.blocks) == BLOCKS - 1
    sender = Sender(session, LINE, writes=writes)
    if writes:
        sender.send(image(), len(IMAGE))
        assert session.outcome.unsure is not None and session.outcome.unsure[0] == "user-interrupt"
        assert session.outcome.unsure[1].startswith(f"stopped after {(BLOCKS - 1) * SIZE} of {len(IMAGE)} bytes")
    else:
        assert failed(sender, image()).id == "user-interrupt"
    assert modem.slave.ended


def test_the_next_file_begins_with_a_clean_sheet() -> None:
    modem = Modem(StpSlave())
    session, _ = session_on(modem)
    outcome = session.outcome
    outcome.unsure, outcome.maybe_all, outcome.sent_bytes = ("stp-residue", "", 9), True, 9
    modem.refusals = [ERROR] * 3
    failed(Sender(session, LINE), image())
    unsure: object = outcome.unsure
    assert (unsure, outcome.maybe_all, outcome.sent_bytes) == (None, False, 0)


# -- the closing RESET


def test_firmware_whose_end_is_not_acknowledged_is_left_to_itself_for_a_while() -> None:
    modem = Modem(StpSlave())
    modem.resets_ignored = 1
    session, _ = session_on(modem)
    Sender(session, LINE).send(image(), len(IMAGE))
    assert session.outcome.closing
    assert not modem.slave.ended and modem.resets_ignored == 0  # asked once: it may write by now
    assert session.clock.ticks_ms() - modem.ended_ms >= 2000 + 1500  # modem-protocol.md 5.2, step 5


@pytest.mark.parametrize(("ignored", "closed"), [(13, True), (14, False)])
def test_a_program_for_its_memory_is_closed_again_and_again(ignored: int, closed: bool) -> None:
    modem = Modem(StpSlave())
    modem.resets_ignored = ignored
    session, _ = session_on(modem)
    Sender(session, LINE, elf=True).send(image(), len(IMAGE))
    assert session.outcome.closing != closed
    assert modem.slave.ended == closed
    assert (behind_resets(session)[-1:] == [b"\r"]) != closed


def test_a_modem_that_takes_all_and_refuses_to_end_is_in_transfer_mode() -> None:
    end = BLOCK + 2 * BLOCKS - 1
    modem = Modem(StpSlave(refuse=dict.fromkeys(range(end, end + 60), 0x40)))
    session, _ = session_on(modem)
    error = failed(Sender(session, LINE), image())
    assert error.id == "stp-invalid-answer"
    assert (session.outcome.mode, session.outcome.maybe_all) == (states.STP_OPEN, True)
    assert len(modem.slave.requests) - end == 14  # the first, and thirteen more


def test_a_session_that_stays_open_after_a_failure_is_told() -> None:
    modem = Modem(StpSlave(refuse=dict.fromkeys(range(CMD + 2, CMD + 90), 0x40)))
    session, _ = session_on(modem)
    failed(Sender(session, LINE), image())
    assert session.outcome.mode == states.STP_OPEN


# -- a zlib stream


@pytest.mark.parametrize("version", [1, 2])
def test_a_zlib_stream_goes_to_a_modem_that_takes_one(version: int) -> None:
    modem = Modem(StpSlave(version=version))
    session, _ = session_on(modem)
    stream = zlib.compress(IMAGE)
    Sender(session, LINE).send(image(), len(IMAGE), (io.BytesIO(stream), len(stream)))
    assert modem.slave.image == (stream if version == 2 else IMAGE)
    assert modem.slave.data_types == ([5] if version == 2 else [])


@pytest.mark.parametrize(("elf", "told"), [(True, 2), (False, 4)])
def test_what_follows_is_said_to_a_modem_that_wants_to_know(elf: bool, told: int) -> None:
    modem = Modem(StpSlave(version=2))
    session, _ = session_on(modem)
    Sender(session, LINE, elf=elf).send(image(), len(IMAGE))
    assert modem.slave.data_types == [told]


@pytest.mark.parametrize(
    ("done", "word"),
    [(0, "accept the first"), (1, "erase"), (11, "erase"), (12, "next block"), (96, "next block"), (97, "finish")],
)
def test_what_is_most_likely_awaited(done: int, word: str) -> None:
    assert word in awaited(done * 100, 10_000)
    assert word in awaited(done * 100 + 99 * (done > 0), 10_000)
    assert awaited(0, 0) and "finish" in awaited(1, 1)
