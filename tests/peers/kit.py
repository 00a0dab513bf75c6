"""Runs pysequansutils' ``full_upgrade`` as its authors ship it, with nothing behind the kit's library: PORT FILE.

pykitcommander programs the kit's own microcontroller, which then passes bytes on; here the port leads to the modem.
"""

from __future__ import annotations

import sys
import time
from types import ModuleType
from typing import Any

import serial

PROGRAMMING_S = 0.5  #: what the kit takes is seconds; the bench lives through minutes in it


def setup_kit(*_names: str, skip_programming: bool = False, **_more: Any) -> dict[str, Any]:
    """The kit is there, and passes bytes on at 115200."""
    if not skip_programming:
        time.sleep(PROGRAMMING_S)
    return {"kit_info": {"leds": None}, "port": sys.argv[1], "protocol_baud": 115200, "protocol_class": None}


def stand_in(name: str, **members: Any) -> None:
    """A module of the kit's library."""
    module = ModuleType(name)
    vars(module).update(members)
    sys.modules[name] = module


for package in ("pykitcommander", "pyedbglib", "pyedbglib.serialport"):
    stand_in(package)
stand_in("pykitcommander.kitprotocols", setup_kit=setup_kit)
errors = {name: type(name, (Exception,), {}) for name in ("KitCommunicationError", "KitConnectionError", "PortError")}
stand_in("pykitcommander.kitcommandererrors", **errors)
stand_in("pyedbglib.serialport.serialcdc", SerialCDC=serial.Serial)

if __name__ == "__main__":
    from pysequansutils.upgrade import full_upgrade

    print(*full_upgrade(sys.argv[2], force=True, port=sys.argv[1], skip_bridge=True))
