"""The tables of situations, row by row: each holds for some case, and leads to a command."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from doctor.check import Finding, Grade, Remedy, Status
from doctor.engine import Report
from doctor.jobs.onward import AFTER_FLASH, LOST, Attempt, BrokenFlash, first_that_holds
from doctor.remedies import cures
from doctor.report.next_step import AFTER_CHECKS, Checked, after
from doctor.text.command import Command
from doctor.updater import states
from doctor.updater.shapes import Change

CHECK = Command("check", port="COM3")
FLASH = replace(CHECK, verb="flash", firmware=("x.dup",), method="store")


def found(check: str, *remedies: str, status: Status = Status.FAIL, catalogue: str = "a-failure") -> Finding:
    grades = {"reformat-sd": Grade.DESTROYS, "upload-scripts": Grade.ASKS, "power-cycle": Grade.MANUAL}
    known = tuple(Remedy(name, grades.get(name, Grade.MANUAL)) for name in remedies)
    return Finding(check, status, "it is so", catalogue=catalogue, remedies=known)


def case(*findings: Finding, given: Command = CHECK, interrupted: bool = False, **more: Any) -> Checked:
    return replace(Checked(Report(findings, interrupted=interrupted), given, cures()), **more)


SILENT = found("modem-answers", "power-cycle", catalogue="modem-silent")
WARNED = found("jumpers-removed", "remove-jumpers", status=Status.WARN)
#: One case for each row of AFTER_CHECKS, and the command that it leads to.
CASES = {
    "stopped before the end": (case(SILENT, interrupted=True), "check --port COM3"),
    "only the card's way is closed": (
        case(found("board-reads-card", "go-without-card", "reformat-sd"), given=FLASH),
        "flash x.dup --port COM3 --via usb --method store",
    ),
    "an earlier flash was interrupted": (case(SILENT, broke_off=True), "status --port COM3"),
    "the modem runs the image already": (
        case(replace(found("step-is-safe", status=Status.PASS), evidence={"nothing_to_do": True}), given=FLASH),
        "",
    ),
    "nothing is in the way": (case(), "flash --port COM3"),
    "something was begun with the board's files": (
        case(replace(found("board-files-complete", "reset-flash"), command=Command("fix", ("--reset-flash",)))),
        "fix --reset-flash --port COM3",
    ),
    "nobody says that a step was done": (
        case(SILENT, done=("power-cycle",)),
        "check --done power-off --port COM3",
    ),
    "no modem answers, whatever was tried": (
        case(SILENT, done=("power-cycle",), sure=("power-cycle",)),
        "open modem-dead-escalate",
    ),
    "no prompt comes, whatever was tried": (
        case(found("repl-answers", "plug-in", catalogue="tx-rx-jumper-missing"), done=("plug-in",)),
        "open tx-rx-jumper-missing",
    ),
    "no cure is left, and all was looked at": (
        case(found("firmware-is-whole", "redownload-firmware"), done=("redownload-firmware",)),
        "open a-failure",
    ),
    "no cure is known": (case(found("port-opens"), given=FLASH), "check --firmware x.dup --port COM3"),
    "the command must be another one": (
        case(
            replace(found("step-is-safe", "give-both-files"), change=Change(files=("1.dup", "2.dup"))),
            given=FLASH,
        ),
        "flash 1.dup 2.dup --port COM3 --method store",
    ),
    "the program can cure it": (
        case(found("board-scripts-match", "upload-scripts")),
        "fix --upload-scripts --port COM3",
    ),
    "only reading helps": (case(found("step-is-safe", "use-makers-tool"), given=FLASH), "open a-failure"),
    "another image is to be chosen": (
        case(found("step-is-safe", "use-other-image"), given=FLASH),
        "plan --port COM3",
    ),
    "another way of flashing is the cure": (
        case(found("board-reads-card", "go-without-card", "reseat-card", status=Status.WARN)),
        "flash --port COM3 --via usb",
    ),
    "flashing is the cure": (
        case(found("modem-answers", "flash-full-image"), given=replace(FLASH, firmware=("upgdiff_1-to-2.dup",))),
        "flash --port COM3",
    ),
    "the hands can cure it": (
        case(found("scripts-are-python", "download-raw-scripts"), given=replace(CHECK, scripts="saved")),
        "check --done download-raw-scripts --port COM3",
    ),
}


def test_every_row_has_a_case() -> None:
    assert list(CASES) == [row.name for row in AFTER_CHECKS]


@pytest.mark.parametrize("name", CASES)
def test_a_row_speaks_for_its_case(name: str) -> None:
    known, command = CASES[name]
    row = first_that_holds(AFTER_CHECKS, known)
    step = row.step(known)
    assert (row.name, step.command.line()) == (name, f"fipy-doctor {command}".strip())
    assert step.done == (not command)


MODES = [value for name, value in vars(states).items() if name.isupper() and isinstance(value, str)]
ERRORS = ("", "stp-start-refused", "finish-timeout", "stall-at-zero-percent")


@pytest.mark.long
def test_every_row_after_a_flash_holds_for_some_flash_and_leads_on() -> None:
    reached = set()
    for mode, error, flags in itertools.product(MODES, ERRORS, itertools.product((False, True), repeat=6)):
        differential, mirrored, sent, asked, waited, first = flags
        attempt = Attempt(FLASH, differential, 38638, mirrored, sent, asked, waited, first)
        for known in (attempt, replace(attempt, failed_before=error), replace(attempt, build_now=1)):
            row = first_that_holds(AFTER_FLASH, BrokenFlash(mode, known, error))
            step = row.step(BrokenFlash(mode, known, error))
            assert step.command is not None and step.command.verb in ("status", "flash")
            assert step.command.verb == "status" or mode not in (*LOST, states.DEPLOYING)
            reached.add(row.name)
    assert reached == {row.name for row in AFTER_FLASH}


def test_who_looked_at_the_jumpers_is_not_asked_for_them_again() -> None:
    report = Report((WARNED,))
    first = after(report, CHECK, cures())
    assert first.command.done == ("jumpers-off",) and first.hands
    assert after(report, first.command, cures()).command == Command(
        "flash", port="COM3", accept=frozenset({"jumpers-removed"})
    )


def test_what_was_done_before_is_said_again_unless_a_later_run_knows_it() -> None:
    given = replace(CHECK, done=("rename-dup", "power-off"))
    finding = found("firmware-is-whole", "redownload-firmware")
    told = after(Report((finding,)), given, cures())
    assert told.command.done == ("rename-dup", "power-off", "redownload-firmware")
    kept = after(Report((finding,)), given, cures(), sure=("power-cycle",))
    assert kept.command.done == ("rename-dup", "redownload-firmware")


def test_no_flash_follows_where_gating_checks_were_left_out() -> None:
    step = after(Report((), left_out=("modem-answers",)), CHECK, cures())
    assert step.command == CHECK and "modem-answers" in step.notes[0]
    agreed = replace(found("step-is-safe", "keep-build"), change=Change(given=(("accept", "no-way-back"),)))
    instead = after(Report((agreed,)), FLASH, cures())
    assert instead.flashes and instead.command.verb == "open"
    assert not after(Report((agreed,), left_out=("port-opens",)), FLASH, cures()).flashes
