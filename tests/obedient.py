"""Somebody beside the simulated bench: reads what a running command prints, and does what it says with their hands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from rich.console import RenderableType

from doctor.cli.commands.fix import TerminalTalk
from doctor.cli.screen import Screen
from doctor.sim.bench import SimBench

OFF_MS = 12_000


@contextmanager
def obedient_hands() -> Iterator[None]:
    """Hands that unplug the simulated board, plug it in and say so, while the command that asks for it watches."""
    opened: list[SimBench] = []
    printed, from_url = Screen.note, SimBench.from_url

    def read(self: Screen, what: RenderableType) -> None:
        printed(self, what)
        if str(what).endswith("unplug USB and the battery."):
            opened[-1].hands.unplug()
        elif "then plug in again" in str(what):
            opened[-1].world.sleep_ms(OFF_MS)
            opened[-1].hands.plug_in()

    def made(url: str) -> SimBench:
        opened.append(from_url(url))
        return opened[-1]

    with (
        patch.object(Screen, "note", read),
        patch.object(TerminalTalk, "ask", lambda self, question: True),
        patch.object(SimBench, "from_url", made),
    ):
        yield
