r"""How long a USB serial chip keeps a few bytes before it hands them over, and having it keep them 1 ms only.

FTDI's chips have a latency timer, 16 ms unless somebody changed it (known failure ftdi-latency). Linux tells it in /sys
and lowers it to 1 ms as long as the port's flag ASYNC_LOW_LATENCY is set (drivers/usb/serial/ftdi_sio.c). Windows tells
it in its registry, where everybody may read it and only an administrator write: below ``Enum\FTDIBUS``, beside the name
of the port (FTDI AN232B-04). macOS tells nothing. Not run on a real Windows or macOS yet.
"""

from __future__ import annotations

import array
import itertools
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from doctor.computer import is_linux, is_windows, winreg
from doctor.link.port_url import real_device

SYSFS = Path("/sys/bus/usb-serial/devices")
_CHIPS = r"SYSTEM\CurrentControlSet\Enum\FTDIBUS"
_PORT = r"0000\Device Parameters"
_LOW_LATENCY = 0x2000  # ASYNC_LOW_LATENCY, in the fifth number of the kernel's struct serial_struct
_FLAGS = 4
_USUAL_MS = 16  #: of FTDI's chips, unless somebody changed it
_SEEN_S = 0.008  #: an answer that takes longer than this waited for such a timer: it is half of it on the average
_NOT_HAD = (
    AttributeError,
    NotImplementedError,
    ValueError,
    OSError,
    ImportError,
)  #: by drivers without it, and pySerial


class LowLatency:
    """Asks the driver of an open port to hand over short reads at once, and puts that back as it was.

    port  the pySerial object
    """

    def __init__(self, port: Any) -> None:
        self._port = port
        self._changed = False
        if self._is_set() is False:
            with suppress(*_NOT_HAD):
                port.set_low_latency_mode(True)
                self._changed = True
        self.is_set = self._is_set() is True  #: read back

    def give_back(self) -> None:
        """Before the port is closed: the flag would outlast it. Does nothing a second time."""
        if self._changed:
            self._changed = False
            with suppress(*_NOT_HAD):
                self._port.set_low_latency_mode(False)

    def _is_set(self) -> bool | None:
        """Whether the port has the flag; None if its driver does not have one."""
        with suppress(*_NOT_HAD):
            import fcntl
            import termios

            numbers = array.array("i", [0] * 32)
            fcntl.ioctl(self._port.fileno(), termios.TIOCGSERIAL, numbers)  # type: ignore[attr-defined, unused-ignore]
            return bool(numbers[_FLAGS] & _LOW_LATENCY)
        return None


def latency_ms(device: str) -> int:
    """Milliseconds; 0 if the system does not tell, as of every chip but FTDI's."""
    with suppress(OSError, ValueError):
        if is_windows():
            return _in_registry(device)
        return int((SYSFS / Path(real_device(device)).name / "latency_timer").read_text())
    return 0


def likely_ms(answer_s: float | None) -> int:
    """The timer of a chip of FTDI that a system does not tell, such as macOS; 0 if none is noticed.

    answer_s  how long the answers of its port take; None if that is not known
    """
    return _USUAL_MS if (answer_s or 0) >= _SEEN_S else 0


def how_to_lower(device: str) -> str:
    """What the user does to have the timer of this port at 1 ms; "" if it is no device of this computer."""
    if not device:
        return ""
    if is_windows():
        return (
            f"Device Manager > Ports (COM & LPT) > {device} > Properties > Port Settings > Advanced: "
            "set Latency Timer to 1 ms (an administrator can), then plug in again"
        )
    if is_linux():
        name = Path(real_device(device)).name
        return (
            f"echo 1 | sudo tee {SYSFS / name}/latency_timer; for good, a udev rule: "
            'ACTION=="add", SUBSYSTEM=="usb-serial", DRIVER=="ftdi_sio", ATTR{latency_timer}="1"'
        )
    return "macOS has no setting for it: a port without a chip of FTDI, or the way over the board's card, is faster"


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
