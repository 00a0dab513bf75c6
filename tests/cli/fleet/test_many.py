"""Several ports on one command line, with real processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.plugged import ARDUINO, plug_in

SILENT = "sim://gpy?scenario=modem-silent"
PORTS = ("sim://fipy", SILENT, "sim://fipy?id=3")


def named(*ports: str) -> list[str]:
    return [word for port in ports for word in ("--port", port)]


def test_each_is_examined_and_the_one_that_fails_is_named(terminal: Terminal) -> None:
    said = terminal.type("check", *named("sim://fipy", "sim://foreign?device=gps"), "--select", "port-opens")
    assert said.code == 0 and "2 of 2 boards" in said.out
    assert "✓ sim://fipy: nothing failed" in said.err


@pytest.mark.long
def test_two_are_flashed_and_proved_and_the_next_command_names_the_third(
    terminal: Terminal, image: Path, tmp_path: Path
) -> None:
    report = tmp_path / "fleet.json"
    said = terminal.type("flash", str(image), *named(*PORTS), "--yes", "--report", str(report))
    assert said.code == 1 and said.err.count("flashed and proved") == 2 and "2 of 3 boards" in said.out
    assert "Plan for 2 boards: sim://fipy, sim://fipy?id=3" in said.out
    assert SILENT in said.next and "sim://fipy" not in said.next
    whole = json.loads(report.read_text())
    assert [(b["port"], b["exit_code"], b["proof"] is not None) for b in whole["boards"]] == [
        (port, int(port == SILENT), port != SILENT) for port in PORTS
    ]
    assert (whole["schema"], whole["of"], whole["exit"]) == ("fipy-doctor/fleet/1", "flash", 1)


@pytest.mark.long
def test_nobody_said_yes(terminal: Terminal, image: Path) -> None:
    said = terminal.type("flash", str(image), *named("sim://fipy", "sim://fipy?id=3"))
    assert said.code == 1 and "no terminal to ask" in said.err and "flashed" not in said.err


@pytest.mark.long
def test_all_leaves_a_strange_device_alone_and_events_come_with_their_ports(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_in(monkeypatch, ARDUINO)
    said = terminal.type("check", "--all", *named("sim://fipy", SILENT), "--json-events")
    *events, whole = map(json.loads, said.out.splitlines())
    assert said.code == whole["exit"] == 1 and [b["port"] for b in whole["boards"]] == ["sim://fipy", SILENT]
    assert {event["port"] for event in events} == {"sim://fipy", SILENT} and ARDUINO[0] in said.err
