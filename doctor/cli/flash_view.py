"""What a person sees while a modem is being flashed: the plan, the live line, the proof."""

from __future__ import annotations

import select
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

import click
from rich.console import Group, RenderableType
from rich.text import Text

from doctor import events
from doctor.cli import ahead
from doctor.cli.check_line import CheckLine
from doctor.cli.live_line import NORMAL, LiveLine, Standing
from doctor.cli.screen import Screen
from doctor.cli.told_to_stop import ToldToStop
from doctor.computer import is_windows
from doctor.errors import DoctorError
from doctor.jobs.flash import FlashPlan, FlashResult, Proof, Wish
from doctor.report import as_json, flash_plan
from doctor.report.prose import Prose, pair
from doctor.text.durations import about, clock, span
from doctor.updater.rules_loaders import loader_line

T = TypeVar("T")

LOG_STEP = 0.1  #: without a terminal, a line each time this share of the file more has gone over
STOP_ANSWER_S = 30.0  #: an accidental Ctrl-C with nobody there must not hold the transfer
NO_ANSWER = f"No answer within {STOP_ANSWER_S:.0f} s: the flash goes on."
UNANSWERED = f"Without an answer within {STOP_ANSWER_S:.0f} s"
SHORT_S = 5.0  #: a wait that is over sooner needs no word
UNPLUG = "do not unplug"


class Pace:
    """How fast a file goes over while it does: where it stands still, which is usual, says nothing of the rest.

    last_s  seconds that it usually stands still near its end
    """

    STILL_S = 2.0  #: a block takes a fraction of this, even at 115200 baud
    LAST_SHARE = 0.97  #: where standing still near the end begins (modem-protocol.md 4.5)

    def __init__(self, last_s: float = 0.0) -> None:
        self._last_s = last_s
        self._bytes = self._seconds = 0.0
        self._before: tuple[float, int] | None = None

    def hear(self, now_s: float, done_bytes: int) -> None:
        """So much is over now."""
        at_s, before = self._before or (now_s, done_bytes)
        self._before = now_s, done_bytes
        if now_s - at_s < self.STILL_S:
            self._seconds += now_s - at_s
            self._bytes += done_bytes - before

    @property
    def bytes_s(self) -> float | None:
        """Bytes a second; None as long as nobody can say."""
        return self._bytes / self._seconds if self._bytes and self._seconds >= self.STILL_S else None

    def left_s(self, done_bytes: int, total_bytes: int) -> float | None:
        """Seconds until all is over; None as long as nobody can say."""
        still_s = self._last_s if done_bytes < self.LAST_SHARE * total_bytes else 0.0
        return None if self.bytes_s is None else (total_bytes - done_bytes) / self.bytes_s + still_s


