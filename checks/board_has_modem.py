"""Check ``board-has-modem``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from doctor.bench import Bench, Needs
from doctor.check import Check, Evidence, Finding, Grade, Known, Remedy
from doctor.text.escape import shown

if TYPE_CHECKING:
    from doctor.board.board import BoardFacts

_UPDATE = Remedy("update-board-firmware", Grade.MANUAL)
#: The vendor's mid-2018 scripts could brick a modem, and the built-in updater was not there yet (catalogue).
_OLDEST_GOOD = "1.18.1.r3"


class BoardHasModem(Check):
    """The firmware of the FiPy or GPy knows the modem.

    Why: the modem's pins, the way to mirror mode and what hangs depend on board and release. (A board that is no FiPy
    or GPy fails ``repl-answers``.)
    Looks at: the prompt's banner, sys.platform, os.uname() (not on FiPy 1.12.0.b1, where it crashes the board), and
    which calls exist: network.LTE and its methods, os.mkfs, os.fsformat. Calls none of them.
    Cures: update-board-firmware.
    """

    id = "board-has-modem"
    needs = (Needs.BOARD,)
    after = ("repl-answers",)
    deadline_s = 30.0
    gates = True
    knows = {
        "firmware-without-lte-class": Known(
            "a factory firmware from before 1.11, or a build for another board", (_UPDATE,)
        ),
        "release-string-lies": Known(
            "some factory builds carry a wrong release; we go by what we find, not by the release", (_UPDATE,)
        ),
        "board-firmware-outdated": Known(
            "the board was never updated since it was made; an update is a good idea, but not necessary", (_UPDATE,)
        ),
    }

    def look(self, bench: Bench) -> Finding:
        """Ask the board what it is."""
        facts = bench.board_facts
        return replace(self._judge(facts), evidence=_evidence(facts))

    def _judge(self, facts: BoardFacts) -> Finding:
        name = f"{shown(facts.sysname, 20)}, firmware {shown(facts.release, 30) or 'of unknown release'}"
        if not facts.has_lte_class:
            text = f"{name}: this firmware does not know the modem (there is no network.LTE)"
            return self.fail(text, catalogue="firmware-without-lte-class")
        if facts.release_lies:
            text = f"{name}: the firmware is not what it says: {'; '.join(facts.release_lies)}"
            return self.warn(text, catalogue="release-string-lies")
        era = facts.era
        if era.name == "?":
            text = f"{name}: this build does not name its release; we go by what we find"
            return self.warn(text, catalogue="release-string-lies", cause="a private or development build")
        outdated = _is_outdated(facts.release)
        limits = f" ({'; '.join(era.limits)})" if era.limits else ""
        text = f"{name}: {'old, but good enough to flash the modem' if outdated else 'good'}{limits}"
        return self.warn(text, catalogue="board-firmware-outdated") if outdated else self.passed(text)


def _is_outdated(release: str) -> bool:
    from doctor.board.eras import parse_release  # what looks at a board is loaded if there is one

    version, oldest = parse_release(release), parse_release(_OLDEST_GOOD)
    return version is not None and oldest is not None and version < oldest


def _evidence(facts: BoardFacts) -> Evidence:
    return {
        "sysname": shown(facts.sysname, 30),
        "release": shown(facts.release, 30),
        "version": shown(facts.version, 80),
        "machine": shown(facts.machine, 60),
        "banner": shown(facts.banner, 120),
        "era": facts.era.name,
        "pybytes": shown(facts.pybytes, 30) if facts.pybytes else None,
        "free_bytes": facts.free_bytes,
        "frozen": list(facts.frozen),
        "lte_on_boot": bool(facts.features["lte_on_boot"]) if "lte_on_boot" in facts.features else None,
        "features": sorted(name for name, there in facts.features.items() if there is True),
    }
