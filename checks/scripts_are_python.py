"""scripts-are-python: the scripts that the user downloaded are what they say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from doctor.bench import Needs
from doctor.check import Check, Finding, Grade, Known, Remedy
from doctor.errors import UsageError
from doctor.firmware.scripts import PARSE_MAX_BYTES, VENDOR_SCRIPTS, ScriptKind, ScriptVerdict, classify, describe
from doctor.text.escape import hex_bytes, shown

if TYPE_CHECKING:
    from doctor.bench import Bench

#: Scripts that are looked at; the vendor's whole repository, unpacked, has fewer.
MAX_SCRIPTS = 500
#: Folders below the given one that are walked; lib/sqnsupgrade lies two deep in the vendor's repository.
MAX_DEPTH = 5
_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages", "venv"})
#: Names that a browser gives a script that it saved as something else.
_SCRIPT_SUFFIXES = (".py", ".py.txt", ".py.html", ".py.htm")
_WORST_FIRST = (
    ScriptKind.HTML,
    ScriptKind.ERROR_TEXT,
    ScriptKind.JSON,
    ScriptKind.XML,
    ScriptKind.ZIP,
    ScriptKind.GZIP,
    ScriptKind.ARCHIVE,
    ScriptKind.TRUNCATED,
    ScriptKind.EMPTY,
    ScriptKind.BINARY,
    ScriptKind.UTF16,
    ScriptKind.DOCUMENT,
    ScriptKind.SMART_QUOTES,
    ScriptKind.SYNTAX_ERROR,
    ScriptKind.BOM,
    ScriptKind.TOO_LARGE,
    ScriptKind.APPLEDOUBLE,
    ScriptKind.PYTHON2,
    ScriptKind.PYTHON,
)
_DOWNLOAD = Remedy("download-raw-scripts", Grade.MANUAL)
_KNOWN = {
    "script-is-html-page": Known(
        "the browser saved GitHub's page about the file, or a login or error page, instead of it", (_DOWNLOAD,)
    ),
    "smart-quotes-in-pasted-code": Known("the code was copied from a forum, a mail or a word processor", (_DOWNLOAD,)),
    "corrupt-upload": Known("the download or copy was interrupted, or an editor changed the file", (_DOWNLOAD,)),
    "appledouble-companion": Known(
        "macOS writes such a ._ file beside each real one; the board must not get it",
        (Remedy("delete-dot-files", Grade.MANUAL),),
    ),
    "firmware-still-zipped": Known(
        "the archive was renamed instead of unpacked", (Remedy("unzip-firmware", Grade.MANUAL), _DOWNLOAD)
    ),
    "files-swapped": Known(remedies=(_DOWNLOAD,)),
    "windows-path-escapes": Known(
        "a path was pasted from Explorer; Python reads its backslashes as escapes", (_DOWNLOAD,)
    ),
    "hidden-double-extension": Known(
        "the script was saved as text or page, and Windows hides the real extension", (_DOWNLOAD,)
    ),
    "sqnsupgrade-module-missing": Known("this is the wrong folder, or the download did not finish", (_DOWNLOAD,)),
}


@dataclass(frozen=True)
class _Script:
    """One file and what it is; ``name`` is its path below the given folder."""

    name: str
    verdict: ScriptVerdict

    def __str__(self) -> str:
        role = describe(self.name)
        return f"{shown(self.name, 60)}{f' ({role})' if role else ''} {self.verdict.text}"

    @property
    def rank(self) -> tuple[int, bool, str]:
        """Worst kind first, the vendor's own scripts before others."""
        return _WORST_FIRST.index(self.verdict.kind), not describe(self.name), self.name


