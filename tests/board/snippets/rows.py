"""Every snippet that we send to a board, tried: a row of code, on a described board, in the eras where it may differ.

test_snippets_three_ways.py finds the snippets by itself and fails for one without a row: add a ``Row`` here that sends
it as its user does (described.py says what a row holds). A piece that is nobody's snippet, such as MOUNTED, prepares
the board or looks at what a snippet has left behind.
"""

from __future__ import annotations

import base64
import hashlib
import zlib

from doctor.board import boot_scripts, onboard, snippets
from doctor.board.line import bridge
from doctor.board.snippets import bootrom, card, modem
from doctor.board.snippets.modem import JUMPERS_PULSES
from doctor.board.unique_id import UNIQUE_ID
from doctor.sim.card.image import CardLayout
from tests.board.snippets.described import (
    BRIDGES,
    DUP,
    EVERY_ERA,
    FILE_ERAS,
    IS_DEAD,
    MIRRORS,
    MIRRORS_NATIVELY,
    OLD_AND_NEW,
    RESTARTS,
    Cts,
    Row,
    Rts,
    State,
)  # fmt: skip

AT = "QVQNCg=="  #: AT, CR, LF
DATA = bytes(range(256)) * 9  #: more than two of the pieces in which a snippet reads a file
DATA_SHA256, DUP_SHA256 = hashlib.sha256(DATA).hexdigest(), hashlib.sha256(DUP).hexdigest()
SCRIPTS = State(flash={"lib/data.bin": DATA, "lib/b.py": b"b = 1\n"})
NO_HASH = State(flash={"lib/data.bin": DATA}, lacks=("uhashlib",))
NO_ZLIB = State(lacks=("uzlib",))
ODD = "caf\u00e9 'n co.py"
ODD_NAMES = State(flash={f"lib/{ODD}": b"pass\n"})
NO_CARD = State(card=None)
BLANK = State(card={}, card_layout=CardLayout.BLANK)
SILENT = State(modem="silent", lte_on_boot=False)
APPLE = State(card={"._x.dup": b"\x00\x05\x16\x07rest", "x.dup": b"DUP"})
CORE = State(
    flash={
        "lib/fipyup/__init__.py": b"def run(path, **o):\n import ujson\n"
        b" print('@@FD ' + ujson.dumps([path] + [[k, o[k]] for k in sorted(o)]))\n"
    }
)

MOUNTED = "import os\nfrom machine import SD\nos.mount(SD(), '/sd')\nprint('@@FD true')\n"
MOUNTED_ELSEWHERE = MOUNTED.replace("/sd", "/card")
IS_MOUNTED = "import os, ujson\nprint('@@FD ' + ujson.dumps(os.listdir('/')))\n"
LTE_RUNS = "from network import LTE\nLTE()\nprint('@@FD true')\n"
NAMES_LEFT = "import ujson\nprint('@@FD ' + ujson.dumps(sorted([n for n in globals() if n.startswith('_fd')])))\n"
#: Pieces of somebody else's, which may do what ours may not.
BY_OTHERS = (MOUNTED, MOUNTED_ELSEWHERE, LTE_RUNS)
#: The one snippet that leaves the card mounted, for the next one.
STAYS_MOUNTED = (card.MOUNT,)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _write(path: str, data: bytes) -> tuple[str, ...]:
    half, rest = data[:384], data[384:]
    again = (snippets.write_at(384, rest), snippets.write_at(384, rest))
    return (snippets.open_for_writing(path), snippets.write_at(0, half), *again, snippets.CLOSE_WRITTEN)


