"""The bench: everything that one run examines. Each part is opened on first use and kept until the run ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar, cast

from doctor import events
from doctor.clock import Clock, Deadline, SystemClock
from doctor.documents.values import as_json, of_json
from doctor.errors import BoardError, DoctorError, UsageError
from doctor.link import foreign
from doctor.link.foreign import Foreign
from doctor.link.port_url import PortUrl
from doctor.text import marks
from doctor.text.command import AUTO, ON_CARD, Command

if TYPE_CHECKING:
    from doctor.board.board import Board, BoardFacts
    from doctor.board.first_contact import Contact
    from doctor.board.line.tunnel import ModemTunnel
    from doctor.board.repl import Repl
    from doctor.card.image import Card
    from doctor.firmware.bootrom import BootRom
    from doctor.firmware.elf import ElfImage
    from doctor.firmware.image import FirmwareImage
    from doctor.link.link import Link
    from doctor.link.replay import Recording
    from doctor.link.trace import Trace
    from doctor.modem.facts import ModemFacts
    from doctor.updater.profile import Profile
    from doctor.updater.states import State


class Needs(str, Enum):
    """A part of the bench that a check cannot do without."""

    PORT = "port"
    BOARD = "board"
    MODEM = "modem"
    CARD = "card"
    """A card as the PC sees it (``--sd``)."""
    FIRMWARE = "firmware"
    UPDATER_ELF = "updater-elf"
    SCRIPTS = "scripts"


class SkipReason(str, Enum):
    """Why a check did not run."""

    NOT_APPLICABLE = "not-applicable"
    NOT_GIVEN = "not-given"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class BenchOptions:
    """What the user said about the bench.

    port         any pySerial URL, telnet:// or device name; None if no port is examined. A password in it is moved
                 to ``password``, so that ``port`` can be shown
    port_found   nobody typed the port, or said that the board is there: it was found, or environment or file has it
    firmware     firmware images on the PC, in the order of flashing
    updater_elf  RAM-loaded updater for a modem in ffh
    bootrom      boot ROM package, or the script that holds it; ``FROM_BOARD``: the one that the board has frozen
    sd           card as mounted folder or image file
    scripts      folder with the vendor scripts that the user downloaded
    carrier      name of the carrier board if the USB id cannot tell
    was          build that the modem runs, if it cannot be read
    accept       consents by name (design: "Consent")
    interrupt    a running program may be stopped
    thorough     slow or opt-in probes run too
    via_modem    the user says that a bare modem is at the port
    card_file    name of a firmware image on the card in the board, if there is none on the PC
    two_readers  a card image or device is read by a second reader too (``-v``)
    password     for telnet://; never shown
    given_here   of a replayed trace: names of those members that were typed for the replay; the others are the trace's,
                 and nothing of this computer is looked at for them
    """

    port: str | None = None
    port_found: bool = False
    firmware: tuple[Path, ...] = ()
    updater_elf: Path | None = None
    bootrom: Path | None = None
    sd: Path | None = None
    scripts: Path | None = None
    carrier: str | None = None
    was: int | None = None
    accept: frozenset[str] = field(default_factory=frozenset)
    interrupt: bool = False
    thorough: bool = False
    via_modem: bool = False
    card_file: str | None = None
    two_readers: bool = False
    password: str | None = field(default=None, repr=False)
    given_here: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if self.url is not None and self.url.password is not None:
            object.__setattr__(self, "port", self.url.text)
            object.__setattr__(self, "password", self.url.password)

    @cached_property
    def url(self) -> PortUrl | None:
        """What ``port`` says."""
        return None if self.port is None else PortUrl.read(self.port)

    def command(self, verb: str, *args: str, **more: Any) -> Command:
        """The command ``verb`` for this bench, so that it finds it again; ``more`` are other members of Command."""
        laid = Command(
            verb,
            args,
            firmware=self.firmware if self.card_file is None else (f"{ON_CARD}{self.card_file}",),
            updater_elf=self.updater_elf,
            bootrom=self.bootrom,
            sd=self.sd,
            scripts=self.scripts,
            carrier=self.carrier,
            was=self.was,
            port=self.port,
            accept=self.accept,
            via="modem" if self.via_modem else AUTO,
            interrupt=self.interrupt,
        )
        return replace(laid, **more)


@dataclass(frozen=True)
class Presence:
    """Whether the bench has a part; if not, why, in the words of a skipped check."""

    there: bool
    reason: SkipReason | None = None
    text: str = ""


_Opened = TypeVar("_Opened")
LEAVE_S = 10.0  #: for leaving the REPL as it was found; a board that takes longer is gone or busy

_GIVEN = Presence(True)
_WHAT_GIVES = {
    Needs.PORT: "no port was given (--port)",
    Needs.BOARD: "no port was given (--port)",
    Needs.MODEM: "no port was given (--port)",
    Needs.CARD: "no card was given (--sd)",
    Needs.FIRMWARE: "no firmware image was given (--firmware)",
    Needs.UPDATER_ELF: "no updater image was given (--updater-elf)",
    Needs.SCRIPTS: "no folder of scripts was given (--scripts)",
}


class History:
    """What earlier runs from this computer know of what is on a bench; this one knows nothing.

    Checks and cures ask it. Who keeps a journal knows more: jobs/last_flash.py.
    """

    def jumpers_proved(self, bench: Bench) -> Mapping[str, str]:
        """When and how the jumpers were proved to be removed, by ``at`` and ``how``; empty if they were not."""
        return {}

    def may_write_until(self, bench: Bench) -> str:
        """Until when (in words) the modem may be writing what an earlier run sent; "" if it is not."""
        return ""

    def ran_before(self, bench: Bench) -> int:
        """The build that the modem ran last, for one that cannot say it; 0 if it is not known."""
        return 0

    def begun_place(self, bench: Bench) -> Path | None:
        """Folder of the notes on what was begun with files of a board (storage/begun.py); None keeps none."""
        return None


class _Part(Generic[_Opened]):
    """Makes a property of a method that opens a part of the bench: called at first use, by one thread at a time."""

    def __init__(self, opening: Callable[[Bench], _Opened]) -> None:
        self._opening = opening
        self.__doc__ = opening.__doc__

    def __set_name__(self, owner: type[Bench], name: str) -> None:
        self._name = name

    def __get__(self, bench: Bench, owner: type[Bench]) -> _Opened:
        with bench._lock:
            if self._name not in bench._kept:
                bench._kept[self._name] = self._opening(bench)
            part: _Opened = bench._kept[self._name]
            return part


class Bench(AbstractContextManager["Bench"]):
    """One board with its card and modem, and the files on the PC.

    Parts are properties that open what they stand for on first use and raise DoctorError if that fails;
    a failed part is tried again at the next use. Use as a context manager, or call ``close``.

    link     the port, if it is open already
    history  what earlier runs know; the jobs give theirs to a bench that has none
    """

    def __init__(
        self,
        options: BenchOptions,
        *,
        clock: Clock | None = None,
        trace: Trace | None = None,
        link: Link | None = None,
        history: History | None = None,
    ) -> None:
        self.options = options
        self.history = history or History()
        self._clock = clock
        self.trace = trace  #: of the port; None if none is written
        self.log = ""  #: file that tells what the job did that ran last; "" if there is none
        self.hears: events.Listener = events.ignore  #: what is asked of the modem on the way, and what it answers
        self.log_copy: IO[bytes] | None = None  #: gets the same lines, of the job that runs next
        self._lock = threading.RLock()
        self._kept: dict[str, Any] = {} if link is None else {"link": link}
        self._repl: Repl | None = None
        self.through_mirror: int | None = None
        self.last_board: BoardFacts | None = None  #: as it was seen last, though a reset may have followed
        self.last_board_id = ""  #: its unique id, likewise; "" if nobody asked
        self.last_modem: ModemFacts | None = None  #: likewise, by a question
        self.stopped_program = False  #: a program of the board was stopped, with consent, to get a prompt

    def presence(self, need: Needs) -> Presence:
        """Whether ``need`` is there. Opens the port if that is needed to tell a board from a bare modem."""
        options = self.options
        given = {
            Needs.PORT: options.port,
            Needs.BOARD: options.port,
            Needs.MODEM: options.port,
            Needs.CARD: options.sd,
            Needs.FIRMWARE: options.firmware or options.card_file,
            Needs.UPDATER_ELF: options.updater_elf,
            Needs.SCRIPTS: options.scripts,
        }[need]
        if not given:
            return Presence(False, SkipReason.NOT_GIVEN, _WHAT_GIVES[need])
        if need is Needs.BOARD and self.is_bare_modem:
            what = "a bare modem, not to a board"
            if self.through_mirror is not None:
                what = "only the modem: the board is still in mirror mode after an interrupted flash"
            return Presence(False, SkipReason.NOT_APPLICABLE, f"the port leads to {what}")
        return _GIVEN

    def behind_port(self, need: Needs) -> bool:
        """Whether ``need`` is looked at through the port; a firmware image may lie on the card in the board."""
        on_card = need is Needs.FIRMWARE and self.options.card_file is not None
        return on_card or need in (Needs.PORT, Needs.BOARD, Needs.MODEM)

    @property
    def clock(self) -> Clock:
        """The clock of this run: the link's own once a link is open (the simulator brings its time along)."""
        if self.link_or_none is not None:
            return self.link_or_none.clock
        if self._clock is None:
            self._clock = SystemClock()
        return self._clock

    def seconds(self) -> float:
        """What ``clock`` says, in seconds."""
        return self.clock.ticks_ms() / 1000

    @property
    def simulated(self) -> bool:
        """True if the port has proved to be our simulator, in process or behind ``sim --listen``."""
        from doctor.board.simtoken import board_is_simulated, modem_is_simulated

        if self.link.url.is_simulated:
            return True
        if self.is_bare_modem:
            return modem_is_simulated(self.link, self.clock)
        return board_is_simulated(self.board)

    @cached_property
    def recording(self) -> Recording | None:
        """The trace at the port, if one is replayed. Raises UsageError if it is not a trace."""
        path = None if self.options.url is None else self.options.url.recording
        if path is None:
            return None
        from doctor.link.replay import recording_at

        return recording_at(path)

    def recorded(self, what: str, name: str, *, of: str = "") -> Mapping[str, Any] | None:
        """What a replayed trace says of ``name``; None if none is replayed, or ``of`` was typed for the replay."""
        if self.recording is None or of in self.options.given_here:
            return None
        return self.recording.aside(what, name) or {}

    def note(self, what: str, name: str, **said: Any) -> None:
        """Put into the trace, if one is written, what does not cross the port."""
        if self.trace is not None:
            self.trace.aside(what, name, **said)

    def known(self, name: str, kind: Any, look: Callable[[], _Opened], *, of: str = "", default: Any = None) -> _Opened:
        """What ``look`` says of something that is not behind the port; the trace keeps it, for the replay.

        name     in the trace
        kind     type of the answer, as doctor/documents/values.py takes it
        of       member of the options that it is about: if it was typed for a replay, it is looked at
        default  what a trace that does not say it means; None: UsageError

        Raises what ``look`` raises; in a replay, what it raised then.
        """
        said = self.recorded("part", name, of=of)
        if said is None:
            try:
                value = look()
            except DoctorError as err:
                self.note("part", name, error=self._told(err))
                raise
            if self.trace is not None:
                self.note("part", name, value=as_json(value))
            return value
        return cast(_Opened, self._recalled(name, kind, said, default))

    def _recalled(self, name: str, kind: Any, said: Mapping[str, Any], default: Any) -> Any:
        from doctor.link.replay import recorded_error

        if (error := recorded_error(said)) is not None:
            raise error
        with suppress(ValueError):
            if "value" in said:
                return of_json(kind, said["value"])
        if default is None:
            raise UsageError(
                "trace-unreadable",
                f"the trace does not say what {name.replace('_', ' ')} was",
                on=str(self.options.port),
                cause="it was taken by an older fipy-doctor, or with other options",
                next="give the file to the replay too",
            )
        return default

    def _told(self, err: DoctorError) -> dict[str, str]:
        """An error for the trace: its commands name the bench, and are not marked any more."""
        bench = self.options.command("")
        texts = {name: marks.plain(getattr(err, name), bench) for name in ("what", "cause", "next")}
        return {"kind": type(err).__name__, "id": err.id, "on": err.on, **texts}

    @_Part
    def link(self) -> Link:
        """The open port. Raises LinkError if it cannot be opened, UsageError if none was given."""
        from doctor.link.link import open_link

        if self.options.url is None:
            lists = "add --port, or run `fipy-doctor ports`"
            raise UsageError("port-not-found", "no port was given", next=lists)
        if self.recording is not None:
            from doctor.link.replay import open_replay

            return open_replay(self.recording, self.trace)
        try:
            return open_link(self.options.url, trace=self.trace, password=self.options.password, clock=self._clock)
        except DoctorError as err:
            self.note("failed", "link", error=self._told(err))
            raise

    @_Part
    def latency_ms(self) -> int:
        """The latency timer of the USB chip at the port; 0 if nobody tells. Raises LinkError."""
        return self.known("latency_timer_ms", int, lambda: self.link.latency_ms, default=0)

    @property
    def link_or_none(self) -> Link | None:
        """The port if it is open already; opens nothing."""
        return cast("Link | None", self._kept.get("link"))

    @_Part
    def contact(self) -> Contact:
        """What answered at the port at first contact. Raises LinkError."""
        from doctor.board import first_contact

        may_interrupt = self.options.interrupt or "interrupt-program" in self.options.accept
        made = first_contact.contact(
            self.link,
            may_interrupt=may_interrupt,
            greet_only=bool(self._unnamed),
            named_modem=self.options.via_modem,
        )
        self.stopped_program |= bool(made.evidence.get("interrupted")) and made.seen in first_contact.AT_PROMPT
        return made

    @property
    def foreign(self) -> Foreign | None:
        """The device at the port, if that is known to be no FiPy, GPy or modem of Sequans. Raises LinkError."""
        if isinstance(self._kept.get("_modem"), Foreign):
            return cast(Foreign, self._kept["_modem"])
        named_modem = self.options.via_modem or self.through_mirror is not None
        return None if named_modem and "contact" not in self._kept else self.contact.foreign

    def refuse_foreign(self) -> None:
        """The gate before everything that acts on what is at the port, or plans to.

        Raises BoardError if that is known to be no FiPy, GPy or modem of Sequans, or if nobody has said that it is and
        the USB id is another one's. Raises LinkError.
        """
        if not (self._unnamed and self.options.via_modem) and self.foreign is not None:
            raise self.foreign.refused(self.link.name)
        if self._unnamed:
            raise foreign.nobody_named(self.link.name, self._unnamed, Command("check", port=self.options.port))

    @property
    def _unnamed(self) -> str:
        """The USB id of a port that nobody named, if neither a Pycom board nor FTDI has it; else ""."""
        port = self.link.listed if self.options.port_found else None
        return port.usb_id if port is not None and port.is_strange else ""

    @property
    def is_bare_modem(self) -> bool:
        """True if the port leads to a modem without a board in front."""
        from doctor.board.first_contact import Seen

        return self.options.via_modem or self.through_mirror is not None or self.contact.seen is Seen.MODEM

    @property
    def carrier_with_jumpers(self) -> str | None:
        """Name of the carrier board whose jumpers may be in the modem's way; None if none reach the modem.

        Raises BoardError if a board cannot be asked what it is.
        """
        from doctor.board.line import carriers

        if self.is_bare_modem:
            if self.through_mirror is None:  # behind a mirror there is a board
                return None
        elif self.board_facts.sysname != "FiPy":
            return None
        seat = carriers.seat(self.options.carrier, self.link.listed)
        return None if seat.has_no_jumpers else seat.name

    def _leave_updater_alone(self) -> None:
        from doctor.board.at_work import in_the_way
        from doctor.board.first_contact import Seen

        if self.contact.seen is Seen.UPDATER:
            raise in_the_way(self.contact.text, self.link.name)

    def open_board(self) -> None:
        """Enter the board's raw REPL. Raises as ``board``."""
        _ = self.board

    @_Part
    def board(self) -> Board:
        """The board with its REPL in raw mode. Raises BoardError if no prompt is to be had."""
        from doctor.board.board import Board
        from doctor.board.first_contact import AT_PROMPT, Seen

        self.refuse_foreign()
        self._leave_updater_alone()
        if self.contact.seen not in AT_PROMPT:
            raise BoardError(
                "main-py-blocks-repl",
                "no MicroPython prompt to work with",
                on=self.link.name,
                next="run `fipy-doctor check --select repl-answers`",
            )
        board = Board(self.link, banner=self.contact.banner)
        self._repl = board.repl  # before it is entered: if that is cut short, there is a REPL to leave
        board.repl.enter()
        if not board.says_name(foreign.LTE_BOARDS):  # no banner came through, or a prompt without one: it is asked
            device = foreign.by_platform(board.platform)
            if device is not None:
                board.repl.leave()
                self._kept["contact"] = replace(self.contact, seen=Seen.FOREIGN, foreign=device)
                self.refuse_foreign()
        return board

    @_Part
    def board_facts(self) -> BoardFacts:
        """Which board this is and what its firmware's era can do. Raises BoardError."""
        self.last_board = self.board.identify()
        return self.last_board

    @_Part
    def card(self) -> Card:
        """The card as the PC sees it. Raises CardError or UsageError."""
        from doctor.card.image import open_card

        if self.options.sd is None:
            raise UsageError("sd-object-init-fails", "no card was given", next="add --sd PATH")
        return open_card(self.options.sd)

    @_Part
    def firmware(self) -> tuple[FirmwareImage, ...]:
        """The firmware images, examined. Raises FirmwareError or UsageError."""
        from doctor.firmware.image import FirmwareImage, examine

        if self.options.card_file is not None:
            from doctor.board.card.image import image_on_card

            return (image_on_card(self.board, self.options.card_file),)
        return self.known(
            "firmware",
            tuple[FirmwareImage, ...],
            lambda: tuple(examine(path) for path in self.options.firmware),
            of="firmware",
        )

    def give_firmware(self, images: tuple[FirmwareImage, ...], card_file: str | None) -> None:
        """Flash these images, which were examined, from now on: files on the PC, or one on the card in the board."""
        with self._lock:
            paths = () if card_file is not None else tuple(image.path for image in images)
            self.options = replace(self.options, firmware=paths, card_file=card_file)
            self._kept["firmware"] = images

    @_Part
    def updater_elf(self) -> ElfImage | None:
        """The updater image, examined; None if none was given. Raises FirmwareError or UsageError."""
        from doctor.firmware.elf import ElfImage, examine_elf

        path = self.options.updater_elf
        if path is None:
            return None
        return self.known("updater_elf", ElfImage, lambda: examine_elf(path), of="updater_elf")

    @_Part
    def bootrom(self) -> BootRom | None:
        """The boot ROM package, verified; None if none was given. Raises DoctorError."""
        from doctor.firmware.bootrom import FROM_BOARD, BootRom, load_bootrom

        path = self.options.bootrom
        if path is None:
            return None
        if path == FROM_BOARD:
            return self._frozen_bootrom()
        return self.known("bootrom", BootRom, lambda: load_bootrom(path), of="bootrom")

    def _frozen_bootrom(self) -> BootRom:
        from doctor.board.frozen_bootrom import behind_no_board, read_bootrom

        if self.is_bare_modem:
            raise behind_no_board(self.link.name, mirrors=self.through_mirror is not None)
        return read_bootrom(self.board)

    def use_mirror(self, max_block: int) -> None:
        """Reach the modem through a board that mirrors already: from now on the port leads to the modem alone.

        max_block  longest block in bytes that this mirror bears; 0: any
        """
        self.through_mirror = max_block

    @property
    def profile(self) -> Profile:
        """What is particular to the modem family at this port: SQN3330 behind a board, else by what it says."""
        from doctor.updater.profile import MONARCH2, SQN3330

        if self.modem_facts_or_none is not None:
            return MONARCH2 if self.modem_facts_or_none.family == MONARCH2.family else SQN3330
        if self.is_bare_modem and self.contact.evidence.get("baud") == MONARCH2.app_baud:
            return SQN3330 if self._boot_rom_of_sqn3330() else MONARCH2
        return SQN3330

    def _boot_rom_of_sqn3330(self) -> bool:
        """Both families' boot ROMs speak at 115200 and do not say which they are: the firmware that is given tells."""
        if self.contact.evidence.get("modem_mode") != "ffh" or not self.options.firmware:
            return False
        image = self.firmware[0]
        return image.family == "SQN3330" or image.radio is not None

    @contextmanager
    def modem_port(self, baud: int | None = None) -> Iterator[Link | ModemTunnel]:
        """The modem's UART as a byte stream: the link itself, or a tunnel through the board's REPL.

        baud  speed to open it at; None takes the profile's application speed
        """
        speed = baud or self.profile.app_baud
        if self.is_bare_modem:
            self.link.set_baud(speed)
            yield self.link
            return
        from doctor.board.line.tunnel import ModemTunnel

        tunnel = ModemTunnel(self.board, speed)
        try:
            yield tunnel
        finally:
            tunnel.close()

    @_Part
    def _modem(self) -> ModemFacts | Foreign:
        """What the modem says of itself, asked once; or the other device that answers in its place."""
        from doctor.board.first_contact import in_place_of_modem
        from doctor.modem.facts import from_core
        from doctor.updater import states
        from doctor.updater.profile import SQN3330

        profile = self.profile
        if self.options.via_modem:
            self._leave_updater_alone()
        talks = foreign.by_text(self.contact.text, self.contact.text) if self.options.via_modem else None
        if talks is not None:
            return talks  # by itself, as no modem does
        found = self._found_modem() if profile.family == SQN3330.family else None
        with self.modem_port() as port:
            state, facts = states.examine(
                port, self.clock, profile, lambda *told: self.hears(events.from_core(*told)), found
            )
        has_no_board = self.is_bare_modem and self.through_mirror is None
        device = in_place_of_modem(state, self.link) if has_no_board else None
        if device is None and self.options.via_modem and state.mode in (states.SILENT, states.UNKNOWN):
            device = self.contact.foreign  # no modem speaks: what does?
        return device or from_core(state, facts)

    def _found_modem(self) -> State | None:
        """The modem as first contact has just found it, if nothing about it was odd; told once, as it changes then."""
        if "contact" not in self._kept or not self.is_bare_modem:
            return None
        found, self._kept["contact"] = self.contact.modem, replace(self.contact, modem=None)
        return None if found is None or set(found.notes) - {"first-error"} else found  # which is how one wakes up

    @property
    def modem_facts(self) -> ModemFacts:
        """Mode, build and version of the modem, asked once. Raises BoardError or LinkError."""
        if self._unnamed:
            self.refuse_foreign()
        said = self._modem
        if isinstance(said, Foreign):
            raise said.refused(self.link.name)
        self.last_modem = said
        return said

    @property
    def modem_facts_or_none(self) -> ModemFacts | None:
        """What is known of the modem already; asks nothing."""
        said = self._kept.get("_modem")
        return None if isinstance(said, Foreign) else cast("ModemFacts | None", said)

    @property
    def ran_before(self) -> int:
        """The build that the modem ran last: as the user says, else as earlier runs know; 0 if neither does."""
        return self.options.was or self.history.ran_before(self)

    def forget_modem(self) -> None:
        """Drop what is known of the modem, so that the next question asks it again."""
        self._drop("_modem")
        self._found_modem()

    def forget_card(self) -> None:
        """Drop what is known of the card on the PC, after it was changed."""
        self._drop("card")

    def forget_board(self) -> None:
        """Drop first contact and board, after a reset or power cycle; the link stays open."""
        self._repl = None
        self._drop("contact", "board", "board_facts", "_modem")

    def _drop(self, *parts: str) -> None:
        with self._lock:
            for part in parts:
                self._kept.pop(part, None)

    def forget(self) -> None:
        """Drop all that is known of card, board and modem, after something was changed; the REPL is left as found."""
        with self._lock:
            self._leave_board()
            self.forget_card()
            self.forget_board()

    def close_link(self) -> None:
        """Close the port only; the next use opens it again."""
        with self._lock:
            link = self._kept.pop("link", None)
            self.through_mirror = None  # what comes back behind the port may be another thing
            self.forget_board()
            if link is not None:
                link.close()

    def close(self) -> None:
        """Leave REPL and port as they were found. Never raises: what is gone needs no closing."""
        with self._lock:
            self._leave_board()
            self.close_link()

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _leave_board(self) -> None:
        if self._repl is not None and "link" in self._kept:
            self.link.deadline = Deadline(self.link.clock, LEAVE_S)  # a stopped run leaves one that is over
            with suppress(DoctorError):
                self._repl.leave()
