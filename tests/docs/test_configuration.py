"""docs/configuration.md, held against the table of settings and against what reads the files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from doctor.cli import config
from doctor.cli.settings import SETTINGS, Setting, Source
from doctor.computer import is_windows

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text("utf-8")


def row(setting: Setting) -> str:
    tables = ", ".join(f"`[{table}]`" for table in setting.tables) or "any, or above them"
    variables = ", ".join(f"`{setting.variable(table)}`" for table in setting.tables or ("",))
    return f"| `{setting.key}` | {tables} | {variables} | {'yes' if setting.weakest is Source.PROJECT else 'no'} |"


def test_the_page_lists_what_files_may_say() -> None:
    told = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert told == [row(setting) for setting in SETTINGS.values() if setting.weakest <= Source.USER]
    for setting in SETTINGS.values():
        assert f"`{setting.key}`" in PAGE and (setting.weakest <= Source.USER or "has the same" in PAGE)


def test_the_example_can_be_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "mine.toml").write_text(example, encoding="utf-8")
    monkeypatch.setenv(config.VARIABLE, str(tmp_path / "mine.toml"))
    said = config.said_for("flash", config.files(config.places()))
    assert said["via"].value == "usb" and said["port"].value == "serial:Pye1e2e3"
    assert said["updater-elf"].value.endswith("updater.elf") and (is_windows() or said["updater-elf"].line == 3)
