"""The cures of the board: a bench that needs one, the command, and what must be true when all is done."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from doctor.sim.bench import SimBench
from doctor.sim.board.flashfs import MAIN_PY
from doctor.sim.card.blocks import FileBlocks
from doctor.sim.card.image import CardDevice, CardFault, CardLayout, build_card

RELEASES = {"fat": "1.17.3.b1", "littlefs": "1.20.2.r4"}
#: A release whose firmware can be told not to start its modem, on FAT: 1.17 cannot.
LTE_RELEASES = {"fat": "1.18.2", "littlefs": "1.20.2.r4"}
CARD_MIB = 8
DUP = "PRACTICE-CATM1-41065.dup"
PAGE = b"\n\n<!DOCTYPE html>\n<html><head><title>%s</title></head><body class='logged-out'></body></html>\n"
APPLE_DOUBLE = bytes.fromhex("00051607") + b"\0\2\0\0Mac OS X" + bytes(20) + b"a note of macOS"

#: What any user may have: names and contents that are hard to carry, each content of its own.
USERS = {
    "boot.py": b"# boot.py of the user\n",
    "main.py": b"print('main.py of the user')\n" * 20,
    "main.py.off": b"# what the user switched off last year\n",
    "lib/own.py": b"def own():\n    return 'own'\n",
    "lib/deep/all bytes.bin": bytes(range(256)) * 40,
    "gr\u00fc\u00dfe.txt": b"\x04>OK\r\n@@FD null\r\n\x04",
    "log-" + "n" * 90 + ".csv": b"1;2;3\n" * 9,
}
LOG = "data.csv"
"""A file that a thread of the board goes on writing, in a case of its own."""
AUTORUN = b"import sqnsupgrade\nsqnsupgrade.run('/sd/CATM1-41065.dup', 921600)\n"


@dataclass(frozen=True)
class Board:
    """What is on a board and its card: files by path below /flash and below the card's root."""

    flash: Mapping[str, bytes]
    card: Mapping[str, bytes]
    settings: Mapping[str, object]


@dataclass(frozen=True, eq=False)
class Case:
    """One cure.

    words    of the command; ``{pc}`` is the folder on the PC, ``{again}`` a number that grows with each typing
    flash    files that the board has besides, or instead of, those of USERS
    done     whether the work is done, from the board and all bytes on the PC: '' or what is wrong
    inputs   files on the PC before the command, by path below ``{pc}``
    cuts     ``all``; ``changes``: the line is disturbed in another case that reads and sends the same; ``none``
    files    what ``files=`` of the bench's URL says, by the kind of its file system
    """

    name: str
    words: tuple[str, ...]
    done: Callable[[Case, Board, set[bytes]], str]
    flash: Mapping[str, bytes] = field(default_factory=dict)
    card: Mapping[str, bytes] = field(default_factory=dict)
    inputs: Mapping[str, bytes] = field(default_factory=dict)
    releases: Mapping[str, str] = field(default_factory=lambda: RELEASES)
    cuts: str = "all"
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def originals(self) -> dict[str, bytes]:
        """The user's files on the board before the command."""
        return {**USERS, **self.flash}

    def typed(self, pc: Path, port: str, times: int) -> tuple[str, ...]:
        """The command as the user types it for the n-th time."""
        words = [word.format(pc=pc, again=times) for word in self.words]
        return (*words, "--port", port)


def url_of(case: Case, kind: str) -> str:
    """The URL of its bench, without ``state=``."""
    files = f"&files={case.files[kind]}" if case.files else ""
    return f"sim://gpy?release={case.releases[kind]}{files}"


def set_up(case: Case, kind: str, folder: Path) -> None:
    """Make the kept bench of a case in ``folder``."""
    sim = SimBench.from_url(f"{url_of(case, kind)}&state={folder}")
    assert sim.board is not None
    sim.board.flash.lay(case.originals)
    sim.board.flash.mkdir("hollow")
    sim.hands.put_card(build_card(case.card, CardLayout.SUPER_FLOPPY, size_mib=CARD_MIB) if case.card else None)
    sim.release()


