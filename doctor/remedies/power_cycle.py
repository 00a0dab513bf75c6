"""Cure ``power-cycle``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.board.first_contact import Seen
from doctor.board.repl import LISTEN_MS, Repl
from doctor.check import Finding, Grade
from doctor.clock import Clock, Deadline
from doctor.errors import BoardError, DoctorError, LinkError, PortLost
from doctor.remedies.cure import CureContext, DoableCure
from doctor.text.power_off import IF_NONE_BEGAN, UNPLUG

if TYPE_CHECKING:
    from doctor.bench import Bench

OFF_S = 10.0  #: the modem needs this long without power (modem-protocol.md 1)
VANISH_S = 300.0  #: how long we wait for the user to pull the plug
RETURN_S = 300.0  #: and to put it back
LOOK_MS = 250


class PowerCycle(DoableCure):
    """If no flash of this modem began within the last hour: take all power from the board for ten seconds.

    The reset button does not reset the modem; only power does. The port must be seen to vanish for at least ten
    seconds, so that a battery or a second cable cannot fool us.
    """

    id = "power-cycle"
    grade = Grade.MANUAL

    def steps(self, finding: Finding) -> tuple[str, ...]:
        """What the user does."""
        return (
            f"{UNPLUG}; the reset button does not reach the modem",
            "wait ten seconds",
            "plug USB in again and wait a minute for the modem to start",
        )

    def plan(self, bench: Bench, finding: Finding | None, context: CureContext) -> tuple[str, ...]:
        """What is going to be watched. Raises BoardError for a device that is none of ours."""
        bench.refuse_foreign()
        return (
            f"you do this: {UNPLUG}",
            f"{bench.options.port} must vanish for {OFF_S:.0f} s",
            "you plug USB in again; the port may come back under another name",
        )

    def do(self, bench: Bench, finding: Finding | None, context: CureContext) -> str:
        """Watch the port vanish and come back. Raises LinkError if it does not, or comes back too soon."""
        _leave_alone(bench)
        until = bench.history.may_write_until(bench)
        if until:
            raise DoctorError(
                "stall-after-100-waiting",
                "the modem may still be writing what an earlier flash sent",
                on=str(bench.options.port),
                cause="power off while it writes is how modems die",
                next=f"leave it powered until {until}, then run `fipy-doctor status`",
            )
        link = bench.link
        clock = link.clock
        if link.network is not None:
            raise LinkError(
                "reset-is-not-power-cycle",
                "over Wi-Fi this program cannot see how long the board was without power",
                on=link.name,
                next=_by_hand(bench, "join the board's Wi-Fi network, "),
            )
        context.say(f"Now, {IF_NONE_BEGAN}: unplug USB and the battery.")
        self._await_gone(bench)
        gone_ms = clock.ticks_ms()
        bench.close_link()
        context.say(f"Gone. Wait {OFF_S:.0f} s, then plug in again.")
        self._await_back(bench, clock)
        off_s = (clock.ticks_ms() - gone_ms) / 1000
        if off_s < OFF_S:
            raise LinkError(
                "reset-is-not-power-cycle",
                f"the port was gone for only {off_s:.0f} s",
                on=str(bench.options.port),
                cause="the charge in its capacitors keeps the modem running",
                next=f"run {bench.options.command('fix', f'--{self.id}')} again and wait ten seconds",
            )
        if not context.ask("Was the battery off too, or is there none?"):
            raise DoctorError(
                "battery-keeps-modem-powered",
                "nobody confirmed that the battery was off too",
                cause="a battery keeps the modem powered when USB is unplugged",
                next=_by_hand(bench),
            )
        return f"power was off for {off_s:.0f} s"

    def _await_gone(self, bench: Bench) -> None:
        limit = Deadline(bench.clock, VANISH_S)
        while not limit.expired:
            try:
                bench.link.read(256, LOOK_MS)
            except PortLost:
                return
        raise LinkError(
            "reset-is-not-power-cycle",
            "the port never vanished",
            on=str(bench.options.port),
            cause="the board was reset but not unplugged, or the carrier board has its own power",
            next=_by_hand(bench),
        )

    def _await_back(self, bench: Bench, clock: Clock) -> None:
        limit = Deadline(clock, RETURN_S)
        while True:
            try:
                _ = bench.link
                return
            except LinkError as err:
                if limit.expired:
                    raise LinkError(
                        "port-number-changes-on-replug",
                        "the port did not come back",
                        on=str(bench.options.port),
                        cause="it may have another name now",
                        next="run `fipy-doctor ports`, then continue with the name it shows",
                    ) from err
                clock.sleep_ms(LOOK_MS)


def _by_hand(bench: Bench, before: str = "") -> str:
    """What the user does alone, unwatched; ``before`` the check comes what this says."""
    check = bench.options.command("check", done=("power-off",))
    return f"{UNPLUG}, wait ten seconds, plug in again, {before}and run {check}"


def _leave_alone(bench: Bench) -> None:
    """Raises BoardError while an updater is at work on the board."""
    if bench.contact.seen is Seen.UPDATER:
        raise BoardError(
            "updater-at-work",
            "an updater is at work on the board, and its modem must keep its power",
            on=bench.link.name,
            next="leave it powered and press nothing; `fipy-doctor status` shows how far it is",
        )
    Repl(bench.link).look_for_updater(LISTEN_MS)  # a thread prints beside a prompt
