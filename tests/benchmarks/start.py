"""Starts of the program: what ``--version`` takes beside an empty Python, and each ``--help`` beside mpremote's.

Processor time of whole processes that take turns. Python's compiled files are there, as at a user's second start.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

from doctor.cli.main import COMMANDS
from tests.benchmarks.ratios import Row, processor_medians

VERSION_MOST = 2.0
HELP_MOST = 1.0
ROUNDS = 15
DOCTOR = (sys.executable, "-m", "doctor")


def rows(tiny: bool = False) -> list[Row]:
    """``--version`` in both of its forms, the list of commands, and the slowest ``--help`` of a command."""
    scripts = Path(sysconfig.get_path("scripts"))
    empty, mpremote = "python -c pass", "mpremote --help"
    versions: dict[str, tuple[str, ...]] = {"python -m doctor --version": (*DOCTOR, "--version")}
    if (scripts / "fipy-doctor").exists():
        versions["fipy-doctor --version"] = (str(scripts / "fipy-doctor"), "--version")
    names = COMMANDS[:2] if tiny else COMMANDS
    helps = {"--help": (*DOCTOR, "--help"), **{f"{name} --help": (*DOCTOR, name, "--help") for name in names}}
    peers = {empty: (sys.executable, "-c", "pass"), mpremote: (sys.executable, "-m", "mpremote", "--help")}
    took = processor_medians({**peers, **versions, **helps}, 1 if tiny else ROUNDS)
    slowest = max(list(helps)[1:], key=lambda name: took[name])
    found = [Row(name, took[name], empty, took[empty], "s", VERSION_MOST) for name in versions]
    found.append(Row("fipy-doctor --help", took["--help"], mpremote, took[mpremote], "s", HELP_MOST))
    note = f"the slowest of {len(names)}: {slowest}"
    return [*found, Row("fipy-doctor COMMAND --help", took[slowest], mpremote, took[mpremote], "s", HELP_MOST, note)]
