"""Check ``board-scripts-match``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from doctor.bench import Bench, Needs
from doctor.check import Check, Evidence, Finding, Grade, Known, Remedy
from doctor.firmware.scripts import VENDOR_SCRIPTS, ScriptKind
from doctor.text.escape import first_of, hex_bytes, shown

if TYPE_CHECKING:
    from doctor.board.scripts_on_board import BoardScript, BoardScripts, LocalScript

PAGE = "script-is-html-page"
DAMAGED = "corrupt-upload"
STALE = "project-sync-stale"
SHADOWED = "frozen-module-shadows-upload"
PACKAGE = "script-folder-imported-as-package"
UPLOAD = Remedy("upload-scripts", Grade.ASKS)
DOWNLOAD = Remedy("download-raw-scripts", Grade.MANUAL)

WORST_FIRST = (PAGE, DAMAGED)
LOST = Known("the upload lost bytes or was cut short", (UPLOAD,))
KNOWN = {
    PAGE: Known(
        "the browser saved GitHub's web page instead of the script (use Raw, or the repository's zip)",
        (UPLOAD, DOWNLOAD),
    ),
    DAMAGED: LOST,
    STALE: Known(
        "an earlier version was uploaded, or the editor left it out because it thought it unchanged", (UPLOAD,)
    ),
    SHADOWED: Known("an old tutorial followed on newer firmware; our flash needs neither of them", (UPLOAD,)),
    PACKAGE: Known("the folder itself was uploaded instead of the scripts in it"),
    "appledouble-companion": Known(
        "macOS keeps its own notes in files of this kind, and the upload copied them too", (UPLOAD,)
    ),
    "smart-quotes-in-pasted-code": Known("the text was pasted from a web page or a word processor", (UPLOAD,)),
    "firmware-still-zipped": Known("the download was not unpacked", (UPLOAD,)),
    "windows-path-escapes": LOST,
    "files-swapped": LOST,
}


def _local(bench: Bench) -> dict[str, LocalScript]:
    from doctor.board.scripts_on_board import LocalScript, local_scripts

    folder = bench.options.scripts
    return bench.known("scripts", dict[str, LocalScript], lambda: local_scripts(folder), of="scripts", default={})


class BoardScriptsMatch(Check):
    """The scripts on the board are real Python, and the same as on the PC.

    Why: a web page saved under the name sqnsupgrade.py, or half a script, fails with a SyntaxError in a line that tells
    nothing, and uploading it again changes nothing. The flash of this program needs none of these scripts: often the
    best cure is to delete them.

    Looks at: every .py file in /flash and /flash/lib: first bytes, then the whole text, parsed and never run. With
    --scripts DIR also whether each equals the PC's copy. Says if the firmware's built-in sqnsupgrade hides an
    uploaded one.

    Cures: upload-scripts replaces bad scripts by good ones from --scripts DIR, or removes them, after asking and with
    a backup; download-raw-scripts says how to get real ones.
    """

    id = "board-scripts-match"
    needs = (Needs.BOARD,)
    after = ("board-has-modem",)
    deadline_s = 240.0
    gates = True
    knows = KNOWN

    def look(self, bench: Bench) -> Finding:
        """Read and judge the scripts; the worst one makes the finding, the others are evidence."""
        from doctor.board.scripts_on_board import read_scripts

        found = read_scripts(bench.board, _local(bench))
        bad = [s for s in found.scripts if _is_bad(s)]
        judged = self._bad(sorted(bad, key=_rank)) if bad else self._whole(found, set(bench.board_facts.frozen))
        return replace(judged, evidence={**_evidence(found), **judged.evidence})

    def _bad(self, bad: Sequence[BoardScript]) -> Finding:
        from doctor.board.scripts_on_board import Compared

        worst = bad[0]
        assert worst.verdict is not None
        catalogue = worst.verdict.catalogue or DAMAGED
        more = f"; {len(bad) - 1} more like it: {_named(bad[1:])}" if len(bad) > 1 else ""
        known = KNOWN.get(catalogue, LOST)
        if worst.compared is Compared.EQUAL:
            cause = f"{known.cause}; the PC's copy is the very same, so uploading it again cannot help"
            known = Known(cause, (UPLOAD, DOWNLOAD))
        return self.fail(
            f"{shown(worst.path)} on the board {worst.verdict.text}{more}",
            catalogue=catalogue,
            evidence={"first_bytes": hex_bytes(worst.verdict.first_bytes, 16)},
            cause=known.cause,
            remedies=known.remedies,
        )

    def _whole(self, found: BoardScripts, frozen: set[str]) -> Finding:
        """The scripts are real Python, as far as they were read; what else may be wrong with them, worst first."""
        return self._unlike(found) or self._unused(found, frozen) or self._doubtful(found) or self._sound(found)

    def _unlike(self, found: BoardScripts) -> Finding | None:
        """Other than the PC's copies."""
        from doctor.board.scripts_on_board import Compared

        if cut := [s for s in found.scripts if s.compared is Compared.CUT]:
            return self.fail(f"{_named(cut)} on the board is only the beginning of the PC's copy", catalogue=DAMAGED)
        if different := [s for s in found.scripts if s.compared is Compared.DIFFERENT]:
            return self.warn(f"{_named(different)} on the board differs from the PC's copy", catalogue=STALE)
        return None

    def _unused(self, found: BoardScripts, frozen: set[str]) -> Finding | None:
        """The board imports something else under their names."""
        if shadowed := [s for s in found.scripts if s.name.removesuffix(".py") in frozen]:
            text = f"{_named(shadowed)} on the board is never used: the board's firmware has its own, which wins"
            return self.warn(text, catalogue=SHADOWED)
        if packages := [p for p in found.folders if f"{p.rsplit('/', 1)[-1]}.py" in VENDOR_SCRIPTS]:
            text = f"{shown(packages[0])} on the board is a folder, which the board imports instead of the script"
            return self.warn(text, catalogue=PACKAGE)
        return None

    def _doubtful(self, found: BoardScripts) -> Finding | None:
        """Python of another kind, or not looked at."""
        for script in found.scripts:
            if script.verdict is not None and script.verdict.kind is ScriptKind.PYTHON2:
                return self.warn(f"{shown(script.path)} on the board {script.verdict.text}")
        if unread := [s for s in found.scripts if s.verdict is None]:
            return self.warn(f"{_named(unread)} on the board was not looked at: {shown(unread[0].unread)}")
        return None

    def _sound(self, found: BoardScripts) -> Finding:
        from doctor.board.scripts_on_board import Compared

        count = len(found.scripts)
        if not count:
            return self.passed("the board holds no scripts; flashing needs none")
        equal = sum(1 for s in found.scripts if s.compared is Compared.EQUAL)
        same = f", {equal} the same as on the PC" if equal else ""
        return self.passed(f"{count} script{'s' if count > 1 else ''} on the board, all real Python{same}")


def _is_bad(script: BoardScript) -> bool:
    return script.verdict is not None and not script.verdict.is_python


def _rank(script: BoardScript) -> tuple[int, bool, str]:
    catalogue = script.verdict.catalogue if script.verdict else None
    place = WORST_FIRST.index(catalogue) if catalogue in WORST_FIRST else len(WORST_FIRST)
    return place, script.name != "sqnsupgrade.py", script.path


def _named(scripts: Sequence[BoardScript]) -> str:
    return first_of([script.path for script in scripts])


def _evidence(found: BoardScripts) -> Evidence:
    from doctor.board.scripts_on_board import Compared

    lines = []
    for script in found.scripts:
        kind = script.verdict.kind.value if script.verdict else "not read"
        against = "" if script.compared is Compared.NOT_GIVEN else f", {script.compared.value}"
        lines.append(f"{shown(script.path)}: {script.size_bytes} bytes, {kind}{against}")
    return {"scripts": lines, "missing": [shown(name) for name in found.missing]}
