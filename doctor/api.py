"""What another program calls: ``doctor.check``, ``plan``, ``flash``, ``status`` and ``explain`` (docs/api.md).

Each is one job on a bench of its own, which is opened for it and left as it was found. Nothing is printed and nobody
is asked; nothing comes from environment or configuration files but the place of the state directory. A run keeps its
log and its journal as on the command line, and a flash holds the same gates.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from os import PathLike, fsencode, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from doctor.bench import Bench, BenchOptions
from doctor.clock import LONGEST_DEADLINE_S
from doctor.engine import Report
from doctor.errors import DoctorError, UsageError
from doctor.events import Listener, ignore
from doctor.jobs.explain import Explained
from doctor.jobs.flash import FlashPlan, FlashRequest, FlashResult, Wish
from doctor.jobs.status import StatusReport
from doctor.link.port_url import PortUrl
from doctor.text import marks
from doctor.text.command import AUTO, METHODS, ON_CARD, RISKS, VIAS, Command
from doctor.text.nearest import did_you_mean

if TYPE_CHECKING:
    from typing_extensions import Unpack

AnyPath = str | PathLike[str]


class Parts(TypedDict, total=False):
    """What lies on the bench besides the port and the firmware, as the options of the command line have it.

    updater_elf  the updater for a modem in its boot ROM
    bootrom      boot ROM package, the vendor's script that holds it, or ``board``: the one in the board's firmware
    sd           card: mounted folder, image file or device
    scripts      folder with the vendor's scripts
    carrier      name of the carrier board, if its USB id does not show it
    was          build that the modem ran before it fell silent
    via_modem    the port leads straight to a modem
    interrupt    a program that runs on the board may be stopped
    thorough     examine more, which takes longer
    accept       risks that you agree to, by name (``radio-change``)
    """

    updater_elf: AnyPath
    bootrom: AnyPath
    sd: AnyPath
    scripts: AnyPath
    carrier: str
    was: int
    via_modem: bool
    interrupt: bool
    thorough: bool
    accept: Collection[str]


_PATHS = ("updater_elf", "bootrom", "sd", "scripts")


def check(
    *,
    port: str | None = None,
    firmware: AnyPath | Collection[AnyPath] = (),
    select: Collection[str] = (),
    ignore_checks: Collection[str] = (),
    deadline_s: float | None = None,
    listen: Listener = ignore,
    **parts: Unpack[Parts],
) -> Report:
    """Examine a board, files, a card, or all of them; change nothing.

    port           as ``--port`` takes it; None: no board is looked at, and none is looked for
    firmware       image, or the two of a pair
    select         only these checks, and those that they depend on
    ignore_checks  without these checks
    deadline_s     longest time for all of it, in seconds
    listen         hears every event (doctor/events.py), in whatever thread it happens

    Returns the report: ``failed``, ``findings``, ``exit_code``. Raises UsageError if nothing was given that could be
    examined, for what does not exist, and for a replay; LinkError if another run flashes over the port; DoctorError if
    checks of ours are missing. A port that does not open is a finding.
    """
    from doctor.jobs.check import CheckRequest
    from doctor.jobs.check import check as job

    _refuse_wrong(deadline_s, select=select, ignore_checks=ignore_checks)
    with opened(port, _several(firmware), parts) as bench:
        return job(bench, CheckRequest(tuple(select), tuple(ignore_checks), deadline_s), listen)


def plan(
    *firmware: AnyPath,
    port: str,
    via: str = "auto",
    method: str = "auto",
    compress: bool = False,
    block: int = 0,
    deadline_s: float | None = None,
    listen: Listener = ignore,
    **parts: Unpack[Parts],
) -> FlashResult:
    """All that a flash does before it sends anything: the checks and the plan.

    The parameters are those of ``flash``. The result has the ``plan``, whose ``fingerprint`` a flash takes, or the
    ``error`` why there is none. Raises as ``check`` does.
    """
    from doctor.jobs.flash import rehearse

    _refuse_wrong(deadline_s, via, method)
    request = FlashRequest(via, method, frozenset(), deadline_s, compress, block=block)
    with opened(port, firmware, parts) as bench:
        return _plain(rehearse(bench, request, listen), bench)


def flash(
    *firmware: AnyPath,
    port: str,
    agree: Callable[[FlashPlan], bool] | None = None,
    fingerprint: str | None = None,
    stop: Callable[[], bool] = lambda: False,
    via: str = "auto",
    method: str = "auto",
    compress: bool = False,
    block: int = 0,
    override: Collection[str] = (),
    deadline_s: float | None = None,
    listen: Listener = ignore,
    **parts: Unpack[Parts],
) -> FlashResult:
    """Run every check, agree to the plan, flash, and prove it.

    firmware     the image, or the two of a pair; ``card:NAME`` is a file on the board's card
    agree        is shown the plan; nothing is sent unless it returns True
    fingerprint  in its place: that of a plan that somebody has read; another plan is refused
    stop         asked after Ctrl-C in the middle of the transfer, in the main thread alone; True stops it, and leaves
                 the modem without firmware
    via, method, compress, block, override, deadline_s  as the options of ``fipy-doctor flash``
    listen       hears every event from the first check to the proof

    Never raises for what happens to board or modem: ``error`` of the result says it, and ``proof`` what was proved.
    Raises UsageError for a wrong request, also if nobody agrees or both ways to agree are given; else as ``check``.
    While it flashes it takes SIGINT, SIGTERM and SIGHUP, in the main thread alone, and gives them back.
    """
    from doctor.jobs.flash import flash as job

    _refuse_wrong(deadline_s, via, method, override=override)
    consent = _Consent(agree, fingerprint, stop)
    request = FlashRequest(via, method, frozenset(override), deadline_s, compress, plan=fingerprint or "", block=block)
    with opened(port, firmware, parts) as bench:
        return _plain(job(bench, request, consent=consent, listen=listen), bench)


def status(*, port: str, **parts: Unpack[Parts]) -> StatusReport:
    """Where a modem stands, by its own word and the journal's, and the next step. Raises as ``check`` does.

    A flash that is under way is told, and left alone.
    """
    from doctor.jobs.status import status as job

    with opened(port, (), parts, during_flash=True) as bench:
        return job(bench)


def explain(text: str | bytes) -> Explained:
    """What a console log, a forum post or a description of a failure means: ``explanation`` and ``advice``."""
    from doctor.jobs.explain import TYPED, explain_sources

    return explain_sources([(TYPED, text if isinstance(text, bytes) else _bytes(text))])[0]


def _bytes(text: str) -> bytes:
    """The text as a file would hold it; half a surrogate, which none holds, becomes a question mark."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


