"""A flash as a picture: bytes over time, the steps behind them, waits, and what was tried again. Inline SVG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from doctor.events import Event, Note, Phase, Progress, StepStarted, Waiting
from doctor.report.elements import Html, element
from doctor.text.durations import clock

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 66, 10, 34, 34
FLOOR = HEIGHT - BOTTOM
NARROW = 22  #: a band that has no room for the number of its step
SHORT_S = 1.0  #: a wait that nobody would see
_LEGEND = (
    "Line: bytes of the file. Numbered bands: steps. Hatched: waiting for the modem. "
    "Triangles: something was tried again."
)

Times = Sequence[tuple[float, float, str]]  #: from, until (seconds), what


def drawn(events: Sequence[tuple[float, Event]]) -> Iterable[Html]:
    """The picture, and its steps as a table, with what was waited for and tried again; nothing if no file went over.

    events  (seconds since the beginning, event)
    """
    if not _sent(events):
        return []
    started = [(at_s, event) for at_s, event in events if isinstance(event, StepStarted)]
    steps = [next((at_s, event.text) for at_s, event in of) for _, of in groupby(started, lambda one: one[1].step)]
    ends = [*(at_s for at_s, _ in steps[1:]), events[-1][0]]
    bands = [(at_s, until_s, words) for (at_s, words), until_s in zip(steps, ends, strict=bool(steps))]
    waits = [wait for wait in _waits(events) if wait[1] - wait[0] >= SHORT_S]
    retries = [(at_s, event.text) for at_s, event in events if isinstance(event, Note) and event.retry]
    return [
        element("h2", "How it went"),
        _picture(events, bands, waits, retries),
        element("p", _LEGEND, class_="soft"),
        _table(bands, waits, retries),
    ]


def _picture(
    events: Sequence[tuple[float, Event]], bands: Times, waits: Times, retries: Sequence[tuple[float, str]]
) -> Html:
    end_s = max(events[-1][0], 0.001)
    sent = _sent(events)

    def x(at_s: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * at_s / end_s, 1)

    def y(share: float) -> float:
        return round(FLOOR - (FLOOR - TOP) * share, 1)

    def area(at_s: float, until_s: float, words: str, fill: str) -> Html:
        width = round(max(1.0, x(until_s) - x(at_s)), 1)
        return element("rect", element("title", words), x=x(at_s), y=TOP, width=width, height=FLOOR - TOP, fill=fill)

    def number(step: int, at_s: float, until_s: float) -> Iterable[Html]:
        if x(until_s) - x(at_s) >= NARROW:
            yield element("text", str(step), x=(x(at_s) + x(until_s)) / 2, y=TOP - 8, text_anchor="middle")

    def triangle(at_s: float, words: str) -> Html:
        left, top = x(at_s) - 6, FLOOR - 2
        return element("path", element("title", words), d=f"M{left:.1f},{top} h12 l-6,-11 z", fill="var(--bad)")

    def share_line(percent: int) -> Iterable[Html]:
        at = y(percent / 100)
        yield element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, stroke="var(--line)")
        yield element("text", f"{percent} %", x=LEFT - 6, y=at + 4, text_anchor="end")

    def reached(at_s: float, share: float) -> Iterable[Html]:
        yield element("circle", cx=x(at_s), cy=y(share), r=4, fill="var(--curve)")
        if share < 1:  # where it stopped
            yield element("text", f"{share:.0%}", x=x(at_s) + 8, y=y(share) + 4, text_anchor="start", class_="mark")

    points = " ".join(f"{x(at_s)},{y(share)}" for at_s, share in sent)
    times = zip((0, 0.5, 1), ("start", "middle", "end"), strict=True)
    fills = ("var(--box)", "var(--phase)")
    hatch = element("path", d="M0,8 L8,0", stroke="var(--warn)", stroke_opacity=0.6)
    return element(
        "svg",
        element("title", f"Share of the file that went over, against time: {clock(end_s)} in all", id="picture"),
        element("defs", element("pattern", hatch, id="wait", width=8, height=8, patternUnits="userSpaceOnUse")),
        [area(*band, fills[step % 2]) for step, band in enumerate(bands)],
        [area(*wait, "url(#wait)") for wait in waits],
        [part for percent in (0, 50, 100) for part in share_line(percent)],
        [part for step, (at_s, until_s, _) in enumerate(bands, 1) for part in number(step, at_s, until_s)],
        element("polyline", points=points, fill="none", stroke="var(--curve)", stroke_width=3),
        reached(*sent[-1]),
        [triangle(*retry) for retry in retries],
        [element("text", clock(end_s * f), x=x(end_s * f), y=HEIGHT - 10, text_anchor=anchor) for f, anchor in times],
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_labelledby="picture",
    )


def _sent(events: Sequence[tuple[float, Event]]) -> list[tuple[float, float]]:
    """When which share of a file had gone over; what is only read beforehand does not count."""
    return [
        (at_s, event.done_bytes / max(1, event.total_bytes))
        for at_s, event in events
        if isinstance(event, Progress) and event.phase is Phase.TRANSFER
    ]


def _waits(events: Sequence[tuple[float, Event]]) -> Iterable[tuple[float, float, str]]:
    """What was waited for, until something went on."""
    begun: tuple[float, str] | None = None
    for at_s, event in (*events, (events[-1][0], None)):
        if begun is not None and (event is None or isinstance(event, Waiting | Progress | StepStarted)):
            yield begun[0], at_s, f"waiting for {begun[1]}"
            begun = None
        if isinstance(event, Waiting):
            begun = at_s, event.what


def _table(bands: Times, waits: Times, retries: Sequence[tuple[float, str]]) -> Html:
    rows = [(at_s, str(step), clock(until_s - at_s), words) for step, (at_s, until_s, words) in enumerate(bands, 1)]
    rows += [(at_s, "", clock(until_s - at_s), words) for at_s, until_s, words in waits]
    rows += [(at_s, "", "", words) for at_s, words in retries]
    return element(
        "table",
        element("tr", [element("th", name, scope="col") for name in ("step", "at", "took", "what")]),
        [
            element("tr", [element("td", cell) for cell in (step, clock(at_s), took, words)])
            for at_s, step, took, words in sorted(rows, key=lambda row: row[0])
        ],
        class_="times",
    )
