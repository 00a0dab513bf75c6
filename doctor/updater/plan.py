"""From mode, build and files to steps or a refusal; pure, so that checks, plan and flash all ask the same judge.

Rules: design.md 4 "Flashing", modem-protocol.md 6.4 and 7, failure-catalogue.md 1.
"""

from . import cautions, rules, rules_loaders, states
from .events import PREPARE, PROVE, TRANSFER, WAIT_MODEM
from .profile import FFH_BAUD, MONARCH2_FAMILY, STORE_LIMIT_BYTES, by_family
from .shapes import (  # noqa: F401
    BETWEEN_BUILD,
    DEPLOY_MS,
    FACTORY_BUILD,
    FFH_MS,
    LOAD_MS,
    ON_THE_FLY,
    PREPARE_MS,
    PROVE_MS,
    RESTART_MS,
    RETURN_MS,
    SLOWEST_BYTES_S,
    SOAK_MS,
    SPEED_MS,
    STALLS_MS,
    STILL_MS,
    STORE,
    SWITCH_MS,
    ImageFacts,
    Options,
    Plan,
    Refusal,
    Running,
    Step,
)

try:
    from typing import List, Sequence  # noqa: F401
except ImportError:  # MicroPython
    pass

#: Names of what a step sends.
FIRMWARE = "firmware"
SECOND = "second"
UPDATER = "updater-elf"
BOOTROM = "bootrom"


def make_plan(running, images, options):
    # type: (Running, Sequence[ImageFacts], Options) -> Plan
    """The plan for sending ``images`` to a modem as ``running`` says; refuses whatever could brick the modem."""
    answer = rules.judge(running, images, options)
    if not images:
        return Plan(running.mode, "", [], answer if isinstance(answer, Refusal) else None, [])
    method = method_for(running, images[0], options)
    if isinstance(answer, Refusal):
        return Plan(running.mode, method, [], answer, [])
    warnings = cautions.warnings(running, images, method, options)
    if answer == rules_loaders.NOTHING:
        nothing = "the modem runs build %d already: nothing to do" % running.build
        return Plan(running.mode, method, [], None, warnings, loaders=_loader_line(running, ""), nothing=nothing)
    steps = _Steps(running, options)
    if answer == rules_loaders.BOOTROM_ALONE:
        line = _loader_line(running, _name(options), True)
        warnings = [warning for warning in warnings if warning.id != "build-runs-already"]  # which is what it is for
        return Plan(running.mode, STORE, steps.bootrom_alone(), None, warnings, loaders=line)
    renews = rules_loaders.renews_copy0(running, images[0], options)
    zero = method == STORE and running.known_build == FACTORY_BUILD
    line = _loader_line(running, _name(options) if renews else "")
    return Plan(running.mode, method, steps.all(images, method), None, warnings, zero, line)


def _name(options):
    # type: (Options) -> str
    return options.bootrom.name if options.bootrom is not None else ""


def _loader_line(running, bootrom, alone=False):
    # type: (Running, str, bool) -> str
    return rules_loaders.loader_line(running.family, running.loaders, bootrom, alone)


def method_for(running, image, options):
    # type: (Running, ImageFacts, Options) -> str
    """How ``image`` goes over: design.md 4, "Flashing"."""
    if options.method in (STORE, ON_THE_FLY):
        return options.method
    if running.mode != states.APPLICATION or running.family == MONARCH2_FAMILY:
        return ON_THE_FLY
    if image.part == 1 or rules_loaders.over_ffh(running, image, options):
        return ON_THE_FLY
    return ON_THE_FLY if image.size > STORE_LIMIT_BYTES else STORE


_NOTHING_LOST = "nothing is lost: the modem still has its firmware; run the same command again"
_STILL_WAITS = "the modem waits in its updater as before, and no firmware runs in it; run the same command again"
_SWITCH_BACK = "AT+SMSWBOOT=1,1 starts the old firmware again"
_SEND_SECOND = "send the second file; until then do not unplug, and press no reset"
_FFH_BACK = "it waits in its boot ROM (ffh): updater.elf and a full image bring it back"
_STATUS = "`fipy-doctor status` says how to continue"


