from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from doctor.cli.main import run
from doctor.errors import UsageError
from doctor.jobs import explain as job
from doctor.jobs.explaining.advice import advice
from tests.another_system import on, powershell_says

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.log"))
BUSY = "could not open port 'COM25': PermissionError(13, 'Access is denied.', None, 5)\n"


def document(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, Any]:
    assert run(["explain", "--json", *argv]) == 0
    parsed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return parsed


def test_json_has_the_members_of_the_design(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "a.log"
    log.write_text(f"first\n{BUSY}", encoding="utf-8")
    said = document(capsys, str(log))
    assert (said["schema"], said["exit"], said["error"]) == ("fipy-doctor/explain/1", 0, None)
    (match,) = said["matches"]
    assert (match["id"], match["lines"]) == ("port-busy", [2])
    assert match["score"] > 0.9 and match["cure"]
    assert said["send_instead"] == []


def test_nothing_known_is_no_error_and_says_what_to_send(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "a.log"
    log.write_text("The weather is fine.\n", encoding="utf-8")
    said = document(capsys, str(log))
    assert said["matches"] == [] and len(said["send_instead"]) > 2
    assert run(["explain", str(log)]) == 0
    assert "Nothing known here." in capsys.readouterr().out


def test_a_missing_file_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "--json", "no-such.log"]) == 2
    assert json.loads(capsys.readouterr().out)["exit"] == 2


def test_an_empty_word_is_an_empty_text_and_not_the_current_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", ""]) == 2
    said = capsys.readouterr().err
    assert "the text is empty" in said and "directory" not in said
    assert run(["explain", "", BUSY]) == 0
    assert "port-busy" in capsys.readouterr().out


def test_files_and_clipboard_exclude_each_other(tmp_path: Path) -> None:
    assert run(["explain", "--clipboard", str(EXAMPLES[0])]) == 2


def test_a_person_reads_entry_proof_and_cure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "a.log"
    log.write_text(BUSY, encoding="utf-8")
    assert run(["explain", str(log)]) == 0
    text = capsys.readouterr().out
    assert "Another program holds the port" in text and "port-busy: certain" in text
    assert f"1 | {BUSY.strip()}" in text
    assert "Do this now:\n  1. Close the editor's console" in text


def test_what_a_paste_holds_cannot_drive_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"[bold]\x9b31m\x1b]0;evil\x07\xe2\x80\xae " + BUSY.encode())
    assert run(["explain", "-v", str(log)]) == 0
    text = capsys.readouterr().out
    assert "[bold]" in text
    assert not [char for char in text if ord(char) < 32 and char != "\n"]
    assert "\u202e" not in text and "\x9b" not in text


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.stem))
def test_examples_are_explained(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = document(capsys, str(path))
    assert bool(said["matches"]) == (path.stem != "healthy-upgrade")


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 6


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_the_clipboard_is_read_by_the_first_program_that_works(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, platform)
    asked: list[str] = []

    def programs(words: Sequence[str]) -> bytes | None:
        asked.append(words[0])
        return (b"Y29waWVk" if words[0] == "powershell.exe" else b"copied") if len(asked) == 1 else None

    assert job.clipboard(programs) == b"copied"
    assert len(asked) == 1


def test_windows_gives_every_letter_of_the_clipboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, "win32")
    powershell_says("Gerät getrennt", tmp_path / "bin", monkeypatch)
    assert job.clipboard().decode() == "Gerät getrennt"


def test_without_any_program_the_clipboard_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, "linux")
    with pytest.raises(UsageError, match="clipboard cannot be read") as caught:
        job.clipboard(lambda words: None)
    assert "xclip" in caught.value.cause and "explain FILE" in caught.value.next


def test_the_first_cause_gives_the_first_step() -> None:
    log = b"Received ERROR from AT+SMSWBOOT=0,0! Aborting!\nUnable to upgrade bootrom.\n"
    (explained,) = job.explain_sources([("x", log)])
    advised = advice(explained.explanation)
    assert advised.together[0].startswith("smswboot-01-error comes first; unable-to-upgrade-bootrom may follow")
    assert advised.steps == explained.explanation.matches[0].entry.cure
