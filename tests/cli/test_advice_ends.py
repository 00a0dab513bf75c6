"""Advice for a modem that stays as it is comes to an end instead of going round."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctor.jobs import tried

from .terminal import Terminal


@pytest.fixture
def port(tmp_path: Path) -> str:
    return f"sim://sqn3330?scenario=modem-silent&state={tmp_path / 'bench'}"


def test_next_steps_for_a_dead_modem_end(terminal: Terminal, port: str, image: Path) -> None:
    seen = [terminal.type("flash", str(image), "--via", "modem", "--yes", "--port", port).next]
    while seen[-1][0] != "open" and len(seen) < 6:
        seen.append(terminal.type(*seen[-1], "--yes" if seen[-1][0] == "fix" else "-q").next)
    assert [words[0] for words in seen] == ["fix", "open"]
    assert all("--via" in words for words in seen[:-1])
    assert terminal.type(*seen[-1]).code == 0


def test_status_of_a_dead_modem_does_not_lead_to_itself_for_ever(terminal: Terminal, port: str) -> None:
    assert terminal.type("status", "--via", "modem", "--port", port).hands
    said = terminal.type("status", "--via", "modem", "--port", port)
    assert said.next == ["open", "modem-dead-escalate"] and "dead" in said.out


def test_a_modem_that_answers_again_is_a_new_case(terminal: Terminal, tmp_path: Path) -> None:
    port = f"sim://sqn3330?state={tmp_path / 'bench'}"
    tried.note(port, ["power-cycle"])
    assert tried.tried(port) == {"power-cycle"}
    terminal.type("check", "--port", port)
    assert tried.tried(port) == frozenset()


def test_a_bench_that_starts_anew_each_time_is_not_remembered() -> None:
    tried.note("sim://sqn3330", ["power-cycle"])
    assert tried.tried("sim://sqn3330") == frozenset()