ABOUT_THE_BOARD = (
    Row(("board.snippets.PLATFORM",), (snippets.PLATFORM,), gives=("FiPy",)),
    Row(("board.snippets.PLATFORM", "board.snippets.UNAME"), (snippets.PLATFORM, snippets.UNAME), on=State(kind="GPy")),
    Row(("board.snippets.UNAME",), (snippets.UNAME,), eras=EVERY_ERA),
    Row(("board.snippets.UNAME",), (snippets.UNAME,), eras=("F",), on=State(pybytes=True)),
    Row(("board.snippets.UNAME",), (snippets.UNAME,), eras=("crashes",), ending=RESTARTS),
    Row(("board.snippets.FEATURES",), (snippets.FEATURES, NAMES_LEFT), eras=EVERY_ERA, rules=("room-left",)),
    Row(
        ("board.snippets.FEATURES",),
        (snippets.FEATURES,),
        on=State(kind="GPy", lte_on_boot=False),
        rules=("room-left",),
    ),
    Row(("board.snippets.FEATURES",), (snippets.FEATURES,), ("F",), State(pybytes=True), ("room-left",)),
    Row(("board.snippets.sim_token",), (snippets.sim_token("abc"),), rules=("only-simulated-boards-know",)),
    Row(("board.unique_id.UNIQUE_ID",), (UNIQUE_ID,), rules=("number-of-its-own",)),
    Row(("board.snippets.RESET",), (snippets.RESET,), ending=RESTARTS),
)

