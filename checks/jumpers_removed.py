"""Check ``jumpers-removed``."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

from doctor.bench import Bench, Needs, SkipReason
from doctor.board.line import carriers
from doctor.board.line.carriers import Carrier
from doctor.board.line.jumper_verdict import (
    CtsReadings,
    JumperReadings,
    Jumpers,
    JumperVerdict,
    is_mixed,
    judge_cts,
    judge_pins,
    judge_rts,
)
from doctor.check import Check, EvidenceValue, Finding, Grade, Remedy
from doctor.errors import DeadlineOverrun, DoctorError, PortLost
from doctor.modem.facts import ModemFacts
from doctor.text.escape import shown

FITTED = "expansion-rts-cts-jumpers"
CONSENT = "jumpers-removed"
REMOVE = Remedy("remove-jumpers", Grade.MANUAL)
TRIES_MIXED = 2  #: readings without a pattern are taken again, in another order (board-and-repl.md 6.3)
SEED = 20180319

#: Modes that read badly behind "the modem is in".
_HOW = {"silent": "does not answer", "unknown": "gives no answer that makes sense", "deploying": "is busy installing"}


class JumpersRemoved(Check):
    """The RTS and CTS jumpers of the expansion board are removed (a FiPy needs that).

    Why: on the FiPy these jumpers connect the USB chip to two pins of the modem. Whether the modem may send then
    depends on what a program on the PC does with its RTS line: it works while this program has the port open, and fails
    with no terminal open, or in the middle of a flash. A flash from the card in the board goes on after this program
    has ended, and with it RTS drops: there the jumpers must be proved to be off.

    Looks at: asks the modem ATI with the PC's RTS line asserted and released; if that proves nothing, reads two pins of
    the board, as inputs only, while the PC moves RTS, and then restarts the board into safe boot, which gives the
    pins back to the modem. No pin is touched unless the modem runs its application. A GPy, and carriers of the Pysense
    kind, have no such jumpers. `--carrier` names the carrier board if its USB id does not: it decides whether there
    are jumpers at all, and what a line that never moves means. `--thorough` looks for the second jumper too, which
    holds nothing but has to go as well: the board pulls one of the modem's lines low four times for 0.09 s.

    A modem that is left in its updater by a flash no longer shows anything of them: there, what this computer proved on
    this very board before that flash counts, for six hours.

    Cures: remove-jumpers. If the pins cannot tell, look at the board; --accept jumpers-removed says that you did.
    """

    id = "jumpers-removed"
    needs = (Needs.BOARD, Needs.MODEM)
    after = ("board-has-modem",)
    # It restarts the board, so everything else that talks to it comes first.
    follows = (
        "modem-answers",
        "boot-switch-answers",
        "step-is-safe",
        "boot-starts-no-updater",
        "board-scripts-match",
        "board-reads-card",
    )
    deadline_s = 120.0
    gates = True
    finds = (FITTED,)

    def look(self, bench: Bench) -> Finding:
        """Decide from what is known; then by the modem's answers; then by the pins."""
        facts = bench.board_facts
        if facts.sysname != "FiPy":
            return self.skipped(
                SkipReason.NOT_APPLICABLE,
                f"the modem pins of a {shown(facts.sysname, 20)} are not where the jumpers are",
            )
        seat = carriers.seat(bench.options.carrier, bench.link.listed)
        found = self._on(bench, seat)
        if seat.overruled:
            known = f"the carrier is an {shown(seat.name, 60)} by its USB id"
            said = f"; --carrier {shown(seat.overruled, 30)} was not used: {known}"
            found = replace(found, summary=found.summary + said)
        return found

    def _on(self, bench: Bench, seat: carriers.Seat) -> Finding:
        if seat.has_no_jumpers:
            return self.skipped(SkipReason.NOT_APPLICABLE, f"a {shown(seat.name, 30)} has no RTS and CTS jumpers")
        evidence: dict[str, EvidenceValue] = {"carrier": shown(seat.name, 60)}
        if not bench.link.has_modem_lines:
            return self._undecided(bench, "this port has no RTS line to test with", evidence)
        modem = _modem(bench)
        if modem is None or modem.mode != "application":
            how = _HOW.get(modem.mode, f"is in {modem.mode}") if modem is not None else "could not be asked"
            why = f"the modem {how}, so its pins are not touched"
            proved = bench.history.jumpers_proved(bench)
            if proved:
                return self._proved_before(proved, why, evidence)
            found = self._undecided(bench, why, evidence)
            return replace(found, caused_by="modem-answers")
        return self._try(bench, seat.kind, modem, evidence)

    def _try(self, bench: Bench, carrier: Carrier, modem: ModemFacts, evidence: dict[str, EvidenceValue]) -> Finding:
        """Phase C, which touches no pin, then phase A, then phase B if it was asked for."""
        from doctor.board.line import jumpers  # what looks at a board is loaded if there is one

        answers = jumpers.phase_c(bench.board, bench.link, baud=modem.baud)
        evidence["ati"] = answers.as_text()
        verdict = judge_rts(answers)
        if verdict.state is Jumpers.FITTED:
            return self._fitted(verdict, evidence)
        if not jumpers.can_restore(bench.board, bench.board_facts):
            why = f"{verdict.why}, and the pins cannot be read, because a reset would start boot.py and main.py"
            return self._undecided(bench, why, evidence)
        readings, pulses = _touch_pins(bench, carrier)
        evidence["readings"] = readings.as_text()
        evidence["seed"] = readings.seed
        verdict = judge_pins(readings, carrier)
        if verdict.state is Jumpers.FITTED:
            return self._fitted(verdict, evidence)
        second = None
        if pulses is not None:
            evidence["pulses"] = pulses.as_text()
            second = judge_cts(pulses, carrier)
            if second.state is Jumpers.FITTED:
                return self._fitted(second, evidence)
        if verdict.state is Jumpers.UNDECIDED:
            return self._undecided(bench, verdict.why, evidence)
        return self._removed(verdict, second, evidence)

    def _removed(
        self, verdict: JumperVerdict, second: JumperVerdict | None, evidence: dict[str, EvidenceValue]
    ) -> Finding:
        """What is proved and no more: without phase B only the jumper that can hold the modem."""
        evidence["proved"] = verdict.why
        said = f"the RTS and CTS jumpers do not disturb the modem: {verdict.why}"
        if second is not None and second.state is Jumpers.REMOVED:
            said = f"the RTS and CTS jumpers are removed: {verdict.why}, and {second.why}"
        elif second is not None:
            said += f"; the other one, which does no harm, could not be checked: {second.why}"
        return replace(self.passed(said, evidence=evidence), proved={"how": verdict.why})

    def _proved_before(self, proved: Mapping[str, str], why: str, evidence: dict[str, EvidenceValue]) -> Finding:
        """An unfinished flash of this very board began with this proof."""
        evidence |= {"proved": proved["how"], "proved_at": proved["at"]}
        at = proved["at"][11:16]
        found = self.passed(
            f"the RTS and CTS jumpers do not disturb the modem: proved at {at} UTC by this computer, before the flash"
            f" began ({proved['how']}); now {why}",
            evidence=evidence,
        )
        return replace(found, proved=proved)

    def _fitted(self, verdict: JumperVerdict, evidence: dict[str, EvidenceValue]) -> Finding:
        return self.fail(
            f"the RTS and CTS jumpers of the expansion board are not both off: {verdict.why}",
            catalogue=FITTED,
            evidence=evidence,
            cause="the expansion board is sold with all jumpers fitted; a FiPy must not have these two",
            remedies=(REMOVE,),
        )

    def _undecided(self, bench: Bench, why: str, evidence: dict[str, EvidenceValue]) -> Finding:
        if CONSENT in bench.options.accept:
            return self.passed(f"you say that the RTS and CTS jumpers are removed ({why})", evidence=evidence)
        return self.warn(
            f"the RTS and CTS jumpers could not be checked: {why}; look at the board, and if both are off"
            f" (or it has none) add --accept {CONSENT}",
            catalogue=FITTED,
            evidence=evidence,
            cause="the expansion board is sold with all jumpers fitted; a FiPy must not have RTS and CTS",
            remedies=(REMOVE,),
        )


def _modem(bench: Bench) -> ModemFacts | None:
    """What modem-answers found; asked now where that did not run. None if the modem cannot be asked."""
    try:
        return bench.modem_facts
    except (PortLost, DeadlineOverrun):
        raise
    except DoctorError:
        return None


def _touch_pins(bench: Bench, carrier: Carrier) -> tuple[JumperReadings, CtsReadings | None]:
    """Phase A, again if it shows no pattern, and phase B if it is asked for and the pin is at rest."""
    from doctor.board.line import jumpers

    board, link = bench.board, bench.link
    pulses = None
    with jumpers.pins_taken(board, link, bench.board_facts):
        for attempt in range(TRIES_MIXED):
            seed = random.Random(SEED + attempt).randrange(1 << 16)
            readings = jumpers.phase_a(board, link, seed=seed)
            if not is_mixed(readings):
                break
        decided = judge_pins(readings, carrier).state is Jumpers.FITTED
        if bench.options.thorough and readings.p20_rests and not decided:
            for _ in range(TRIES_MIXED):
                pulses = jumpers.phase_b(board, link)
                if len({p.cts for p in pulses.pulses}) == 1 or judge_cts(pulses, carrier).state is Jumpers.FITTED:
                    break
    return readings, pulses
