"""The one tree of errors that users see; the text is built from the fields, here and nowhere else.

Every error says what happened, on which object, the best known cause and the next step
(docs/design: "Rules that hold everywhere"). A message holds no markup but the marks of commands (doctor/text/marks.py).
"""

from __future__ import annotations

from enum import IntEnum

from doctor.text.escape import shown

LONGEST = 1000  #: characters of one text in an error: paths of other people's programs can have thousands


class Exit(IntEnum):
    """Exit codes of the command line, the same for every command."""

    OK = 0
    """Nothing failed, or flashed and proved, or explained."""
    FAILED = 1
    """A check failed, or flashing was refused before anything was sent."""
    USAGE = 2
    """Wrong usage, or a given path is missing."""
    UNPROVED = 3
    """Flashing has begun and the new firmware is not proved."""
    STOPPED = 130
    """Stopped by the user before anything was sent."""


#: Ids that no check and no entry of the catalogue explains: they say what is wrong with the command, and what to type.
COMMAND_IDS = {
    "usage": "the command line cannot be understood",
    "internal": "fipy-doctor itself failed",
    "cure-broken": "a cure of another package failed by itself",
    "checks-missing": "a check of fipy-doctor itself is missing or cannot be loaded",
    "not-confirmed": "a yes is needed and nobody can be asked",
    "plan-differs": "the plan is another one than was agreed to",
    "unknown-check": "there is no check of that name",
    "never-overridden": "a check that guards the modem was to be overridden",
    "unknown-page": "there is no page of that name",
    "via-card": "this flash cannot use the board's card",
    "via-usb": "this flash cannot go through the board",
    "via-modem": "this flash cannot go to a bare modem",
    "file-unreadable": "a log cannot be read",
    "clipboard-unreadable": "the clipboard cannot be read",
    "trace-not-writable": "the file for --trace cannot be written",
    "log-not-writable": "the file for --log-file cannot be written",
    "report-not-writable": "the file for --report cannot be written",
    "trial-not-writable": "the files of a trial cannot be written",
    "state-not-writable": "the folder of a simulated bench cannot be written",
    "trace-unreadable": "the file of replay:// is not a trace that can be replayed",
    "replay-differs": "this run does something else at the port than the run whose trace is replayed",
    "replay-only-reads": "a command that changes something was given a trace for its port",
    "bundle-not-writable": "the zip of report cannot be written",
    "nothing-to-report": "there is nothing that report could put into its zip",
    "labgrid-missing": "labgrid, which --labgrid needs, is missing, or is too old",
    "labgrid-coordinator": "the coordinator of labgrid does not answer",
    "labgrid-place": "no place of labgrid can be used",
    "deadline": "the time given with --deadline, or to a check, is over",
}


def joint(on: str, what: str) -> str:
    """What stands between the object and what happened: a colon, unless both make one sentence."""
    if not on:
        return ""
    return " " if what.partition(" ")[0] in _VERBS else ": "


def reason(err: OSError | ValueError) -> str:
    """Why a file could not be used: what the system says, without number and path, or else the error itself."""
    return str(getattr(err, "strerror", None) or err)


_VERBS = frozenset({"is", "has", "holds", "was", "cannot", "does"})  #: with which ``what`` goes on from its object


class DoctorError(Exception):
    """Something went wrong that the user can act on.

    id     check or catalogue id, such as ``port-busy``, or one of COMMAND_IDS
    what   what happened, one sentence without a full stop
    on     the object it happened on: a port, a path, a file name
    cause  the best known cause; empty if the evidence supports none
    next   the next step, as the user would do or type it
    log    file that tells all of the run that it ended; "" if there is none
    """

    exit_code: Exit = Exit.FAILED

    def __init__(self, id: str, what: str, *, on: str = "", cause: str = "", next: str = "") -> None:
        super().__init__(f"{shown(on, LONGEST)}{joint(on, what)}{what}")
        self.id = id
        self.what = what
        self.on = on
        self.cause = cause
        self.next = next
        self.log = ""


class UsageError(DoctorError):
    """The command line asks for something impossible, or names a path that does not exist."""

    exit_code = Exit.USAGE


class LinkError(DoctorError):
    """A port cannot be opened, or stopped working."""


class PortLost(LinkError):
    """The port went away while it was in use (unplugged, or the board lost power)."""


class DeadlineOverrun(DoctorError):
    """A piece of work took longer than it was given."""


class BoardError(DoctorError):
    """The board answered something that we cannot work with."""


class UpdaterAtWork(BoardError):
    """An updater is at work on the board, and is left alone; doctor/board/at_work.py says how it stands."""


class BoardReset(BoardError):
    """The board restarted while we were talking to it; ``seen`` is the text that showed it."""

    def __init__(self, seen: str, *, on: str = "") -> None:
        super().__init__(
            "boot-loop",
            "the board restarted in the middle of a command",
            on=on,
            cause="a watchdog, a power dip or a crash of the board's firmware",
            next="run `fipy-doctor check` again; if it happens again, use another USB port and cable",
        )
        self.seen = seen


class CardError(DoctorError):
    """A card, image or folder cannot be read or written."""


class SecondReaderDiffers(CardError):
    """A file on a card reads otherwise by somebody else's code than it was meant."""


class FirmwareError(DoctorError):
    """A firmware file cannot be used."""


class FlashUnproved(DoctorError):
    """Flashing was begun and its success is not proved; says the modem's mode and the next command."""

    exit_code = Exit.UNPROVED


class Stopped(DoctorError):
    """The user stopped the program before anything was sent to the modem; ``what`` says more if it was a flash."""

    exit_code = Exit.STOPPED

    def __init__(self, what: str = "stopped by you", *, next: str = "") -> None:
        super().__init__("user-interrupt", what, next=next)