FILES = (
    Row(
        ("board.snippets.listing",),
        tuple(snippets.listing(path) for path in ("/flash", "/flash/lib", "/flash/lib/", "/", "/flash/x", "/sd")),
        on=SCRIPTS,
        rules=("order-of-names",),
    ),
    Row(
        ("board.snippets.stat",),
        tuple(snippets.stat(path) for path in ("/flash/lib/data.bin", "/flash/lib", "/flash", "/", "/flash/none")),
        on=SCRIPTS,
        gives=tuple((value, "1 rows") for value in ([False, len(DATA)], [True, 0], [True, 0], [True, 0])),
    ),
    Row(
        ("board.snippets.read",),
        (snippets.read("/flash/lib/data.bin", 100, 600, 384), snippets.read("/flash/none", 0, 10, 384)),
        on=SCRIPTS,
        gives=((_text(DATA[100:484]), _text(DATA[484:700]), "2 rows"),),
    ),
    Row(
        ("board.snippets.open_for_writing", "board.snippets.write_at", "board.snippets.CLOSE_WRITTEN"),
        (*_write("/flash/lib/new.py", DATA), snippets.sha256("/flash/lib/new.py"), NAMES_LEFT, snippets.CLOSE_WRITTEN),
        gives=((True, "1 rows"), 384, len(DATA) - 384, len(DATA) - 384, True, (DATA_SHA256, len(DATA), "2 rows"), []),
    ),
    Row(
        ("board.snippets.write_at",),
        (
            snippets.open_for_writing("/flash/new.py"),
            snippets.write_at(0, zlib.compress(DATA), packed=True),
            snippets.write_at(1, b"no stream", packed=True),
            snippets.CLOSE_WRITTEN,
            snippets.sha256("/flash/new.py"),
        ),
        gives=((True, "1 rows"), len(DATA), ..., True, (DATA_SHA256, len(DATA), "2 rows")),
    ),
    Row(("board.snippets.open_for_writing",), (snippets.open_for_writing("/flash/new.py"),), on=NO_ZLIB),
    Row(("board.snippets.open_for_writing",), (snippets.open_for_writing("/flash/none/new.py"),)),
    Row(
        ("board.snippets.write_at",),
        (
            snippets.open_for_writing("/flash/new.py"),
            snippets.write_at(0, b"ABCDEF").replace("REVG", "REV"),  # the line swallowed the end
            snippets.write_at(0, b"ABCDEF").replace("QUJD", "QUJQ"),  # or changed a letter
            snippets.write_at(0, b"ABCDEF").replace("(0", "(3"),
            snippets.write_at(0, b""),
            snippets.write_at(0, b"ABC"),
            snippets.CLOSE_WRITTEN,
            snippets.read("/flash/new.py", 0, 10, 384),
            snippets.read("/flash/new.py", 10, 10, 384),
        ),
        gives=((True, "1 rows"), -1, -1, -1, 0, 3, True, ("QUJD", "1 rows"), ("0 rows",)),
    ),
    Row(
        ("board.snippets.guarded",),
        (
            snippets.guarded("print('@@FD 1')\n"),
            snippets.guarded("print('@@FD 1')\n").replace("FD 1", "FD 3"),
            snippets.guarded("print('@@FD 12')\n").replace("FD 12", "FD 21"),
            NAMES_LEFT,
        ),
        gives=(1, (), (), []),
    ),
    Row(
        ("board.snippets.proved",),
        (snippets.proved("say('1')\nsay('[2]')"), NAMES_LEFT),
        gives=((1, [2], "2 rows"), []),
    ),
    Row(
        ("board.snippets.remove", "board.snippets.changing"),
        (snippets.remove("/flash/lib/b.py"), snippets.remove("/flash/lib/b.py"), snippets.listing("/flash/lib")),
        on=SCRIPTS,
        gives=((True, "1 rows"),),
    ),
    Row(
        ("board.snippets.move",),
        (
            snippets.move("/flash/lib/b.py", "/flash/lib/c.py"),
            snippets.move("/flash/main.py", "/flash/lib/c.py"),
            snippets.listing("/flash/lib"),
            snippets.move("/flash/lib/b.py", "/flash/lib/d.py"),
            snippets.move("/flash/lib/c.py", "/flash/none/c.py"),
        ),
        on=SCRIPTS,
        rules=("order-of-names",),
        gives=(("1 rows", True), ("1 rows", False)),
    ),
    Row(
        ("board.snippets.replace",),
        (
            snippets.replace("/flash/lib/b.py", "/flash/main.py", "/flash/second"),
            snippets.read("/flash/main.py", 0, 99, 384),
            snippets.replace("/flash/lib/b.py", "/flash/main.py", "/flash/second"),
            snippets.read("/flash/main.py", 0, 99, 384),
            snippets.listing("/flash/lib"),
            snippets.replace("/flash/main.py", "/flash/free", "/flash/second"),
            snippets.replace("/flash/boot.py", "/flash/none/x", "/flash/second"),
            snippets.stat("/flash/second"),
        ),
        on=SCRIPTS,
        gives=((True, "1 rows"), (_text(b"b = 1\n"), "1 rows"), (), (_text(b"b = 1\n"), "1 rows")),
    ),
    Row(
        ("board.snippets.sha256",),
        (
            snippets.sha256("/flash/lib/data.bin"),
            snippets.sha256("/flash/lib/data.bin", 1500),
            snippets.sha256("/flash/lib/data.bin", 0),
            snippets.sha256("/flash/none"),
        ),
        on=SCRIPTS,
        gives=tuple((hashlib.sha256(DATA[:size]).hexdigest(), len(DATA), "2 rows") for size in (len(DATA), 1500, 0)),
    ),
    Row(
        ("board.snippets.hashes",),
        (snippets.hashes("/flash/lib"), snippets.hashes("/flash/none")),
        on=SCRIPTS,
        rules=("order-of-names",),
    ),
    Row(
        ("board.snippets.make_folder",),
        (
            snippets.make_folder("/flash/lib/a/b"),
            snippets.make_folder("/flash/lib/a/b"),
            snippets.listing("/flash/lib/a"),
            snippets.stat("/flash/lib/a/b"),
        ),
    ),
    Row(
        ("board.snippets.ROOM",),
        (snippets.ROOM,),
        eras=FILE_ERAS,
        on=SCRIPTS,
        rules=("room-left",),
    ),
    Row(
        ("board.snippets.FORMAT_FLASH",),
        (snippets.FORMAT_FLASH, snippets.listing("/flash/lib"), snippets.stat("/flash/lib"), NAMES_LEFT),
        eras=("Z", "A", "C", "C-vfs", "F"),
        on=SCRIPTS,
    ),
    Row(
        ("board.boot_scripts._search",),
        tuple(boot_scripts._search(f"/flash/{name}") for name in ("main.py", "long.py", "none.py")),
        on=State(flash={"long.py": b"#" * 1020 + b"sqnsupgrade.run()\n"}),
        gives=(None, "sqnsupgrade"),
    ),
)

