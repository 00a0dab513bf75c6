"""The ways over which a modem is flashed: which one is taken, and the ports at its end.

Mirror mode knows one speed only. What needs another one goes first, through the board's REPL: the steps that are
marked ``early``; or all of it, if a modem waits in its updater at a speed that the mirror cannot have.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from doctor.bench import Bench
from doctor.errors import BoardError, DoctorError, LinkError, UsageError
from doctor.jobs.memory.journal import Journal, port_ids
from doctor.modem.facts import ModemFacts
from doctor.updater import states
from doctor.updater.contract import Port
from doctor.updater.profile import Profile
from doctor.updater.shapes import Plan

NO_MIRROR = -1  #: in place of the longest block of one


@dataclass(frozen=True)
class Way:
    """An open way: the core's port, the largest block it bears (0: any), and how to leave it afterwards."""

    port: Port
    max_block: int = 0
    advice: str = ""
    mirrors: bool = False


@dataclass(frozen=True)
class Leg:
    """Steps that go over one way: ``tunnel``, ``mirror`` or ``direct``."""

    kind: str
    plan: Plan


def choose_via(bench: Bench, via: str) -> str | DoctorError:
    """The way that ``auto`` means here, or why the one that was asked for cannot be gone."""
    if via == "auto" or (via == "usb" and bench.through_mirror is not None):
        card = (bench.link.network is not None and not needs_more(bench)) or _lies_on_card(bench)
        via = "modem" if bench.is_bare_modem else ("card" if card else "usb")
    if via in ("usb", "card") and bench.is_bare_modem:
        return UsageError(f"via-{via}", "the port leads to a bare modem", on=bench.link.name, next="use --via modem")
    if via != "card" and bench.options.card_file is not None:
        return UsageError(f"via-{via}", "the image is only on the board's card", next="use --via card")
    if via == "usb" and bench.link.network is not None:
        return _not_over_wifi(bench)
    if via == "usb" and not bench.link.can_change_baud:
        return LinkError(
            "mirror-no-answer",
            "this link cannot change its speed, and mirror mode needs 921600 baud",
            on=bench.link.name,
            next="connect the board by USB, or use rfc2217:// instead of socket://",
        )
    return via


def goes_by_usb(bench: Bench) -> bool:
    """Whether this computer could send what is given through the board: it has the bytes, and no Wi-Fi is between."""
    return bench.options.card_file is None and bench.link.network is None


def _not_over_wifi(bench: Bench) -> LinkError:
    by_card = "run the same command with --via card: the image is copied to the card in the board, which flashes itself"
    return LinkError(
        "via-usb",
        "a modem cannot be flashed through the board over Wi-Fi",
        on=bench.link.name,
        cause="mirror mode connects the modem only to the board's USB port, and stops Wi-Fi",
        next="connect the board by USB: more than one file is needed" if needs_more(bench) else by_card,
    )


def needs_more(bench: Bench) -> bool:
    """Whether files are given that the board cannot send by itself."""
    options = bench.options
    return len(options.firmware) > 1 or options.updater_elf is not None or options.bootrom is not None


def _lies_on_card(bench: Bench) -> bool:
    """Whether the board can flash from its card: the one image lies there with the same bytes, and nothing else goes.

    A card that cannot be read is no way.
    """
    from doctor.board.card.image import find_on_card

    options = bench.options
    if options.card_file is not None:
        return True
    if len(options.firmware) != 1 or needs_more(bench):
        return False
    try:
        return find_on_card(bench.board, bench.firmware[0]) is not None
    except BoardError:
        return False


def legs(via: str, before: ModemFacts, plan: Plan, profile: Profile) -> list[Leg]:
    """The steps of ``plan`` by the way that each must take, in order."""
    if via == "modem":
        return [Leg("direct", plan)]
    waiting = before.mode in (states.RECOVERY, states.RAM_UPDATER)
    if waiting and before.baud not in (0, profile.app_baud):
        return [Leg("tunnel", plan)]
    early, late = plan.part(True), plan.part(False)
    return [Leg("tunnel", early), Leg("mirror", late)] if early.steps else [Leg("mirror", late)]


@contextmanager
def open_way(bench: Bench, kind: str) -> Iterator[Way]:
    """The way of one leg, open until the end of the block. Raises BoardError, LinkError."""
    from doctor.board.line import mirror

    baud = bench.modem_facts.baud or bench.profile.app_baud
    if kind == "direct":
        bench.link.set_baud(baud)
        mirrored = bench.through_mirror is not None
        yield Way(bench.link, bench.through_mirror or 0, mirror.LEAVE_ADVICE if mirrored else "", mirrored)
        return
    if kind == "tunnel":
        with bench.modem_port(baud) as tunnel:
            yield Way(tunnel)
        return
    with mirror.enter(bench.board, bench.board_facts) as port:
        yield Way(port, port.max_block, port.leave_advice, True)


def go_through_own_mirror(bench: Bench) -> bool:
    """Use a mirror that an earlier run of ours left behind on this port, as the journal tells; True if it is so.

    Anything else at the port is left as the checks find it.
    """
    from doctor.board.first_contact import Seen

    if bench.options.url is None or bench.options.via_modem:
        return False
    if bench.contact.seen not in (Seen.MIRROR, Seen.SILENCE):  # silent: it may be writing what it was sent
        return False
    max_block = bench.known("own_mirror", int, lambda: _own_mirror(bench), default=NO_MIRROR)
    if max_block == NO_MIRROR:
        return False
    bench.use_mirror(max_block)
    return True


def _own_mirror(bench: Bench) -> int:
    """The longest block of a mirror of ours that the journal knows on this port, or NO_MIRROR."""
    entry = Journal().find(port_ids(bench.options.url))
    return entry.max_block if entry is not None and entry.mirrored and entry.broke_off else NO_MIRROR
