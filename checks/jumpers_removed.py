"""Check ``jumpers-removed``."""

from __future__ import annotations

import random
from dataclasses import replace

from doctor.bench import Bench
from doctor.board import jumpers
from doctor.board.jumpers import Carrier, JumperReadings, Jumpers, JumperVerdict, RtsAnswers
from doctor.check import Check, Finding, Grade, Needs, Remedy, SkipReason
from doctor.errors import DeadlineOverrun, DoctorError, PortLost
from doctor.escape import shown
from doctor.modem.facts import ModemFacts

FITTED = "expansion-rts-cts-jumpers"
CONSENT = "jumpers-removed"
REMOVE = Remedy("remove-jumpers", Grade.MANUAL)
TRIES_MIXED = 2  #: readings without a pattern are taken once more, in another order (reference 6.3)
SEED = 20180319

#: Modes that read badly behind "the modem is in".
_HOW = {"silent": "does not answer", "unknown": "answers nothing that makes sense", "deploying": "is busy installing"}

Words = dict[str, str | int | float | bool | list[str] | None]


class JumpersRemoved(Check):
    """The RTS and CTS jumpers of the expansion board are removed (a FiPy needs that).

    Why: on the FiPy these jumpers connect the USB chip to two pins of the modem. Whether the modem may send then
    hangs on what a program on the PC does with its RTS line: it works while this program has the port open, and fails
    with no terminal open, or in the middle of a flash.

    Looks at: asks the modem ATI with the PC's RTS line asserted and released; if that proves nothing, reads two pins of
    the board, as inputs only, while the PC moves RTS, and then restarts the board into safe boot, which gives the
    pins back to the modem. No pin is touched unless the modem runs its application. A GPy, and carriers of the Pysense
    kind, have no such jumpers.

    Cures: remove-jumpers. Where it cannot be decided, look at the board; --accept jumpers-removed says that you did.
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
    finds = (FITTED,)

    def look(self, bench: Bench) -> Finding:
        """Decide from what is known; then by the modem's answers; then by the pins."""
        facts = bench.board_facts
        if facts.sysname != "FiPy":
            return self.skipped(
                SkipReason.NOT_APPLICABLE,
                f"the modem pins of a {shown(facts.sysname, 20)} are not where the jumpers are",
            )
        name = bench.options.carrier or jumpers.carrier_behind(bench.link)
        carrier = jumpers.carrier_of(name)
        if carrier is Carrier.WITHOUT_JUMPERS:
            return self.skipped(SkipReason.NOT_APPLICABLE, f"a {shown(name or '', 30)} has no RTS and CTS jumpers")
        evidence: Words = {"carrier": shown(name or "unknown", 40)}
        if not bench.link.has_modem_lines:
            return self._undecided(bench, "this port has no RTS line to try it with", evidence)
        modem = _modem(bench)
        if modem is None or modem.mode != "application":
            how = _HOW.get(modem.mode, f"is in {modem.mode}") if modem is not None else "could not be asked"
            found = self._undecided(bench, f"the modem {how}, so its pins are not touched", evidence)
            return replace(found, caused_by="modem-answers")
        return self._try(bench, carrier, modem, evidence)

    def _try(self, bench: Bench, carrier: Carrier, modem: ModemFacts, evidence: Words) -> Finding:
        """Phase C, which touches no pin, then phase A."""
        answers = jumpers.phase_c(bench.board, bench.link, baud=modem.baud)
        evidence["ati"] = _answers_text(answers)
        verdict = jumpers.judge_rts(answers)
        if verdict.state is Jumpers.FITTED:
            return self._fitted(verdict, evidence)
        if not jumpers.can_restore(bench.board, bench.board_facts):
            why = (
                f"{verdict.why}, and the pins cannot be read, because a reset would start what boot.py or main.py hold"
            )
            return self._undecided(bench, why, evidence)
        readings, verdict = _read_pins(bench, carrier)
        evidence["readings"] = readings.as_text()
        evidence["seed"] = readings.seed
        if verdict.state is Jumpers.FITTED:
            return self._fitted(verdict, evidence)
        if verdict.state is Jumpers.UNDECIDED:
            return self._undecided(bench, verdict.why, evidence)
        return self.passed(f"the RTS and CTS jumpers are removed: {verdict.why}", evidence=evidence)

    def _fitted(self, verdict: JumperVerdict, evidence: Words) -> Finding:
        return self.fail(
            f"the RTS and CTS jumpers of the expansion board are fitted: {verdict.why}",
            catalogue=FITTED,
            evidence=evidence,
            cause="the expansion board comes with all jumpers fitted; a FiPy must not have these two",
            remedies=(REMOVE,),
        )

    def _undecided(self, bench: Bench, why: str, evidence: Words) -> Finding:
        if CONSENT in bench.options.accept:
            return self.passed(f"you say that the RTS and CTS jumpers are removed ({why})", evidence=evidence)
        return self.warn(
            f"whether the RTS and CTS jumpers are removed cannot be told: {why}; look at the board, and if they are"
            f" gone (or it has none) add --accept {CONSENT}",
            catalogue=FITTED,
            evidence=evidence,
            cause="the expansion board comes with all jumpers fitted; a FiPy must not have RTS and CTS",
            remedies=(REMOVE,),
        )


def _modem(bench: Bench) -> ModemFacts | None:
    """What modem-answers found; asked now where that did not run. None where the modem cannot be asked."""
    try:
        return bench.modem_facts
    except (PortLost, DeadlineOverrun):
        raise
    except DoctorError:
        return None


def _read_pins(bench: Bench, carrier: Carrier) -> tuple[JumperReadings, JumperVerdict]:
    """Phase A, once more where it shows no pattern; the board is restarted afterwards whatever happens."""
    try:
        for attempt in range(TRIES_MIXED):
            seed = random.Random(SEED + attempt).randrange(1 << 16)
            readings = jumpers.phase_a(bench.board, bench.link, seed=seed)
            if not jumpers.is_mixed(readings):
                break
    finally:
        jumpers.restore(bench.board, bench.board_facts)
    return readings, jumpers.judge_pins(readings, carrier)


def _answers_text(answers: RtsAnswers) -> list[str]:
    pairs = zip(answers.asserted, answers.released, strict=True)
    return [f"rts on: {'answer' if on else 'none'}, rts off: {'answer' if off else 'none'}" for on, off in pairs]
