"""What is going to be flashed and how: the request, the plan that the user sees, the files behind it."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from doctor.bench import Bench, BenchOptions
from doctor.errors import DoctorError, FirmwareError
from doctor.events import Event, StepStarted
from doctor.firmware.bootrom import FROM_BOARD
from doctor.jobs.amended import amended
from doctor.jobs.flashing.fingerprint import fingerprint
from doctor.jobs.flashing.steps_done import first_sent, numbered
from doctor.jobs.flashing.ways import choose_via
from doctor.jobs.hands import POWER_CYCLE
from doctor.jobs.memory import journal as journals
from doctor.jobs.memory.journal import Journal
from doctor.jobs.onward import Attempt, NextFlash, flash_command
from doctor.link.latency import how_to_lower, likely_ms
from doctor.modem.facts import ModemFacts
from doctor.modem.images import image_facts, options_for, running
from doctor.modem.step_times import Line, last_s, usual_s
from doctor.text.command import ON_CARD, Command, File
from doctor.text.durations import about
from doctor.updater import states
from doctor.updater.plan import BOOTROM, FIRMWARE, SECOND, UPDATER, make_plan
from doctor.updater.profile import BLOCK_MAX_BYTES, MONARCH2_FAMILY
from doctor.updater.shapes import Plan, Refusal, Step

if TYPE_CHECKING:
    from doctor.firmware.image import FirmwareImage

TIMER_MATTERS_S = 5.0  #: of a whole flash, below which nobody is asked to change a setting
WINDOW_BITS = 12  #: of the zlib stream, all that the modem has memory for (modem-protocol.md 4.6)


@dataclass(frozen=True)
class FlashRequest:
    """How to flash. ``override`` names checks whose failure the user takes upon themselves.

    compress  send a zlib stream to a modem that takes one (Monarch 2)
    block     bytes of a block, instead of the usual 2016 (Monarch 2); 0: the usual ones
    plan      fingerprint of the only plan that is meant; "" for whichever comes out
    """

    via: str = "auto"
    method: str = "auto"
    override: frozenset[str] = field(default_factory=frozenset)
    deadline_s: float | None = None
    compress: bool = False
    plan: str = ""
    block: int = 0

    def command(self, options: BenchOptions) -> Command:
        """The flash that was asked for, as it is typed."""
        via = "modem" if options.via_modem else self.via
        how = {"via": via, "method": self.method, "override": self.override, "compress": self.compress}
        return options.command("flash", **how, block=self.block or None)


@dataclass(frozen=True)
class FlashFile:
    """A file that goes to the modem. ``role`` as in updater/plan.py; ``data`` if it is not the file as it lies."""

    role: str
    path: Path
    sha256: str
    size_bytes: int
    data: bytes | None = None


@dataclass(frozen=True)
class FlashPlan:
    """What is going to happen, ready to be shown and consented to.

    image   the firmware that is to run at the end
    line    what the way to the modem costs in time
    files   everything that goes over, that image included
    was     build that the user named for a modem that does not say it; None if none
    agreed  the risks that the user agreed to, and the checks whose failure they took upon themselves
    upload  what must be copied to the card in the board first; empty if nothing must, or cannot be
    faster  how the user has the USB chip answer sooner; "" if that is out of their hands, or saves little
    first_s seconds that usually pass before the first step
    install_s seconds of them in which the updater is copied to the board
    """

    image: FirmwareImage
    before: ModemFacts
    via: str
    core: Plan
    line: Line
    files: tuple[FlashFile, ...] = ()
    compress: bool = False
    upload: str = ""
    was: int | None = None
    first_s: float = 0.0
    install_s: float = 0.0
    agreed: tuple[str, ...] = ()
    fingerprint: str = ""
    faster: str = ""

    def usual_s(self, step: Step) -> float:
        """Seconds that a step usually takes."""
        size = next((file.size_bytes for file in self.files if file.role == step.image), 0)
        return usual_s(step, size, self.line)

    def timed(self, event: Event) -> Event:
        """``event`` with the place and the times of the step that begins, if it is one of the plan."""
        steps = {step.id: step for step in self.core.steps}
        if not isinstance(event, StepStarted) or event.step not in steps:
            return event
        step = steps[event.step]
        there = numbered(event, list(steps))
        return replace(there, usual_s=self.usual_s(step), limit_s=step.limit_ms / 1000, last_s=last_s(step))

    @property
    def all_usual_s(self) -> float:
        """Seconds that the whole flash usually takes."""
        return self.first_s + sum(map(self.usual_s, self.core.steps))

    @property
    def timer_costs_s(self) -> float:
        """Seconds of them that go by because the USB chip holds answers back."""
        quick = replace(self, line=self.line.quick)
        return sum(self.usual_s(step) - quick.usual_s(step) for step in self.core.steps)

    @property
    def timer_matters(self) -> bool:
        """Whether they are worth a word."""
        return self.timer_costs_s >= TIMER_MATTERS_S

    @property
    def all_limit_s(self) -> float:
        """Seconds that all steps may take at most."""
        return sum(step.limit_ms for step in self.core.steps) / 1000

    @property
    def runs(self) -> str:
        """What the modem runs now, in words."""
        before = self.before
        if before.release or before.build:
            return f"runs {before.release or f'build {before.build}'}"
        named = f"build {self.was}, as --was says" if self.was else "an unknown build"
        if before.mode == states.APPLICATION:
            return f"runs {named}"
        return f"runs no firmware now; it ran {named}"


def plan_for(bench: Bench, request: FlashRequest) -> FlashPlan | DoctorError:
    """The plan that the core makes for what lies on ``bench``, or its refusal."""
    images = bench.firmware
    facts = bench.modem_facts
    via = choose_via(bench, request.via)
    if isinstance(via, DoctorError):
        return via
    if via == "usb" and facts.mode == states.APPLICATION and facts.baud not in (0, bench.profile.app_baud):
        return _out_of_reach(bench, request, facts)
    options = options_for(
        images,
        bench.updater_elf,
        bench.bootrom,
        accept=bench.options.accept,
        simulated=lambda: bench.simulated,
        method=request.method,
        soak=True,
        first_done=len(images) > 1 and _first_done(bench, images),
    )
    now = running(facts, bench.ran_before)
    core = make_plan(now, [image_facts(image) for image in images], options)
    if core.refusal is not None:
        return _refused(bench, request, facts, core.refusal)
    if request.block not in (0, BLOCK_MAX_BYTES):
        if facts.family != MONARCH2_FAMILY:
            return _no_such_blocks(bench, request, facts.family)
        core.warnings.append(_other_blocks(request.block))
    if request.compress and facts.family != MONARCH2_FAMILY:
        core.warnings.append(_not_compressed(facts.family))
    if via == "usb" and bench.link.url.place:
        core.warnings.append(_IN_A_FARM)
    used = {step.image for step in core.steps} | (set() if core.bootrom_alone else {FIRMWARE})
    files = tuple(file for file in given_files(bench) if file.role in used)
    upload, first_s, install_s = _before_first(bench, via)
    line = replace(_line(bench, facts, via), block_bytes=request.block or BLOCK_MAX_BYTES)
    agreed = (*sorted(bench.options.accept), *(f"{check} failed" for check in sorted(request.override)))
    was = bench.options.was
    mark = ""
    if bench.recording is None:
        sent = {file.role: file.sha256 for file in files}
        block = (request.block,) if request.block else ()
        besides = (via, request.compress, *block, bool(upload), was, *agreed)
        mark = fingerprint(journals.ids_of(bench), facts, core, sent, besides)
    plan = FlashPlan(images[-1], facts, via, core, line, files, request.compress, upload, was, first_s)
    plan = replace(plan, install_s=install_s, agreed=agreed, fingerprint=mark)
    return replace(plan, faster=how_to_lower(bench.link.url.device)) if plan.timer_matters else plan


def _no_such_blocks(bench: Bench, request: FlashRequest, family: str) -> DoctorError:
    return DoctorError(
        "other-blocks",
        f"--block {request.block} is not for this modem: it is of the family {family or 'unknown'}",
        on=bench.link.name,
        cause=f"only a Monarch 2 is known to take blocks over {BLOCK_MAX_BYTES} bytes",
        next=f"leave out --block: {replace(request, block=0).command(bench.options)}",
    )


def _other_blocks(size: int) -> Refusal:
    return Refusal(
        "other-blocks",
        f"blocks of {size} bytes, as --block says, not of {BLOCK_MAX_BYTES}",
        "other tools send such blocks to a Monarch 2, but we have only tried it on a simulated one",
        "if the modem refuses one, the usual blocks go on from there; leave out --block if a transfer breaks off",
    )


def _line(bench: Bench, facts: ModemFacts, via: str) -> Line:
    """What the way costs in time: the board asks the modem at once, this computer through a USB chip."""
    if via == "card":
        return Line(bench.profile.app_baud)
    echoes = not bench.is_bare_modem or b"AT\r" in facts.raw
    answer_s, listed = bench.link.answer_s, bench.link.listed
    timer_ms = bench.latency_ms
    if not timer_ms and listed is not None and listed.is_ftdi:
        timer_ms = likely_ms(answer_s)
    return Line.measured(bench.profile.app_baud, answer_s, timer_ms=timer_ms, echoes=echoes)


#: A coordinator that its exporters lose, and a kick, end their ports at once (fleet.md 2).
_IN_A_FARM = Refusal(
    "labgrid-coordinator",
    "if labgrid's coordinator restarts, or somebody kicks the place, this transfer is interrupted",
    "every byte goes through the exporter, which ends its port then; from the card in the board it would go on",
    "see that neither happens before it is over; if it does, the same command goes on, without taking power away",
)


def _not_compressed(family: str) -> Refusal:
    return Refusal(
        "compress-not-taken",
        "--compress does nothing here: the file is sent as it is",
        f"only a Monarch 2 takes a compressed stream, and this modem is a {family}",
        "leave out --compress",
    )


def _refused(bench: Bench, request: FlashRequest, facts: ModemFacts, refusal: Refusal) -> DoctorError:
    """What only a flash can be refused for, with the command that goes further."""
    step = refusal.next
    if refusal.change is not None:
        other = Attempt(amended(request.command(bench.options), refusal.change))
        step += "; " + NextFlash((), flash_command(other, facts.mode)).text
    return DoctorError(refusal.id, refusal.what, on=bench.firmware[0].path.name, cause=refusal.why, next=step)


def _before_first(bench: Bench, via: str) -> tuple[str, float, float]:
    """What is copied to the card first; the seconds before the first step; those of them for our updater.

    Over Wi-Fi the image is copied to the board's card if it does not lie there. The board reads each file on its card
    whole before it sends anything.
    """
    if via != "card":
        return "", 0.0, 0.0
    from doctor.board import onboard  # what serves one way only is loaded for that way
    from doctor.board.card import sdcard
    from doctor.board.storage import files

    install_s = onboard.usual_s(onboard.missing(bench.board))
    first_s = install_s + sum(file.size_bytes for file in given_files(bench)) / sdcard.READ_BYTES_S
    if bench.link.network is None or bench.options.card_file is not None:
        return "", first_s, install_s
    size = bench.firmware[-1].size_bytes
    takes_s = size / (files.WRITE_BYTES_S if bench.link.network.ftp_port is None else sdcard.FTP_BYTES_S)
    how = "over the REPL" if bench.link.network.ftp_port is None else "by FTP"
    same = any(file.size_bytes == size for file in sdcard.look(bench.board).files)
    unless = ", unless a file of its size there has the same bytes" if same else ""
    what = f"the image is copied to the card in the board, {how}: {size:,} bytes, {about(takes_s)}{unless}"
    return what, first_s + takes_s, install_s


def _out_of_reach(bench: Bench, request: FlashRequest, facts: ModemFacts) -> DoctorError:
    """An application at a speed that mirror mode does not have; by itself it never has it."""
    return DoctorError(
        "baud-mismatch-garbage",
        f"the modem's application listens at {facts.baud} baud, but mirror mode can only use {bench.profile.app_baud}",
        on=bench.link.name,
        cause="a program has changed its speed; it forgets that when the power is off",
        next=NextFlash((POWER_CYCLE,), flash_command(Attempt(request.command(bench.options)), facts.mode)).text,
    )


def placed(file: File) -> File:
    """The file as a later run finds it again, from whatever folder; what lies on the board has no place here."""
    return file if file == FROM_BOARD or str(file).startswith(ON_CARD) else Path(file).absolute()


def begun(command: Command) -> Command:
    """The flash as a later run can go on with it: the very command that the journal of it leads to.

    With the usual blocks: longer ones are what the plan advises to leave out if a transfer breaks off.
    """
    elf, bootrom = (None if file is None else placed(file) for file in (command.updater_elf, command.bootrom))
    firmware = tuple(map(placed, command.firmware))
    return replace(command, firmware=firmware, updater_elf=elf, bootrom=bootrom, block=None)


def sources_of(plan: FlashPlan) -> dict[str, bytes]:
    """The bytes of every file by role, which must still be those that the checks judged. Raises FirmwareError."""
    sources = {file.role: file.data if file.data is not None else _read_again(file) for file in plan.files}
    if plan.compress and set(sources) == {FIRMWARE}:
        packer = zlib.compressobj(wbits=WINDOW_BITS)
        sources["packed"] = packer.compress(sources[FIRMWARE]) + packer.flush()
    return sources


def given_files(bench: Bench) -> list[FlashFile]:
    """Every file that the user gave for the modem, needed or not."""
    roles = (FIRMWARE, SECOND)
    files = [FlashFile(role, i.path, i.sha256, i.size_bytes) for role, i in zip(roles, bench.firmware, strict=False)]
    elf, bootrom = bench.updater_elf, bench.bootrom
    if elf is not None:
        files.append(FlashFile(UPDATER, elf.path, elf.sha256, elf.size_bytes))
    if bootrom is not None:
        files.append(FlashFile(BOOTROM, bootrom.path, bootrom.sha256, len(bootrom.data), bootrom.data))
    return files


def _first_done(bench: Bench, images: tuple[FirmwareImage, ...]) -> bool:
    """Whether the journal knows that the first of these two files is in this modem, and the second is not."""
    ids = journals.ids_of(bench)

    def look() -> bool:
        entry = Journal().find(ids)
        if entry is None or entry.state == journals.PROVED:
            return False
        sent = {file.role: file.sha256 for file in entry.files}
        same = sent.get(FIRMWARE, images[0].sha256) == images[0].sha256 and sent.get(SECOND) == images[1].sha256
        return same and first_sent(entry.steps, entry.done, len(images))

    return bench.known("first_done", bool, look, default=False)


def _read_again(file: FlashFile) -> bytes:
    try:
        data = file.path.read_bytes()
    except OSError as err:
        raise FirmwareError(
            "firmware-file-truncated", f"cannot be read any more: {err.strerror}", on=str(file.path)
        ) from err
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise FirmwareError(
            "firmware-file-truncated",
            "changed after it was checked",
            on=str(file.path),
            next="let the copy finish, then run the same command again",
        )
    return data
