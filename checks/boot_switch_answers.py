"""Check ``boot-switch-answers``."""

from __future__ import annotations

from doctor.bench import Bench, Needs, SkipReason
from doctor.check import Check, Finding, Grade, Remedy
from doctor.updater import states

_MODES_WITH_SWITCH = (states.APPLICATION, states.RECOVERY, states.RAM_UPDATER)


class BootSwitchAnswers(Check):
    """The modem tells what it will boot next.

    Why: flashing switches the modem to its updater with AT+SMSWBOOT. A modem that answers ERROR there is busy or still
    starting; old scripts gave up at that ("AT+SMSWBOOT=3,0 failed!"). Our flash asks again, in both forms of the
    command, so this warns and does not stop.

    Looks at: the answer to AT+SMSWBOOT?, a query. Switches nothing.

    Cures: power-cycle, then wait a minute; or just go on, since retrying is built in.
    """

    id = "boot-switch-answers"
    needs = (Needs.MODEM,)
    after = ("modem-answers",)
    deadline_s = 420.0
    gates = False
    finds = ("smswboot-30-failed",)

    def look(self, bench: Bench) -> Finding:
        """Judge what was answered when the modem was asked for its facts."""
        facts = bench.modem_facts
        if facts.mode not in _MODES_WITH_SWITCH:
            return self.skipped(SkipReason.NOT_APPLICABLE, f"a modem in mode {facts.mode} has no boot switch")
        if "smswboot-error" in facts.notes:
            return self.warn(
                "the modem refuses AT+SMSWBOOT?: at first it may also refuse to change to its updater",
                catalogue="smswboot-30-failed",
                evidence={"mode": facts.mode, "boot_selector": None},
                cause="it is busy or has just started; flash asks again in both known ways, which often works",
                remedies=(Remedy("power-cycle", Grade.MANUAL),),
            )
        selector = facts.boot_selector or "not named"
        starts = {"FFF": "its normal firmware", "FFH": "its boot ROM", "RECOVERY": "its updater"}.get(selector)
        return self.passed(
            f"the modem will start {f'{starts} next ({selector})' if starts else selector}",
            evidence={"mode": facts.mode, "boot_selector": facts.boot_selector},
        )
