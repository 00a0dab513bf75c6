"""Cure ``remove-jumpers``."""

from __future__ import annotations

from doctor.board.line.carriers import Carrier, carrier_of
from doctor.check import Finding, Status
from doctor.remedies.cure import Cure
from doctor.text.power_off import UNPLUG

#: Order of the seven from the vendor's pages (board-and-repl.md 6.1). Plain ASCII: any Windows console shows it.
_BLOCK = (
    "",
    "    TX   [===]   leave it on",
    "    RTS   o o    PULL IT OFF   <---",
    "    RX   [===]   leave it on",
    "    CTS   o o    PULL IT OFF   <---",
    "    BAT  [===]   \\",
    "    LED  [===]    > as they are",
    "    CHG  [===]   /",
    "",
    "    [===] a jumper is on",
    "     o o  two bare pins",
    "",
)
_AFTERWARDS = ("its seven jumpers as they should be.", "The names are printed beside them.")
_CAPTIONS = {
    Carrier.EXPANSION_2: ("Expansion Board 2.x:", *_AFTERWARDS),
    Carrier.EXPANSION_3: ("Expansion Board 3.x", "(with Safe Boot button):", *_AFTERWARDS),
    Carrier.UNKNOWN: ("Expansion Board, 2.x and 3.x alike:", *_AFTERWARDS),
}
_KEEP = ("Keep the two: a GPy works with them", "on.")
_ELSEWHERE = (
    "A Pysense, Pytrack, Pyscan or Pygate",
    "has no such jumpers: there is nothing",
    "to pull.",
)
_MUTE = ("No prompt afterwards? Then TX or RX", "came off: put it back.")


class RemoveJumpers(Cure):
    """Pull the RTS and CTS jumpers of the expansion board."""

    id = "remove-jumpers"
    practice = ("--hands", "pull-jumpers")
    drawn_for = ("expansion-rts-cts-jumpers",)
    how = (
        UNPLUG,
        "pull the RTS and CTS jumpers off the expansion board; leave TX and RX on",
        "plug in again",
    )

    def steps(self, finding: Finding) -> tuple[str, ...]:
        """What the user does; if the pins could not tell, also what to do if the two were off already."""
        if finding.check != "jumpers-removed" or finding.status is not Status.WARN or finding.caused_by:
            return self.how
        return (*self.how, "if they were off already, or your board has none: add --accept jumpers-removed")

    def drawing(self, finding: Finding) -> tuple[str, ...]:
        """Which two, on the carrier board that the finding names; both kinds if it names none."""
        kind = carrier_of(str(finding.evidence.get("carrier", "")))
        caption = _CAPTIONS.get(kind, _CAPTIONS[Carrier.UNKNOWN])
        elsewhere = () if kind in (Carrier.EXPANSION_2, Carrier.EXPANSION_3) else _ELSEWHERE
        return (*caption, *_BLOCK, *_KEEP, *elsewhere, *_MUTE)
