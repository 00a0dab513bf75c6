"""What a board says by itself at its REPL, and the control characters that it obeys."""

from __future__ import annotations

import re

CTRL_A, CTRL_B, CTRL_C, CTRL_D = b"\x01", b"\x02", b"\x03", b"\x04"
CTRL_F = b"\x06"  #: restarts into safe boot at any time, from 1.16 on (board-and-repl.md 3.3)
PROMPT = b">>> "

#: What a board prints when it restarts (board-and-repl.md 3.1, 3.3).
RESET_SIGNS = re.compile(rb"ets Jun +8 2016|rst:0x[0-9a-f]+ \(|Guru Meditation|PYB: soft reboot")
#: What the vendor's updaters (failure-catalogue.md 6) and our own print, at the prompt too if they run in a thread.
UPDATER_SIGNS = re.compile(
    rb"Sending \d+ bytes|DO NOT DISCONNECT|Waiting for modem to finish the update|Starting STP|Session opened: version"
    rb"|Resetting ?\.{4}|@@FD \{\"fipyup\"|fipyup: "
)
BANNER = re.compile(rb"(?:Pycom )?MicroPython (?:(\S+) \[)?([^\]\s]+)\]? on (\S+); (\S+) with ESP32")
