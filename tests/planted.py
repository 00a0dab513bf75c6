"""Packages of other people, installed where Python finds them: real metadata and entry points in a folder of a test."""

from __future__ import annotations

from pathlib import Path

CHECK = '''
from doctor.check import Check

class {kind}(Check):
    """The antenna is fitted.

    Why: without one the modem finds no network.
    """

    id = {id!r}
    deadline_s = 5.0
    {more}

    def look(self, bench):
        {look}
'''


def check(id: str = "antenna-is-fitted", *, more: str = "", look: str = "return self.passed('it is')") -> str:
    """Source of a module with one check, ``Their``."""
    return CHECK.format(kind="Their", id=id, more=more, look=look)


CURE = '''
from doctor.check import Grade
from doctor.remedies import {base}

class Their({base}):
    """Screw the antenna on."""

    id = {id!r}
    {more}

    def steps(self, finding):
        return ("screw the antenna on",)

    def plan(self, bench, finding, context):
        {plan}

    def do(self, bench, finding, context):
        {do}
'''


def cure(
    id: str = "screw-antenna-on",
    *,
    base: str = "DoableCure",
    more: str = "",
    plan: str = "return ('ask the board to',)",
    do: str = "return 'it is on'",
) -> str:
    """Source of a module with one cure, ``Their``."""
    return CURE.format(base=base, id=id, more=more, plan=plan, do=do)


def plant(folder: Path, package: str, *sources: str, target: str = "", group: str = "fipy_doctor.checks") -> None:
    """Install ``package`` in ``folder``, with an entry point for ``Their`` of each source, or for ``target``."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = package.replace("-", "_")
    info = folder / f"{stem}-1.dist-info"
    info.mkdir()
    targets = [target] if target else [f"{stem}_{number}:Their" for number in range(len(sources))]
    for number, source in enumerate(sources):
        (folder / f"{stem}_{number}.py").write_text(source)
    lines = [f"{package}-{number} = {aim}" for number, aim in enumerate(targets)]
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
    (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]))
