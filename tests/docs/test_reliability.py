"""docs/reliability.md says what the long runs counted, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs._build import counts, reliability


def test_the_page_is_what_the_counts_make() -> None:
    assert reliability.PAGE.read_text(encoding="utf-8") == reliability.page(), "make reliability"


def test_a_run_that_nobody_ran_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "FOLDER", tmp_path)
    page = reliability.page()
    assert page.count("**not run**") == len(reliability.RUNS)
    assert "**Not run.**" in page


def test_counts_are_kept_only_when_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "FOLDER", tmp_path)
    figures = {"inputs": {"a": 5, "b": 2000}, "seconds": 9, "broken": 0}
    monkeypatch.delenv(counts.VARIABLE, raising=False)
    counts.keep("fuzz", **figures)
    assert counts.kept("fuzz") is None
    monkeypatch.setenv(counts.VARIABLE, "1")
    counts.keep("fuzz", **figures)
    assert "2 parsers, 2,005 inputs, 9 s, 0 broken" in reliability.page()


def test_a_module_short_of_its_share_is_not_rounded_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "FOLDER", tmp_path)
    monkeypatch.setenv(counts.VARIABLE, "1")
    figures = {"mutants": 60, "killed": 50, "alive": 8, "not judged": 1, "equivalent": 1}
    counts.keep_modules("mutation", {"a": figures, "b": {"mutants": 1, "equivalent": 1}}, ("a", "b"), "0123456")
    assert reliability.noticed(figures) < reliability.ENOUGH
    assert "| `a` | 60 | 50 | 8 | 0 | 1 | 1 | 84 % | `0123456`, " in reliability.page()
