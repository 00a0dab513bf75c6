from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import RenderableType

from doctor.cli.commands.fix import TerminalTalk
from doctor.cli.screen import Screen
from doctor.sim.bench import SimBench
from doctor.sim.practice.image import make_practice_image

from .terminal import Terminal


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


@pytest.fixture
def obedient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who reads what is printed, and unplugs the simulated board or plugs it in when told to."""
    opened: list[SimBench] = []
    printed, from_url = Screen.note, SimBench.from_url

    def read(self: Screen, what: RenderableType) -> None:
        printed(self, what)
        if str(what).endswith("unplug USB and the battery."):
            opened[-1].hands.unplug()
        elif "then plug in again" in str(what):
            opened[-1].world.sleep_ms(12_000)
            opened[-1].hands.plug_in()

    def made(url: str) -> SimBench:
        opened.append(from_url(url))
        return opened[-1]

    monkeypatch.setattr(Screen, "note", read)
    monkeypatch.setattr(TerminalTalk, "ask", lambda self, question: True)
    monkeypatch.setattr(SimBench, "from_url", made)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A small practice image, of another build than the one on the simulated card."""
    return make_practice_image(tmp_path, build=41019, size_bytes=100_000)
