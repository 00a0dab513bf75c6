"""The only words that send a reader to take a board's power away: they ask first whether a flash began lately.

Power off while the modem writes what it was sent is how modems die (modem-protocol.md 7), and the reader may have
begun a flash with another program, which no journal of ours knows about. ``tests/text/test_power_off.py`` fails if any
other sentence of the program, of the catalogue or of the pages sends there.
"""

from __future__ import annotations

import re

LASTS = "within the last hour"  #: longer than any modem writes: 30 minutes at most are known (modem-protocol.md 5.2)
#: Before a step that takes power away: who has begun a flash waits, and then goes on.
ASK = f"if a flash of this modem began {LASTS}, with any program, leave the power on until that hour is over"
UNPLUG = f"{ASK}; then unplug USB and any battery"
#: The same as a condition, if a line has room for one clause only.
IF_NONE_BEGAN = f"if no flash of this modem began {LASTS}"
IF_NO_OTHER = f"if no other program began a flash {LASTS}"  #: where the journal knows the last one, which is over
#: Of a flash that the journal knows: it is over. Of those that it does not know, the reader is asked.
AFTER_OURS = (
    f"the flash from this computer is over; {IF_NO_OTHER}, "
    "take all power off the board (USB and battery) for 10 s, then plug it in again"
)

MARK = "{power off}"  #: stands in the catalogue for UNPLUG


def spelled_out(text: str) -> str:
    """``text`` of the catalogue with the words of this module in the place of ``{power off}``."""
    begins = re.compile(rf"(^|[.?!] ){re.escape(MARK)}")
    return begins.sub(lambda found: found[1] + UNPLUG[:1].upper() + UNPLUG[1:], text).replace(MARK, UNPLUG)
