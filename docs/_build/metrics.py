"""Measures the house, as it is and as it was, and writes docs/metrics.md.

python -m docs._build.metrics [REVISION …]      what it is compared with, oldest first (git must know them)
"""

from __future__ import annotations

import ast
import io
import re
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from radon.complexity import cc_rank, cc_visit

from docs._build.counts import commit_now
from docs._build.modules import arrows, circles, module_of, product

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "metrics.md"
#: Before the rooms were rebuilt; and before what was said twice was said once, when used boards and boot loaders were in.
BEFORE = ("83b73a4", "5016bed")
CITATION = re.compile("|".join(rf"\b{re.escape(page.name)} \d" for page in (ROOT / "docs" / "reference").glob("*.md")))
HEAD = """# The house in figures

Made by `make metrics` with [radon](https://pypi.org/project/radon/); the product is `doctor/` and `checks/`. A column is a
commit; the last one is that on which this was made. A circle is a set of modules that import each other, imports for types included; an arrow
leads from one room to another (a room is a folder below `doctor/`, `checks/`, or a module at the top). Each citation of
[the reference](reference/index.md) leads to a section that exists: a test sees to it.

"""


@dataclass(frozen=True)
class Source:
    """One module of the product: its dotted name, its text, and the modules of the product that it imports."""

    module: str
    text: str
    imports: frozenset[str]

    @property
    def room(self) -> str:
        """The folder below doctor/, the folder checks, or the module itself if it is at the top."""
        parts = self.module.split(".")
        return parts[0] if parts[0] == "checks" else ".".join(parts[:2])


def sources(root: Path) -> list[Source]:
    """All modules of the product below a checkout."""
    used = arrows(root)
    return [
        Source(module, path.read_text(encoding="utf-8"), used[module])
        for path in product(root)
        for module in [module_of(path, root)]
    ]


def share(values: list[int], part: float) -> int:
    """The value that this part of all values does not exceed."""
    return sorted(values)[int(part * (len(values) - 1))]


def figures(root: Path) -> dict[str, str]:
    """All figures of one checkout, by their names."""
    found = sources(root)
    modules = {each.module for each in found}
    packages = {module.rpartition(".")[0] for module in modules}
    lines = [len(each.text.splitlines()) for each in found]
    functions = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for each in found
        for node in ast.walk(ast.parse(each.text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    ranks = Counter(cc_rank(block.complexity) for each in found for block in cc_visit(each.text))
    folders = Counter(each.module.rpartition(".")[0] for each in found if each.module not in packages)
    crowded = [f"`{name.replace('.', '/')}/` {count}" for name, count in folders.most_common() if count > 20]
    room_of = {each.module: each.room for each in found}
    used = {each.module: each.imports for each in found}
    rooms = {(room_of[a], room_of[b]) for a, many in used.items() for b in many if room_of[a] != room_of[b]}
    rings = circles(used)
    return {
        "files": str(len(found)),
        "lines": f"{sum(lines):,}",
        "lines of a file: median, 95 %, longest": f"{statistics.median(lines):.0f}, {share(lines, 0.95)}, {max(lines)}",
        "lines of a function: median, 95 %, longest": (
            f"{statistics.median(functions):.0f}, {share(functions, 0.95)}, {max(functions)}"
        ),
        "functions of complexity D, E, F": f"{ranks['D']}, {ranks['E']}, {ranks['F']}",
        "folders of more than 20 modules": ", ".join(crowded) or "none",
        "modules at the top of `doctor/`": str(folders["doctor"]),
        "rooms, arrows between rooms": f"{len(set(room_of.values()))}, {len(rooms)}",
        "circles of modules, modules in them": f"{len(rings)}, {sum(map(len, rings))}",
        "`Any`, `type: ignore`": ", ".join(
            str(sum(each.text.count(mark) for each in found)) for mark in ("Any", "type: ignore")
        ),
        "citations of the reference": str(sum(len(CITATION.findall(each.text)) for each in found)),
    }


def checkout(revision: str, folder: Path) -> Path:
    """The files of a revision below a new folder. Raises CalledProcessError if git does not know it."""
    packed = subprocess.run(["git", "archive", revision], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def main(revisions: Sequence[str]) -> None:
    """Measure all of them, and write the page."""
    columns = {}
    for revision in revisions:
        with tempfile.TemporaryDirectory() as folder:
            columns[f"`{revision}`"] = figures(checkout(revision, Path(folder)))
    now = figures(ROOT)
    columns[f"`{commit_now()}`"] = now
    rows = [["figure", *columns], ["---"] * (len(columns) + 1)]
    rows += [[name, *(column[name] for column in columns.values())] for name in now]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    PAGE.write_text(HEAD + table, encoding="utf-8")
    print(table, end="")


if __name__ == "__main__":
    main(sys.argv[1:] or BEFORE)