def look(folder: Path) -> Board:
    """What lies on a kept bench, read from what it keeps, without starting it."""
    import base64

    kept = json.loads((folder / "bench.json").read_text("utf-8"))["board"]
    flash = {name: base64.b64decode(text) for name, text in kept["flash"]["files"].items()}
    image = folder / "card.img"
    return Board(flash, _card(image) if image.exists() else {}, kept["settings"])


def _card(image: Path) -> dict[str, bytes]:
    volume = CardDevice(FileBlocks(image)).mount()
    found: dict[str, bytes] = {}

    def walk(path: str) -> None:
        for entry in volume.listdir(path):
            inner = f"{path}/{entry.name}".lstrip("/")
            if entry.is_dir:
                walk(inner)
            else:
                found[inner] = volume.read(inner)

    try:
        walk("")
    except CardFault as fault:
        raise AssertionError(f"the card cannot be read: {fault}") from fault
    return found


def _differences(has: Mapping[str, bytes], wanted: Mapping[str, bytes]) -> str:
    missing = sorted(set(wanted) - set(has))
    wrong = sorted(path for path in set(wanted) & set(has) if wanted[path] != has[path])
    besides = sorted(set(has) - set(wanted))
    said = [("missing", missing), ("not the user's bytes", wrong), ("besides", besides)]
    return "; ".join(f"{what}: {', '.join(paths)}" for what, paths in said if paths)


def _only_looked(case: Case, board: Board, on_pc: set[bytes]) -> str:
    lacking = [path for path, data in case.originals.items() if data not in on_pc]
    return _differences(board.flash, case.originals) or (f"not in the copy: {lacking}" if lacking else "")


def _files_are(wanted: Callable[[Case], Mapping[str, bytes]]) -> Callable[[Case, Board, set[bytes]], str]:
    def done(case: Case, board: Board, on_pc: set[bytes]) -> str:
        after = wanted(case)
        gone = [path for path, data in case.originals.items() if data not in {*after.values(), *on_pc}]
        return _differences(board.flash, after) or (f"no copy of {gone}" if gone else "")

    return done


def _all_but_the_log(case: Case, board: Board, on_pc: set[bytes]) -> str:
    """Everything is back; the log, which grows whenever it is looked at, has at least its beginning."""
    log = case.originals[LOG]
    if not board.flash.get(LOG, b"").startswith(log):
        return f"not the user's bytes: {LOG}"
    return _differences({**board.flash, LOG: log}, case.originals)


def _restored(case: Case) -> dict[str, bytes]:
    return {path.removeprefix("src/"): data for path, data in case.inputs.items()}


def _replaced(case: Case) -> dict[str, bytes]:
    """upload-scripts: what there is a good script for is replaced, other pages are removed."""
    good = {path.removeprefix("scripts/"): data for path, data in case.inputs.items()}
    after = {}
    for path, data in case.originals.items():
        if not data.lstrip().startswith(b"<!DOCTYPE"):
            after[path] = data
        elif path.rpartition("/")[2] in good:
            after[path] = good[path.rpartition("/")[2]]
    return after


def _autorun_is_off(case: Case, board: Board, on_pc: set[bytes]) -> str:
    aside = [path for path, data in board.flash.items() if data == AUTORUN and path != "main.py"]
    rest = {path: data for path, data in case.originals.items() if path != "main.py"}
    if not aside:
        return "main.py lies nowhere on the board"
    # The firmware makes an empty main.py when it boots without one.
    here = {path: data for path, data in board.flash.items() if (path, data) != ("main.py", MAIN_PY)}
    said = _differences(here, {**rest, aside[0]: AUTORUN})
    return said or ("" if AUTORUN in on_pc else "no copy of main.py on the PC")