class _Steps(object):
    """The steps of one plan, one flow after the other."""

    def __init__(self, running, options):
        # type: (Running, Options) -> None
        self._running = running
        self._options = options
        self._profile = by_family(running.family)
        self._steps = []  # type: List[Step]

    def all(self, images, method):
        # type: (Sequence[ImageFacts], str) -> List[Step]
        """Every step for ``images``."""
        running, options = self._running, self._options
        if running.mode == states.FFH:
            self._from_ffh()
        elif rules_loaders.over_ffh(running, images[0], options):
            self._over_ffh()
        else:
            self._soak()
        if len(images) > 1:
            self._pair(images, method)
        else:
            self._firmware(images[0], FIRMWARE, method, "")
        self._prove(images, method)
        if rules_loaders.renews_copy0(running, images[0], options):
            self._bootrom_by_store(if_old=True)
        return self._steps

    def bootrom_alone(self):
        # type: () -> List[Step]
        """modem-protocol.md 7.2, row e: the firmware runs already, copy 0 of the boot loader is renewed."""
        self._soak()
        self._bootrom_by_store()
        return self._steps

    def _add(self, id, text, phase, limit_ms, may_unplug, way_back, **more):
        # type: (str, str, str, int, bool, str, str | bool | int) -> None
        self._steps.append(Step(id, text, phase, limit_ms, may_unplug, way_back, **more))  # type: ignore[arg-type]

    def _soak(self, early=False):
        # type: (bool) -> None
        if self._options.soak:
            id = "soak-first" if early else "soak"
            text = (
                "ask the modem 500 times at the speed of flashing, to see that the line and the power supply are steady"
            )
            self._add(id, text, PREPARE, SOAK_MS, True, "nothing was changed", do="soak", early=early)

    def _from_ffh(self):
        # type: () -> None
        """modem-protocol.md 5.3 from step 2: the modem is in its boot ROM."""
        if self._profile.app_baud != FFH_BAUD:
            text = "wake the boot ROM at %d baud and take it to %d" % (FFH_BAUD, self._profile.app_baud)
            self._add("speed", text, PREPARE, SPEED_MS, True, _STATUS, early=True)
        self._soak()
        elf = self._options.updater_elf
        text = "load %s into the modem's memory and start it" % (elf.name if elf is not None else "the updater image")
        self._add("load", text, PREPARE, LOAD_MS, False, _STATUS + "; " + _FFH_BACK, image=UPDATER)

    def _over_ffh(self):
        # type: () -> None
        """modem-protocol.md 5.3 from step 1: a modem on the factory boot loader, still in its application."""
        self._soak(early=True)
        self._prepare("first-", early=True)
        bootrom = self._options.bootrom
        if bootrom is not None:
            self._switch("first-", early=True)
            self._transfer(bootrom, BOOTROM, ON_THE_FLY, "bootrom-", early=True)
            self._deploy("bootrom-", early=True)
        text = "restart the modem into its boot ROM (ffh)"
        self._add("ffh", text, PREPARE, FFH_MS, True, _FFH_BACK, early=True)
        self._from_ffh()

    def _pair(self, images, method):
        # type: (Sequence[ImageFacts], str) -> None
        """The two files of 48829, no reset between them (modem-protocol.md 7)."""
        second = images[1]
        fly = second.size > STORE_LIMIT_BYTES or self._options.method == ON_THE_FLY
        how = ON_THE_FLY if fly else STORE
        if self._options.first_done:
            self._firmware(second, SECOND, how, "", fresh=True)
            return
        self._firmware(images[0], FIRMWARE, method, "")
        text = "make sure that the modem runs build %d, as it must between the two files" % BETWEEN_BUILD
        self._add("between", text, WAIT_MODEM, PROVE_MS, False, _SEND_SECOND)
        self._firmware(second, SECOND, how, "second-", fresh=True)

    def _firmware(self, image, role, method, prefix, fresh=False):
        # type: (ImageFacts, str, str, str, bool) -> None
        """modem-protocol.md 5.2 without its proof. fresh: the modem is in its application by then."""
        in_application = fresh or self._running.mode == states.APPLICATION
        over = rules_loaders.over_ffh(self._running, image, self._options)
        self._prepare(prefix, may_unplug=not fresh, waits=over or not in_application)
        if method == ON_THE_FLY and in_application and not over:
            self._switch(prefix, may_unplug=not fresh)
        self._transfer(image, role, method, prefix)
        self._deploy(prefix, method=method)
        fly = method == ON_THE_FLY
        text = "start the new firmware" if fly else "wait for the modem to start the new firmware by itself"
        self._add(prefix + "return", text, WAIT_MODEM, RETURN_MS, False, "", do="return", method=method)

    def _prepare(self, prefix, early=False, may_unplug=True, waits=False, **more):
        # type: (str, bool, bool, bool, bool) -> None
        """waits: its updater runs by then, and not its application."""
        text = "wake the modem and switch its radio off"
        back = (_STILL_WAITS if waits else _NOTHING_LOST) if may_unplug else _SEND_SECOND
        self._add(prefix + "prepare", text, PREPARE, PREPARE_MS, may_unplug, back, do="prepare", early=early, **more)

    def _switch(self, prefix, early=False, may_unplug=True):
        # type: (str, bool, bool) -> None
        text = "restart the modem into its updater (recovery)"
        back = _SWITCH_BACK if may_unplug else _SEND_SECOND
        self._add(prefix + "switch", text, PREPARE, SWITCH_MS, may_unplug, back, do="switch", early=early)

    def _transfer(self, image, role, method, prefix, early=False, if_old=False):
        # type: (ImageFacts, str, str, str, bool, bool) -> None
        limit_ms = STALLS_MS + image.size // SLOWEST_BYTES_S * 1000
        fly = method == ON_THE_FLY
        how = "writes while it arrives" if fly else "keeps before it writes it"
        text = "send %s (%d bytes), which the modem %s" % (image.name, image.size, how)
        way_back = "" if fly else "the old firmware is untouched until all has arrived"
        if fly and not image.differential and role != BOOTROM:
            way_back = "it waits in its updater: send the same file again, from its beginning"
        self._add(
            prefix + "transfer", text, TRANSFER, limit_ms, False, way_back,
            do="transfer", image=role, method=method, early=early, if_old=if_old,
        )  # fmt: skip

    def _deploy(self, prefix, method=ON_THE_FLY, **more):
        # type: (str, str, bool) -> None
        text = "wait until the modem has written everything"
        self._add(prefix + "deploy", text, WAIT_MODEM, DEPLOY_MS, False, "", do="deploy", method=method, **more)

    def _prove(self, images, method):
        # type: (Sequence[ImageFacts], str) -> None
        """modem-protocol.md 5.2, step 11; a kept file may have been written, and run only after a restart."""
        text, limit_ms, old = "read the version back from the modem", PROVE_MS, 0
        changes = images[0].build not in (0, self._running.build)
        if method == STORE and changes and not any([image.of_pair for image in images]):
            old = self._running.build
        if old:
            text += "; if it reports success and still says build %d, and %d s later too, restart it once (AT^RESET)"
            text = text % (old, STILL_MS // 1000)
            limit_ms += STILL_MS + RESTART_MS
        self._add("prove", text, PROVE, limit_ms, False, "", old=old)

    def _bootrom_by_store(self, if_old=False):
        # type: (bool) -> None
        """modem-protocol.md 5.2, step 10: with the firmware running, copy 0 is renewed by the store method."""
        bootrom = self._options.bootrom
        if bootrom is None:
            return
        self._prepare("bootrom-store-", if_old=if_old)
        self._transfer(bootrom, BOOTROM, STORE, "bootrom-store-", if_old=if_old)
        self._deploy("bootrom-store-", method=STORE, if_old=if_old)
        text = "wait for the modem to start again by itself"
        back = ("bootrom-store-return", text, WAIT_MODEM, RETURN_MS, False, "")
        self._add(*back, do="return", method=STORE, if_old=if_old)
        text = "read the boot loaders back from the modem"
        self._add("bootrom-store-prove", text, PROVE, PROVE_MS, False, "", do="prove-loaders", if_old=if_old)
