"""What a report shows of the wire: the moments that matter and the end, however long and however odd the run."""

from __future__ import annotations

from doctor.documents.trace_lines import RX, TX, Line
from doctor.events import Note, Phase, StepStarted
from doctor.report.excerpt import MOST_FAULTS, MOST_ROWS, Excerpt
from doctor.report.heard import Heard


def crossed(what: str, data: bytes, t_ms: int = 0) -> Line:
    return Line(0, t_ms, what, data, {})


def texts(excerpt: Excerpt) -> list[str]:
    return [row.text for row in excerpt.rows()]


def test_a_device_that_never_stops_talking_costs_no_room() -> None:
    excerpt = Excerpt()
    for number in range(4_000):
        if number % 1_000 == 0:
            excerpt.border(number, f"step {number}")
        if number % 200 == 0:
            excerpt.fault(number, f"fault {number}")
        excerpt.line(crossed(RX, b"\n" * 200 + b"\x1b]0;x\x07" + bytes(range(256)), number))
    shown = excerpt.rows()
    rows = [row.text for row in shown]
    assert len(rows) <= MOST_ROWS + 1 and sum(map(len, rows)) < 200_000
    assert all(row.isprintable() for row in rows)
    assert sum(row.startswith("fault") for row in rows) <= MOST_FAULTS
    assert shown[-1].t_ms == 3_999


def test_nothing_is_left_out_of_a_short_run() -> None:
    excerpt = Excerpt()
    for number in range(5):
        excerpt.line(crossed(TX, b"AT+%d\r\n" % number))
        excerpt.line(crossed(RX, b"OK\r\n"))
    assert texts(excerpt) == [text for number in range(5) for text in (f"AT+{number}", "OK")]


def test_times_count_from_the_opening_of_the_port_whatever_clock_came_before() -> None:
    heard = Heard()
    heard.hear(Note("before"), 86_400.0)
    heard.line(Line(0, 5_000, "open", b"", {"url": "sim://fipy"}))
    heard.line(crossed(TX, b"AT\r\n", 5_500))
    heard.hear(StepStarted("a", "begun", Phase.PREPARE), 6.0)
    assert [at_s for at_s, _ in heard.events] == [0.0, 1.0]
    assert [row.t_ms for row in heard.excerpt.rows()] == [5_000, 5_500, 6_000]


def test_a_step_that_is_told_again_and_again_begins_once() -> None:
    heard = Heard()
    heard.line(crossed(TX, b"AT\r\n"))
    for text in ("copying", "10 of 20 bytes", "20 of 20 bytes"):
        heard.hear(StepStarted("card", text, Phase.PREPARE), 1.0)
    assert texts(heard.excerpt) == ["AT", "copying"]
