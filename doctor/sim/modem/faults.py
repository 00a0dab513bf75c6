"""Things that go wrong on purpose in the simulated modem: what, where, when, how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

_POWER_FAILS = {"blip": "the modem's power fails for a moment", "cut": "the modem's power fails"}
_ENDS = {**_POWER_FAILS, "hang": "the modem hangs until power is removed", "die": "the modem dies for good"}
STP_KINDS = {
    "stall": "the ack comes ms later; without ms never, and the modem hears nothing more",
    "lose": "the request is ignored as if it had not arrived",
    "drop": "the request is carried out, its ack is lost",
    "short": "half of the ack is lost",
    "corrupt": "one bit of the ack's transaction id is flipped",
    "corrupt-payload": "the lowest bit of the ack's last payload byte is flipped",
    "bad-crc": "the ack carries a header CRC, and it is wrong",
    "duplicate": "the ack comes twice",
    "nack": "the request is refused with op | 0x40",
    "nack-unknown": "the request is refused with 0x7F",
    "nack-nameless": "the request is refused with 0x7F of session 0 and transaction 0",
    "nack-behind": "the ack comes, and behind it a 0x7F that answers nothing",
    "half-obeyed": "RESET ends the session, its ack is lost, and transfer mode stays",
    "residue": "one byte of the block is not consumed, and the ack says so",
    "refuse": "the session is refused (OPEN answers 0)",
    "nul": "a NUL byte comes in front of the ack",
    "urc": "a line of text comes in front of the ack",
    "hold": "the modem holds CTS and hears nothing for ms; without ms until the power goes",
    "reboot": "the modem restarts",
    **_ENDS,
}
AT_KINDS = {
    "error": "the command is answered ERROR and not carried out",
    "silent": "the command is not answered and not carried out",
    "mute": "the command is carried out, its answer is lost",
    "stale": "older replies come in front of the answer",
    "twice": "the answer comes twice",
    "short": "half of the answer is lost",
    "garbled": "one bit of the answer's last letter is flipped",
    "nul": "a NUL byte comes in front of the answer",
    "nul-behind": "a NUL byte comes right behind the answer",
    "urc": "an unsolicited line comes in front of the answer",
    "urc-behind": "an unsolicited line comes right behind the answer",
    "stall": "the answer comes ms later; without ms never",
    "hold": "the modem holds CTS and hears nothing for ms; without ms until the power goes",
    **_ENDS,
}
DEPLOY_KINDS = {
    "fail": "the modem finds the new firmware unusable and reports so",
    "stall": "it takes ms longer; without ms it never ends",
    "late-start": "the modem reports success, and starts what the store method kept only at its next restart",
    **_POWER_FAILS,
}
LINE_KINDS = {
    "drop-byte": "one byte is lost",
    "corrupt-byte": "one bit of one byte is flipped",
    "double-byte": "one byte comes twice",
    "late-byte": "one byte, and all behind it, comes ms later",
    "noise": "five bytes of noise come in front of one byte",
    **_POWER_FAILS,
}
DEPLOY = "deploy"
"""The place of what happens in the silence after the last block."""
LINES = ("rx", "tx")
"""The modem's two lines: what it hears, what it says. A fault there names its byte, see ``Fault.after``."""
STP_PLACES = ("reset", "open", "data-type", "block-cmd", "block")

STALE_REPLIES = '\r\n+CPSMS: 1,,,"00101100","00000000"\r\n\r\nOK\r\n\r\nOK\r\n\r\nERROR\r\n'
"""What one user's script read as the answer to AT+SMSWBOOT=3,0 (modem-protocol.md 2.1)."""
NAMELESS = b"tsaf\x7f" + bytes(11)
"""A refusal as of a slave that could not read a request: 0x7F of session 0 and transaction 0."""
_URC = b"\r\n+CEREG: 2\r\n"


def _flipped(said: bytes, at: int) -> bytes:
    return said[:at] + bytes((said[at] ^ 1,)) + said[at:][1:]


_DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "mute": lambda said: b"",
    "drop": lambda said: b"",
    "twice": lambda said: said * 2,
    "duplicate": lambda said: said * 2,
    "short": lambda said: said[: len(said) // 2],
    "garbled": lambda said: _flipped(said, len(said.rstrip()) - 1),
    "corrupt": lambda said: _flipped(said, 11),
    "corrupt-payload": lambda said: _flipped(said, -1),
    "bad-crc": lambda said: said[:12] + b"\x5a\xa5" + said[14:],
    "nack-behind": lambda said: said + NAMELESS,
    "nul": lambda said: b"\0" + said,
    "nul-behind": lambda said: said + b"\0",
    "urc": lambda said: _URC + said,
    "urc-behind": lambda said: said + _URC,
}
"""What is left of an answer or ack, by the kind of its fault; all other kinds leave it whole."""


