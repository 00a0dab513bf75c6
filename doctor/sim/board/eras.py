"""What each Pycom release of the board's own firmware can do and says: the era table of the simulated board.

Source: board-and-repl.md 1, 2.1, 3.2, 3.3, 3.6, 4, 5.2. Written apart from doctor/board on purpose, so that
the two can disagree.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

_RELEASE = re.compile(r"^(\d+)\.(\d+)\.(\d+)(?:\.(b|rc|r)(\d+)(?:\.(\d+))?)?$")
_STAGE = {"b": 0, "rc": 1, None: 2, "r": 3}

ReleaseKey = tuple[int, int, int, int, int, int]

KNOWN_VERSIONS = {
    "1.12.0.b1": "2841220 on 2018-01-04",
    "1.17.3.b1": "v1.8.6-849-83e2f7f on 2018-03-19",
    "1.18.1.r2": "v1.8.6-849-3ab2277 on 2018-09-09",
    "1.18.2.r4": "v1.8.6-849-ba178ae on 2019-04-01",
    "1.20.1.r2": "v1.11-06dfad0 on 2019-11-30",
}
"""`os.uname().version` of releases whose string is in a public issue; the others get a made-up hash and year."""

_SERIES = (
    ("1.18.0", "v1.8.6-849", "2018-03-10"),
    ("1.19.0", "v1.8.6-849", "2019-01-15"),
    ("1.20.0", "v1.9.4", "2019-05-20"),
    ("1.20.1", "v1.9.4", "2019-08-20"),
    ("1.20.2", "v1.11", "2019-12-20"),
    ("1.20.3", "v1.11", "2020-09-16"),
)


def release_key(release: str) -> ReleaseKey:
    """A key that sorts releases: betas, candidates, the bare number, then ``r`` builds. ValueError for other texts."""
    match = _RELEASE.match(release)
    if match is None:
        raise ValueError(
            f"no Pycom release looks like {release!r}; valid are for example 1.17.3.b1, 1.18.2 and 1.20.2.r4"
        )
    major, minor, patch, stage, number, sub = match.groups()
    return (int(major), int(minor), int(patch), _STAGE[stage], int(number or 0), int(sub or 0))


class _Told:
    """A yes or no about a release."""

    def __init__(self, holds: Callable[[SimEra], bool]) -> None:
        self._holds = holds

    def __get__(self, era: SimEra, owner: type) -> bool:
        return self._holds(era)


@dataclass(frozen=True)
class SimEra:
    """What one release does. ``name`` is the era letter of board-and-repl.md 1; the rest is asked by the simulator."""

    release: str
    name: str
    key: ReleaseKey

    def since(self, release: str) -> bool:
        """True if this release is ``release`` or newer."""
        return self.key >= release_key(release)

    @property
    def version(self) -> str:
        """`os.uname().version`: git describe, `` on ``, date."""
        if self.release in KNOWN_VERSIONS:
            return KNOWN_VERSIONS[self.release]
        begun = ((described, date) for end, described, date in _SERIES if not self.since(end))
        described, date = next(begun, ("v1.11", "2021-01-12"))
        digest = hashlib.sha256(self.release.encode()).hexdigest()[:7]
        return f"{described}-{digest} on {date}"

    flash_is_fat = _Told(lambda era: not era.since("1.20.1.b0"))
    """/flash is FAT; LittleFS is the default from 1.20.1 on (board-and-repl.md 4; between 1.20.0 and it: **?**)."""
    vfs = _Told(lambda era: era.since("1.20.0.rc0"))
    """The 1.20 file system layer with errno texts, ilistdir, umount, fsformat."""
    has_ctrl_f = _Told(lambda era: era.since("1.16.0.b1"))
    """Ctrl-F resets into safe boot."""
    has_kbd_intr = _Told(lambda era: era.since("1.18.2"))
    """`micropython.kbd_intr` can move both control characters."""
    has_number_underscores = _Told(lambda era: era.since("1.20.1"))
    """`1_000` is a number."""
    has_lte_at = _Told(lambda era: era.name != "Z")
    """`LTE` talks to the modem at all."""
    lte_hangs = _Told(lambda era: era.name in ("A", "B1", "B2"))
    """`LTE()` with a dead modem never returns and holds the interpreter."""
    lte_lazy = _Told(lambda era: era.name in ("E", "F"))
    """The LTE task exists only after `LTE()` was tried, or if it is started on boot."""
    has_upgrade_mode = _Told(lambda era: era.name not in ("Z", "A"))
    """`LTE.modem_upgrade_mode`, and `pycom.lte_modem_en_on_boot`."""
    has_reconnect_uart = _Told(lambda era: era.name not in ("Z", "A", "B1"))
    """`LTE.reconnect_uart`."""

    @property
    def rx_buffer_bytes(self) -> int:
        """Receive buffer of UART0 (board-and-repl.md 3.6)."""
        if not self.since("1.18.1"):
            return 512
        if not self.since("1.20.0.rc0"):
            return 4096
        return 4096 if self.since("1.20.2.r2") else 512

    @property
    def at_cmd_keyword(self) -> str | None:
        """Further keyword of `send_at_cmd`: ``delay`` or ``timeout`` (ms), or none."""
        if self.since("1.20.2.r2"):
            return "timeout"
        if self.since("1.18.1.r5") and not self.since("1.20.0.rc13"):
            return "delay"
        return None

    @property
    def sqnsupgrade_version(self) -> str | None:
        """VERSION of the frozen sqnsupgrade; '' if it has none (B1), None if nothing is frozen."""
        if self.name in ("Z", "A"):
            return None
        if self.name == "B1":
            return ""
        if not self.since("1.18.2"):
            return "1.2.0"
        if not self.since("1.20.1"):
            return "1.2.5"
        return "1.2.6"

    def banner(self, board: str) -> str:
        """The line that the friendly REPL greets with; ``board`` is FiPy or GPy."""
        git, _, date = self.version.partition(" on ")
        if self.since("1.18.0"):
            return f"Pycom MicroPython {self.release} [{git}] on {date}; {board} with ESP32"
        return f"MicroPython {git} on {date}; {board} with ESP32"


_ENDS = (
    ("1.17.0.b1", "Z"), ("1.18.1", "A"), ("1.18.1.r5", "B1"), ("1.18.2.r7", "B2"), ("1.20.0.rc0", "C"),
    ("1.20.0.rc11", "B2"), ("1.20.2.rc7", "C"), ("1.20.2.r2", "D"), ("1.20.2.r3", "E"),
)  # fmt: skip
"""Each era with the first release that is no longer in it; the last era is F."""


def sim_era(release: str) -> SimEra:
    """The era of a release. Raises ValueError if the text is no release."""
    key = release_key(release)
    return SimEra(release, next((name for end, name in _ENDS if key < release_key(end)), "F"), key)