class _Consent:
    """The caller's own yes, by a callback or a fingerprint: nothing else agrees."""

    def __init__(
        self, agree: Callable[[FlashPlan], bool] | None, fingerprint: str | None, stop: Callable[[], bool]
    ) -> None:
        if (agree is None) == (not fingerprint):
            raise UsageError(
                "not-confirmed",
                "a flash needs one yes to its plan: agree or fingerprint",
                next="give agree=, a function that is shown the plan, or fingerprint=, that of a plan you have read",
            )
        self._agree = agree
        self._fingerprint = fingerprint
        self._stop = stop

    def confirm(self, plan: FlashPlan) -> bool:
        """Whether it is the plan that was agreed to; the job itself refuses another one with the right words."""
        if self._agree is not None:
            return self._agree(plan) is True
        return plan.fingerprint == self._fingerprint

    def accept(self, name: str, question: str) -> bool:
        """Never by itself. Raises DoctorError with the name that the caller would have to give."""
        raise DoctorError(
            name,
            "the plan does not cover one of the risks",
            cause=question.partition("\n")[0],
            next=f"give accept=[{name!r}] if you agree to it",
        )

    def stop_transfer(self) -> bool:
        """What the caller says."""
        return self._stop() is True

    def stop_board(self) -> Wish:
        """Likewise; a board that flashes by itself is stopped, too."""
        return Wish.STOP if self.stop_transfer() else Wish.GO_ON


@contextmanager
def opened(
    port: str | None, firmware: Collection[AnyPath], parts: Parts, *, during_flash: bool = False
) -> Iterator[Bench]:
    """The bench of one call, closed at its end; what it raises has no marks (doctor/text/marks.py)."""
    named = marks.NO_BENCH
    try:
        options = _options(port, firmware, parts)
        named = options.command("")
        if options.url is not None:
            from doctor.jobs.memory.journal import refuse_under_way
            from doctor.link.link import refuse_senseless

            refuse_senseless(options.url)
            if not during_flash:
                refuse_under_way(options.url)
        with Bench(options) as bench:
            yield bench
    except DoctorError as err:
        _unmark(err, named)
        raise


