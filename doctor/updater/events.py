"""Events of the core: (name, dict) pairs, named and filled in one place. doctor/events.py makes classes of them."""

try:
    from typing import Any, Callable, Dict, Optional  # noqa: F401

    Data = Dict[str, Any]  # what an event says, by name
    Emit = Callable[[str, Data], None]
except ImportError:  # MicroPython
    pass

PREPARE = "prepare"
TRANSFER = "transfer"
WAIT_MODEM = "wait-modem"
PROVE = "prove"


class Speaker(object):
    """Tells one listener, or nobody, what happens.

    emit  called with (name, dict), or None
    """

    def __init__(self, emit=None):
        # type: (Optional[Emit]) -> None
        self._emit = emit

    def step(self, step, text, phase):
        # type: (str, str, str) -> None
        """A step of the plan begins."""
        self._say("step", {"step": step, "text": text, "phase": phase})

    def waiting(self, what, limit_ms, may_unplug):
        # type: (str, int, bool) -> None
        """Something is awaited: for what, how long at most, and whether one may unplug until then."""
        self._say("waiting", {"what": what, "limit_ms": limit_ms, "may_unplug": may_unplug})

    def progress(self, phase, done, total, may_unplug):
        # type: (str, int, int, bool) -> None
        """Bytes that the modem took so far."""
        self._say("progress", {"phase": phase, "done": done, "total": total, "may_unplug": may_unplug})

    def counted(self, what, done, total, of, limit_ms, may_unplug):
        # type: (str, int, int, str, int, bool) -> None
        """Something short is done many times: what, how often so far, how often in all, and of which things."""
        data = {"what": what, "done": done, "total": total, "of": of, "limit_ms": limit_ms, "may_unplug": may_unplug}
        self._say("count", data)

    def note(self, text):
        # type: (str) -> None
        """A line worth keeping in a log."""
        self._say("note", {"text": text})

    def notice(self, text):
        # type: (str) -> None
        """A line that the user must see now."""
        self._say("notice", {"text": text})

    def retry(self, text):
        # type: (str) -> None
        """A line for a log: something is tried once more, or otherwise."""
        self._say("note", {"text": text, "retry": True})

    def _say(self, name, data):
        # type: (str, Data) -> None
        if self._emit is not None:
            self._emit(name, data)
