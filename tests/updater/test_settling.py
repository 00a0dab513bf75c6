"""After the last block, byte by byte: what a modem may say until it is believed, and what is never sent to it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from doctor.updater import states
from doctor.updater.profile import SQN3330
from doctor.updater.session import FlowError, Session
from doctor.updater.settling import Settler
from doctor.updater.shapes import ON_THE_FLY, STORE
from doctor.updater.switching import RESULT_MS, Switcher
from tests.updater.wire import OK, StpSlave, Wire

LIMIT_MS = 1_800_000
APPLICATION = b"\r\n2\r\n" + OK
RECOVERY = b"\r\n4\r\n" + OK


def report(word: str) -> bytes:
    return b"\r\n+SMUPGRADE: " + word.encode() + b"\r\n" + OK


class Modem:
    """Answers each AT line by a function of the time in ms; ``slave``, if it has one, hears what is no AT."""

    def __init__(self, slave: StpSlave | None = None, **answers: Callable[[int], bytes]) -> None:
        self.slave = slave
        self.answers = {"at": lambda now: OK, "smod": lambda now: APPLICATION, "smswboot": lambda now: OK, **answers}
        self.heard_at: list[tuple[int, str]] = []

    def heard(self, data: bytes, wire: Wire) -> None:
        now = wire.clock.now_ms
        if data.startswith(b"fast"):
            self.heard_at.append((now, "STP"))
            if self.slave is not None:
                self.slave.heard(data, wire)
            return
        line = data.decode().strip()
        if not line:
            return
        self.heard_at.append((now, line))
        name = {"AT": "at", "AT+SMOD?": "smod", "AT+SMUPGRADE": "start", "AT+SMUPGRADE?": "report"}.get(line, "")
        name = name or ("smswboot" if line.startswith("AT+SMSWBOOT") else "")
        answer = self.answers.get(name, lambda now: OK)(now)
        if answer:
            wire.say(answer)

    def times(self, line: str) -> list[int]:
        return [at for at, heard in self.heard_at if heard == line]


def settler(modem: Modem, *, before: str = "") -> tuple[Settler, Session, list[tuple[str, dict[str, Any]]]]:
    events: list[tuple[str, dict[str, Any]]] = []
    wire = Wire(modem)
    session = Session(wire, wire.clock, SQN3330, lambda name, data: events.append((name, data)), 0)
    return Settler(session, Switcher(session), before), session, events


def unacknowledged(session: Session) -> None:
    """The closing RESET went out, no answer came, and the rest behind it is over."""
    session.outcome.closing = True
    session.clock.sleep_ms(1500)


def until(moment: int, first: bytes, then: bytes) -> Callable[[int], bytes]:
    return lambda now: first if now < moment else then


def failed(work: Callable[[], object]) -> FlowError:
    with pytest.raises(FlowError) as caught:
        work()
    return caught.value


# -- a stored file is started


@pytest.mark.parametrize(("refusals", "taken"), [(2, True), (3, False)])
def test_a_start_that_is_refused_is_asked_for_three_times_with_time_between(refusals: int, taken: bool) -> None:
    left = [refusals]

    def start(now: int) -> bytes:
        left[0] -= 1
        return b"\r\nERROR\r\n" if left[0] >= 0 else OK

    modem = Modem(start=start, report=lambda now: report("success"))
    settle, session, _ = settler(modem)
    if taken:
        settle.deploy(STORE, LIMIT_MS)
        assert session.outcome.result_word == "success"
    else:
        error = failed(lambda: settle.deploy(STORE, LIMIT_MS))
        assert (error.id, session.outcome.mode) == ("upgrade-failed-result", states.APPLICATION)
    times = modem.times("AT+SMUPGRADE")
    assert len(times) == 3
    assert all(later - earlier >= 5000 for earlier, later in pairwise(times))


def test_what_went_on_the_fly_is_not_started_again() -> None:
    modem = Modem(report=lambda now: report("success"), smswboot=lambda now: b"\r\nFFF\r\n" + OK)
    settle, _, events = settler(modem)
    settle.deploy(ON_THE_FLY, LIMIT_MS)
    assert not modem.times("AT+SMUPGRADE")
    waits = [data for name, data in events if name == "waiting"]
    assert [(data["limit_ms"], data["may_unplug"]) for data in waits[:1]] == [(LIMIT_MS, False)]


# -- which word counts


def test_a_success_of_before_counts_only_once_the_modem_was_seen_at_work() -> None:
    silent = until(20_000, OK, b"")
    modem = Modem(at=lambda now: silent(now) if now < 40_000 else OK, report=lambda now: report("success"))
    settle, session, _ = settler(modem, before="success")
    settle.deploy(STORE, LIMIT_MS)
    assert session.outcome.result_word == "success"
    assert 40_000 <= session.clock.ticks_ms() < 60_000


def test_a_success_of_before_counts_once_the_modem_said_that_it_is_at_work() -> None:
    answer = until(20_000, report("success"), report("on-going"))
    settle, session, _ = settler(
        Modem(report=lambda now: answer(now) if now < 40_000 else report("success")), before="success"
    )
    settle.deploy(STORE, LIMIT_MS)
    assert 40_000 <= session.clock.ticks_ms() < 60_000


def test_what_went_on_the_fly_was_seen_at_work_unless_its_last_answer_was_lost() -> None:
    modem = Modem(report=lambda now: report("success"), smswboot=lambda now: b"\r\nFFF\r\n" + OK)
    settle, session, _ = settler(modem, before="success")
    settle.deploy(ON_THE_FLY, LIMIT_MS)
    assert session.clock.ticks_ms() < 30_000
    settle, session, _ = settler(Modem(report=lambda now: report("success")), before="success")
    session.outcome.unsure = ("stp-residue", "broke off", 500)
    error = failed(lambda: settle.deploy(ON_THE_FLY, LIMIT_MS))
    assert error.id == "stp-residue" and "the modem reports nothing about it" in error.text
    assert session.clock.ticks_ms() >= RESULT_MS


def test_a_kept_file_is_started_once_the_modem_hears_again() -> None:
    modem = Modem(at=until(8000, b"", OK), report=lambda now: report("success"))
    settle, _, _ = settler(modem)
    settle.deploy(STORE, LIMIT_MS)
    assert modem.times("AT+SMUPGRADE")[0] >= 8000


def test_a_success_of_before_alone_ends_the_wait_after_five_minutes() -> None:
    settle, session, _ = settler(Modem(report=lambda now: report("success")), before="success")
    settle.deploy(STORE, LIMIT_MS)  # nothing says that it failed: the version decides
    assert RESULT_MS <= session.clock.ticks_ms() < RESULT_MS + 60_000


def test_on_going_is_waited_for_as_long_as_the_limit_is() -> None:
    answer = until(2 * RESULT_MS, report("on-going"), report("success"))
    settle, session, events = settler(Modem(report=answer))
    settle.deploy(STORE, LIMIT_MS)
    assert session.clock.ticks_ms() >= 2 * RESULT_MS
    said = [data for name, data in events if name == "waiting" and "still at work" in data["what"]]
    assert [data["may_unplug"] for data in said] == [False]  # said once


def test_each_new_word_of_the_modem_is_told_once_an_empty_one_too() -> None:
    """An empty answer comes from a modem that reboots (modem-protocol.md 2.2)."""
    words = [b"", report("on-going"), report("on-going"), OK, OK, report("success")]
    settle, _, events = settler(Modem(report=lambda now: words.pop(0) if len(words) > 1 else words[0]))
    settle.deploy(STORE, LIMIT_MS)
    notes = [str(data["text"]) for name, data in events if name == "note"]
    told = [text.removeprefix("the modem reports: ") for text in notes if text.startswith("the modem reports: ")]
    assert told == ["on-going", "nothing", "success"]


def test_on_going_to_the_end_is_no_result() -> None:
    settle, session, _ = settler(Modem(report=lambda now: report("on-going")))
    error = failed(lambda: settle.deploy(STORE, LIMIT_MS))
    assert error.id == "finish-timeout"
    assert "within 30 minutes (last word: on-going); leave power on" in error.text
    assert session.clock.ticks_ms() >= LIMIT_MS


def test_no_report_for_five_minutes_is_no_result() -> None:
    settle, session, _ = settler(Modem(report=lambda now: report("No report")))
    assert failed(lambda: settle.deploy(STORE, LIMIT_MS)).id == "finish-timeout"
    assert session.clock.ticks_ms() < 3 * RESULT_MS


def test_a_failure_is_told_in_the_modems_words_and_mode() -> None:
    modem = Modem(report=lambda now: report("fail: 7"), smod=until(30_000, b"\r\n3\r\n" + OK, RECOVERY))
    settle, session, _ = settler(modem)
    error = failed(lambda: settle.deploy(ON_THE_FLY, LIMIT_MS))
    assert (error.id, session.outcome.mode) == ("upgrade-failed-result", states.RECOVERY)
    assert error.text.endswith("fail: 7")
    assert session.outcome.result_word == "fail: 7"
    assert modem.times("AT+SMOD?")[-1] >= 30_000  # while it deploys, that is no place to be told


@pytest.mark.parametrize(
    ("word", "ends"),
    [("fail", "and the modem reports: fail"), ("No report", "and the modem reports: No report")],
)
def test_a_file_whose_last_answer_was_lost_fails_by_what_is_known(word: str, ends: str) -> None:
    settle, session, _ = settler(Modem(report=lambda now: report(word)))
    session.outcome.unsure = ("stp-residue", "broke off", 500)
    error = failed(lambda: settle.deploy(STORE, LIMIT_MS))
    assert error.id == "stp-residue"
    assert error.text == f"broke off; the whole file had been sent, {ends}"


def test_a_file_whose_last_answer_was_lost_is_sent_once_the_modem_says_so() -> None:
    settle, session, _ = settler(Modem(at=until(9000, b"", OK), report=lambda now: report("success")))
    session.outcome.unsure = ("stp-residue", "broke off", 500)
    settle.deploy(STORE, LIMIT_MS)
    unsure: object = session.outcome.unsure
    assert (unsure, session.outcome.sent_bytes) == (None, 500)


# -- after a success on the fly


@pytest.mark.parametrize(("ready", "looks"), [(0, 1), (3, 4), (99, 5)])
def test_a_success_counts_once_the_boot_switch_can_be_read_five_looks_at_most(ready: int, looks: int) -> None:
    left = [ready]

    def boot_switch(now: int) -> bytes:
        left[0] -= 1
        return b"\r\nERROR\r\n" if left[0] >= 0 else b"\r\nRECOVERY\r\n" + OK

    words = [report("success"), report("success 2")]
    modem = Modem(report=lambda now: words.pop(0) if len(words) > 1 else words[0], smswboot=boot_switch)
    settle, session, _ = settler(modem)
    settle.deploy(ON_THE_FLY, LIMIT_MS)
    times = modem.times("AT+SMSWBOOT?")
    assert len(times) == looks
    assert all(later - earlier >= 2000 for earlier, later in pairwise(times))
    assert session.outcome.result_word == "success 2"


@pytest.mark.parametrize(("method", "catalogue"), [(STORE, "finish-timeout"), (ON_THE_FLY, "smswboot-11-error")])
def test_an_application_that_does_not_start_is_told_with_the_mode(method: str, catalogue: str) -> None:
    settle, _, events = settler(Modem(smod=lambda now: RECOVERY))
    error = failed(lambda: settle.come_back(method, 60_000))
    assert error.id == catalogue
    assert f"mode {states.RECOVERY}" in error.text
    assert next(data["limit_ms"] for name, data in events if name == "waiting") == 60_000


# -- a closing RESET that was not acknowledged


def test_after_it_nothing_is_sent_for_a_minute_then_a_reset_and_ten_at_most() -> None:
    modem = Modem(at=lambda now: b"", report=lambda now: b"", start=lambda now: b"")
    settle, session, _ = settler(modem)
    unacknowledged(session)
    failed(lambda: settle.deploy(STORE, LIMIT_MS))
    times = modem.times("STP")
    first = modem.heard_at[0]
    assert first[1] == "STP" and first[0] >= 60_000
    knocks = [at for number, at in enumerate(times) if not number or at - times[number - 1] > 30_000]
    assert len(knocks) == 10
    assert all(later - earlier >= 60_000 for earlier, later in pairwise(knocks[:10]))
    assert modem.times("AT+SMUPGRADE"), "the start is asked for in the end"


def test_a_modem_that_was_still_in_transfer_mode_is_started_at_once() -> None:
    slave = StpSlave()
    modem = Modem(slave, report=lambda now: report("success"))
    modem.answers["at"] = lambda now: OK if slave.ended else b""
    settle, session, _ = settler(modem)
    unacknowledged(session)
    settle.deploy(STORE, LIMIT_MS)
    assert not session.outcome.closing
    assert 60_000 <= modem.times("AT+SMUPGRADE")[0] < 90_000
    assert not [at for at in modem.times("AT") if at < 60_000]


def test_a_modem_that_has_left_its_transfer_mode_is_not_asked_for_it_again() -> None:
    """design.md 4: after a `tsaf` one session is opened and closed, and that is all, however long it writes."""
    modem = Modem(StpSlave(), at=until(600_000, b"", OK), report=lambda now: report("success"))
    settle, session, _ = settler(modem)
    unacknowledged(session)
    settle.deploy(ON_THE_FLY, LIMIT_MS)
    assert len(modem.times("STP")) == 3  # RESET, OPEN, RESET


def test_a_modem_that_answers_after_all_is_not_asked_the_transfer_way() -> None:
    modem = Modem(report=lambda now: report("success"))
    settle, session, _ = settler(modem)
    unacknowledged(session)
    assert isinstance(session.port, Wire)
    session.port.say(b"\r\n+SYSSTART\r\n", 10_000)
    settle.deploy(STORE, LIMIT_MS)
    assert not modem.times("STP")
    assert not session.outcome.closing
    assert modem.times("AT")[0] < 20_000
