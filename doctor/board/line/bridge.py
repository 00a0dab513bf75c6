"""Mirror mode for firmware that has none: a small loop of ours on the board that copies bytes between USB and modem.

Written from board-and-repl.md 5.4 (dupterm off, UART(0) and UART(1) at 921600, short polls). Interpreted code copies
slower than the line, and the USB side has no flow control: what the PC sends in one go must fit the board's receive
buffer (512 bytes up to 1.18.0, board-and-repl.md 3.6), hence MAX_BLOCK.
"""

from __future__ import annotations

from doctor.board.snippets.modem import PINS_OF_BOARD

MAX_BLOCK = 512  #: payload of one STP block; with its header it fits the 512-byte buffer + 128-byte FIFO of era A
BAUD = 921_600  #: both sides, as the firmware's own mirror mode
IDLE_LIMIT_MIN = 45  #: deployment may be silent for 30 min; after this the board goes back to its prompt by itself
POLL_MS = 1
SAID_MS = 100  #: the board waits this long after its last word at 115200, so that it leaves the UART whole

_BRIDGE = """
import os, utime
from machine import UART
try:
    import micropython
    micropython.kbd_intr(-1)
except Exception:
    pass
def _fd_bridge():
    a = UART(0, baudrate=%(baud)d, timeout_chars=2)
    b = UART(1, baudrate=%(baud)d, pins=_fd_pins, timeout_chars=2)
    idle = 0
    while idle < %(rounds)d:
        try:
            n = a.any()
            if n:
                b.write(a.read(n))
                idle = 0
            m = b.any()
            if m:
                a.write(b.read(m))
                idle = 0
            if not n and not m:
                idle += 1
                utime.sleep_ms(%(poll)d)
        except KeyboardInterrupt:
            pass
    b.deinit()
print('@@FD "mirror"')
utime.sleep_ms(%(said)d)
os.dupterm(None)
try:
    _fd_bridge()
finally:
    os.dupterm(UART(0, 115200))
    try:
        micropython.kbd_intr(3)
    except Exception:
        pass
    del _fd_bridge, _fd_pins
"""


def bridge() -> str:
    """The snippet: says ``mirror``, then copies until the board is reset or nothing passed for IDLE_LIMIT_MIN."""
    rounds = IDLE_LIMIT_MIN * 60_000 // POLL_MS
    return PINS_OF_BOARD + _BRIDGE % {"baud": BAUD, "rounds": rounds, "poll": POLL_MS, "said": SAID_MS}
