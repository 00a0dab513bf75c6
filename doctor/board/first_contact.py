"""First contact with whatever is at the other end of a port, disturbing nothing.

Send CR, which every program ignores; a prompt within 0.3 s means idle. Else listen 3 s. Then Ctrl-B once: an
interpreter says which it is. No Ctrl-C without consent, nothing at all once an updater's output is seen, and nothing
more to a device that is known to be no FiPy or GPy (link/foreign.py). Only if no text comes at 115200 baud is a modem
looked for: the bare one, or the one behind mirror mode. A modem that the user has named is looked for before
Ctrl-B, and at once if both of two CRs come back as rubbish: what sends back at another speed all that it hears is no
board. What else may be there is listened for and asked only if none is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from doctor.board.repl import LISTEN_MS
from doctor.board.signs import BANNER, CTRL_B, CTRL_C, PROMPT, UPDATER_SIGNS
from doctor.clock import Deadline
from doctor.link import foreign
from doctor.link.foreign import Foreign
from doctor.link.link import REPL_BAUD, Link
from doctor.text.escape import shown

if TYPE_CHECKING:
    from doctor.updater.states import State

PROMPT_MS = 300  #: an idle REPL answers CR within milliseconds
BOOT_MS = 10_000  #: once boot text is seen: a start takes 2 s, a loop shows itself within 10 s (catalogue: boot-loop)
ANSWER_MS = 1_000  #: for the banner after Ctrl-B, and for the prompt after Ctrl-C
BEAT_MS = 4_000  #: our updater's heart beats every 2 s
ECHO_MS = 50  #: for a modem to send back what it hears: a byte, and the longest usual latency timer twice
ECHO_MOST = 4  #: bytes of one CR that comes back at another speed; what talks by itself says more
SLICE_MS = 100  #: how often what was heard is judged while listening
PROBE_PATIENCE_MS = 3_000  #: per speed, for a modem that does not answer at once
HEARD_MAX_BYTES = 65_536  #: of a program that prints without end only the last part matters
NOISE_SHARE = 0.3  #: of bytes that are not text; a wrong speed gives nearly 1, a foreign character here and there 0.1

_PROMPT = re.compile(rb"(?:^|[\r\n])>>> $")
_UNFINISHED = re.compile(rb"(?:^|[\r\n])(?:\.\.\.|===) [ ]*$")
_BOOT = re.compile(rb"ets Jun +8 2016|rst:0x[0-9a-f]+ \(|flash read err|Guru Meditation|abort\(\) was called")
_CRASH = re.compile(rb"flash read err|Guru Meditation|abort\(\) was called|Brownout detector")
#: What a terminal makes of Ctrl-B in front of a program that takes no notice of it.
_ECHO = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\^B|[\x02\a\b]")
#: Lines of the ESP32's ROM and boot loader (board-and-repl.md 3.1).
_ROM_LINE = re.compile(rb"ets |rst:|configsip|clk_drv|mode:|load:|entry |ho [0-9]+ tail|csum|Starting the WDT")
_BOOTLOADER = re.compile(rb"waiting for download|DOWNLOAD_BOOT")
#: A whole line of our updater that tells how far the file is.
_STANDS = re.compile(rb"@@FD \{\"fipyup\": \"heartbeat\"[^\n]*\n|fipyup: (?:\d+ %|at work)[^\n]*\n")
#: Lines that only a modem says by itself: replies and unsolicited codes.
_MODEM_LINE = re.compile(rb"\+[A-Z]+[:.]?.*|OK|ERROR|RING|AT.*")


class Seen(str, Enum):
    """What is at the other end."""

    REPL = "repl"
    """An idle MicroPython prompt."""
    RAW_REPL = "raw-repl"
    """A raw REPL that somebody left; Ctrl-B has brought it back to the prompt."""
    PASTE = "paste"
    """A prompt that waits for the rest of an input, which only Ctrl-C throws away: all else would run it."""
    PROGRAM = "program"
    """A program runs and prints."""
    SAFE_BOOT = "safe-boot"
    """The board has started in front of our eyes and sits at its prompt, no program running."""
    BOOTLOADER = "bootloader"
    """The ESP32 waits for a firmware download."""
    BOOT_TEXT = "boot-text"
    """Boot messages, and no prompt after them."""
    MIRROR = "mirror"
    """A modem at 921600 baud: mirror mode was left on, or, if evidence says ``undecided``, a bare modem."""
    UPDATER = "updater"
    """An updater is at work: hands off."""
    MODEM = "modem"
    """A bare modem, no board in front."""
    SILENCE = "silence"
    """Nothing at all."""
    NOISE = "noise"
    """Bytes that are no text at any speed tried."""
    FOREIGN = "foreign"
    """A device that is no FiPy or GPy: nothing more is sent to it."""


AT_PROMPT = (Seen.REPL, Seen.RAW_REPL, Seen.SAFE_BOOT)  #: a prompt waits for a command

Evidence = Mapping[str, "str | int | bool"]


@dataclass(frozen=True)
class Contact:
    """What first contact found.

    seen      what is there
    text      all that was heard at 115200, from a device: escape it before showing
    banner    the REPL's banner line, if it was seen
    evidence  flat data: heard (escaped), boots, reset_codes, foreign_at, interrupted (a program), cancelled (an
              unfinished input), echoes (all that is sent comes back), baud, modem_mode, undecided, strange_usb (an id
              that neither a Pycom board nor FTDI has), at_carrier (only a Pycom board can be there)
    foreign   the device, if it is no FiPy or GPy
    modem     the modem as it was found, if it was a modem
    """

    seen: Seen
    text: str
    banner: str
    evidence: Evidence
    foreign: Foreign | None = None
    modem: State | None = None


def contact(link: Link, *, may_interrupt: bool = False, greet_only: bool = False, named_modem: bool = False) -> Contact:
    """Find out what is at the other end of ``link``, open at 115200 baud.

    may_interrupt  Ctrl-C may be sent to a program, or an unfinished input, that keeps us from the prompt
    greet_only     nobody has said that the board is at this port: it gets CR and Ctrl-B, and nothing more
    named_modem    the user says that a bare modem is at this port; not believed where only a Pycom board can be
    Raises PortLost, DeadlineOverrun. Leaves the speed at 115200.
    """
    talk = _Talk(link)
    no_modem: Seen | None = None  # what it is then, once it was looked for
    named = named_modem and not greet_only and not is_at_carrier(link)
    seen = talk.first_words(modem_named=named)
    if seen is None and named and talk.may_be_modem():
        no_modem = _modem_behind(link, talk)
        if talk.modem is not None:
            return talk.result(no_modem)
        seen = talk.listen_on() if talk.echoed else None
    if seen in (Seen.REPL, Seen.SAFE_BOOT):
        seen = talk.ask_for_name(seen)
    if seen is None:
        seen = talk.ask_for_prompt()
    if seen in (None, Seen.PASTE, Seen.PROGRAM, Seen.BOOTLOADER, Seen.BOOT_TEXT) and talk.has_foreign_id(seen):
        seen = Seen.FOREIGN
    in_the_way = seen in (None, Seen.PASTE, Seen.PROGRAM) or (seen is Seen.BOOT_TEXT and not talk.in_trouble())
    if may_interrupt and in_the_way:
        seen = talk.interrupt(seen) or seen
    if seen is None:
        seen = no_modem or (talk.silence() if greet_only else _modem_behind(link, talk))
    if seen is Seen.UPDATER:
        talk.hear_out()
    return talk.result(seen)


class _Talk:
    """One first contact: what was sent, heard and understood."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.heard = b""
        self.said = b""
        self.answer = b""  # the part of it that came since the last thing that was sent
        self.evidence: dict[str, str | int | bool] = {}
        self.foreign: Foreign | None = None
        self.modem: State | None = None
        self.echoed = False  # both CRs came back as rubbish

    def first_words(self, *, modem_named: bool = False) -> Seen | None:
        """CR, then listening. None: nothing conclusive yet, or a modem that was named sends back all that it hears."""
        self.heard = self.link.drain()
        if UPDATER_SIGNS.search(self.heard):
            return Seen.UPDATER
        may_echo = modem_named and not self.heard
        self._say(b"\r")
        if may_echo and self._comes_back():
            self._say(b"\r")
            self.echoed = self._comes_back()
        return None if self.echoed else self.listen_on()

    def listen_on(self) -> Seen | None:
        """Listening after CR. None: nothing conclusive yet."""
        self._listen(PROMPT_MS, stop=self._sign_seen)
        seen = self._sign()
        if seen is None:
            self._listen(LISTEN_MS, stop=self._sign_seen)
            if _BOOT.search(self.heard) and self._sign() is None:
                self._listen(BOOT_MS - LISTEN_MS, stop=self._sign_seen)
            seen = self._sign()
        return Seen.BOOT_TEXT if seen is None and self.in_trouble() else seen

    def _comes_back(self) -> bool:
        """Whether what was just sent comes back as rubbish: the echo of a device at another speed, no board's text."""
        self._listen(PROMPT_MS, stop=lambda: True, slice_ms=ECHO_MS)
        odd = all(byte >= 0x80 or byte == 0 for byte in self.answer)
        return odd and 0 < len(self.answer) <= ECHO_MOST and any(self.answer)

    def hear_out(self) -> None:
        """Of our own updater wait for a whole line that says where it stands; nothing is sent."""
        if b"fipyup" not in self.heard:
            return
        until = Deadline(self.link.clock, BEAT_MS / 1000)
        while not until.expired and not _STANDS.search(self.heard):
            self.heard = (self.heard + self.link.read(4096, until.slice_ms(SLICE_MS)))[-HEARD_MAX_BYTES:]

    def in_trouble(self) -> bool:
        """Whether the board starts again and again, or says that it crashed."""
        return self.heard.count(b"ets Jun") > 1 or _CRASH.search(self.heard) is not None

    def ask_for_name(self, seen: Seen) -> Seen:
        """Ctrl-B once, at a prompt that has not said yet whose it is."""
        if BANNER.search(self.heard):
            return seen
        self._say(CTRL_B)
        self._listen(ANSWER_MS, stop=self._named)
        if UPDATER_SIGNS.search(self.heard):
            return Seen.UPDATER
        if not _ECHO.sub(b"", self.answer).strip() and not is_at_carrier(self.link):
            self.foreign = foreign.at_mute_prompt()
            return Seen.FOREIGN
        return Seen.FOREIGN if self._is_foreign() else seen

    def ask_for_prompt(self) -> Seen | None:
        """Ctrl-B once: a raw REPL and a prompt drowned in other threads' output show their banner."""
        had_prompt = PROMPT in self.heard
        self._say(CTRL_B)
        self._listen(ANSWER_MS, stop=self._named)
        if UPDATER_SIGNS.search(self.heard):
            return Seen.UPDATER
        if self._is_foreign():
            return Seen.FOREIGN
        if self._banner_seen():
            return Seen.REPL if had_prompt else Seen.RAW_REPL
        if self.may_be_modem():
            return None
        if all(_ROM_LINE.match(line) for line in self._lines()):
            return Seen.BOOT_TEXT  # it has started, and what it runs now says nothing
        return Seen.PROGRAM

    def may_be_modem(self) -> bool:
        """Whether nothing came but silence, the echo of a modem, or what a modem says by itself."""
        return self.is_noise() or all(_MODEM_LINE.fullmatch(line) for line in self._lines())

    def _lines(self) -> list[bytes]:
        lines = [line.strip() for line in self.heard.replace(b"\x00", b"").splitlines()]
        return [line for line in lines if line not in (b"", CTRL_B)]

    def silence(self) -> Seen:
        """What it is if nobody speaks."""
        return Seen.NOISE if self.is_noise() else Seen.SILENCE

    def has_foreign_id(self, seen: Seen | None) -> bool:
        """Whether the USB id of the port shows another device; what that says of itself counts for more."""
        port = self.link.listed
        self.evidence["at_carrier"] = is_at_carrier(self.link)
        if port is None:
            return False
        if port.is_strange:
            self.evidence["strange_usb"] = port.usb_id
        if seen in (None, Seen.PASTE, Seen.PROGRAM):
            self.foreign = foreign.by_usb(port)
        elif seen is Seen.BOOTLOADER and port.is_strange:
            self.foreign = foreign.in_boot_loader()
        return self.foreign is not None

    def interrupt(self, seen: Seen | None) -> Seen | None:
        """Ctrl-C twice, with consent, then Ctrl-B once; None if no prompt comes."""
        self.evidence["cancelled" if seen is Seen.PASTE else "interrupted"] = True
        self._say(CTRL_C + CTRL_C)
        self._listen(ANSWER_MS, stop=self._prompt_seen)
        return self.ask_for_name(Seen.REPL) if self._prompt_seen() else None

    def result(self, seen: Seen) -> Contact:
        """The Contact, with what was heard as evidence."""
        evidence = self.evidence
        if self.heard.strip():
            evidence["heard"] = shown(self.heard[-160:].strip(), 400)
        boots = self.heard.count(b"ets Jun")
        if boots:
            evidence["boots"] = boots
            codes = re.findall(rb"rst:0x[0-9a-f]+ \(\w+\)", self.heard)
            evidence["reset_codes"] = ", ".join(sorted({code.decode("ascii") for code in codes}))
        if b"name 'AT' is" in self.heard or re.search(rb">>> AT[+E\r]", self.heard):
            evidence["foreign_at"] = True
        banners = list(BANNER.finditer(self.heard))
        banner = banners[-1].group(0).decode("utf-8", errors="replace") if banners else ""
        text = self.heard.decode("utf-8", errors="replace").replace("\r\n", "\n")
        return Contact(seen, text, banner, evidence, self.foreign, self.modem)

    def is_noise(self) -> bool:
        """Whether what was heard is mostly no text, in any language."""
        text = self.heard.decode("utf-8", errors="replace")
        odd = sum(char == "\ufffd" or not (char.isprintable() or char in "\a\b\t\n\r\x1b") for char in text)
        return odd > NOISE_SHARE * len(text)

    def _sign(self) -> Seen | None:
        if UPDATER_SIGNS.search(self.heard):
            return Seen.UPDATER
        if _BOOTLOADER.search(self.heard):
            return Seen.BOOTLOADER
        if self._is_foreign():
            return Seen.FOREIGN
        if _PROMPT.search(self.heard):
            return Seen.SAFE_BOOT if _BOOT.search(self.heard) else Seen.REPL
        if _UNFINISHED.search(self.heard):
            return Seen.PASTE
        return None

    def _sign_seen(self) -> bool:
        return self._sign() is not None

    def _is_foreign(self) -> bool:
        heard, answer = (said.decode("utf-8", errors="replace") for said in (self.heard, self.answer))
        self.foreign = foreign.by_text(heard, answer)
        if self.foreign is not None and not self.foreign.sure and is_at_carrier(self.link):
            self.foreign = foreign.by_text(heard, answer, only_sure=True)
        return self.foreign is not None

    def _named(self) -> bool:
        return self._banner_seen() or self._is_foreign()

    def _banner_seen(self) -> bool:
        banner = BANNER.search(self.answer)
        return banner is not None and PROMPT in self.answer[banner.end() :]

    def _prompt_seen(self) -> bool:
        return _PROMPT.search(self.answer) is not None

    def _say(self, data: bytes) -> None:
        self.answer = b""
        self.said += data
        self.link.write(data)

    def _listen(self, wait_ms: int, stop: Callable[[], bool], slice_ms: int = SLICE_MS) -> None:
        """Listen for ``wait_ms``; ends early at a pause where ``stop`` holds, and at once at an updater's output."""
        until = Deadline(self.link.clock, wait_ms / 1000)
        while not until.expired:
            data = self.link.read(4096, until.slice_ms(slice_ms))
            self.heard = (self.heard + data)[-HEARD_MAX_BYTES:]
            self.answer = (self.answer + data)[-HEARD_MAX_BYTES:]
            if UPDATER_SIGNS.search(self.heard) or (not data and stop()):
                return


