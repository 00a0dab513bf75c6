"""A flash as a picture: bytes over time, the steps behind them, waits, and what was tried again. Inline SVG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from doctor.events import Event, Note, Phase, Progress, StepStarted, Waiting
from doctor.report.elements import Html, element
from doctor.text.durations import clock

WIDTH, HEIGHT = 900, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 24, 28
FLOOR = HEIGHT - BOTTOM
TRIED_AGAIN = ("again", "not answered", "NACK", "refused")  #: words of notes that a dot is drawn for
_LEGEND = "Line: bytes of the file. Bands: steps. Dashed: a wait begins. Dots: something was tried again."


def drawn(events: Sequence[tuple[float, Event]]) -> Iterable[Html]:
    """The picture, and the same as a table for who cannot see it; nothing if no file went over.

    events  (seconds since the first, event)
    """
    if not _sent(events):
        return []
    steps = [(at_s, event.text) for at_s, event in events if isinstance(event, StepStarted)]
    ends = [*(at_s for at_s, _ in steps[1:]), events[-1][0]]
    bands = [(at_s, until_s, words) for (at_s, words), until_s in zip(steps, ends, strict=bool(steps))]
    return [
        element("h2", "How it went"),
        _picture(events, bands),
        element("p", _LEGEND, class_="soft"),
        element("details", element("summary", "The same as a table"), _table(bands)),
    ]


def _picture(events: Sequence[tuple[float, Event]], bands: Iterable[tuple[float, float, str]]) -> Html:
    end_s = max(events[-1][0], 0.001)

    def x(at_s: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * at_s / end_s, 1)

    def y(share: float) -> float:
        return round(FLOOR - (FLOOR - TOP) * share, 1)

    def band(number: int, at_s: float, until_s: float, words: str) -> Html:
        width = round(x(until_s) - x(at_s), 1)
        fill = ("var(--box)", "var(--phase)")[number % 2]
        return element("rect", element("title", words), x=x(at_s), y=TOP, width=width, height=FLOOR - TOP, fill=fill)

    def upright(at_s: float, words: str) -> Html:
        title = element("title", words)
        at = {"x1": x(at_s), "x2": x(at_s), "y1": TOP, "y2": FLOOR}
        return element("line", title, **at, stroke="var(--warn)", stroke_dasharray="3 3")

    def dot(at_s: float, words: str) -> Html:
        return element("circle", element("title", words), cx=x(at_s), cy=FLOOR - 6, r=4, fill="var(--bad)")

    def share_line(percent: int) -> Iterable[Html]:
        at = y(percent / 100)
        yield element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, stroke="var(--line)")
        yield element("text", f"{percent} %", x=LEFT - 6, y=at + 4, text_anchor="end")

    points = " ".join(f"{x(at_s)},{y(share)}" for at_s, share in _sent(events))
    notes = [(at_s, event.text) for at_s, event in events if isinstance(event, Note)]
    times = zip((0, 0.25, 0.5, 0.75, 1), ("start", "middle", "middle", "middle", "end"), strict=True)
    return element(
        "svg",
        element("title", f"Share of the file that went over, against time: {clock(end_s)} in all", id="picture"),
        [band(number, *one) for number, one in enumerate(bands)],
        [part for percent in (0, 50, 100) for part in share_line(percent)],
        [upright(at_s, f"waiting for {event.what}") for at_s, event in events if isinstance(event, Waiting)],
        element("polyline", points=points, fill="none", stroke="var(--curve)", stroke_width=2),
        [dot(at_s, words) for at_s, words in notes if any(word in words for word in TRIED_AGAIN)],
        [element("text", clock(end_s * f), x=x(end_s * f), y=HEIGHT - 8, text_anchor=anchor) for f, anchor in times],
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


def _table(bands: Iterable[tuple[float, float, str]]) -> Html:
    head = element("tr", [element("th", name, scope="col") for name in ("from", "for", "step")])
    rows = (
        element("tr", [element("td", cell) for cell in (clock(at_s), clock(until_s - at_s), words)])
        for at_s, until_s, words in bands
    )
    return element("table", head, rows)
