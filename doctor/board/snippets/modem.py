"""Snippets that reach the modem or its pins: UART tunnel, jumper readings, mirror mode.

They run on MicroPython v1.8.6: no f-strings, no ``ticks_diff`` (its argument order changed between versions), so waits
count short sleeps. Each prints one line ``@@FD`` + JSON (see repl.py). Names that stay on the board between calls
start with ``_fd_``.
"""

from __future__ import annotations

from doctor.updater.board_hw import PINS, TIMEOUT_CHARS

POLL_MS = 2  #: how often the board looks at its modem UART; 921600 baud fills 512 bytes in 5.5 ms
PAUSE_POLLS = 5  #: polls without a byte after which an answer counts as paused: 10 ms

PINS_OF_BOARD = f"import sys\n_fd_pins = {PINS!r}[sys.platform]\n"
"""The board picks its own pins: no need for ``os.uname``, which crashes one release (board-and-repl.md 2.1)."""

_TUNNEL = """
from machine import UART
import ubinascii, ujson, utime
def _fd_open(baud):
    global _fd_u
    _fd_u = UART(1, baudrate=baud, pins=_fd_pins, timeout_chars=%(chars)d)
def _fd_x(out, most, wait):
    if out:
        _fd_u.write(ubinascii.a2b_base64(out))
    got = b''
    quiet = 0
    while len(got) < most:
        n = _fd_u.any()
        part = _fd_u.read(min(n, most - len(got))) if n else None
        if part:
            got += part
            quiet = 0
        else:
            quiet += 1
            if (got and quiet > %(pause)d) or quiet * %(poll)d > wait:
                break
            utime.sleep_ms(%(poll)d)
    print('@@FD ' + ujson.dumps(ubinascii.b2a_base64(got).decode().strip()))
_fd_open(%(baud)d)
print('@@FD true')
"""

TUNNEL_CLOSE = """
_fd_u.deinit()
del _fd_u, _fd_x, _fd_open, _fd_pins
print('@@FD true')
"""

TUNNEL_RECONNECT = """
from network import LTE
LTE.reconnect_uart()
print('@@FD true')
"""


def tunnel_open(baud: int) -> str:
    """Take the modem's UART at ``baud`` and define ``_fd_x(base64, most, wait_ms)``, which writes and reads.

    Naming four pins switches flow control on in both directions. Raises KeyError on a board without a modem.
    """
    values = {"baud": baud, "chars": TIMEOUT_CHARS, "pause": PAUSE_POLLS, "poll": POLL_MS}
    return PINS_OF_BOARD + _TUNNEL % values


def tunnel_exchange(data_base64: str, most: int, wait_ms: int) -> str:
    """Write, then read up to ``most`` bytes: waits ``wait_ms`` for the first, ends at a pause. Prints base64."""
    return f"_fd_x('{data_base64}', {most:d}, {wait_ms:d})"


def tunnel_set_baud(baud: int) -> str:
    """Change the speed of the modem's UART; what it had received is lost."""
    return f"_fd_u.deinit()\n_fd_open({baud:d})\nprint('@@FD true')"


JUMPERS_BEGIN = """
from machine import Pin
import ujson
for _fd_n in ('P19', 'P20'):
    Pin(_fd_n, mode=Pin.OPEN_DRAIN, value=1)
_fd_p20 = Pin('P20', mode=Pin.IN, pull=Pin.PULL_UP)
_fd_p19 = Pin('P19', mode=Pin.IN, pull=Pin.PULL_UP)
print('@@FD true')
"""
"""Detach P19 and P20 from the modem's UART without ever driving them high (board-and-repl.md 6.3, step 1)."""


def jumpers_read(pull: str) -> str:
    """Read P19 with the pull ``up`` or ``down``, and P20, which stays pulled up: low would be a break to the modem."""
    return f"""
_fd_p19 = Pin('P19', mode=Pin.IN, pull=Pin.PULL_{pull.upper()})
print('@@FD ' + ujson.dumps([_fd_p19(), _fd_p20()]))
"""


PULSES = 4  #: the reference allows no more
LOW_MS = 90  #: the reference allows 60 to 100, and printing takes part of it
HIGH_MS = 100

#: The one snippet that drives a pin of the modem: board-and-repl.md 6.3, phase B. Never driven are P19, which the USB
#: chip may drive, and P17 and P18, which the modem drives. A hard reset gives the pins back.
JUMPERS_PULSES = f"""
import utime
_fd_p20 = Pin('P20', mode=Pin.OUT, value=1)
try:
    for _fd_n in range({PULSES}):
        print('@@FD "high"')
        utime.sleep_ms({HIGH_MS})
        _fd_p20(0)
        print('@@FD "low"')
        utime.sleep_ms({LOW_MS})
        _fd_p20(1)
finally:
    _fd_p20(1)
    _fd_p20 = Pin('P20', mode=Pin.IN, pull=Pin.PULL_UP)
print('@@FD "end"')
"""
"""Pull P20 low a few times, and say so each time (step 4).

The board times the pulses and lets go of the pin by itself: a PC that stops listening leaves no low line behind.
"""

WDT_LATER = """
try:
    from machine import WDT
    WDT(timeout=%d)
    print('@@FD true')
except Exception:
    print('@@FD false')
"""
"""Give a watchdog of the user's (it cannot be stopped, and runs on in mirror mode) a longer time, in ms."""

LTE_STARTED = """
try:
    import pycom
    print('@@FD true' if pycom.lte_modem_en_on_boot() else '@@FD false')
except Exception:
    print('@@FD false')
"""
"""Whether the firmware itself starts its LTE task at boot (eras E and F create it only then, or at LTE())."""

LTE_NOT_AT_BOOT = """
import pycom
pycom.lte_modem_en_on_boot(False)
print('@@FD true')
"""
"""The modem is started by LTE() only from the next boot on; the setting is stored (1.18.1 on)."""

LTE_TRY = """
from network import LTE
try:
    LTE()
    print('@@FD ""')
except OSError as _fd_e:
    import ujson
    print('@@FD ' + ujson.dumps(str(_fd_e)))
"""
"""Eras E and F only: mirror mode without an LTE task stops the whole board (board-and-repl.md 5.4, first trap)."""

MIRROR = """
import utime
from network import LTE
print('@@FD "mirror"')
utime.sleep_ms(100)
LTE.modem_upgrade_mode()
"""

MIRROR_B1 = """
import utime
from network import LTE
print('@@FD "mirror"')
utime.sleep_ms(100)
try:
    LTE.modem_upgrade_mode()
except OSError:
    LTE().deinit()
    LTE.modem_upgrade_mode()
"""
"""Era B1 refuses while LTE is initialised; ``LTE()`` returns at once then (it is a singleton)."""
