"""docs/performance.md says what the benchmarks measured, losses too."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from docs._build import counts, performance
from docs._build.curve_svg import draw


def told(**row: Any) -> dict[str, Any]:
    one = {"what": "a", "ours": 2.0, "peer": "b", "theirs": 1.0, "unit": "s", "most": None, "note": "", **row}
    return {
        "commit": "0123456",
        "day": "2026-01-01",
        "machine": {"system": "Linux", "python": "3.11", "cores": "2", "load": "0.1"},
        "rows": {"transfer": [one]},
        "curves": [],
    }


def test_the_page_is_what_was_measured() -> None:
    assert performance.PAGE.read_text(encoding="utf-8") == performance.page(), "make performance"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "* a: 2.00 times b\n"),
        ({"most": 1.5}, "* a: 2.00 times b, **missed**\n"),
        ({"most": 2.0}, "Nowhere in this run."),
        ({"ours": 0.9}, "Nowhere in this run."),
    ],
)
def test_losses_are_listed(row: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "FOLDER", tmp_path)
    (tmp_path / "performance.json").write_text(json.dumps(told(**row)))
    assert said in performance.page()


@pytest.mark.parametrize("shared", [False, True])
def test_a_computer_with_other_work_is_told(shared: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "FOLDER", tmp_path)
    found = told()
    found["machine"]["shared"] = shared
    (tmp_path / "performance.json").write_text(json.dumps(found))
    assert ("Other programs worked" in performance.page()) is shared


def test_a_run_that_nobody_ran_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "FOLDER", tmp_path)
    assert "**Not measured.**" in performance.page()


def test_a_curve_is_sound_svg_that_rises_with_its_values() -> None:
    drawn = draw("x", "A", "MB", [(1, 0.1), (6, 0.5), (60, 9.0)])
    root = ET.fromstring(drawn)
    heights = [float(circle.attrib["cy"]) for circle in root.iter("{http://www.w3.org/2000/svg}circle")]
    assert len(heights) == 3
    assert heights == sorted(heights, reverse=True)
    assert "\n\n" not in drawn
    assert "9 s" in drawn