class FlashView:
    """Listens to the flash and shows it: one live line on a terminal, plain lines elsewhere."""

    def __init__(self, screen: Screen, seconds: Callable[[], float]) -> None:
        self._screen = screen
        self.line = LiveLine(screen, seconds)
        self._checks = CheckLine(self.line)
        self._place = ""
        self._pace = Pace()
        self._share: float | None = None
        self._logged = 0.0
        #: Whether a step of the plan has begun: it is told how it ends, whatever is pressed.
        self.begun = False

    def hear(self, event: events.Event) -> None:
        """Show one event."""
        if isinstance(event, events.Progress):
            self._bytes(event)
        elif isinstance(event, events.StepStarted):
            self._step(event)
        elif isinstance(event, events.Waiting):
            self._waiting(event)
        elif isinstance(event, events.Counted):
            self._count(event)
        elif isinstance(event, events.Notice):
            self._tell(event.text, "", style="bold yellow")
        elif isinstance(event, events.Note) and self._screen.verbose:
            self._tell(event.text)
        else:
            self._checks.hear(event)

    def pause(self) -> None:
        """Take the line down, so that a question can be asked; the next event brings it back."""
        self.line.clear()

    def close(self) -> None:
        """Take the live line down."""
        self._checks.close()

    def _tell(self, text: str, margin: str = "  ", style: str = "dim") -> None:
        self._screen.note(Text(margin + text, style=style))

    def _step(self, event: events.StepStarted) -> None:
        if not self.begun:
            self.begun = True
            ahead.wait_for_nobody()  # not before: the plan and its question are for somebody who reads
        self._logged, self._share = 0.0, None
        self._pace = Pace(event.last_s)
        self._place = f"step {event.number} of {event.of}" if event.number else ""
        lead = f"{self._place}: " if self._place else ""
        times = f" ({about(event.usual_s)}, at most {span(event.limit_s)})" if event.limit_s else ""
        self._show("", event.limit_s, NORMAL)
        self._screen.note(Prose(Text("• "), Text(f"{lead}{event.text}{times}")))

    def _waiting(self, event: events.Waiting) -> None:
        if event.limit_s < SHORT_S:
            return
        tail = "" if event.may_unplug else f"; {UNPLUG}"
        if not self._screen.live:
            self._tell(f"waiting for {event.what} (up to {span(event.limit_s)}{tail})")
        self._show(f"waiting for {event.what}", event.limit_s, NORMAL + tail)

    def _count(self, event: events.Counted) -> None:
        first = self.line.count(event, self._place, "" if event.may_unplug else UNPLUG)
        if first and not self._screen.live:
            self._tell(f"{event.what}: {event.total} {event.of}")

    def _show(self, what: str, limit_s: float, tail: str, *, at_once: bool = True) -> None:
        stands = Standing(what, self.line.seconds(), limit_s, self._place, tail, self._share)
        self.line.show(stands, at_once=at_once)

    def _bytes(self, event: events.Progress) -> None:
        self._share = share = event.done_bytes / max(1, event.total_bytes)
        self._pace.hear(self.line.seconds(), event.done_bytes)
        speed, left_s = self._pace.bytes_s, self._pace.left_s(event.done_bytes, event.total_bytes)
        left = "" if speed is None or left_s is None else f"{speed / 1000:.0f} kB/s, about {clock(left_s)} left"
        unit, name = (1e6, "MB") if event.total_bytes >= 1e6 else (1e3, "kB")
        sent = f"{event.done_bytes / unit:.1f} of {event.total_bytes / unit:.1f} {name}"
        self._show(", ".join(filter(None, (sent, left))), 0.0, "" if event.may_unplug else UNPLUG, at_once=False)
        if not self._screen.live and (share >= self._logged + LOG_STEP or event.done_bytes == event.total_bytes):
            self._logged = share
            self._tell(f"{share:4.0%}  {event.done_bytes:,} of {event.total_bytes:,} bytes", style="")