WITHOUT_HASHING = (
    Row(
        ("board.snippets.sha256", "board.snippets.hashes", "board.snippets.card.sha256", "board.snippets.FEATURES"),
        (
            snippets.sha256("/flash/lib/data.bin"),
            snippets.hashes("/flash/lib"),
            snippets.listing("/flash/lib"),
            card.sha256("/sd/x.dup"),
            snippets.FEATURES,
        ),
        on=NO_HASH,
        rules=("room-left",),
    ),
)

NAMES = (
    Row(
        ("board.snippets.listing", "board.snippets.stat", "board.snippets.read", "board.snippets.move"),
        (
            snippets.listing("/flash/lib"),
            snippets.stat(f"/flash/lib/{ODD}"),
            snippets.move(f"/flash/lib/{ODD}", "/flash/lib/\u20ac.py"),
            snippets.read("/flash/lib/\u20ac.py", 0, 10, 384),
            snippets.hashes("/flash/lib"),
            snippets.remove(f"/flash/lib/{ODD}"),
        ),
        on=ODD_NAMES,
    ),
)

CARD = (
    Row(
        ("board.snippets.card.LOOK",),
        (card.LOOK, IS_MOUNTED, NAMES_LEFT),
        eras=FILE_ERAS,
        rules=("room-left", "order-of-names"),
    ),
    Row(
        ("board.snippets.card.LOOK",),
        (MOUNTED, card.LOOK, IS_MOUNTED),
        rules=("room-left", "order-of-names"),
    ),
    Row(("board.snippets.card.LOOK",), (card.LOOK, IS_MOUNTED), on=NO_CARD),
    Row(
        ("board.snippets.card.LOOK",),
        (card.LOOK, IS_MOUNTED),
        eras=FILE_ERAS,
        on=BLANK,
        rules=("room-left",),
    ),
    Row(
        ("board.snippets.card.sha256",),
        (card.sha256("/sd/x.dup"), IS_MOUNTED, card.sha256("/sd/none.dup"), IS_MOUNTED, NAMES_LEFT),
        gives=(DUP_SHA256, ["flash"], ..., ["flash"], []),
    ),
    Row(("board.snippets.card.sha256",), (card.sha256("/sd/x.dup"),), on=NO_CARD),
    Row(
        ("board.snippets.card.head",),
        (card.head("/sd/x.dup", 96), card.head("/sd/lib/a.py", 96), card.head("/sd/no", 1)),
        gives=(([len(DUP), _text(DUP[:96])], "1 rows"), ([5, _text(b"pass\n")], "1 rows")),
    ),
    Row(
        ("board.snippets.card.head",),
        (card.head("/sd/x.dup", 96, 5000), card.head("/sd/x.dup", 96, len(DUP) + 7)),
        gives=(([len(DUP), _text(DUP[5000:5096])], "1 rows"), ([len(DUP), ""], "1 rows")),
    ),
    Row(
        ("board.snippets.card.MOUNT", "board.snippets.card.UNMOUNT"),
        (card.MOUNT, IS_MOUNTED, card.UNMOUNT, IS_MOUNTED),
        eras=FILE_ERAS,
    ),
    Row(
        ("board.snippets.card.MOUNT", "board.snippets.card.UNMOUNT"),
        (MOUNTED, card.MOUNT, card.UNMOUNT, IS_MOUNTED),
    ),
    Row(("board.snippets.card.MOUNT",), (card.MOUNT,), on=NO_CARD),
    Row(
        ("board.snippets.card.LOOK", "board.snippets.card.MOUNT", "board.snippets.card.FORMAT_CARD"),
        (
            MOUNTED_ELSEWHERE,
            card.LOOK,
            card.MOUNT,
            card.UNMOUNT,
            card.FORMAT_CARD,
            card.sha256("/card/x.dup"),
            IS_MOUNTED,
        ),
        rules=("room-left", "order-of-names"),
    ),
    Row(
        ("board.snippets.card.MOUNT", "board.snippets.card.FORMAT_CARD", "board.snippets.card.UNMOUNT"),
        (card.MOUNT, card.MOUNT, card.UNMOUNT, IS_MOUNTED),
    ),
    Row(
        ("board.snippets.card.FORMAT_CARD",),
        (card.FORMAT_CARD, card.LOOK),
        eras=FILE_ERAS,
        rules=("room-left", "raw-sectors"),
    ),
    Row(
        ("board.snippets.card.FORMAT_CARD",),
        (MOUNTED, card.FORMAT_CARD, IS_MOUNTED),
    ),
    Row(("board.snippets.card.FORMAT_CARD",), (card.FORMAT_CARD,), on=NO_CARD),
)

