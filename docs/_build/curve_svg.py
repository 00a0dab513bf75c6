"""A curve as SVG in the colours of the site: both axes logarithmic, so that what is linear is a straight slope of one."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 400, 16, 210
_HEIGHT = 260


class _Axis:
    """From the values of one axis to places in the picture."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        low, high = log10(min(values)), log10(max(values))
        room = max(0.3, (high - low) * 0.08)
        self._low, self._high = low - room, high + room
        self._start, self._end = start, end

    def place(self, value: float) -> float:
        """Where a value lies."""
        share = (log10(value) - self._low) / (self._high - self._low)
        return round(self._start + share * (self._end - self._start), 1)


def draw(name: str, title: str, unit: str, points: Sequence[tuple[float, float]]) -> str:
    """The picture, without a blank line: Markdown takes it as it is.

    name    unlike that of any other picture of the page
    points  (size, seconds), the smallest size first; all above 0
    """
    first, last = points[0], points[-1]
    straight = first[1] * last[0] / first[0]
    across = _Axis([size for size, _ in points], _LEFT, _RIGHT)
    up = _Axis([straight, *(took for _, took in points)], _BOTTOM, _TOP)
    places = [(across.place(size), up.place(took)) for size, took in points]
    told = "; ".join(f"{size:g} {unit}: {_seconds(took)}" for size, took in points)
    lines = [
        f'<svg class="diagram" viewBox="0 0 420 {_HEIGHT}" role="img" aria-labelledby="{name}-t {name}-d" '
        'xmlns="http://www.w3.org/2000/svg">',
        f'<title id="{name}-t">{title}</title>',
        f'<desc id="{name}-d">{told}. The dashed line is linear growth from the first point.</desc>',
        f'<path class="axis" d="M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}"/>',
        f'<path class="line soft" stroke-dasharray="5 5" d="M{places[0][0]} {places[0][1]} '
        f'{across.place(last[0])} {up.place(straight)}"/>',
        f'<path class="line" d="M{" ".join(f"{x} {y}" for x, y in places)}"/>',
    ]
    for (size, _), (x, y) in zip(points, places, strict=True):
        lines.append(f'<circle cx="{x}" cy="{y}" r="4" fill="currentColor"/>')
        lines.append(f'<text class="small" x="{x}" y="{_BOTTOM + 22}" text-anchor="middle">{size:g}</text>')
    for took in (first[1], last[1]):
        lines.append(f'<text class="small" x="{_LEFT - 8}" y="{up.place(took) + 5}" text-anchor="end">{_seconds(took)}</text>')
    lines.append(f'<text class="small" x="{(_LEFT + _RIGHT) // 2}" y="{_HEIGHT - 6}" text-anchor="middle">{unit}</text>')
    return "\n".join([*lines, "</svg>"])


def _seconds(took: float) -> str:
    return f"{took * 1000:.3g} ms" if took < 1 else f"{took:.3g} s"
