"""Check ``boot-starts-no-updater``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.bench import Bench, Needs
from doctor.check import Check, Evidence, Finding, Grade, Known, Remedy
from doctor.text.escape import shown

if TYPE_CHECKING:
    from doctor.board.boot_scripts import BootScript

AUTORUN = "main-py-autoruns-updater"
CURE = Remedy("disable-autorun", Grade.ASKS)


class BootStartsNoUpdater(Check):
    """Neither boot.py nor main.py starts a modem updater.

    Why: a call such as sqnsupgrade.run(...) in main.py starts another upgrade at every reset and every power-on, on a
    modem in a state that nobody has looked at, and again after the upgrade has worked. Until this is known to be
    false, the board must not be reset in the normal way, so this check can never be overridden.

    Looks at: /flash/boot.py, /flash/main.py (or the file that machine.main() names instead) and the modules on the
    board that they import. The text is read and parsed, never run.

    Cures: disable-autorun gives the file another name (main.py.off), after asking, with a copy on this computer.
    """

    id = "boot-starts-no-updater"
    needs = (Needs.BOARD,)
    after = ("board-has-modem",)
    deadline_s = 120.0
    gates = True
    overridable = False
    knows = {AUTORUN: Known("an example was pasted into the file that runs at every start", (CURE,))}

    def look(self, bench: Bench) -> Finding:
        """Read what runs at boot, and say which line of it starts an updater."""
        from doctor.board.boot_scripts import read_boot_scripts  # what looks at a board is loaded if there is one

        scripts = read_boot_scripts(bench.board)
        starting = [s for s in scripts if s.starts]
        if starting:
            return self._starting(starting)
        unknown = [s for s in scripts if s.problem and not s.searched]
        if unknown:
            return self.fail(
                f"{_name(unknown[0])} {unknown[0].problem}, so it may start an updater",
                evidence={"file": shown(unknown[0].path)},
                cause="a damaged file or a damaged file system on the board",
                remedies=(CURE,),
            )
        loading = [s for s in scripts if s.starters]
        if loading:
            line = loading[0].starters[0]
            return self.warn(
                f"{_name(loading[0])} loads an updater in line {line.line}, but does not start it",
                catalogue=AUTORUN,
                evidence=_evidence(loading),
            )
        large = [s for s in scripts if s.problem]
        if large:
            return self.warn(f"{_name(large[0])} {large[0].problem}", evidence={"file": shown(large[0].path)})
        names = ", ".join(_name(s) for s in scripts)
        verb = "start" if len(scripts) > 1 else "starts"
        return self.passed(f"{names} {verb} no updater" if scripts else "the board has no boot.py and no main.py")

    def _starting(self, starting: list[BootScript]) -> Finding:
        line = next(s for s in starting[0].starters if s.starts)
        where = f" in line {line.line}" if line.line else ""
        more = f"; {len(starting) - 1} more script does too" if len(starting) > 1 else ""
        return self.fail(
            f"{_name(starting[0])} starts an updater{where} ({shown(line.text, 60)}): it runs at every start{more}",
            catalogue=AUTORUN,
            evidence=_evidence(starting),
        )


def _name(script: BootScript) -> str:
    return shown(script.path.removeprefix("/flash/"), 40)


def _evidence(scripts: list[BootScript]) -> Evidence:
    lines = [f"{shown(s.path)}:{x.line}: {shown(x.text)}" for s in scripts for x in s.starters]
    return {"file": shown(scripts[0].path), "line": scripts[0].starters[0].line, "lines": lines[:20]}
