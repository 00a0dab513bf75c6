"""The one snippet that drives a pin of the modem: board-and-repl.md 6.3, phase B.

The same language and result lines as snippets_modem.py, whose JUMPERS_BEGIN comes before it. Never driven are P19,
which the USB chip may drive, and P17 and P18, which the modem drives. A hard reset gives the pins back.
"""

from __future__ import annotations

PULSES = 4  #: the reference allows no more
LOW_MS = 90  #: the reference allows 60 to 100, and printing takes part of it
HIGH_MS = 100

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