@dataclass
class Fault:
    """One thing that goes wrong.

    kind     key of STP_KINDS; of AT_KINDS if ``where`` starts with "AT", of DEPLOY_KINDS, of LINE_KINDS
    where    one of STP_PLACES, the beginning of an AT command ("AT": every one), DEPLOY, or one of LINES
    after    at LINES: the place (as ``where``) that the modem must have heard before bytes are counted
    byte     at LINES: how many bytes pass, from then on, before the one that is hit
    percent  strikes from this share of the image on
    count    strikes from the n-th such request on (the first is 1), counted from when the fault was added
    times    how often it strikes; None: until power is removed, as what a modem does forever is a state that it is in
    ms       of a stall, a delay, or of CTS held
    text     of stale replies
    """

    kind: str
    where: str = "block"
    percent: float | None = None
    count: int | None = None
    times: int | None = 1
    ms: int | None = None
    text: str = STALE_REPLIES
    after: str = ""
    byte: int = 0
    seen: int = 0
    struck: int = 0
    bytes_left: int | None = None

    def __post_init__(self) -> None:
        kinds = _kinds_at(self.where)
        if self.on_line:
            _kinds_at(self.after)
        if self.kind not in kinds:
            raise ValueError(f"no such fault at {self.where}: {self.kind} (known: {', '.join(kinds)})")

    @property
    def on_line(self) -> bool:
        """Whether it hits a byte on the way, and no command or request."""
        return self.where in LINES

    def is_at(self, place: str) -> bool:
        """Whether it concerns this place of STP, or this AT command."""
        where = self.after if self.on_line else self.where
        if where in STP_PLACES or where == DEPLOY:
            return place == where
        return place.upper().startswith(where.upper())

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


def damaged(said: bytes, fault: Fault | None) -> bytes:
    """An answer or ack as a fault lets it out."""
    if fault is None:
        return said
    if fault.kind == "stale":
        return fault.text.encode("latin-1") + said
    return _DAMAGES.get(fault.kind, bytes)(said)


def _kinds_at(where: str) -> dict[str, str]:
    """What can go wrong at a place. Raises ValueError if there is no such place."""
    if where.upper().startswith("AT"):
        return AT_KINDS
    if where in LINES:
        return LINE_KINDS
    if where == DEPLOY:
        return DEPLOY_KINDS
    if where in STP_PLACES:
        return STP_KINDS
    places = ", ".join((*STP_PLACES, DEPLOY, *LINES))
    raise ValueError(f"no such place for a fault: {where or 'none'} (known: {places}, AT…)")


class Faults:
    """All that goes wrong in one modem."""

    def __init__(self) -> None:
        self.list: list[Fault] = []
        self.on_strike: Callable[[str], None] = lambda place: None
        """Called with each place that the modem comes by; for who wants to know them all."""

    def add(self, fault: Fault) -> Fault:
        """Add one; the first that strikes wins."""
        self.list.append(fault)
        return fault

    def at(self, where: str, kind: str, **when: Any) -> Fault:
        """Short form: ``faults.at("AT+SMSWBOOT=3", "error", times=4)``."""
        return self.add(Fault(kind, where, **when))

    def armed(self, line: str) -> Fault | None:
        """The fault that waits for its byte on this line."""
        return next((fault for fault in self.list if fault.where == line and fault.bytes_left is not None), None)

    def parse(self, text: str) -> Fault:
        """Add what a URL says: KIND@PERCENT[@TIMES] for blocks, such as ``stall@7``; TIMES 0 means forever.

        PLACE:KIND[@COUNT[@TIMES]] is for any other place, from the COUNT-th such request on, such as ``AT:urc@1@0`` or
        ``deploy:late-start``. Raises ValueError naming the places or kinds.
        """
        head, _, rest = text.partition("@")
        place, _, kind = head.rpartition(":")
        at_text, _, times_text = rest.partition("@")
        when: dict[str, Any] = {}
        try:
            if place in ("", "block"):
                when["percent"] = float(at_text) if at_text else 0.0
            else:
                when["count"] = int(at_text) if at_text else 1
            times = int(times_text) if times_text else 1
        except ValueError:
            raise ValueError(
                f"a fault is KIND@PERCENT[@TIMES], or PLACE:KIND@COUNT[@TIMES] elsewhere than in blocks, not {text}"
            ) from None
        return self.add(Fault(kind, place or "block", times=times or None, **when))

    def strike(self, place: str, percent: float | None = None) -> Fault | None:
        """The fault that hits this request, if any: ``place`` is one of STP_PLACES or a whole AT command."""
        self.on_strike(place)
        hit = None
        for fault in self.list:
            if not fault.is_at(place):
                continue
            if fault.on_line:
                if fault.strikes(percent):
                    fault.bytes_left = fault.byte
            elif hit is None and fault.strikes(percent):
                hit = fault
        return hit

    def power_removed(self) -> None:
        """What went on forever has come to its end."""
        self.list = [fault for fault in self.list if fault.times is not None or not fault.struck]

    def as_list(self) -> list[dict[str, Any]]:
        """JSON-able copy."""
        return [asdict(fault) for fault in self.list]

    @classmethod
    def from_list(cls, data: list[dict[str, Any]]) -> Faults:
        """What ``as_list`` told."""
        faults = cls()
        faults.list = [Fault(**item) for item in data]
        return faults
