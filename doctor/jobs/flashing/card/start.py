"""Flashing from the card in the board: the board does it by itself, this program starts it, listens and judges.

The board goes on when this program ends; the next run joins it and hears where it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from doctor import engine
from doctor.bench import Bench
from doctor.board import onboard
from doctor.board.card import sdcard
from doctor.board.card.image import need_on_card
from doctor.board.card.upload import Listeners, bring_to_card
from doctor.board.storage import files
from doctor.check import Status
from doctor.errors import BoardError, DoctorError, Stopped, UsageError
from doctor.events import Listener, Notice, Phase, Progress, StepStarted
from doctor.jobs.flashing.card.ending import Ending
from doctor.jobs.flashing.card.follow import Follower
from doctor.jobs.flashing.interrupts import Interrupts
from doctor.jobs.flashing.plan import FlashPlan, FlashRequest
from doctor.jobs.flashing.result import FlashResult, JumpersUnsure
from doctor.jobs.flashing.ways import goes_by_usb
from doctor.jobs.memory.jumper_proof import CHECK as JUMPERS
from doctor.jobs.onward import Attempt, flash_command
from doctor.modem.images import image_facts, side_content, updater_facts
from doctor.text.command import ON_CARD
from doctor.text.escape import shown
from doctor.updater import side_file
from doctor.updater.plan import BOOTROM, SECOND, UPDATER
from doctor.updater.shapes import ImageFacts

if TYPE_CHECKING:
    from doctor.board.card.image import OnPc
    from doctor.firmware.image import FirmwareImage

FITTED = "expansion-rts-cts-jumpers"


def refusal(bench: Bench, report: engine.Report, plan: FlashPlan, request: FlashRequest) -> DoctorError | None:
    """Why the card's way is closed although every check lets flashing pass, or None.

    As soon as this program ends, RTS drops: jumpers that are only not proved to be there will not do (FiPy).
    """
    other = "--via usb" if bench.link.network is None else "--via usb and the board's USB port"
    if bench.options.card_file is not None:
        other = f"the file on this computer in place of {ON_CARD}{shown(bench.options.card_file)}, with {other}"
    if any(file.role == BOOTROM for file in plan.files):
        return UsageError(
            "via-card",
            "a boot ROM cannot go by the board's card: this computer takes it out of a script and verifies it",
            on=bench.link.name,
            next=f"run the same command with {other}",
        )
    finding = report.finding(JUMPERS)
    if finding is not None and finding.failed and finding.catalogue == FITTED:  # overridden
        return DoctorError(
            FITTED,
            "one of the RTS and CTS jumpers is on, and the board must continue when this program ends",
            on=bench.link.name,
            cause="the modem stops as soon as no program holds the port's RTS line; an override does not change that",
            next=f"pull both jumpers (`fipy-doctor open remove-jumpers`), or use {other}",
        )
    missing = _not_on_card(bench, plan, request)
    if missing is not None:
        return missing
    unsure = finding is not None and (finding.failed or finding.status is Status.WARN)
    if not unsure or JUMPERS in bench.options.accept:
        return None
    looked = _command(bench, plan, request, "card", accept=True)
    by_usb = f"run: {_command(bench, plan, request, 'usb')}" if goes_by_usb(bench) else f"use {other}"
    return JumpersUnsure(
        FITTED,
        "nothing proves that the RTS and CTS jumpers are off, and the board must continue when this program ends",
        on=bench.link.name,
        cause="with the jumpers fitted, the modem stops as soon as no program holds the port's RTS line",
        next=(
            f"look at the board; if both are off (or it has none), run: {looked}; --accept {JUMPERS} says that you have"
            f" looked; or let this computer send the image and hold that line meanwhile: {by_usb}"
        ),
    )


def _not_on_card(bench: Bench, plan: FlashPlan, request: FlashRequest) -> DoctorError | None:
    """A file that the board is to send and that does not lie on its card; over Wi-Fi a single one is brought there."""
    if bench.options.card_file is not None or (bench.link.network is not None and len(plan.files) == 1):
        return None
    given: list[OnPc] = [*bench.firmware]
    elf = bench.updater_elf if any(file.role == UPDATER for file in plan.files) else None
    try:
        for file in (*given, *([elf] if elf is not None else [])):
            need_on_card(bench.board, file)
    except DoctorError as err:
        if err.id != "dup-path-enoent":
            return err
        usb = "the same over USB" if bench.link.network is not None else _command(bench, plan, request, "usb")
        err.next = (
            f"leave the card out of it, run: {usb}; or copy the file to the top level of the card in this computer"
            " (`fipy-doctor open copy-dup` says how); or have this program copy it to the card, over the"
            " board's Wi-Fi: the same command with --port telnet://192.168.4.1 (docs/over-wifi.md)"
        )
        return err
    return None


def _command(bench: Bench, plan: FlashPlan, request: FlashRequest, via: str, *, accept: bool = False) -> str:
    """The same flash over ``via``, to be typed."""
    command = request.command(bench.options)
    command = replace(command, via=via, accept=command.accept | ({JUMPERS} if accept else set()))
    return str(flash_command(Attempt(command, plan.image.base is not None, plan.before.build), plan.before.mode))


def carry_out(
    bench: Bench,
    report: engine.Report,
    plan: FlashPlan,
    attempt: Attempt,
    interrupts: Interrupts,
    listen: Listener,
) -> FlashResult:
    """Put the core on the board, have it flash from its card, and judge what it says; ``attempt`` is what is tried."""
    try:
        first = _begin(bench, plan, attempt.command.method, interrupts, listen)
        bench.forget_board()
        follower = Follower(bench, interrupts, listen)
        return Ending(bench, report, plan, lambda: attempt, interrupts, follower).await_it(first)
    except DoctorError as err:
        return FlashResult(report, plan, error=err)


def _begin(bench: Bench, plan: FlashPlan, method: str, interrupts: Interrupts, listen: Listener) -> bytes:
    """Prepare board and card and start the updater; returns what it said already. Raises DoctorError."""

    def stop_here_if_asked() -> None:
        if interrupts.pressed_early:
            raise Stopped

    on_pc = bench.options.card_file is None
    first = bench.firmware[0]
    if len(bench.firmware) > 1:
        path = need_on_card(bench.board, first)
    else:
        path = _path_on_card(bench, plan, interrupts, listen) if on_pc else first.path.as_posix()
    say = sayer(listen)
    onboard.install(bench.board, say, stop_here_if_asked)
    stop_here_if_asked()
    if on_pc:
        _put_side_file(bench, first, path, say)
    facts = image_facts(first)
    roles = {file.role for file in plan.files}
    second, elf = bench.firmware[-1] if SECOND in roles else None, bench.updater_elf if UPDATER in roles else None
    order = onboard.Order(
        path=path,
        method=method,
        accept=tuple(sorted({*bench.options.accept, JUMPERS})),  # proved or accepted: ``refuse`` has seen to it
        was=bench.ran_before,
        sha256=first.sha256,
        image=_told(facts) if on_pc else None,
        second=None if second is None else _other(bench, second, image_facts(second)),
        updater_elf=None if elf is None else _other(bench, elf, updater_facts(elf)),
        first_done=bool(second) and not any(step.id == "between" for step in plan.core.steps),
    )
    if second is not None and order.second is not None:
        _put_side_file(bench, second, order.second.path, say)
    stop_here_if_asked()
    return onboard.start(bench.board, order)


def _path_on_card(bench: Bench, plan: FlashPlan, interrupts: Interrupts, listen: Listener) -> str:
    """Path of the image on the card in the board; over Wi-Fi it is brought there. Raises DoctorError, Stopped."""
    if bench.link.network is None:
        return need_on_card(bench.board, plan.image)

    def sent(done: int, total: int) -> None:
        if interrupts.should_stop():
            raise Stopped("stopped; nothing was sent to the modem, and the unfinished copy was removed from the card")
        listen(Progress(Phase.PREPARE, done, total, False))

    tell = Listeners(
        step=lambda text: listen(StepStarted("card", text, Phase.PREPARE)),
        notice=lambda text: listen(Notice(text)),
        sent=sent,
    )
    return bring_to_card(bench.board, plan.image, tell)


def _told(facts: ImageFacts) -> onboard.ImageTuple:
    return facts.name, facts.kind, facts.radio, facts.build, facts.base, facts.family, facts.part


def _other(bench: Bench, file: OnPc, facts: ImageFacts) -> onboard.Other:
    """A further file, which must lie on the card. Raises BoardError."""
    return onboard.Other(need_on_card(bench.board, file), file.sha256, _told(facts))


def sayer(listen: Listener) -> Callable[[str], None]:
    """Says what is done before the flash begins."""

    def say(text: str) -> None:
        listen(StepStarted("card", text, Phase.PREPARE))

    return say


def _put_side_file(bench: Bench, image: FirmwareImage, path: str, say: Callable[[str], None]) -> None:
    """Write X.dup.crc beside the image if it is not there; a card that takes no file is no reason to stop."""
    content = side_content(image, image.path.read_bytes())
    target = path + side_file.SUFFIX
    try:
        with sdcard.mounted(bench.board):
            there = files.exists(bench.board, target) and files.stat(bench.board, target).size_bytes == len(content)
            if there and files.read(bench.board, target) == content:
                return
            say(f"writing the checksums of its blocks beside it: {target}, {len(content):,} bytes")
            files.write(bench.board, target, content)
    except BoardError as err:
        say(f"no checksums beside the image ({err.what}): the board reads it twice instead")