def _lte_is_off(case: Case, board: Board, on_pc: set[bytes]) -> str:
    still = "the modem starts at boot" if board.settings["lte_modem_en_on_boot"] else ""
    return _differences(board.flash, case.originals) or still


def _card_is_tidy(case: Case, board: Board, on_pc: set[bytes]) -> str:
    kept = {path: data for path, data in case.card.items() if path != f"sd/{DUP}" and data != APPLE_DOUBLE}
    said = _differences(board.card, {**kept, DUP: case.card[f"sd/{DUP}"]})
    return said or _differences(board.flash, case.originals)


_SRC = {
    "src/boot.py": b"# boot.py of the folder\n",
    "src/main.py": b"print('main.py of the folder')\n" * 30,
    "src/lib/own.py": USERS["lib/own.py"],
    "src/lib/new.py": b"NEW = 1\n",
}
_GOOD = {f"scripts/{name}": b"# good " + name.encode() + b"\nx = 1\n" for name in ("sqnsupgrade.py", "sqnscrc.py")}

_ALL = (
    Case("backup", ("backup", "{pc}/backup-{again}"), _only_looked),
    Case(
        "restore",
        ("restore", "{pc}/src", "--backup", "{pc}/copies", "--yes"),
        _files_are(lambda case: {**USERS, **_restored(case)}),
        inputs=_SRC,
    ),
    Case(
        "restore-clean",
        ("restore", "{pc}/src", "--clean", "--backup", "{pc}/copies", "--yes"),
        _files_are(_restored),
        inputs=_SRC,
    ),
    Case(
        "reset-flash",
        ("fix", "--reset-flash", "--put-back", "*", "--backup", "{pc}/copies", "--yes"),
        _files_are(lambda case: case.originals),
    ),
    Case(
        "reset-flash-full",
        ("fix", "--reset-flash", "--put-back", "*", "--backup", "{pc}/copies", "--yes"),
        _files_are(lambda case: case.originals),
        cuts="changes",
        files={"fat": "72k", "littlefs": "96k"},  # 56 and 76 of it are in use
    ),
    Case(
        "reset-flash-log",
        ("fix", "--reset-flash", "--put-back", "*", "--backup", "{pc}/copies", "--yes"),
        _all_but_the_log,
        flash={LOG: b"0.1;22.5\n"},
        cuts="none",
        files={"fat": f"grows:{LOG}", "littlefs": f"grows:{LOG}"},
    ),
    Case(
        "upload-scripts",
        ("fix", "--upload-scripts", "--scripts", "{pc}/scripts", "--backup", "{pc}/copies", "--yes"),
        _files_are(_replaced),
        flash={
            "sqnsupgrade.py": PAGE % b"sqnsupgrade.py",
            "lib/sqnscrc.py": PAGE % b"sqnscrc.py",
            "lib/sqnsbr.py": PAGE % b"sqnsbr.py",
        },
        inputs=_GOOD,
    ),
    Case(
        "disable-autorun",
        ("fix", "--disable-autorun", "--backup", "{pc}/copies", "--yes"),
        _autorun_is_off,
        flash={"main.py": AUTORUN},
    ),
    Case(
        "disable-lte-autostart",
        ("fix", "--disable-lte-autostart", "--backup", "{pc}/copies", "--yes"),
        _lte_is_off,
        releases=LTE_RELEASES,
    ),
    Case(
        "move-dup",
        ("fix", "--move-dup", "--backup", "{pc}/copies", "--yes"),
        _card_is_tidy,
        card={
            f"sd/{DUP}": b"PRAC" + bytes(range(256)) * 20,
            f"sd/._{DUP}": APPLE_DOUBLE,
            "._NOTES.dup": b"the user's own, whatever its name",
            "notes.txt": b"notes on the card",
        },
    ),
)
CASES = {case.name: case for case in _ALL}