class ScriptsArePython(Check):
    """Every script that was downloaded is real Python.

    Why: the best known way to fail is to save GitHub's web page about sqnsupgrade.py instead of the script. The
    board then says nothing but "SyntaxError: invalid syntax". fipy-doctor flashes without these scripts, so a bad
    one is a warning, not a stop.
    Looks at: each .py file below --scripts: its first bytes, its encoding, and its grammar. Runs none of them.
    Cures: download-raw-scripts, unzip-firmware, delete-dot-files; or do without the scripts.
    """

    id = "scripts-are-python"
    needs = (Needs.SCRIPTS,)
    deadline_s = 30.0
    gates = False
    knows = _KNOWN

    def look(self, bench: Bench) -> Finding:
        """Classify every script in the folder that was given."""
        folder = bench.options.scripts
        if folder is None:
            raise UsageError(self.id, "no folder of scripts was given", next="add --scripts DIR")
        if not folder.exists():
            raise UsageError(
                self.id,
                "there is no such folder",
                on=shown(str(folder), 200),
                next="give the folder that holds the scripts",
            )
        scripts = sorted((_Script(name, _read(path)) for name, path in _find(folder)), key=lambda script: script.rank)
        if not scripts:
            return self._none(folder)
        bad = [script for script in scripts if script.verdict.kind is not ScriptKind.PYTHON]
        if bad:
            return self._bad(bad, scripts)
        renamed = [script.name for script in scripts if not script.name.lower().endswith(".py")]
        if renamed:
            return self.warn(
                f"{_list(renamed)} is Python inside, but its name does not end in .py: the board will not find it",
                catalogue="hidden-double-extension",
                evidence={"files": [shown(name, 200) for name in renamed]},
            )
        vendor = [script.name for script in scripts if describe(script.name)]
        of_these = f", {len(vendor)} of them from the vendor's updater" if vendor else ""
        return self.passed(
            f"all {len(scripts)} scripts are Python{of_these}"
            if len(scripts) > 1
            else f"{shown(scripts[0].name, 60)} is Python",
            evidence={"files": _names(scripts)},
        )

    def _bad(self, bad: list[_Script], scripts: list[_Script]) -> Finding:
        worst = bad[0]
        more = f"; also bad: {_list([script.name for script in bad[1:]])}" if bad[1:] else ""
        catalogue = worst.verdict.catalogue
        known = _KNOWN.get(catalogue or "", Known(remedies=(_DOWNLOAD,)))
        return self.warn(
            f"{worst}{more}",
            catalogue=catalogue,
            cause=known.cause,
            remedies=known.remedies,
            evidence={
                "file": shown(worst.name, 200),
                "kind": worst.verdict.kind.value,
                "line": worst.verdict.line,
                "first_bytes": hex_bytes(worst.verdict.first_bytes, 16),
                "bad": [str(script) for script in bad],
                "catalogue_ids": sorted({script.verdict.catalogue for script in bad if script.verdict.catalogue}),
                "scripts": len(scripts),
            },
        )

    def _none(self, folder: Path) -> Finding:
        archives = sorted(path.name for path in _entries(folder) if path.suffix.lower() == ".zip")
        if archives:
            return self.warn(
                f"{shown(folder.name, 60)} holds no scripts, only {_list(archives)}, which is still packed",
                catalogue="firmware-still-zipped",
                cause="Windows opens a zip archive like a folder",
                evidence={"archives": [shown(name, 200) for name in archives]},
            )
        return self.warn(
            f"{shown(folder.name, 60)} holds no Python scripts",
            catalogue="sqnsupgrade-module-missing",
        )


def _find(folder: Path) -> Iterator[tuple[str, Path]]:
    """(name below the folder, path) of each script, bounded in number and depth; a single file counts as one."""
    if folder.is_file():
        yield folder.name, folder
        return
    found = 0
    for root, folders, files in os.walk(folder):
        here = Path(root)
        depth = len(here.relative_to(folder).parts)
        folders[:] = [
            name for name in sorted(folders) if depth < MAX_DEPTH and name not in _SKIPPED_FOLDERS and name[0] != "."
        ]
        for name in sorted(files):
            stem = name.lower()
            if not stem.endswith(_SCRIPT_SUFFIXES) and stem not in VENDOR_SCRIPTS:
                continue
            yield (here / name).relative_to(folder).as_posix(), here / name
            found += 1
            if found >= MAX_SCRIPTS:
                return


def _read(path: Path) -> ScriptVerdict:
    try:
        if path.exists() and not path.is_file():  # a pipe or a device would keep us waiting
            return ScriptVerdict(ScriptKind.BINARY, 0, b"", "is not a regular file", "corrupt-upload")
        with path.open("rb") as file:
            return classify(path.name, file.read(PARSE_MAX_BYTES + 1))
    except OSError as err:
        text = f"cannot be read ({err.strerror})"
        return ScriptVerdict(ScriptKind.BINARY, 0, b"", text, "corrupt-upload")


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _names(scripts: list[_Script]) -> list[str]:
    return [shown(script.name, 200) for script in scripts]


def _list(names: list[str], most: int = 8) -> str:
    """The names, escaped, in one sentence; more than ``most`` are counted, all stand in the evidence."""
    named = ", ".join(shown(name, 60) for name in names[:most])
    return f"{named} and {len(names) - most} more" if len(names) > most else named
