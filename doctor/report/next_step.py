"""The one next command: what a report ends with, chosen from the first finding that matters."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from doctor.bench import BenchOptions
from doctor.check import Finding, Status
from doctor.engine import Report
from doctor.remedies import Cures, DoableCure


@dataclass(frozen=True)
class NextStep:
    """What to do now: steps for the hands, then one command to type; either may be empty."""

    hands: tuple[str, ...]
    command: str


def command_line(words: Sequence[str]) -> str:
    """``words`` as the user's shell wants them typed."""
    if os.name == "nt":
        return " ".join(f'"{w}"' if any(c in w for c in " &|<>^") else w for w in words)
    return shlex.join(words)


def bench_words(options: BenchOptions, *, firmware_flag: bool = True) -> list[str]:
    """The options that name this bench, so that the printed command finds it again."""
    words: list[str] = []
    named: list[tuple[str, str | int | Path | None]] = [
        ("--updater-elf", options.updater_elf),
        ("--bootrom", options.bootrom),
        ("--sd", options.sd),
        ("--scripts", options.scripts),
        ("--carrier", options.carrier),
        ("--was", options.was),
        ("--port", options.port),
    ]
    if firmware_flag:
        for path in options.firmware:
            words += ["--firmware", str(path)]
    for flag, value in named:
        if value is not None:
            words += [flag, str(value)]
    for name in sorted(options.accept):
        words += ["--accept", name]
    return words


def after(report: Report, options: BenchOptions, cures: Cures) -> NextStep:
    """The next step after ``report``: cure the first failure, else look at the first warning, else flash."""
    first = next(iter(report.failed), None)
    if first is None:
        first = next((f for f in report.findings if f.status is Status.WARN and f.remedies), None)
        if first is None or options.firmware:
            return _flash(options)
    return _cure(first, options, cures)


def _flash(options: BenchOptions) -> NextStep:
    if options.port is None:
        return NextStep((), command_line(["fipy-doctor", "ports"]))
    names = [str(path) for path in options.firmware] or ["FILE.dup"]
    words = ["fipy-doctor", "flash", *names, *bench_words(options, firmware_flag=False)]
    return NextStep((), command_line(words))


def _cure(finding: Finding, options: BenchOptions, cures: Cures) -> NextStep:
    again = command_line(["fipy-doctor", "check", *bench_words(options)])
    for remedy in finding.remedies:
        cure = cures.get(remedy)
        if isinstance(cure, DoableCure):
            return NextStep((), command_line(["fipy-doctor", "fix", f"--{cure.flag}", *bench_words(options)]))
        return NextStep(cure.steps(finding), again)
    text = finding.evidence.get("next")
    return NextStep((text,) if isinstance(text, str) else (), again)
