"""What docs/releasing.md promises of version and metadata."""

from __future__ import annotations

import re
from pathlib import Path

from doctor import __version__
from doctor.data import parsed

ROOT = Path(__file__).parents[2]
PROJECT = parsed((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PAGE = (ROOT / "docs" / "releasing.md").read_text("utf-8")


def test_the_version_is_one() -> None:
    assert PROJECT["version"] == __version__


def test_the_metadata_name_every_python_that_is_promised() -> None:
    named = {word.rsplit(" ", 1)[1] for word in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", word)}
    assert named == {f"3.{minor}" for minor in (10, 11, 12, 13, 14)}
    assert PROJECT["requires-python"] == ">=3.10"


def test_no_address_is_named_before_there_is_one() -> None:
    """Nothing is published; the page says what to do first. Then this test goes, with that section."""
    assert ("urls" not in PROJECT) == ("## Before the first one" in PAGE)


def test_the_commands_of_the_page_are_targets() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"`make ([a-z-]+)", PAGE)):
        assert f"\n{target}:" in makefile, target
