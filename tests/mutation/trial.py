"""One mutant and the tests that run its lines: pytest in a forked child, on a copy of the checkout."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from tests.mutation.mutants import Mutant

KILLED, ALIVE, TIMEOUT, NOT_JUDGED = "killed", "alive", "only a timeout", "not judged"
_PLUGIN = "tests.mutation.verdicts"
#: Marks of the tests that judge: those of make test, but no kept screens.
JUDGES = "not long and not table and not peers and not snapshot"
#: What a forked child need not load again. Nothing of ours: it comes from the copy, with the change.
_PRELOADED = ("pytest", "hypothesis.strategies", "rich.console", "click", "serial", "psutil", "platformdirs")


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant, and by which test."""

    outcome: str
    by: str = ""
    seconds: float = 0.0


@dataclass
class Copy:
    """A copy of the checkout in which one mutant at a time is tried.

    sound  what each test said of the unchanged code, once it was asked
    """

    root: Path
    sound: dict[str, bool] = field(default_factory=dict)
    _changes: int = 0

    @classmethod
    def make(cls, source: Path, root: Path) -> Copy:
        """Copy what git knows of, and what it could."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=source, capture_output=True, check=True
        ).stdout
        for name in filter(None, listed.decode().split("\0")):
            if (source / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source / name, root / name)
        return cls(root)

    def judge(self, mutant: Mutant, tests: list[str], limit_s: float) -> Verdict:
        """Try one mutant. A test that fails without it too is no judge, and neither is a test that ran out of time."""
        tests = [test for test in tests if (self.root / _file_of(test)).is_file()]
        if not tests:
            return Verdict(ALIVE, "no test runs it")
        began = time.monotonic()
        path = self.root / mutant.module
        source = path.read_bytes()
        self._write(path, mutant.applied(source))
        try:
            outcome, by = self._run(tests, limit_s)
        finally:
            self._write(path, source)
        if outcome == KILLED and not self._passes(by, limit_s):
            outcome, by = NOT_JUDGED, f"{by} fails without the change too"
        return Verdict(outcome, by, time.monotonic() - began)

    def _write(self, path: Path, data: bytes) -> None:
        path.write_bytes(data)
        self._changes += 1
        moment = 1_000_000_000 + self._changes * 10  # compiled files are told apart by whole seconds and length
        os.utime(path, (moment, moment))

    def _passes(self, test: str, limit_s: float) -> bool:
        if test not in self.sound:
            self.sound[test] = self._run([test], limit_s)[0] == ALIVE
        return self.sound[test]

    def _run(self, tests: list[str], limit_s: float) -> tuple[str, str]:
        out = self.root / "verdict.json"
        out.unlink(missing_ok=True)
        chosen = self.root / "chosen.json"
        chosen.write_text(json.dumps(tests))
        child = os.fork()
        if not child:
            _in_child(self.root, out, chosen, list(dict.fromkeys(map(_file_of, tests))))
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return _outcome(os.waitstatus_to_exitcode(status), out, _file_of(tests[0]))
            time.sleep(0.05)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return TIMEOUT, ""


def preload() -> None:
    """Load what every child needs and no mutant can be in."""
    for name in _PRELOADED:
        __import__(name)


def _in_child(root: Path, out: Path, chosen: Path, files: list[str]) -> None:
    """Run the tests that ``chosen`` names in this process, which ends with that."""
    os.setpgid(0, 0)
    os.chdir(root)
    for name in [name for name in sys.modules if name.split(".")[0] in ("tests", "doctor", "checks", "docs")]:
        del sys.modules[name]
    sys.path[:] = [str(root), *(place for place in sys.path if place and "tests" not in place)]
    os.environ.update(PYTHONPATH=str(root), FIPY_DOCTOR_VERDICT=str(out), FIPY_DOCTOR_CHOSEN=str(chosen))
    quiet = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(quiet, number)
    code = 70
    try:
        import pytest

        options = (
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "-p",
            _PLUGIN,
            "-m",
            JUDGES,
        )
        # In the folder that all pytests of this user share, one may take away what another has just begun.
        places = (f"--rootdir={root}", f"--basetemp={root.with_name(root.name + '-tmp')}")
        code = int(pytest.main([*options, "-W", "ignore::pytest.PytestAssertRewriteWarning", *places, *files]))
    except BaseException:
        out.with_suffix(".log").write_text(traceback.format_exc())
    finally:
        os._exit(code)


def _file_of(test: str) -> str:
    return test.partition("::")[0]


def _outcome(code: int, out: Path, file: str) -> tuple[str, str]:
    if code in (0, 5):  # 5: none of the tests is there
        return ALIVE, ""
    told = json.loads(out.read_text()) if out.exists() else {}
    if told.get("timeout"):
        return TIMEOUT, str(told["test"])
    if told:
        return KILLED, str(told["test"])
    if code in (2, 3, 4):  # what all tests need cannot be imported
        return KILLED, file
    log = out.with_suffix(".log")
    return NOT_JUDGED, f"pytest ended with {code} {log.read_text() if log.exists() else ''}"