def _modem_behind(link: Link, talk: _Talk) -> Seen:
    """Look for a modem if no board speaks: at 921600, then at 115200; never AT before it is safe (stp-open)."""
    from doctor.updater import states
    from doctor.updater.profile import SQN3330

    nothing = talk.silence()
    if not link.can_change_baud:
        return nothing
    try:
        state = states.detect(
            link,
            link.clock,
            SQN3330,
            patience_ms=PROBE_PATIENCE_MS,
            listen_ms=0 if talk.echoed else states.FIRST_LISTEN_MS,
        )
    finally:
        link.set_baud(REPL_BAUD)
    if not state.baud:
        if "nul-bytes" in state.notes and not talk.heard.strip(b"\x00"):
            talk.evidence["nul_bytes"] = True
        talk.evidence["echoes"] = bool(talk.heard) and talk.heard == talk.said
        return Seen.NOISE if "noise" in state.notes else nothing
    talk.modem = state
    talk.evidence["modem_mode"] = str(state.mode)
    talk.evidence["baud"] = int(state.baud)
    talk.foreign = in_place_of_modem(state, link)
    if talk.foreign is not None:
        return Seen.FOREIGN
    if state.baud == REPL_BAUD:
        return Seen.MODEM  # mirror mode always runs at 921600 (board-and-repl.md 5.4)
    if not is_at_carrier(link):
        talk.evidence["undecided"] = True
    return Seen.MIRROR


def in_place_of_modem(state: State, link: Link) -> Foreign | None:
    """The device that was taken for a modem, by what it answers to AT; None if it may be one of Sequans."""
    from doctor.updater.at import printable
    from doctor.updater.states import UNKNOWN

    said = {line.strip() for line in printable(state.raw).split("\n")} - {"", "AT", "ATI"}
    refused = "ati-error" in state.notes
    if state.mode == UNKNOWN and said == {"ERROR" if refused else "OK"}:
        found: Foreign | None = foreign.says_only(*said)
    else:
        found = foreign.by_ati(state.ati, says_mode="mode-by-ati" not in state.notes)
    return None if found is not None and not found.sure and is_at_carrier(link) else found


def is_at_carrier(link: Link) -> bool:
    """Whether only a Pycom board can be there: by the USB id of the port, or since its telnet server let us in."""
    port = link.listed
    by_id = port is not None and port.carrier is not None and not port.ambiguous
    return by_id or link.network is not None
