"""Puts the fragments of docs/changes together into a section of CHANGELOG.md, and removes them.

python -m docs._build.changelog VERSION
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
KINDS = ("added", "changed", "fixed", "removed")
SHORTEST, LONGEST = 20, 600  #: characters of a fragment: a sentence, not a word; a paragraph, not a page
_NAME = re.compile(rf"(?:{'|'.join(KINDS)})-[a-z0-9]+(?:-[a-z0-9]+)*\.md")


def fragments(folder: Path) -> list[Path]:
    """The fragments in ``folder``, all that lies there but its README."""
    return sorted(path for path in folder.iterdir() if path.name != "README.md")


def problems(path: Path) -> list[str]:
    """What is wrong with a fragment, a line each."""
    if not _NAME.fullmatch(path.name):
        return [f"{path.name}: call it {', '.join(f'{kind}-' for kind in KINDS)} and words, as in fixed-restore.md"]
    text = path.read_text(encoding="utf-8")
    found = []
    if "\n\n" in text.strip() or re.search(r"^\s*([-*#>|]|\d+\.) ", text, re.MULTILINE):
        found.append("one paragraph, no list and no heading")
    if not text.strip().endswith("."):
        found.append("end with a full stop")
    if text.count("`") % 2:
        found.append("a backtick has no partner")
    if not SHORTEST <= len(text) <= LONGEST:
        found.append(f"{len(text)} characters; {SHORTEST} to {LONGEST} are read")
    return [f"{path.name}: {each}" for each in found]


def section(version: str, day: date, paths: list[Path], before: Mapping[str, str]) -> str:
    """The section of a release: a list under each kind of change; ``before`` is what stood under it already."""
    lines = [f"## {version} ({day.isoformat()})", ""]
    for kind in KINDS:
        chosen = [path for path in paths if path.name.startswith(f"{kind}-")]
        entries = ["- " + path.read_text(encoding="utf-8").strip().replace("\n", "\n  ") for path in chosen]
        entries += filter(None, [before.get(kind, "")])
        if entries:
            lines += [f"### {kind.capitalize()}", "", *entries, ""]
    return "\n".join(lines)


def release(root: Path, version: str, day: date) -> None:
    """Move all fragments below ``root`` into its CHANGELOG.md, as the newest release.

    What came after the section was made, but before the tag, joins it. Raises ValueError if the version is there already
    and may be out, if a fragment is malformed, or if there is none.
    """
    page = root / "CHANGELOG.md"
    head, mark, older = page.read_text(encoding="utf-8").partition("\n## ")
    paths = fragments(root / "docs" / "changes")
    wrong = [line for path in paths for line in problems(path)]
    if not paths or wrong:
        raise ValueError("\n".join(wrong) or "docs/changes holds no change")
    before: dict[str, str] = {}
    if f"\n## {version} " in f"{mark}{older}":
        newest, mark, rest = older.partition("\n## ")
        if not newest.startswith(f"{version} ") or not _has_no_tag(root, version):
            raise ValueError(f"CHANGELOG.md has a section {version} already, and it may be out; take the next number")
        before, older = _by_kind(newest), rest
    page.write_text(f"{head.rstrip()}\n\n{section(version, day, paths, before)}{mark}{older}", encoding="utf-8")
    for path in paths:
        path.unlink()


def _has_no_tag(root: Path, version: str) -> bool:
    """Whether git knows this folder, and no tag of that version; without git nothing is known."""
    try:
        asked = subprocess.run(["git", "-C", root, "tag", "--list", f"v{version}"], capture_output=True, check=False)
    except OSError:
        return False
    return asked.returncode == 0 and not asked.stdout.strip()


def _by_kind(text: str) -> dict[str, str]:
    """The lists of a section. Raises ValueError for what ``section`` did not write."""
    begun, *parts = re.split(r"^### (\w+)\n", text, flags=re.MULTILINE)
    found = {kind.lower(): entries.strip() for kind, entries in zip(parts[::2], parts[1::2], strict=True)}
    if len(begun.strip().splitlines()) != 1 or len(found) != len(parts) // 2 or not found.keys() <= set(KINDS):
        raise ValueError(
            "the newest section of CHANGELOG.md has more than the lists of its kinds: add the rest by hand"
        )
    return found


if __name__ == "__main__":
    try:
        release(ROOT, sys.argv[1], date.today())
    except (IndexError, ValueError) as error:
        sys.exit(
            f"changelog: {error}" if len(sys.argv) > 1 else "changelog: which version? make changelog VERSION=0.2.0"
        )
