"""How a length of time is said: to plan with, and to watch."""

from __future__ import annotations

_MINUTES_FROM_S = 120.0


def span(seconds: float) -> str:
    """A length of time to plan with: ``45 s``, ``4 min``, ``1 h 15 min``."""
    if seconds < _MINUTES_FROM_S:
        return f"{max(1.0, seconds):.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def about(seconds: float) -> str:
    """An estimate, no more exact than it can be: ``about 10 s``, ``about 4 min``."""
    steps = ((5.0, 1), (60.0, 5), (_MINUTES_FROM_S, 10))
    step = next((step for below, step in steps if seconds < below), 1)
    return f"about {span(round(seconds / step) * step)}"


def clock(seconds: float) -> str:
    """What a stopwatch shows: ``0:12``, ``4:12``, ``1:02:03``; parts of a second are left out."""
    minutes, second = divmod(max(0, int(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
