"""Silence behind an answer: in full after whatever changes the modem, counted questions instead where nothing changes.

A stale OK that starts a step of a flash is how modems are lost (known failure ``stale-bytes-in-reply``).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from doctor.sim.modem.modem import Modem
from doctor.sim.world import World, close_all_worlds
from doctor.updater.at import SETTLE_MS, AtChannel
from doctor.updater.flow import Flow
from doctor.updater.profile import SQN3330
from doctor.updater.session import FlowError, Session
from doctor.updater.shapes import Plan, Step
from doctor.updater.soak import soak
from doctor.updater.states import APPLICATION, FFH, RECOVERY, SHOWVER, SILENT, detect, examine
from tests.updater.simport import SimPort
from tests.updater.test_ffh_against_sim import from_ffh
from tests.updater.test_flow_against_sim import Run, practice
from tests.updater.wire import OK, AtScript, Wire

#: Beginnings of all commands that change what the modem does (issue 18 names them), each as a flash sends it.
CHANGES = ("AT+SMSWBOOT=", "AT+SMSTPU", "AT+STP", "AT+SMUPGRADE\r", "AT+IPR", "AT+CFUN", "AT^RESET", "ATE0")
ERROR = b"\r\nERROR\r\n"
BLOCK = b"\r\nUE : 5.0.0.0d\r\nSoftware : LR5.1.1.0-41065\r\n"


@pytest.fixture(autouse=True)
def worlds_end() -> Iterator[None]:
    yield
    close_all_worlds()


def test_waking_ends_if_every_second_answer_is_damaged() -> None:
    class EverySecond:
        asked = 0

        def heard(self, data: bytes, wire: Wire) -> None:
            self.asked += 1
            wire.say(OK if self.asked % 2 else b"\r\nO\xffK\r\n")

    wire = Wire(EverySecond())
    assert not AtChannel(wire, wire.clock).wake(10, 1000)
    assert len(wire.written) == 20


class Dying:
    """Answers one AT, and nothing more."""

    answered = False

    def heard(self, data: bytes, wire: Wire) -> None:
        if data == b"AT\r\n" and not self.answered:
            self.answered = True
            wire.say(OK)


def test_who_falls_silent_among_counted_questions_is_waited_for_no_longer_than_for_single_ones() -> None:
    wire = Wire(Dying())
    assert not AtChannel(wire, wire.clock).wake(10, 1000)
    assert wire.clock.now_ms < 12_000
    wire = Wire(Dying())
    assert detect(wire, wire.clock, SQN3330, patience_ms=3000).mode == SILENT
    assert wire.clock.now_ms < 75_000


@pytest.mark.parametrize("step", ["prepare", "prove"])
def test_who_falls_silent_over_its_mode_is_waited_for_no_longer_in_a_row(step: str) -> None:
    class SilentFromThen:
        def heard(self, data: bytes, wire: Wire) -> None:
            if data.startswith(b"AT") and b"AT+SMOD?\r\n" not in wire.written:
                wire.say(OK)

    wire = Wire(SilentFromThen())
    plan = Plan(APPLICATION, "store", [Step(step, "", "prepare", 120_000, False, "")], None, [])
    assert Flow(wire, wire.clock, SQN3330).run(plan, io.BytesIO(), 0).error is not None
    assert wire.clock.now_ms < 85_000  # of which 65 s see what became of it


def test_a_modem_that_is_deaf_when_its_version_is_asked_for_is_woken_again() -> None:
    script = AtScript({"AT": OK, "AT+SMOD?": b"\r\n2\r\n" + OK, 'AT+SQNSUPGRADENTF="success"': OK,
                       "ATI1": b"\r\nUE5.0.0.0d\r\nLR5.1.1.0-41065\r\n" + OK, SHOWVER: BLOCK + OK})  # fmt: skip

    class DeafAtFirst:
        def heard(self, data: bytes, wire: Wire) -> None:
            if wire.clock.now_ms > 46_000:
                script.heard(data, wire)

    wire = Wire(DeafAtFirst())
    step = Step("prove", "read the version back", "prove", 120_000, False, "")
    plan = Plan(APPLICATION, "store", [step], None, [])
    assert Flow(wire, wire.clock, SQN3330).run(plan, io.BytesIO(), 0).proved


class LastTwice:
    """Takes five questions behind ATE0, and says something more behind the last answer."""

    def __init__(self, more: bytes) -> None:
        self.more = more
        self.asked = 0

    def heard(self, data: bytes, wire: Wire) -> None:
        self.asked += 1
        wire.say(OK)
        if self.asked == 6:
            wire.say(self.more, SETTLE_MS - 10)


def test_the_soak_hears_an_answer_too_many_behind_the_last_question() -> None:
    wire = Wire(LastTwice(OK))
    with pytest.raises(FlowError, match="1 of 5 answers were damaged"):
        soak(Session(wire, wire.clock, SQN3330, None, 0), 5)
    wire = Wire(LastTwice(b"\r\n+CEREG: 1\r\n"))
    soak(Session(wire, wire.clock, SQN3330, None, 0), 5)


def test_the_soak_hears_a_wish_to_stop_while_nothing_answers() -> None:
    script = AtScript({"AT": OK, "ATE0": OK})

    class DeafSoon:
        def heard(self, data: bytes, wire: Wire) -> None:
            if len(script.lines) < 60:
                script.heard(data, wire)

    wire = Wire(DeafSoon())
    session = Session(wire, wire.clock, SQN3330, None, 0)
    session.should_stop = lambda: wire.clock.now_ms > 3_000
    with pytest.raises(FlowError, match="stopped before anything was sent"):
        soak(session)
    assert wire.clock.now_ms < 6_000


class Slow:
    """Sends a RESET back, refuses it as a line only when the silence is nearly over, and takes long for each answer."""

    said = {
        "AT": OK,
        "AT+SMOD?": b"\r\n2\r\n" + OK,
        "ATI": b"\r\nUE5.0.0.0d\r\n" + OK,
    }

    def heard(self, data: bytes, wire: Wire) -> None:
        if data == b"\r":
            wire.say(ERROR, SETTLE_MS - 10)
        elif data.startswith(b"AT"):
            wire.say(self.said[data.decode().strip()], 2 * SETTLE_MS)
        else:
            wire.say(data)


def test_what_a_reset_brings_from_an_at_parser_is_not_taken_for_the_answer_to_the_first_question() -> None:
    wire = Wire(Slow())
    state = detect(wire, wire.clock, SQN3330)
    assert (state.mode, state.notes) == (APPLICATION, [])
    assert wire.written.count(b"AT\r\n") == 4


class SlowRecovery:
    """In recovery; every answer takes longer than SETTLE_MS, and an older mode comes in front of the first one."""

    said = {"AT": OK, "ATE0": OK, "AT+SMOD?": b"\r\n4\r\nOK\r\n", "AT+SMUPGRADE?": b"\r\n+SMUPGRADE: success\r\n" + OK}

    def __init__(self, old_ms: int) -> None:
        self.old_ms = old_ms
        self.free_ms = 0

    def heard(self, data: bytes, wire: Wire) -> None:
        line = data.decode("latin-1").strip()
        if not line.startswith("AT"):
            return
        if line == "AT+SMOD?" and wire.written.count(data) == 1:
            wire.say(b"\r\n2\r\nOK\r\n", self.old_ms)
        self.free_ms = max(self.free_ms, wire.clock.now_ms) + 2 * SETTLE_MS
        wire.say(self.said.get(line, ERROR), self.free_ms - wire.clock.now_ms)


@pytest.mark.parametrize("old_ms", [1, SETTLE_MS, 2 * SETTLE_MS - 1])
def test_a_mode_that_is_older_than_the_question_starts_no_flash_however_slow_the_modem_is(old_ms: int) -> None:
    wire = Wire(SlowRecovery(old_ms))
    step = Step("prepare", "get ready", "prepare", 120_000, False, "")
    outcome = Flow(wire, wire.clock, SQN3330).run(Plan(APPLICATION, "store", [step], None, []), io.BytesIO(), 0)
    assert outcome.error is not None and outcome.error[0] == "modem-state-unknown"
    assert outcome.mode == RECOVERY
    assert not [data for data in wire.written if data.decode("latin-1").startswith(CHANGES[:-1])]
    wire = Wire(SlowRecovery(old_ms))
    state = detect(wire, wire.clock, SQN3330)
    assert (state.mode, state.ati, state.notes) == (RECOVERY, [], ["ati-error"])


@pytest.mark.parametrize("old_ms", [1, SETTLE_MS, 2 * SETTLE_MS - 1])
def test_a_mode_that_is_older_than_the_question_proves_no_flash(old_ms: int) -> None:
    wire = Wire(SlowRecovery(old_ms))
    step = Step("prove", "read the version back", "prove", 120_000, False, "")
    outcome = Flow(wire, wire.clock, SQN3330).run(Plan(APPLICATION, "store", [step], None, []), io.BytesIO(), 0)
    assert not outcome.proved
    assert outcome.error is not None and outcome.error[0] == "invalid-response-after-upgrade"
    assert outcome.mode == RECOVERY


class Late:
    """Answers with an older OK first, and with its own word just before the silence would be long enough."""

    def heard(self, data: bytes, wire: Wire) -> None:
        wire.say(OK, 1)
        wire.say(ERROR, SETTLE_MS)


@pytest.mark.parametrize("line", ["AT+SMSWBOOT=3,1", "AT+SMSTPU", "AT+STP", "AT+SMUPGRADE", "AT+IPR=921600",
                                  "AT+CFUN=4", "AT^RESET", "ATE0", "AT"])  # fmt: skip
def test_an_older_ok_in_front_of_the_own_answer_is_not_believed(line: str) -> None:
    wire = Wire(Late())
    reply = AtChannel(wire, wire.clock).command(line)
    assert (reply.status, reply.stale) == ("ERROR", ["OK"])
    assert wire.clock.now_ms >= 2 * SETTLE_MS


class Listening(SimPort):
    """Tells when what was written and when something came last."""

    def __init__(self, modem: Modem, **more: Any) -> None:
        super().__init__(modem, **more)
        self.wrote: list[tuple[bytes, float]] = []  # and ms of silence before it; of a restarted modem no matter
        self.came_ms = 0.0
        self.restarted = False

    def read(self, max_bytes: int, wait_ms: int) -> bytes:
        data = super().read(max_bytes, wait_ms)
        if data:
            self.came_ms = self.clock.now_ms
            self.restarted = b"+SYSSTART" in data
        return data

    def write(self, data: bytes) -> None:
        quiet_ms = round(self.clock.now_ms - self.came_ms, 6)  # sums of fractions of a millisecond
        self.wrote.append((data, SETTLE_MS if self.restarted else quiet_ms))
        super().write(data)


def behind_changes(port: Listening) -> dict[str, float]:
    """The shortest silence between the last byte that came and the next that went, by what was sent before it."""
    found: dict[str, float] = {}
    for (data, _), (_, quiet_ms) in zip(port.wrote, port.wrote[1:], strict=False):
        for change in CHANGES:
            if data.startswith(change.encode()):
                found[change] = min(quiet_ms, found.get(change, quiet_ms))
    return found


@pytest.mark.parametrize(
    ("method", "changes"),
    [
        ("store", {"ATE0", "AT+CFUN", "AT+SMSTPU", "AT+SMUPGRADE\r", "AT^RESET"}),
        ("on-the-fly", {"ATE0", "AT+CFUN", "AT+SMSTPU", "AT+SMSWBOOT="}),
    ],
)
def test_a_whole_flash_is_silent_behind_all_that_changes_the_modem(method: str, changes: set[str]) -> None:
    run = Run(Modem(World()), *practice(size=20_000), method=method)
    if method == "store":
        run.sim.faults.parse("deploy:late-start")
    run.plan.steps[:0] = [Step("soak", "test the line", "prepare", 500_000, True, "")]
    port = run.port = Listening(run.sim)
    outcome = run.flash()
    assert outcome.proved
    behind = behind_changes(port)
    assert set(behind) == changes
    assert all(quiet_ms >= SETTLE_MS for quiet_ms in behind.values()), behind


def test_questions_that_only_read_stand_in_a_row() -> None:
    run = Run(Modem(World()), *practice(size=20_000), method="store")
    run.plan.steps[:0] = [Step("soak", "test the line", "prepare", 500_000, True, "")]
    port = run.port = Listening(run.sim)
    state, facts = examine(port, port.clock, SQN3330)
    assert (state.mode, bool(facts.showver)) == (APPLICATION, True)
    assert run.flash().proved
    silent = [
        line.decode("latin-1").strip() for (line, _), (_, quiet_ms) in pairwise(port.wrote) if quiet_ms >= SETTLE_MS
    ]
    read = [line for line in silent if line[:2] == "AT" and (line[-1] in "?I1" or line == SHOWVER)]
    assert read == ["ATI", SHOWVER, "AT+SMUPGRADE?", "AT+SMLOG?", "AT+SMUPGRADE?", "AT+SMUPGRADE?", "AT+SMOD?"]


def test_a_boot_rom_in_a_row_is_asked_nothing_that_it_does_not_take() -> None:
    script = AtScript({"AT": b"OK\r\n", "AT+SMOD?": b"0\r\nOK\r\n"}, baud=115200)
    wire = Wire(script)
    assert detect(wire, wire.clock, SQN3330).mode == FFH
    assert {line for line in script.lines if line.startswith("AT")} == {"AT", "AT+SMOD?"}


def test_a_flash_out_of_the_boot_rom_is_silent_behind_all_that_changes_the_modem() -> None:
    run = from_ffh()
    port = run.port = Listening(run.sim, baud=run.port.baud)
    assert run.flash().proved
    behind = behind_changes(port)
    assert {"AT+IPR", "AT+STP"} <= set(behind)
    assert all(quiet_ms >= SETTLE_MS for quiet_ms in behind.values()), behind


def test_counted_questions_cost_one_silence() -> None:
    wire = Wire(AtScript({"AT": OK, "ATI1": b"\r\nUE5\r\n\r\nOK\r\n"}))
    replies = AtChannel(wire, wire.clock).row(["AT", "ATI1", "AT"])
    assert [(reply.status, reply.lines, reply.stale) for reply in replies] == [
        ("OK", [], []), ("OK", ["UE5"], []), ("OK", [], []),
    ]  # fmt: skip
    assert wire.clock.now_ms < 2 * SETTLE_MS


ANSWERS = {"A": b"\r\n1\r\n\r\nOK\r\n", "B": b"\r\n2\r\n\r\nOK\r\n", "C": b"\r\n3\r\n\r\nOK\r\n"}


@pytest.mark.parametrize("place", ["A", "B", "C"])
@pytest.mark.parametrize(
    "first",
    [
        OK + b"%s",  # an older result in front
        b"%s%s",  # twice
        b"\r\n9\r\n%s",  # a line of another answer
        b"%s\r\nERROR\r\n",  # a result behind
        b"",  # none
    ],
)
def test_counted_questions_out_of_step_are_asked_again(first: bytes, place: str) -> None:
    answer = ANSWERS[place]
    spoiled = first.replace(b"%s", answer)
    wire = Wire(AtScript({**ANSWERS, place: [spoiled, answer]}))
    replies = AtChannel(wire, wire.clock).row(["A", "B", "C"])
    if first.startswith(b"\r\n9"):  # more lines than usual are no wrong count: whoever asks judges the lines
        assert [reply.lines[-1:] for reply in replies] == [["1"], ["2"], ["3"]]
        return
    assert [(reply.status, reply.lines) for reply in replies] == [("OK", ["1"]), ("OK", ["2"]), ("OK", ["3"])]
    assert bool(replies[0].stale) == bool(first), "what was too many is told"
    assert wire.written.count(b"C\r\n") <= 2


@pytest.mark.parametrize("late_ms", [1, 30, SETTLE_MS])
def test_an_answer_that_comes_late_moves_no_answer_to_the_next_question(late_ms: int) -> None:
    class Doubled:
        struck = False

        def heard(self, data: bytes, wire: Wire) -> None:
            wire.say(ANSWERS[data[:1].decode()], 2)
            if data[:1] == b"A" and not self.struck:
                self.struck = True
                wire.say(ANSWERS["A"], 2 + late_ms)

    wire = Wire(Doubled())
    replies = AtChannel(wire, wire.clock).row(["A", "B", "C"])
    assert [reply.lines for reply in replies] == [["1"], ["2"], ["3"]]


def test_an_answer_that_names_another_question_of_the_row_is_not_believed() -> None:
    named = {"AT+A?": b"\r\n+A: 1\r\nOK\r\n", "AT+B?": b"\r\n+B: 2\r\nOK\r\n", "AT+C?": b"\r\n+C: 3\r\nOK\r\n"}

    class OneBehind:
        """B is lost, and A comes again in its place: the count is right."""

        lost = False

        def heard(self, data: bytes, wire: Wire) -> None:
            line = data.decode().strip()
            if line == "AT+B?" and not self.lost:
                self.lost, line = True, "AT+A?"
            wire.say(named[line])

    wire = Wire(OneBehind())
    replies = AtChannel(wire, wire.clock).row(list(named))
    assert [reply.lines for reply in replies] == [["+A: 1"], ["+B: 2"], ["+C: 3"]]
    assert replies[0].stale == ["+A: 1"]


def test_a_row_ends_where_the_answer_says_so_and_what_was_decided_is_decided_again() -> None:
    wire = Wire(AtScript({**ANSWERS, "A": [OK + ANSWERS["A"], b"\r\nERROR\r\n"]}))
    replies = AtChannel(wire, wire.clock).row(["A", "B", "C"], more=lambda said: said[-1].status == "OK")
    assert [(reply.status, reply.lines) for reply in replies] == [("ERROR", [])]
    assert wire.written == [b"A\r\n", b"A\r\n"]


def test_an_unasked_line_among_counted_questions_is_nothing() -> None:
    spoken = {"B": b"\r\n+CEREG: 2\r\n" + ANSWERS["B"] + b"\r\n+CER", "C": b"EG: 1\r\n" + ANSWERS["C"]}
    wire = Wire(AtScript({**ANSWERS, **spoken}))
    replies = AtChannel(wire, wire.clock).row(["A", "B", "C"])
    assert [reply.lines for reply in replies] == [["1"], ["2"], ["3"]]
    assert not any(reply.stale for reply in replies)
    assert len(wire.written) == 3
