"""Check ``step-is-safe``."""

from __future__ import annotations

from pathlib import Path

from doctor.bench import Bench, Needs
from doctor.check import Check, EvidenceValue, Finding, Grade, Remedy
from doctor.errors import DoctorError
from doctor.modem.images import image_facts, options_for, running
from doctor.text.escape import shown, told
from doctor.updater.plan import make_plan
from doctor.updater.shapes import BOOTROM_OF_BOARD, BOOTROM_SCRIPT, Change, Plan, Refusal

_OTHER_IMAGE = Remedy("use-other-image", Grade.MANUAL)
_TELL_BUILD = Remedy("tell-build", Grade.MANUAL)
_WAIT = Remedy("wait-for-modem", Grade.MANUAL)
_POWER_CYCLE = Remedy("power-cycle", Grade.MANUAL)
_GIVE_UPDATER = Remedy("give-updater-elf", Grade.MANUAL)
_GIVE_BOOTROM = Remedy("give-bootrom", Grade.MANUAL)
_GIVE_BOTH = Remedy("give-both-files", Grade.MANUAL)
_LEAVE_AWAY = Remedy("leave-helper-away", Grade.MANUAL)
_CHANGE_RADIO = Remedy("change-radio", Grade.MANUAL)
_OLD_LOADER = Remedy("renew-boot-loader", Grade.MANUAL)

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
    "build-runs-already": (),
    "monarch2-too-old": (Remedy("use-makers-tool", Grade.MANUAL),),
    "practice-image-on-real-port": (Remedy("use-simulator", Grade.MANUAL),),
    "48829-doc-names-wrong-file": (_GIVE_BOTH,),
    "full-image-on-33080-needs-updater": (_GIVE_UPDATER, _OTHER_IMAGE),
    "old-boot-loader": (_OLD_LOADER,),
    "image-older-than-modem": (),
}


class StepIsSafe(Check):
    """The step from what the modem runs to the given firmware is known to be safe.

    Why: a differential image on another build, 48829 out of order, the factory build 33080 with a full image, another
    modem's firmware: each has bricked modems, and nothing in the modem checks it.

    Looks at: mode and build of the modem, and kind, radio, build and family of the file; asks the same planner as
    flash does. Sends nothing.

    Cures: use-other-image, give-both-files, leave-helper-away, tell-build (--was), give-updater-elf, give-bootrom,
    use-simulator, wait-for-modem; renew-boot-loader, change-radio and keep-build name the consent that alone can lift
    the refusal.
    """

    id = "step-is-safe"
    needs = (Needs.MODEM, Needs.FIRMWARE)
    after = ("modem-answers",)
    follows = ("firmware-is-whole",)
    deadline_s = 420.0
    gates = True
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
        "recovery-bootrom-module-missing",
        "build-runs-already",
        "old-boot-loader",
        "image-older-than-modem",
    )

    def look(self, bench: Bench) -> Finding:
        """Ask the planner."""
        try:
            _ = bench.bootrom
        except DoctorError as err:
            if err.id != "recovery-bootrom-module-missing" or bench.through_mirror is not None:
                raise
            return self._without_bootrom(bench, err)
        plan = _plan(bench)
        evidence = _evidence(bench, plan)
        if plan.refusal is not None:
            refusal = plan.refusal
            return self.fail(
                f"{_clean(refusal)}: {told(refusal.next, 200)}",
                catalogue=refusal.id,
                evidence=evidence,
                cause=told(refusal.why, 200),
                remedies=_cures_of(refusal),
                next=told(refusal.next, 300),
                change=_change(bench, refusal.change),
                consent=refusal.consent,
            )
        if plan.nothing:
            return self.passed(
                f"{_brought(bench)} runs in the modem already: nothing is left to flash", evidence=evidence
            )
        if plan.warnings:
            first = next((w for w in plan.warnings if w.id == "build-runs-already"), plan.warnings[0])
            return self.warn(
                f"{_clean(first)}: {told(first.next, 200)}",
                catalogue=first.id,
                evidence=evidence,
                cause=told(first.why, 200),
                remedies=_cures_of(first),
            )
        if plan.bootrom_alone:
            text = f"the modem runs build {bench.modem_facts.build} already: only the boot ROM is sent, to renew copy 0"
            return self.passed(text, evidence=evidence)
        name = shown(bench.firmware[0].path.name, 60)
        return self.passed(f"{name} may follow what the modem runs (method {plan.method})", evidence=evidence)

    def _without_bootrom(self, bench: Bench, err: DoctorError) -> Finding:
        """The boot ROM that was named cannot be had: another one is needed, or none."""
        plan = _plan(bench, with_bootrom=False)
        change = plan.refusal.change if plan.refusal is not None else None
        needed = change is not None and "bootrom" in dict(change.given)
        script = BOOTROM_OF_BOARD if _board_has_bootrom(bench) else BOOTROM_SCRIPT
        text = "leave out --bootrom: no boot ROM is needed here"
        if needed:
            where = "the vendor's scripts for the FiPy hold it"
            where = "it is read out of the board's own firmware" if script == BOOTROM_OF_BOARD else where
            text = f"give --bootrom {script}: {where}"
        other = Change(given=(("bootrom", script),)) if needed else Change(without=("bootrom",))
        return self.fail(
            str(err),
            catalogue=err.id,
            evidence=_evidence(bench, plan),
            cause=err.cause,
            remedies=(_GIVE_BOOTROM,) if needed else (_LEAVE_AWAY,),
            next=text,
            change=_change(bench, other),
        )


