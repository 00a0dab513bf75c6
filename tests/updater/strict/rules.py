"""The rules that the strict slave holds a master to, as data.

Each names the section of modem-protocol.md that it is from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Rule:
    """One sentence of the reference that a master can break."""

    id: str
    section: str
    text: str


@dataclass(frozen=True)
class Violation:
    """A rule that was broken, when (virtual milliseconds), and by what."""

    rule: Rule
    at_ms: int
    detail: str

    def __str__(self) -> str:
        return f"{self.at_ms} ms: section {self.rule.section} ({self.rule.id}): {self.rule.text}; {self.detail}"


STP_RULES: Final = (
    Rule("start-with-reset", "4", "the master starts with RESET"),
    Rule("pause-before-reset", "4", "between the OK that enters STP and RESET the master waits at least 50 ms"),
    Rule("one-at-a-time", "4", "strict request/reply: no byte before the reply to the last request was read"),
    Rule("big-endian", "4", "all multi-byte fields are big-endian"),
    Rule("signature", "4.1", "a request starts with 'fast'"),
    Rule("op", "4.1", "the op of a request is 0..4"),
    Rule("length", "4.2", "RESET and OPEN have no payload, BLOCK_CMD has 2 bytes, DATA_TYPE 4"),
    Rule("header-crc", "4.1", "the header CRC of a request is right, and never left out"),
    Rule("header-crc-last", "4.1", "the header CRC is taken with the payload CRC already filled in"),
    Rule("payload-crc", "4.1", "the payload CRC of a request is right, and never left out"),
    Rule("empty-payload-crc", "4.1", "the payload CRC is 0 when the payload is empty"),
    Rule("whole-frame", "4.1", "as many bytes follow the header as its length says"),
    Rule("open-first", "4.3", "nothing but OPEN follows the opening RESET"),
    Rule("open-once", "4.3", "a session is opened once"),
    Rule("command-before-block", "4.2", "a BLOCK follows its BLOCK_CMD"),
    Rule("block-after-command", "4.2", "after BLOCK_CMD the block that it announced is next"),
    Rule("announced-size", "4.2", "a BLOCK is as long as its BLOCK_CMD said"),
    Rule("some-bytes", "4.2", "a BLOCK_CMD announces at least one byte"),
    Rule("tail-after-residue", "4.2", "after a residue the next block starts with the bytes that were not consumed"),
    Rule("reset-ids", "4.3", "the opening RESET has session 0 and transaction 0"),
    Rule("open-ids", "4.3", "OPEN has session 1 and transaction 1"),
    Rule("session-id", "4.3", "after OPEN every request has session 1"),
    Rule("transaction-id", "4.3", "transactions count 2, 3, 4 ..., one for each acknowledged request"),
    Rule("closing-ids", "4.3", "the closing RESET has session 1 and the next transaction, or 0 and 0"),
    Rule("max-transfer", "4.4", "the largest block is max transfer less 16"),
    Rule("cap", "4.4", "a block has at most 2016 bytes"),
    Rule("short-only-last", "4.4", "only the last block, or a tail, is shorter than 32 bytes"),
    Rule("not-padded", "4.4", "the last block is short, not padded"),
    Rule("same-bytes-again", "4.5", "a request asked again is the same, byte for byte"),
    Rule("no-needless-repeat", "4.5", "a request that was acknowledged is not sent again"),
    Rule("unknown-same-tid", "4.5", "after the nack 'unknown' the request keeps its transaction"),
    Rule("patience", "4.5", "no reply: BLOCK_CMD again after 90 s at the soonest, BLOCK after 300 s (design.md 4)"),
    Rule("bounded", "4.5", "a request is sent 5 times at most"),
    Rule("type-needs-version-2", "4.6", "DATA_TYPE only in a session of version 2"),
    Rule("type-right-after-open", "4.6", "DATA_TYPE comes right after OPEN, once"),
    Rule("type-known", "4.6", "the data type is 2, 3 (ELF) or 4, 5 (CABA)"),
    Rule("type-of-file", "4.6", "an ELF is sent as 2 or 3, anything else as 4 or 5"),
    Rule("type-says-zlib", "4.6", "the data type is odd where the stream is zlib, and only there"),
    Rule("one-zlib-stream", "4.6", "the whole file is one zlib stream, ended, with nothing after it"),
    Rule("zlib-window", "4.6", "the zlib window is 4096 bytes at most"),
    Rule("no-at-in-stp", "4.8", "no AT line goes into an open STP session"),
    Rule("closing-reset", "4.3", "a session is closed by RESET"),
    Rule("session-speed", "1", "a session stays at the speed at which it was entered"),
)

AT_RULES: Final = (
    Rule("mini-line-end", "2.1", "the boot ROM's AT takes CR LF or LF as line end, not CR alone"),
    Rule("full-line-end", "2.1", "the full AT takes CR LF or CR as line end, not LF alone"),
    Rule("ffh-commands", "3.1", "the boot ROM, once known, is asked AT, AT+SMOD?, AT+IPR= and AT+STP only"),
    Rule("ipr-pause", "2.2", "after the OK to AT+IPR wait 100 ms before the next byte"),
    Rule("stp-in-ffh", "2.2", "AT+STP only in the boot ROM"),
    Rule("store-in-application", "2.2", "AT+SMSTPU (store) only in the application or the RAM updater"),
    Rule("fly-in-updater", "2.2", 'AT+SMSTPU="ON_THE_FLY" in the application is for the boot ROM package only'),
    Rule("manufacturing-mode", "2.2", "AT+CFUN=5 is for Monarch 2 in the application, without ',1'"),
    Rule("escape-guard", "2.2", "+++ stands alone: 1 s of silence before, 1150 ms after"),
    Rule("radio-off", "5.2", "the radio is off (CFUN=4; 5 on Monarch 2) before the modem leaves the application"),
    Rule("store-limit", "5.2", "a stored file has 4194304 bytes at most"),
    Rule("deploy-what-is-stored", "5.2", "AT+SMUPGRADE follows a store transfer, in the application"),
    Rule("result-first", "5.2", "the boot selector goes back to the application once +SMUPGRADE has said success"),
    Rule("silent-phase", "7", "while the modem flashes it is polled, and told nothing that restarts it"),
    Rule("no-reset-in-pair", "7", "between the two files of 48829 the modem is not reset"),
)

RULES: Final = STP_RULES + AT_RULES
_BY_ID: Final = {rule.id: rule for rule in RULES}


@dataclass
class Ledger:
    """Every violation so far."""

    violations: list[Violation] = field(default_factory=list)

    def record(self, rule_id: str, at_ms: int, detail: str) -> None:
        """Write a violation down; ``rule_id`` is one of RULES."""
        self.violations.append(Violation(_BY_ID[rule_id], at_ms, detail))

    def ids(self) -> set[str]:
        """The rules broken so far."""
        return {violation.rule.id for violation in self.violations}
