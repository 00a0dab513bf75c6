r"""How long a chip of FTDI keeps a few bytes before it hands them over: its latency timer (known failure ftdi-latency).

Linux tells it in /sys (drivers/usb/serial/ftdi_sio.c), Windows in its registry, where everybody may read it: below
``Enum\FTDIBUS``, beside the name of the port (FTDI AN232B-04). Not run on a real Windows yet.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from doctor.computer import is_windows, winreg
from doctor.link.port_url import real_device

SYSFS = Path("/sys/bus/usb-serial/devices")
_CHIPS = r"SYSTEM\CurrentControlSet\Enum\FTDIBUS"
_PORT = r"0000\Device Parameters"


def latency_ms(device: str) -> int:
    """Milliseconds; 0 if the system does not tell, as of every chip but FTDI's."""
    with suppress(OSError, ValueError):
        if is_windows():
            return _in_registry(device)
        return int((SYSFS / Path(real_device(device)).name / "latency_timer").read_text())
    return 0


def _in_registry(device: str) -> int:
    registry = winreg()
    with registry.OpenKey(registry.HKEY_LOCAL_MACHINE, _CHIPS) as chips:
        for chip in _keys(registry, chips):
            with suppress(OSError), registry.OpenKey(chips, f"{chip}\\{_PORT}") as port:
                if registry.QueryValueEx(port, "PortName")[0] == device:
                    return int(registry.QueryValueEx(port, "LatencyTimer")[0])
    return 0


def _keys(registry: Any, key: Any) -> Iterator[str]:
    with suppress(OSError):  # there are no more
        for number in itertools.count():
            yield registry.EnumKey(key, number)
