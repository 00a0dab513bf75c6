"""The original thread as one story: a user who knows nothing but what the output says. Told in docs/story.md."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.cli import screen
from tests.cli.terminal import Said, Terminal

PAGE = Path(__file__).parent.parent.parent / "docs" / "story.md"
SCENARIOS = "html-scripts,autorun-updater,jumpers-fitted,dup-in-folder,sd-lists-empty,smswboot-error"
BEGINNING = f"sim://fipy?scenario={SCENARIOS}&release=1.17.3.b1&build=38638&state=bench"
BENCH = "sim://fipy?state=bench"  #: how it goes on: what the bench was made from is kept with it
FIRMWARE = "PRACTICE-CATM1-41065.dup"
PATIENCE = 10  #: rounds of check and cure before the story is given up


class Recorder(Terminal):
    """A terminal whose scroll-back can be read: what each command showed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        super().__init__(capsys)
        self.shown: dict[tuple[str, ...], str] = {}

    def type(self, *words: str) -> Said:
        said = super().type(*words)
        self.shown[words] = self.shown.get(words, "") + said.out + said.err
        return said


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Recorder:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIPY_DOCTOR_BACKUP", "backup")
    monkeypatch.setattr(screen, "NO_TERMINAL_COLUMNS", 80)
    return Recorder(capsys)


def obey(terminal: Terminal, said: Said) -> Said:
    """Do with hands what the output asks for, then type its next command, confirming the plan that it shows."""
    for words in said.hands:
        assert terminal.type(*words).code == 0
    words = said.next
    return terminal.type(*words, "--yes") if words[0] == "fix" else terminal.type(*words)


def cured(terminal: Terminal) -> Iterator[tuple[str, str]]:
    """Check and do what it says until it says flash; yields first finding and first remedy of each round."""
    for _ in range(PATIENCE):
        said = terminal.type("check", "--port", BENCH)
        if said.next[0] == "flash":
            assert said.code == 0
            return
        first = terminal.type("check", "--port", BENCH, "--json").document["findings"][0]
        yield first["check"], first["remedies"][0]["id"]
        assert obey(terminal, said).code in (0, 1)
    raise AssertionError(said.out)


@pytest.mark.long
def test_original_thread_from_the_first_check_to_the_proof(terminal: Recorder) -> None:
    start = terminal.type("check", "--port", BEGINNING)
    assert start.code == 1
    assert "! boot-switch-answers  the modem refuses AT+SMSWBOOT?" in start.out
    told = terminal.type("check", "--port", BENCH)
    assert told.next[:3] == ["check", "--done", "card-reseated"]
    assert obey(terminal, told).next[:2] == ["fix", "--upload-scripts"], "no card is needed: it stands in nobody's way"
    whole = terminal.type("fix", "--reformat-sd", "--sd", "bench/card.img", "--port", BENCH, "--yes")
    assert whole.code == 0
    assert list(cured(terminal)) == [
        ("board-scripts-match", "upload-scripts"),
        ("boot-starts-no-updater", "disable-autorun"),
        ("jumpers-removed", "remove-jumpers"),
    ]
    ready = terminal.type("check", "--port", BENCH)
    assert "fipy-doctor sim --make-firmware ." in ready.out
    refused = terminal.type(*ready.next)
    assert refused.code == 2  # nobody confirmed the file that it found
    words = shlex.split(refused.err.split("fipy-doctor ", 1)[1].splitlines()[0])
    assert words[1] == f"card:{FIRMWARE}"
    assert terminal.type(*words).code == 1  # nobody confirmed the plan
    flashed = terminal.type(*words, "--yes", "--trace", "flash.trace")
    assert flashed.code == 0
    assert "Flashed and proved" in flashed.out
    assert "runs now  LR5.1.1.0-41065" in flashed.out
    assert "AT+SMSWBOOT=3,0" in heard(Path("flash.trace"))
    assert flashed.next == []
    (pressed,) = flashed.hands
    assert terminal.type(*pressed).code == 0
    after = terminal.type("check", "-v", "--port", BENCH)
    assert after.code == 0
    assert "runs its application: LR5.1.1.0-41065" in after.out
    assert list(untold(terminal)) == []


@pytest.mark.long
def test_card_is_cured_in_the_board_and_the_firmware_put_where_the_poster_put_it(terminal: Terminal) -> None:
    assert terminal.type("sim", "--make-firmware", ".").code == 0
    assert terminal.type("check", "--port", f"{BENCH}&scenario=sd-lists-empty&release=1.17.3.b1").code == 1
    refused = terminal.type("fix", "--reformat-sd", "--yes", "--port", BENCH)
    assert refused.code == 1
    assert "NO backup" in refused.err
    assert "add --confirm /sd" in refused.out
    formatted = terminal.type("fix", "--reformat-sd", "--yes", "--confirm", "/sd", "--port", BENCH)
    assert formatted.code == 0
    (copying,) = formatted.hands
    words = [FIRMWARE if word == "FILE.dup" else word for word in copying]
    assert terminal.type(*words, "--card-path", f"sd/{FIRMWARE}").code == 0
    assert list(cured(terminal)) == [("board-reads-card", "move-dup")]


def untold(terminal: Recorder) -> Iterator[str]:
    """Commands and lines of docs/story.md that this run did not show."""
    page = PAGE.read_text(encoding="utf-8")
    for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL):
        for command, output in re.findall(r"^\$ fipy-doctor (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            shown = terminal.shown.get(tuple(shlex.split(command)))
            if shown is None:
                yield command
                continue
            lines = {line.rstrip() for line in shown.splitlines()}
            yield from (line for line in output.splitlines() if line.strip() != "…" and line not in lines)


def heard(trace: Path) -> str:
    """All bytes of a trace as text."""
    lines = (json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines())
    return b"".join(bytes.fromhex(line["hex"]) for line in lines if "hex" in line).decode("latin-1")