def _brought(bench: Bench) -> str:
    """What the file brings, in words."""
    return f"build {bench.modem_facts.build}, which {shown(bench.firmware[-1].path.name, 60)} brings,"


def _board_has_bootrom(bench: Bench) -> bool:
    """Whether ``--bootrom board`` can work here; what was tried already cannot."""
    if bench.options.bootrom == Path(BOOTROM_OF_BOARD) or bench.is_bare_modem:
        return False
    return bool(bench.board_facts.frozen)


def _cures_of(refusal: Refusal) -> tuple[Remedy, ...]:
    """The cures, by what must change if the id alone does not tell."""
    known = _CURES.get(refusal.id)
    if known is not None or refusal.change is None:
        return (_OTHER_IMAGE,) if known is None else known
    change = refusal.change
    if change.files:
        return (_GIVE_BOTH,) if len(change.files) > 1 else (_OTHER_IMAGE,)
    if ("accept", "radio-change") in change.given:
        return (_CHANGE_RADIO,)
    return (_LEAVE_AWAY,) if change.without else (_OTHER_IMAGE,)


def _change(bench: Bench, change: Change | None) -> Change | None:
    """How the next command differs: names as they may be shown, and a boot ROM that can be had here."""
    if change is None:
        return None
    given = dict(change.given)
    if given.get("bootrom") == BOOTROM_OF_BOARD and not _board_has_bootrom(bench):
        given["bootrom"] = BOOTROM_SCRIPT
    files = [shown(name, 80) for name in change.files]
    return Change(files, change.without, [(name, shown(value, 80)) for name, value in given.items()])


def _plan(bench: Bench, *, with_bootrom: bool = True) -> Plan:
    options = options_for(
        bench.firmware,
        bench.updater_elf,
        bench.bootrom if with_bootrom else None,
        accept=bench.options.accept,
        simulated=lambda: bench.simulated,
    )
    images = [image_facts(image) for image in bench.firmware]
    return make_plan(running(bench.modem_facts, bench.ran_before), images, options)


def _evidence(bench: Bench, plan: Plan) -> dict[str, EvidenceValue]:
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
        "boot_loaders": plan.loaders,
        "nothing_to_do": bool(plan.nothing),
        "warnings": [told(warning.what, 120) for warning in plan.warnings],
    }


def _clean(refusal: Refusal) -> str:
    return told(refusal.what, 200)
