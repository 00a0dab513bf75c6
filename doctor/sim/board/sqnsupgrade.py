"""The frozen module `sqnsupgrade` of the simulated board, doctor/data/sqnsupgrade.txt: its outside only.

It never sends an image to the modem.

Names and messages: board-and-repl.md 2.3, 4, 5.4; failure-catalogue.md 6.
"""

from __future__ import annotations

import base64
import zlib
from functools import lru_cache

from doctor.data import text
from doctor.sim.board.eras import SimEra
from doctor.sim.practice.image import practice_bootrom


def frozen_modules(era: SimEra) -> dict[str, str]:
    """Source of the frozen modules of a release, by name."""
    version = era.sqnsupgrade_version
    if version is None:
        return {}
    title = f" [{version}]" if version else ""
    head = f"VERSION = {version!r}\n" if version else ""
    return {
        "sqnsupgrade": f"{head}TITLE = {title!r}\n\n{text('sqnsupgrade.txt')}",
        "sqnsbrz": _bootrom_module(),
        "sqnscrc": "",
        "sqnscodec": "",
        "sqnstp": "",
    }


@lru_cache(maxsize=1)
def _bootrom_module() -> str:
    """As modem-protocol.md 6.5 describes the vendor's module, with a practice boot ROM: only the simulator takes it."""
    encoded = base64.b64encode(zlib.compress(practice_bootrom()))
    return f"class bootrom:\n    BOOTROM = {encoded!r}\n"