MODEM = (
    *(
        Row(
            tuple(
                f"board.snippets.modem.{name}"
                for name in ("tunnel_open", "tunnel_exchange", "tunnel_set_baud", "TUNNEL_CLOSE")
            ),
            (
                modem.tunnel_open(921_600),
                modem.tunnel_exchange(_text(b"ATE0\r\n"), 0, 0),
                modem.tunnel_exchange("", 1024, 500),
                modem.tunnel_exchange(AT, 1024, 500),
                modem.tunnel_exchange("", 1024, 20),
                modem.tunnel_set_baud(115_200),
                modem.tunnel_exchange(AT, 1024, 100),
                modem.TUNNEL_CLOSE,
                NAMES_LEFT,
            ),
            on=State(kind=kind),
        )
        for kind in ("FiPy", "GPy")
    ),
    Row(
        ("board.snippets.modem.tunnel_open",),
        (modem.tunnel_open(921_600), modem.tunnel_exchange(AT, 1024, 100)),
        on=SILENT,
    ),
    Row(("board.snippets.modem.TUNNEL_RECONNECT",), (modem.TUNNEL_RECONNECT,), eras=EVERY_ERA),
    Row(
        ("board.snippets.modem.TUNNEL_RECONNECT",),
        (modem.TUNNEL_RECONNECT,),
        eras=("E", "F"),
        on=State(lte_on_boot=False),
        ending=RESTARTS,
    ),
    *(
        Row(
            ("board.snippets.modem.JUMPERS_BEGIN", "board.snippets.modem.jumpers_read"),
            (
                modem.JUMPERS_BEGIN,
                modem.jumpers_read("up"),
                modem.jumpers_read("down"),
                Rts(False),
                modem.jumpers_read("up"),
                modem.jumpers_read("down"),
                Cts(),
            ),
            on=State(jumpers=fitted),
        )
        for fitted in (False, True)
    ),
    Row(
        ("board.snippets.modem.JUMPERS_PULSES",),
        (modem.JUMPERS_BEGIN, JUMPERS_PULSES, Cts(), modem.jumpers_read("up")),
        on=State(jumpers=True),
    ),
    Row(("board.snippets.modem.WDT_LATER",), (modem.WDT_LATER % 3_600_000, NAMES_LEFT)),
    Row(
        ("board.snippets.modem.LTE_STARTED", "board.snippets.modem.LTE_NOT_AT_BOOT"),
        (modem.LTE_STARTED, modem.LTE_NOT_AT_BOOT, modem.LTE_STARTED),
        eras=EVERY_ERA,
    ),
    Row(("board.snippets.modem.LTE_TRY",), (modem.LTE_TRY,), eras=("E", "F")),
    Row(("board.snippets.modem.LTE_TRY",), (modem.LTE_TRY,), eras=("E", "F"), on=SILENT),
    Row(
        ("board.snippets.modem.MIRROR",),
        (modem.MIRROR,),
        eras=MIRRORS,
        ending=MIRRORS_NATIVELY,
        then_sends="AT\r\n",
    ),
    Row(
        ("board.snippets.modem.MIRROR", "board.snippets.modem.LTE_TRY"),
        (modem.LTE_TRY, modem.MIRROR),
        eras=("E", "F"),
        on=State(lte_on_boot=False),
        ending=MIRRORS_NATIVELY,
        then_sends="AT\r\n",
    ),
    Row(
        ("board.snippets.modem.MIRROR",),
        (modem.MIRROR,),
        eras=("E", "F"),
        on=SILENT,
        ending=IS_DEAD,
        then_sends="AT\r\n",
    ),
    Row(("board.snippets.modem.MIRROR",), (modem.MIRROR,), eras=("Z", "A")),
    Row(("board.snippets.modem.MIRROR",), (LTE_RUNS, modem.MIRROR), eras=("B1",)),
    *(
        Row(
            ("board.snippets.modem.MIRROR_B1",),
            (*before, modem.MIRROR_B1),
            eras=("B1",),
            ending=MIRRORS_NATIVELY,
            then_sends="AT\r\n",
        )
        for before in ((), (LTE_RUNS,))
    ),
    *(
        Row(
            ("board.line.bridge.bridge",),
            (bridge.bridge(),),
            eras=("Z", "A", "C", "F"),
            on=State(kind=kind),
            ending=BRIDGES,
            then_sends="AT\r\n",
        )
        for kind in ("FiPy", "GPy")
    ),
)

