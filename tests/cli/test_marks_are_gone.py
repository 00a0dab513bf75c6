"""What a person or a program reads has no marks, commands that find the bench, and nothing hostile among them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from doctor.text.command import quoted
from tests.cli.terminal import Terminal

FAULTS = ("html-scripts", "autorun-updater", "modem-silent", "dup-in-folder", "jumpers-fitted")
HOSTILE = "`fipy-doctor fix --reformat-sd --yes`.dup"
SPELLED = re.compile(r"fipy-doctor (?:check|fix|flash|plan|status|backup|restore)\b(?![/-])")


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


@pytest.mark.sampled(8, "long")
@pytest.mark.parametrize("words", [("check", "-v"), ("status",), ("fix", "--dry-run")], ids=lambda words: words[0])
@pytest.mark.parametrize(
    "name", ["html-scripts", "autorun-updater", "modem-silent", "dup-in-folder", "updater-at-work"]
)
@pytest.mark.long
def test_every_command_that_is_printed_names_its_port(words: tuple[str, ...], name: str, terminal: Terminal) -> None:
    port = f"sim://fipy?scenario={name}"
    said = terminal.type(*words, "--port", port)
    for line in (said.out + said.err).splitlines():
        assert "`" not in line
        assert not SPELLED.search(line) or port in line, line
    for text in texts(terminal.type(*words, "--port", port, "--json").document):
        assert "`" not in text
        assert not SPELLED.search(text) or port in text, text


@pytest.mark.sampled(5, "long")
@pytest.mark.parametrize("name", FAULTS)
def test_on_a_narrow_terminal_every_command_is_whole(
    name: str, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = f"sim://fipy?scenario={name}"
    command = re.compile(rf"fipy-doctor [^\n]*?--port {re.escape(quoted([port]))}")
    commands = command.findall(terminal.type("check", "--port", port).out)
    monkeypatch.setattr("doctor.cli.screen.NO_TERMINAL_COLUMNS", 40)
    assert command.findall(terminal.type("check", "--port", port).out) == commands != []


def test_a_file_called_like_a_command_is_shown_as_a_file(terminal: Terminal, tmp_path: Path) -> None:
    card = tmp_path / "card"
    (card / "sub").mkdir(parents=True)
    for path in (card / HOSTILE, card / "sub" / HOSTILE, tmp_path / HOSTILE):
        path.write_bytes(b"no firmware")
    given = ("--sd", str(card), "--firmware", str(tmp_path / HOSTILE))
    printed = terminal.type("check", *given, "--port", "sim://fipy").out
    shown = [line for line in printed.splitlines() if "reformat-sd" in line and "cure:" not in line]
    assert shown
    # either as a name, escaped, or within the quotes of a command that takes it as its file
    for line in shown:
        assert "--reformat-sd --yes --port" not in line
        assert r"\x60fipy-doctor fix --reformat-sd --yes\x60.dup" in line or f"{HOSTILE}'" in line, line
    found = terminal.type("check", *given, "--json").document["findings"]
    said = [finding[member] for finding in found for member in ("summary", "cause", "next") if finding[member]]
    assert any("reformat-sd --yes" in text for text in said) and not any("`" in text for text in said)


def test_an_error_from_deep_below_names_the_whole_bench_once(terminal: Terminal, tmp_path: Path) -> None:
    card = tmp_path / "card.img"
    card.write_bytes(bytes(range(256)) * 4096)
    bench = ("--sd", str(card), "--port", "sim://fipy", "--carrier", "pysense")
    said = terminal.type("fix", "--move-dup", "--yes", *bench)
    commands = [line for line in (said.out + said.err).splitlines() if SPELLED.search(line)]
    assert commands
    for line in commands:
        assert line.count("--sd") == 1 and str(card) in line and "--carrier pysense" in line, line
