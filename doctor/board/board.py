"""A board that answers at its REPL: what it is, what its firmware can do, and how to restart it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from doctor.board import snippets
from doctor.board.eras import Era, base_of_version, era_of
from doctor.board.repl import TRIES, Repl, ReplBroken
from doctor.board.signs import BANNER, CTRL_B, PROMPT
from doctor.clock import Deadline
from doctor.errors import BoardError, BoardReset
from doctor.link.foreign import LTE_BOARDS
from doctor.link.link import Link
from doctor.text.escape import shown

SAFE_BOOT_S = 8.0  #: prompt about 2 s after Ctrl-F; repl-stack.md 8, rule 2, waits 8 s
BOOT_S = 20.0  #: a normal start may join a Wi-Fi network in boot.py before the prompt
RECONNECT_S = 60.0  #: a computer joins the board's Wi-Fi net again within half a minute, if by itself at all
PROMPT_QUIET_MS = 300  #: a prompt at the end of the output counts once nothing follows it for this long

#: Build dates around FiPy 1.12.0.b1, whose os.uname() crashes the board (#118 shows 2018-01-04). Its banner
#: names no release, so a FiPy from these days is not asked.
_UNAME_RISK = ("2018-01-01", "2018-01-25")
UNAME_CRASHES = "1.12.0.b1"


@dataclass(frozen=True)
class BoardFacts:
    """What a board says about itself; text from it may hold any character, escape it before showing.

    sysname     ``FiPy``, ``GPy``, ``WiPy``, …
    release     Pycom release such as ``1.20.2.r4``; empty if it cannot be asked or told
    version     git description and build date
    machine     ``FiPy with ESP32``
    banner      the line that the REPL prints
    era         what that release can do
    frozen      names of modules of interest that are built in
    free_bytes  free space in /flash; None if unknown
    pybytes     version of the Pybytes variant; None for other variants
    features    probed on the board: ``LTE``, ``LTE.modem_upgrade_mode``, ``os.mkfs``, …
    """

    sysname: str
    release: str
    version: str
    machine: str
    banner: str
    era: Era
    frozen: tuple[str, ...] = ()
    free_bytes: int | None = None
    pybytes: str | None = None
    features: Mapping[str, bool | int] = field(default_factory=dict)

    @property
    def has_modem(self) -> bool:
        """Only FiPy, GPy and G01 carry the LTE modem."""
        return self.sysname in LTE_BOARDS

    @property
    def has_lte_class(self) -> bool:
        """Whether the firmware knows the modem at all."""
        return bool(self.features.get("LTE", self.has_modem))

    @property
    def release_lies(self) -> tuple[str, ...]:
        """What the firmware has or lacks against what its release should; empty if all fits."""
        claims = {
            "LTE.modem_upgrade_mode": self.era.has_modem_upgrade_mode,
            "LTE.reconnect_uart": self.era.has_reconnect_uart,
            "os.mkfs": self.era.has_mkfs,
            "os.fsformat": self.era.has_fsformat,
        }
        if self.era.name == "?" or not self.has_lte_class:
            return ()
        found = [
            f"{name} {'is missing' if expected else 'exists'}"
            for name, expected in claims.items()
            if name in self.features and bool(self.features[name]) is not expected
        ]
        base = base_of_version(self.version)
        if base and base != self.era.base and not (self.era.base == "1.9" and base.startswith("1.9")):
            found.append(f"built from MicroPython {base}, not {self.era.base}")
        return tuple(found)


class Board:
    """A board behind a link.

    link       open, the board idle at its prompt (doctor/board/first_contact.py tells)
    repl       its raw REPL, entered on first use
    unique_id  "" until it was asked for (unique_id.py)
    """

    def __init__(self, link: Link, *, banner: str = "") -> None:
        self.link = link
        self.clock = link.clock
        self.repl = Repl(link)
        self._banner = banner
        self.unique_id = ""
        self._facts: BoardFacts | None = None

    def identify(self) -> BoardFacts:
        """What the board is; asked once, then remembered.

        Raises BoardError if it answers nonsense, BoardReset if asking restarts it.
        """
        if self._facts is None:
            self._facts = self._ask()
        return self._facts

    def says_name(self, names: Collection[str]) -> bool:
        """Whether the banner is known, and names one of these boards."""
        found = BANNER.search(self._banner.encode())
        return found is not None and _text(found.group(4)) in names

    @cached_property
    def platform(self) -> str:
        """``sys.platform``, asked once. Raises BoardError."""
        return str(self.repl.call(snippets.PLATFORM, tries=TRIES))

    def reset_safe(self) -> str:
        """Restart into safe boot by Ctrl-F, at any time; returns what the board printed until its prompt.

        The caller has the user's consent and knows that the era has Ctrl-F (from 1.16). Raises BoardError if no
        prompt comes in 8 s, UpdaterAtWork.
        """
        self.repl.restart_safe()
        return self._back_at_prompt(SAFE_BOOT_S)

    def reset(self) -> str:
        """Restart normally: boot.py and main.py run. Returns what was printed until the prompt.

        The caller has made sure that they start no updater. Raises BoardError if no prompt comes in 20 s.
        """
        self.repl.send(snippets.RESET)
        self.repl.forget()
        return self._back_at_prompt(BOOT_S)

    def _back_at_prompt(self, limit_s: float) -> str:
        """After a restart that was meant; over Wi-Fi it ended the connection, and the prompt stands there already."""
        if self.link.network is not None:
            self.link.reconnect(RECONNECT_S)
            self.link.write(CTRL_B)
        return self.wait_for_prompt(limit_s)

    def wait_for_prompt(self, limit_s: float) -> str:
        """Read until the board sits at its friendly prompt; returns all it printed. Raises BoardError else."""
        limit = Deadline(self.clock, limit_s)
        heard = b""
        while not limit.expired:
            settled = heard.endswith(PROMPT)
            data = self.link.read(4096, limit.slice_ms(PROMPT_QUIET_MS) if settled else limit.left_ms)
            heard += data
            if settled and not data:
                found = BANNER.search(heard)
                if found:
                    self._banner = _text(found.group(0))
                return _text(heard)
        raise BoardError(
            "boot-loop" if heard.count(b"rst:0x") > 1 else "main-py-blocks-repl",
            f"the board did not come back to its prompt in {limit_s:g} s; it sent {shown(heard[-80:]) or 'nothing'}",
            on=self.link.name,
            cause="a program that starts with the board, or a crash while starting",
            next="press the reset button and run `fipy-doctor check`",
        )

    def _ask(self) -> BoardFacts:
        banner = self._banner or self._fetch_banner()
        platform = self.platform
        sysname, release, version, machine, pybytes = platform, "", "", "", None
        answer = None if uname_is_risky(platform, banner) else self._ask_uname(platform, banner)
        if answer is not None:
            sysname, release, version, machine = (str(part) for part in answer[:4])
            pybytes = None if answer[4] is None else str(answer[4])
        elif found := BANNER.search(banner.encode()):
            release, machine = UNAME_CRASHES, f"{_text(found.group(4))} with ESP32"
            version = f"{_text(found.group(2))} on {_text(found.group(3))}"
        features = self.repl.call(snippets.FEATURES, tries=TRIES)
        if not isinstance(features, dict):
            features = {}
        era = era_of(release)
        free_kib = features.pop("free_kib", None)
        return BoardFacts(
            sysname=sysname,
            release=release,
            version=version,
            machine=machine,
            banner=banner,
            era=era,
            frozen=("sqnsupgrade",) if era.sqnsupgrade_frozen and features.get("LTE") else (),
            free_bytes=free_kib * 1024 if isinstance(free_kib, int) else None,
            pybytes=pybytes,
            features=features,
        )

    def _ask_uname(self, platform: str, banner: str) -> list[object] | None:
        """The fields of os.uname(); None if asking restarted a board that then can only be 1.12.0.b1."""
        try:
            answer = self.repl.call(snippets.UNAME, tries=TRIES)
        except BoardReset:
            if platform != "FiPy" or not banner.startswith("MicroPython"):
                raise
            self.wait_for_prompt(BOOT_S)
            self.repl.enter()
            return None
        if not isinstance(answer, list) or len(answer) != 5:
            raise ReplBroken("os.uname() answered something else", repr(answer).encode(), on=self.link.name)
        return answer

    def _fetch_banner(self) -> str:
        if not self.repl.entered:
            self.repl.enter()
        heard = self.repl.leave()
        self.repl.enter()
        found = BANNER.search(heard.encode())
        return _text(found.group(0)) if found else ""


def uname_is_risky(platform: str, banner: str) -> bool:
    """Whether os.uname() may crash this board: a FiPy whose banner looks like 1.12.0.b1."""
    found = re.match(r"MicroPython \S+ on (\d{4}-\d\d-\d\d); FiPy ", banner)
    return platform == "FiPy" and found is not None and _UNAME_RISK[0] <= found.group(1) <= _UNAME_RISK[1]


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace").replace("\r\n", "\n")
