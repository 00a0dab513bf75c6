"""Check ``step-is-safe``."""

from __future__ import annotations

from doctor.bench import Bench
from doctor.check import Check, Evidence, Finding, Grade, Needs, Remedy
from doctor.escape import shown
from doctor.modem.images import image_facts, options_for, running
from doctor.updater.plan import Plan, Refusal, make_plan

_OTHER_IMAGE = Remedy("use-other-image", Grade.MANUAL)
_TELL_BUILD = Remedy("tell-build", Grade.MANUAL)
_WAIT = Remedy("wait-for-modem", Grade.MANUAL)
_POWER_CYCLE = Remedy("power-cycle", Grade.MANUAL)
_GIVE_UPDATER = Remedy("give-updater-elf", Grade.MANUAL)
_GIVE_BOOTROM = Remedy("give-bootrom", Grade.MANUAL)

#: Cures for a refusal that another image does not cure.
_CURES: dict[str, tuple[Remedy, ...]] = {
    "modem-in-ffh": (_GIVE_UPDATER,),
    "stall-after-100-waiting": (_WAIT,),
    "modem-silent": (_POWER_CYCLE,),
    "modem-in-data-mode": (_POWER_CYCLE,),
    "modem-left-in-update-boot": (),
    "modem-state-unknown": (_TELL_BUILD,),
    "modem-filesystem-read-only": (),
    "modem-build-50523": (Remedy("keep-build", Grade.MANUAL),),
    "updater-elf-from-other-package": (_GIVE_UPDATER,),
    "updater-not-required": (),
    "full-image-on-33080-needs-updater": (_GIVE_UPDATER, _OTHER_IMAGE),
    "recovery-bootrom-module-missing": (_GIVE_BOOTROM, _OTHER_IMAGE),
}


class StepIsSafe(Check):
    """The step from what the modem runs to the given firmware is known to be safe.

    Why: a differential image on another build, 48829 out of order, the factory build 33080 with a full image, another
    modem's firmware: each has cost modems, and nothing in the modem checks it.

    Looks at: mode and build of the modem, and kind, radio, build and family of the file; asks the same planner as
    flash does. Sends nothing.

    Cures: use-other-image, tell-build (--was), give-updater-elf, give-bootrom, wait-for-modem; what only consent can
    lift is named in the summary.
    """

    id = "step-is-safe"
    needs = (Needs.PORT, Needs.MODEM, Needs.FIRMWARE)
    after = ("modem-answers",)
    follows = ("firmware-is-whole",)
    deadline_s = 420.0
    overridable = False
    finds = (
        "diff-with-wrong-base",
        "diff-with-updater-elf",
        "full-image-on-33080-needs-updater",
        "33080-straight-to-48829",
        "nb1-to-48829-direct",
        "nb1-first-on-factory-modem",
        "48829-second-step-skipped",
        "wrong-firmware-variant-chosen",
        "modem-build-50523",
        "files-swapped",
        "firmware-file-too-small-message",
        "practice-image-on-real-port",
        "modem-in-ffh",
        "modem-left-in-update-boot",
        "modem-state-unknown",
        "modem-filesystem-read-only",
        "stall-after-100-waiting",
        "modem-silent",
        "modem-in-data-mode",
        "48829-doc-names-wrong-file",
        "updater-elf-from-other-package",
        "updater-not-required",
        "monarch2-too-old",
    )

    def look(self, bench: Bench) -> Finding:
        """Ask the planner."""
        plan = _plan(bench)
        evidence = _evidence(bench, plan)
        if plan.refusal is not None:
            refusal = plan.refusal
            return self.fail(
                f"{_clean(refusal)}: {shown(refusal.next, 200)}",
                catalogue=refusal.id,
                evidence=evidence,
                cause=shown(refusal.why, 200),
                remedies=_CURES.get(refusal.id, (_OTHER_IMAGE,)),
            )
        if plan.warnings:
            first = plan.warnings[0]
            return self.warn(
                f"{_clean(first)}: {shown(first.next, 200)}",
                catalogue=first.id,
                evidence=evidence,
                cause=shown(first.why, 200),
                remedies=_CURES.get(first.id, (_OTHER_IMAGE,)),
            )
        name = shown(bench.firmware[0].path.name, 60)
        return self.passed(f"{name} may follow what the modem runs (method {plan.method})", evidence=evidence)


def _plan(bench: Bench) -> Plan:
    options = options_for(
        bench.firmware,
        bench.updater_elf,
        bench.bootrom,
        accept=bench.options.accept,
        simulated=lambda: bench.simulated,
    )
    images = [image_facts(image) for image in bench.firmware]
    return make_plan(running(bench.modem_facts, bench.options.was), images, options)


def _evidence(bench: Bench, plan: Plan) -> Evidence:
    facts, image = bench.modem_facts, image_facts(bench.firmware[0])
    return {
        "mode": facts.mode,
        "build": facts.build,
        "was": bench.options.was,
        "file": shown(image.name, 80),
        "kind": image.kind,
        "to_build": image.build or None,
        "base": image.base or None,
        "family": image.family,
        "method": plan.method or None,
        "warnings": [shown(warning.what, 120) for warning in plan.warnings],
    }


def _clean(refusal: Refusal) -> str:
    return shown(refusal.what, 200)