class TerminalConsent:
    """Asks the person at the terminal; ``--yes`` confirms the plan that was printed, and nothing else."""

    def __init__(self, screen: Screen, *, yes: bool, pause: Callable[[], None], told: ToldToStop | None = None) -> None:
        self._screen = screen
        self._yes = yes
        self._pause = pause
        self._told = told

    def confirm(self, plan: FlashPlan) -> bool:
        """Show the plan and ask. Raises DoctorError if nobody can answer and --yes was not given."""
        self._screen.tell("plan", plan=as_json.plan(plan))
        whole = flash_plan.whole(plan)
        self._screen.show(whole if self._screen.verbose else flash_plan.short(plan))
        return self._yes or self._screen.agreed("Flash now?", whole)

    def accept(self, name: str, question: str) -> bool:
        """Ask for a consent by name. Raises DoctorError if nobody can answer."""
        if not self._screen.interactive:
            raise DoctorError(
                name,
                "--yes does not cover one of the risks",
                cause=question.partition("\n")[0],
                next=f"add --accept {name}",
            )
        return self._screen.ask(question)

    def stop_transfer(self) -> bool:
        """Ask whether to stop in the middle; go on if nobody answers, for the modem waits meanwhile."""
        if self._told is not None:
            return self._told.transfer()
        if not self._screen.interactive:
            return self._nobody_to_ask(False)
        self._pause()
        self._ask(
            f"Stopping leaves the modem without firmware until the next flash. {UNANSWERED} the flash goes on.",
            "Stop? [y/N]: ",
        )
        return self._answer() in ("y", "yes")

    def stop_board(self) -> Wish:
        """Ask whether to stop a board that flashes by itself, or to leave it alone; go on if nobody answers."""
        if self._told is not None:
            return Wish.STOP if self._told.transfer() else Wish.GO_ON
        if not self._screen.interactive:
            return self._nobody_to_ask(Wish.GO_ON)
        self._pause()
        self._ask(
            "The board flashes by itself, and goes on without this program: to join it again, run the same command."
            "\nThis shows how far it is: `fipy-doctor status`"
            "\nStopping it leaves the modem without firmware until the next flash."
            f"\n{UNANSWERED} this program goes on watching.",
            "Go on watching, leave it to the board, or stop it? [G/l/s]: ",
        )
        answer = self._answer()
        return Wish.STOP if answer in ("s", "stop") else Wish.LEAVE if answer in ("l", "leave") else Wish.GO_ON

    def _nobody_to_ask(self, answer: T) -> T:
        click.echo("no terminal to ask; going on", err=True)
        return answer

    def _ask(self, explained: str, question: str) -> None:
        self._screen.notes.print(f"\n{explained}")
        click.echo(question, nl=False, err=True)

    @staticmethod
    def _answer() -> str:
        """What was typed, in small letters; "" if nobody types in time."""
        answer = typed_line(STOP_ANSWER_S)
        if answer is None:
            click.echo(f"\n{NO_ANSWER}", err=True)
        return (answer or "").strip().lower()


def typed_line(limit_s: float) -> str | None:
    """The line that is typed within ``limit_s`` seconds; None if none is."""
    if is_windows():  # select knows no console there: a thread waits, and is left behind
        lines: list[str] = []
        reader = threading.Thread(target=lambda: lines.append(sys.stdin.readline()), daemon=True)
        reader.start()
        reader.join(limit_s)
        return lines[0] if lines else None
    try:
        ready, _, _ = select.select([sys.stdin], [], [], limit_s)
    except (OSError, ValueError):  # standard input is no descriptor (replaced by a program): reading does not wait
        return sys.stdin.readline()
    return sys.stdin.readline() if ready else None


def took_text(result: FlashResult) -> str:
    """How long it took, and how fast the last file went over; "" if that is not known."""
    if result.took_s is None:
        return ""
    speed = f", {result.bytes_per_s / 1000:.0f} kB/s" if result.bytes_per_s else ""
    return f"{clock(result.took_s)}{speed}"


def proof_text(proof: Proof, took: str = "") -> RenderableType:
    """What shows that the new firmware runs."""
    mark = "Flashed and proved" if proof.holds else "Flashed, but not proved"
    lines: list[RenderableType] = [
        Text(""),
        Text(mark, style="bold green" if proof.holds else "bold red"),
        pair("sent", f"{proof.sent_bytes:,} bytes, SHA-256 {proof.sent_sha256}"),
    ]
    if proof.received_sha256:
        lines.append(pair("received", f"SHA-256 {proof.received_sha256} (simulated modem)"))
    lines += [
        pair("promised", f"build {proof.promised_build or 'unknown'}"),
        pair(
            "runs now",
            f"{proof.after.release or '?'} (build {proof.after.build or 'unknown'}), UE {proof.after.ue or '?'}",
        ),
    ]
    if took:
        lines.append(pair("took", took))
    line = loader_line(proof.after.family, proof.after.loaders)
    if line:
        lines.append(Text(f"  {line}"))
    return Group(*lines)
