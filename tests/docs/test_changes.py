"""Fragments of the changelog are well-formed, and a release is put together from them."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest

from docs._build.changelog import fragments, problems, release

ROOT = Path(__file__).parent.parent.parent
DAY = date(2027, 1, 2)
LATER = date(2027, 1, 3)


def test_every_fragment_is_well_formed() -> None:
    found = {path.name: problems(path) for path in fragments(ROOT / "docs" / "changes")}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("restore.md", "A restore of a large file ends.\n", "call it"),
        ("fixed-Restore.md", "A restore of a large file ends.\n", "call it"),
        ("fixed-restore.txt", "A restore of a large file ends.\n", "call it"),
        ("fixed-restore.md", "A restore of a large file ends\n", "full stop"),
        ("fixed-restore.md", "- A restore of a large file ends.\n", "no list"),
        ("fixed-restore.md", "A restore ends.\n\nAnother one as well.\n", "one paragraph"),
        ("fixed-restore.md", "A `restore of a large file ends.\n", "backtick"),
        ("fixed-restore.md", "It ends.\n", "characters"),
    ],
)
def test_another_one_is_not(name: str, text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    (problem,) = problems(tmp_path / name)
    assert says in problem


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "docs/changes").mkdir(parents=True)
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\nWords.\n\n## 0.1.0 (2026-12-01)\n\n- Old.\n")
    (tmp_path / "docs/changes/README.md").write_text("How.\n")
    (tmp_path / "docs/changes/fixed-b.md").write_text("A large file\nis restored.\n")
    (tmp_path / "docs/changes/added-a.md").write_text("`backup` of a card is there.\n")
    return tmp_path


def test_a_release_is_put_together_from_them(checkout: Path) -> None:
    release(checkout, "0.2.0", DAY)
    assert (checkout / "CHANGELOG.md").read_text() == (
        "# Changelog\n\nWords.\n\n## 0.2.0 (2027-01-02)\n\n### Added\n\n- `backup` of a card is there.\n\n"
        "### Fixed\n\n- A large file\n  is restored.\n\n## 0.1.0 (2026-12-01)\n\n- Old.\n"
    )
    assert [path.name for path in (checkout / "docs/changes").iterdir()] == ["README.md"]


@pytest.mark.needs_tool("git")
def test_what_comes_before_the_tag_joins_the_release(checkout: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-C", checkout, *words], check=True, capture_output=True)

    git("init")
    release(checkout, "0.2.0", DAY)
    (checkout / "docs/changes/fixed-later.md").write_text("This came in the review.\n")
    (checkout / "docs/changes/removed-old.md").write_text("The old way is gone now.\n")
    release(checkout, "0.2.0", LATER)
    assert (checkout / "CHANGELOG.md").read_text() == (
        "# Changelog\n\nWords.\n\n## 0.2.0 (2027-01-03)\n\n### Added\n\n- `backup` of a card is there.\n\n"
        "### Fixed\n\n- This came in the review.\n- A large file\n  is restored.\n\n"
        "### Removed\n\n- The old way is gone now.\n\n## 0.1.0 (2026-12-01)\n\n- Old.\n"
    )
    (checkout / "docs/changes/fixed-too-late.md").write_text("This came after the tag.\n")
    git("-c", "user.name=n", "-c", "user.email=n@localhost", "commit", "--allow-empty", "-m", "Version")
    git("tag", "v0.2.0")
    with pytest.raises(ValueError, match="already"):
        release(checkout, "0.2.0", LATER)
    assert (checkout / "docs/changes/fixed-too-late.md").exists()


def test_nothing_is_lost_if_a_release_cannot_be_made(checkout: Path) -> None:
    before = {path: path.read_text() for path in checkout.rglob("*.md")}
    with pytest.raises(ValueError, match="already"):
        release(checkout, "0.1.0", DAY)
    (checkout / "docs/changes/notes.md").write_text("Anything at all may stand here.\n")
    with pytest.raises(ValueError, match=r"notes\.md"):
        release(checkout, "0.2.0", DAY)
    assert {path: path.read_text() for path in before} == before