GONE_IDLE = bridge.bridge().replace(str(bridge.IDLE_LIMIT_MIN * 60_000 // bridge.POLL_MS), "5")
BRIDGE_ENDS = (
    Row(("board.line.bridge.bridge",), (GONE_IDLE, snippets.PLATFORM, NAMES_LEFT), eras=("Z", "A", "C", "F")),
)

BUILT_IN = (
    Row(
        ("board.snippets.bootrom.OPEN", "board.snippets.bootrom.piece", "board.snippets.bootrom.CLOSE"),
        (
            bootrom.OPEN,
            bootrom.piece(0, 500, 384),
            bootrom.piece(500, 268, 384),
            bootrom.CLOSE,
            NAMES_LEFT,
        ),
        gives=(
            768,
            (_text(bytes(range(256)) + bytes(range(128))), _text(bytes(range(128, 244))), "2 rows"),
            ...,
            True,
            [],
        ),
        eras=MIRRORS,
    ),
    Row(
        ("board.snippets.bootrom.OPEN", "board.snippets.bootrom.CLOSE"),
        (bootrom.OPEN, bootrom.CLOSE),
        eras=("Z", "A"),
        gives=(None, True),
        on=State(flash={"sqnsbrz.py": b"class bootrom:\n BOOTROM = b'uploaded'\n"}),
    ),
    Row(
        ("board.onboard.Order.code",),
        (
            onboard.Order("/sd/caf\u00e9.dup", image=("caf\u00e9.dup", "full", "CATM1", 1, 0, "x")).code(),
            onboard.Order("/sd/x.dup", method="store", accept=("jumpers-removed",), was=38638).code(),
        ),
        eras=OLD_AND_NEW,
        on=CORE,
    ),
)

GROUPS: dict[str, tuple[Row, ...]] = {
    "about-the-board": ABOUT_THE_BOARD,
    "files": FILES,
    "without-hashing": WITHOUT_HASHING,
    "names": NAMES,
    "card": CARD,
    "modem": MODEM,
    "bridge-ends": BRIDGE_ENDS,
    "built-in": BUILT_IN,
}
ROWS: tuple[Row, ...] = tuple(row for rows in GROUPS.values() for row in rows)
