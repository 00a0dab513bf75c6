"""What nobody knows for certain about the modem, as switches; and how long things take it.

Every fact that modem-protocol.md marks **?** is a member here; its default is what the reference suggests. Tests run
both ways.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass
class Switches:
    """Behaviours of one simulated modem; set members before or while it runs."""

    # -- AT ---------------------------------------------------------------------------------------------------
    echo: str | None = None
    """Where echo is on after a boot, until ATE0: "application", "nowhere", or "everywhere" but in the boot ROM; None:
    as the family has it, in the SQN3330's application and nowhere on Monarch 2 (modem-protocol.md 2.1)."""
    first_at_error: bool = True
    """The first AT after a pause or a boot is answered ERROR (modem-protocol.md 2.1)."""
    first_at_pause_ms: int = 10_000
    """Silence that counts as such a pause."""
    answer_ms: int = 12
    """From the end of a command line to its answer."""
    ffh_accepts_cr: bool = False
    """The boot ROM takes CR alone as a line end; known to work are CR LF and LF (modem-protocol.md 2.1)."""
    blank_line_after_ati1: bool = True
    """ATI1 has a blank line before OK (modem-protocol.md 8.2 ?)."""
    smswboot_prefix: str = "+SMSWBOOT: "
    """In front of the mode's name in the answer to AT+SMSWBOOT? (modem-protocol.md 8.6 ?)."""
    smswboot_answers_before_reboot: bool = True
    """AT+SMSWBOOT=m,1 is answered; False: the answer is lost in the reboot (modem-protocol.md 2.2)."""
    smod_of_ram_updater: int = 1
    """What AT+SMOD? says after updater.elf was loaded: 1 or 4 (modem-protocol.md 9.1)."""
    smupgrade_answer: str = "OK"
    """Answer to AT+SMUPGRADE before the modem reboots itself; empty: none (modem-protocol.md 9.4)."""
    failure_word: str = "failure"
    """After +SMUPGRADE: when it failed; only the stem "fail" is known (modem-protocol.md 9.4)."""
    no_report_number: int = 0
    """The number in "No report: <n>" (modem-protocol.md 8.5)."""
    recovery_baud: int | None = None
    """Speed of RECOVERY; None: that of the application (modem-protocol.md 9.5: perhaps 115200)."""
    sysstart: bool = True
    """The application says +SYSSTART (modem-protocol.md 2.3); some users never saw it."""
    sysffh: bool = True
    """The boot ROM says +SYSFFH (modem-protocol.md 2.3)."""
    showver_error_after_boot_ms: int = 0
    """AT!="showver" answers ERROR for this long after a boot (modem-protocol.md 2.2)."""

    # -- times ------------------------------------------------------------------------------------------------
    boot_application_ms: int = 4_000
    boot_recovery_ms: int = 3_000
    boot_ffh_ms: int = 400
    boot_nuls: int = 1
    """NUL bytes on the line when it boots (modem-protocol.md 2.1)."""
    shutdown_ms: int = 600
    """From the OK of AT^RESET to +SHUTDOWN."""
    elf_start_ms: int = 5_000
    """From the closing RESET until the RAM-loaded updater answers; minutes are possible (modem-protocol.md 5.3)."""
    deploy_ms: int | None = None
    """Time without any answer after a transfer or AT+SMUPGRADE; None: as family and method have it, see ``upgrade``."""
    ongoing_ms: int = 3_000
    """Time after that in which AT+SMUPGRADE? still says on-going."""
    guard_ms: int = 1_000
    """Silence that +++ needs before and after it in data mode (modem-protocol.md 2.2)."""

    # -- STP --------------------------------------------------------------------------------------------------
    block_ms: int = 4
    """Work on one block before its ack."""
    erase_ms: int = 8_000
    """Delay of one ack near 7 % (modem-protocol.md 4.5)."""
    last_ms: int = 15_000
    """Delay of one ack near 99 % (modem-protocol.md 4.5)."""
    max_transfer: int | None = None
    """Header plus payload; None: 8192, in the boot ROM 2048 (modem-protocol.md 4.4)."""
    block_limit: int | None = None
    """Largest block that is taken, if smaller than max transfer - 16 (modem-protocol.md 4.8)."""
    reset_ack_crc: bool = False
    """The ack of RESET carries a header CRC; logs show 0 (modem-protocol.md 4.1)."""
    ack_crcs: bool = False
    """The other acks carry CRCs (modem-protocol.md 4.1: in no log)."""
    on_bad_crc: str | None = None
    """"silence", "nack" or "nack-unknown"; None: silence, on Monarch 2 nack (modem-protocol.md 9.2)."""
    on_wrong_tid: str | None = None
    """As on_bad_crc, or "accept"; None: accept, on Monarch 2 nack (modem-protocol.md 4.3)."""
    on_repeated_tid: str = "answer-again"
    """A request with the tid of the one answered last: "answer-again", "take-again" or "silence"
    (modem-protocol.md 9.2)."""
    on_unexpected: str | None = None
    """An op, size or session id that does not fit: "silence", "nack" or "nack-unknown"; None: as on_bad_crc."""
    on_partial: str = "drop"
    """A frame whose rest does not come: "drop" or "nack" after partial_ms, or "wait" forever
    (modem-protocol.md 9.7)."""
    partial_ms: int = 10_000
    at_leaves_idle_stp: bool = True
    """An AT line ends STP mode if no session was opened (unknown)."""
    data_type_in_version_1: bool = False
    """TRANSFER_DATA_TYPE, and with it zlib, works in version-1 sessions (modem-protocol.md 9.6)."""
    keep_bytes: bool = False
    """Keep the bytes of finished images in ``received``, besides length and hash."""

    # -- flash ------------------------------------------------------------------------------------------------
    store_hangs: bool = False
    """The store method hangs at 0 % (modem-protocol.md 9.8: 33080 with a read-only file system)."""
    wrong_base: str = "application"
    """After a differential for another build: back to "application", or "stay" in recovery (8 ?)."""
    unbootable: str = "recovery"
    """What boots when flashing was interrupted: "recovery" or "ffh" (8 ?)."""
    cut_while_deploying: str = "brick"
    """Power cut in the silence after 100 %: "brick" (modem-protocol.md 7.3), "recovery" or "harmless"."""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Switches:
        """The switches that ``asdict`` told; unknown members are ignored, missing ones have their default."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in data.items() if name in known})
