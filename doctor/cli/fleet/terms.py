"""The one yes of a watch: what it is given to, and what it does not cover."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from doctor import engine
from doctor.bench import Bench, BenchOptions
from doctor.check import Status
from doctor.cli import command_line
from doctor.cli.command_line import Given
from doctor.cli.screen import Screen
from doctor.errors import DoctorError, UsageError
from doctor.firmware.bootrom import FROM_BOARD
from doctor.fleet.boards import Board
from doctor.jobs.flashing.plan import given_files
from doctor.report.fleet.documents import document
from doctor.report.fleet.terms import terms
from doctor.roster import everybody
from doctor.text.command import ON_CARD, Command

if TYPE_CHECKING:
    from rich.console import RenderableType

    from doctor.check import Finding
    from doctor.jobs.flash import FlashFile

QUESTION = "Flash each board that is plugged in, with no further question?"
#: What names boards in another way, and why a watch cannot take it; by the names of the parameters.
_OTHER_BOARDS = {
    "ports": ("--port", "its boards are those that are plugged in"),
    "every_board": ("--all", "its boards are those that are plugged in"),
    "places": ("--labgrid", "nothing is plugged into a place of a board farm while it is held"),
}
_BY_USB = ("auto", "usb")


@dataclass(frozen=True)
class Terms:
    """What was agreed to for every board.

    shown  as the user reads it
    files  role and SHA-256 of all that may be sent
    most   the watch ends after so many boards; None: when it is stopped
    again  a board may be flashed more than once
    """

    shown: RenderableType
    files: frozenset[tuple[str, str]]
    most: int | None
    again: bool

    def refusal(self, plan: dict[str, Any]) -> DoctorError | None:
        """Why a plan is not covered; None if it is."""
        other = [file for file in plan["files"] if (file["role"], file["sha256"]) not in self.files]
        if not other:
            return None
        return DoctorError(
            "plan-differs",
            "not flashed: the file is not the one that you agreed to; nothing was sent to the modem",
            on=Path(other[0]["path"]).name,
            cause="it was changed since this run began",
            next="Ctrl-C, and begin again: what the file is now is shown before the question",
        )


def refuse_what_no_watch_takes(given: Given, screen: Screen) -> None:
    """Raises UsageError for what does not go with ``--watch``, before any file is read."""
    elsewhere = command_line.is_said_elsewhere(click.get_current_context(), "port")  # nobody's word on these boards
    for name, (flag, why) in _OTHER_BOARDS.items():
        if given.get(name) and not (name == "ports" and elsewhere):
            raise UsageError("usage", f"--watch does not go with {flag}", cause=why, next=f"leave out {flag}")
    files: Sequence[Path] = given["files"]
    if not files or str(files[0]).startswith(ON_CARD):
        raise UsageError(
            "usage",
            "--watch needs the file that every board is to get",
            cause="one yes is given to one file on this computer",
            next="name the .dup file",
        )
    if given["via"] not in _BY_USB:
        raise UsageError(
            "usage",
            f"--watch does not go with --via {given['via']}",
            cause="it sends the file from this computer through each board, and writes to no card",
            next=f"leave out --via {given['via']}",
        )
    if given["bootrom"] == FROM_BOARD:
        raise UsageError(
            "usage",
            f"--watch does not go with --bootrom {FROM_BOARD}",
            cause="what each board has in its firmware cannot be agreed to before it is plugged in",
            next="name the file: --bootrom FILE",
        )
    if given["yes"] and given["boards"] is None and not screen.interactive:
        raise UsageError(
            "usage",
            "--watch --yes needs the number of boards, since nobody is there to stop it",
            next="add --boards N: it ends after so many",
        )


def terms_of(given: Given, plugged: Sequence[Board]) -> Terms:
    """What is to be agreed to; ``plugged``: the boards that are there now.

    Raises UsageError, FirmwareError, and DoctorError if a check that needs no board refuses what was given.
    """
    checks = everybody()
    engine.choose(checks.checks, given["override"])
    parts = {name: given[name] for name in ("updater_elf", "bootrom", "scripts")}
    options = BenchOptions(port=None, firmware=tuple(given["files"]), **parts, accept=frozenset(given["accepted"]))
    with closing(Bench(options)) as bench:
        report = engine.run(bench, checks=checks, deadline_s=given["deadline_s"])
        failed = [found for found in report.failed if found.check not in given["override"]]
        if failed:
            raise _refused(failed[0], given["files"])
        files, image = given_files(bench), bench.firmware[-1]
    agreed = [*sorted(given["accepted"]), *(f"{check} failed" for check in sorted(given["override"]))]
    agreed += ["a program that runs is stopped (--interrupt)"] * bool(given["interrupt"])
    told = terms(
        image,
        files,
        plugged,
        agreed=agreed,
        warned=[found for found in report.findings if found.status is Status.WARN],
        most=given["boards"],
        again=given["again"],
    )
    return Terms(told, _marks(files), given["boards"], given["again"])


def confirmed(agreed_to: Terms, screen: Screen, *, yes: bool, dry_run: bool) -> bool:
    """Whether the watch begins; what it is going to do is shown in any case, with ``--json`` beside the document.

    Raises DoctorError if the user does not agree, or cannot be asked.
    """
    (screen.notes if screen.as_json else screen.out).print(agreed_to.shown)
    if dry_run:
        if screen.writes:
            screen.document(document("flash", []))
        return False
    if not (yes or screen.agreed(QUESTION)):
        raise DoctorError("not-confirmed", "not confirmed; no board was looked at")
    return True


def _marks(files: Sequence[FlashFile]) -> frozenset[tuple[str, str]]:
    return frozenset((file.role, file.sha256) for file in files)


def _refused(finding: Finding, files: Sequence[Path]) -> DoctorError:
    return DoctorError(
        finding.catalogue or finding.check,
        f"no board is flashed: {finding.summary}",
        on=finding.check,
        cause=finding.cause,
        next=f"run: {Command('check', firmware=tuple(files))}",
    )
