"""Things that go wrong on purpose in the simulated modem: what, where, when, how often."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

STP_KINDS = {
    "stall": "the ack comes ms later; without ms never, and the modem hears nothing more",
    "lose": "the request is ignored as if it had not arrived",
    "drop": "the request is carried out, its ack is lost",
    "short": "half of the ack is lost",
    "corrupt": "one bit of the ack's transaction id is flipped",
    "corrupt-payload": "the lowest bit of the ack's last payload byte is flipped",
    "duplicate": "the ack comes twice",
    "nack": "the request is refused with op | 0x40",
    "nack-unknown": "the request is refused with 0x7F",
    "residue": "one byte of the block is not consumed, and the ack says so",
    "refuse": "the session is refused (OPEN answers 0)",
    "nul": "a NUL byte comes in front of the ack",
    "urc": "a line of text comes in front of the ack",
    "reboot": "the modem restarts",
    "cut": "the modem's power fails",
    "hang": "the modem hangs until power is removed",
    "die": "the modem dies for good",
}
AT_KINDS = {
    "error": "the command is answered ERROR and not carried out",
    "silent": "the command is not answered and not carried out",
    "mute": "the command is carried out, its answer is lost",
    "stale": "older replies come in front of the answer",
    "nul": "a NUL byte comes in front of the answer",
    "stall": "the answer comes ms later; without ms never",
    "hang": "the modem hangs until power is removed",
    "die": "the modem dies for good",
}
STP_PLACES = ("reset", "open", "data-type", "block-cmd", "block")

STALE_REPLIES = '\r\n+CPSMS: 1,,,"00101100","00000000"\r\n\r\nOK\r\n\r\nOK\r\n\r\nERROR\r\n'
"""What one user's script read as the answer to AT+SMSWBOOT=3,0 (modem-protocol 2.1)."""


@dataclass
class Fault:
    """One thing that goes wrong.

    kind     key of STP_KINDS, or of AT_KINDS where ``where`` starts with "AT"
    where    one of STP_PLACES, or the beginning of an AT command ("AT": every one)
    percent  strikes from this share of the image on
    count    strikes from the n-th such request on (the first is 1), counted from when the fault was added
    times    how often it strikes; None: for ever
    ms       of a stall
    text     of stale replies
    """

    kind: str
    where: str = "block"
    percent: float | None = None
    count: int | None = None
    times: int | None = 1
    ms: int | None = None
    text: str = STALE_REPLIES
    seen: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        at = self.where.upper().startswith("AT")
        if not at and self.where not in STP_PLACES:
            raise ValueError(f"no such place for a fault: {self.where} (known: {', '.join(STP_PLACES)}, AT…)")
        kinds = AT_KINDS if at else STP_KINDS
        if self.kind not in kinds:
            raise ValueError(f"no such fault at {self.where}: {self.kind} (known: {', '.join(kinds)})")

    def is_at(self, place: str) -> bool:
        """Whether it concerns this place of STP, or this AT command."""
        if self.where in STP_PLACES:
            return place == self.where
        return place.upper().startswith(self.where.upper())

    def strikes(self, percent: float | None) -> bool:
        """Count one request at its place; True when it goes wrong."""
        self.seen += 1
        if self.times is not None and self.struck >= self.times:
            return False
        if self.count is not None and self.seen < self.count:
            return False
        if self.percent is not None and (percent is None or percent < self.percent):
            return False
        self.struck += 1
        return True


class Faults:
    """All that goes wrong in one modem."""

    def __init__(self) -> None:
        self.list: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Add one; the first that strikes wins."""
        self.list.append(fault)
        return fault

    def stp(self, kind: str, where: str = "block", **when: Any) -> Fault:
        """Short form: ``faults.stp("nack", count=3, times=2)``."""
        return self.add(Fault(kind, where, **when))

    def at(self, kind: str, command: str = "AT", **when: Any) -> Fault:
        """Short form: ``faults.at("error", "AT+SMSWBOOT=3", times=4)``."""
        return self.add(Fault(kind, command, **when))

    def parse(self, text: str) -> Fault:
        """Add what a URL says: KIND@PERCENT[@TIMES] for blocks, such as ``stall@7``; TIMES 0 means for ever.

        Raises ValueError naming the kinds.
        """
        kind, _, rest = text.partition("@")
        percent_text, _, times_text = rest.partition("@")
        try:
            percent = float(percent_text) if percent_text else 0.0
            times = int(times_text) if times_text else 1
        except ValueError:
            raise ValueError(f"a fault is KIND@PERCENT or KIND@PERCENT@TIMES, not {text}") from None
        return self.add(Fault(kind, "block", percent=percent, times=times or None))

    def strike(self, place: str, percent: float | None = None) -> Fault | None:
        """The fault that hits this request, if any: ``place`` is one of STP_PLACES or a whole AT command."""
        hit = None
        for fault in self.list:
            if fault.is_at(place) and hit is None and fault.strikes(percent):
                hit = fault
        return hit

    def as_list(self) -> list[dict[str, Any]]:
        """JSON-able copy."""
        return [asdict(fault) for fault in self.list]

    @classmethod
    def from_list(cls, data: list[dict[str, Any]]) -> Faults:
        """What ``as_list`` told."""
        faults = cls()
        faults.list = [Fault(**item) for item in data]
        return faults