def _options(port: str | None, firmware: Collection[AnyPath], parts: Parts) -> BenchOptions:
    """What the call says of the bench. Raises UsageError for a path that does not exist, or a trace."""
    from doctor.board.line.carriers import Carrier, carrier_of
    from doctor.firmware.bootrom import FROM_BOARD
    from doctor.link.choice import spelled

    if port is not None and not isinstance(port, str):
        raise UsageError("usage", f"the port {port!r} is not text", next="give what --port takes, as a str")
    if port is not None and not _is_a_name(port):
        raise UsageError("usage", f"the port {port!r} holds what no name can", next="give another port")
    _refuse_wrong(accept=parts.get("accept", ()))
    for risk in parts.get("accept", ()):
        _refuse_unknown("accept", risk, RISKS)
    if port is not None and PortUrl.read(port).recording is not None:
        raise UsageError(
            "replay-only-reads",
            "a trace is replayed on the command line alone",
            on=port,
            next="type `fipy-doctor check --port replay://FILE`, or give the port of a board",
        )
    files = [fspath(each) for each in firmware]
    on_card = [name[len(ON_CARD) :] for name in files if name.startswith(ON_CARD)]
    if on_card and len(files) > 1:
        raise UsageError("usage", "a file on the board's card is flashed alone", next="name no other file")
    given: dict[str, Any] = {**parts, "accept": frozenset(parts.get("accept", ()))}
    given |= {name: Path(given[name]) for name in _PATHS if given.get(name) is not None}
    here = () if on_card else tuple(map(Path, files))
    for path in (*here, *(given[name] for name in _PATHS if given.get(name) is not None)):
        if path != FROM_BOARD and not path.exists():
            raise UsageError("file-unreadable", "there is no such file", on=str(path), next="name one that exists")
    carrier = parts.get("carrier")
    if carrier is not None and carrier_of(carrier) is Carrier.UNKNOWN:
        raise UsageError(
            "usage", f"there is no carrier board {carrier!r}", next="name it as it is printed on it, such as expansion3"
        )
    place = None if port is None else spelled(port)
    return BenchOptions(port=place, firmware=here, card_file=on_card[0] if on_card else None, **given)


def _is_a_name(text: str) -> bool:
    """Whether a system call takes it."""
    try:
        return b"\0" not in fsencode(text)
    except UnicodeEncodeError:
        return False


def _refuse_wrong(
    deadline_s: float | None = None, via: str = AUTO, method: str = AUTO, **lists: Collection[str]
) -> None:
    """Raises UsageError for what the command line would not take: an unknown word is not left out silently."""
    if deadline_s is not None and not 0 < deadline_s <= LONGEST_DEADLINE_S:
        said = f"deadline_s is not a number of seconds above 0, at most {LONGEST_DEADLINE_S}"
        raise UsageError("usage", said, next="give another deadline_s, or None")
    _refuse_unknown("via", via, VIAS)
    _refuse_unknown("method", method, METHODS)
    for name, value in lists.items():
        if isinstance(value, str | bytes):
            raise UsageError("usage", f"{name} takes several, and {value!r} is text", next=f"give {name}=[{value!r}]")


def _refuse_unknown(name: str, word: str, known: Collection[str]) -> None:
    if word not in known:
        hint = did_you_mean(str(word), known, f"one of {', '.join(known)}")
        raise UsageError("usage", f"{name} does not know {word!r}", next=hint)


def _several(firmware: AnyPath | Collection[AnyPath]) -> Collection[AnyPath]:
    return (firmware,) if isinstance(firmware, str | PathLike) else firmware


def _plain(result: FlashResult, bench: Bench) -> FlashResult:
    """``result``, whose error has no marks any more."""
    if result.error is not None:
        _unmark(result.error, bench.options.command(""))
    return result


def _unmark(err: DoctorError, bench: Command) -> None:
    """Take the marks out of an error: who shows it knows neither them nor the bench."""
    err.what, err.cause, err.next = (marks.plain(text, bench) for text in (err.what, err.cause, err.next))
