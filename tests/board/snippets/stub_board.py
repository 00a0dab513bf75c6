# mypy: ignore-errors
# ruff: noqa: RUF005, UP031
"""Runs inside a real MicroPython, not under pytest: a FiPy or GPy as board-and-repl.md describes one.

Stubs of machine, network, pycom, os, sys, utime and micropython, written from the reference alone,
never from doctor/sim. argv: a JSON file with jobs of three_ways.py; each job is a board of its own,
given pieces of code as its REPL would run them. Prints what they print between lines that start with @@JOB and @@END.
"""

import binascii
import builtins
import io
import json
import sys

import deflate

STAGES = {"b": 0, "rc": 1, "r": 2}
REFUSED = "the requested operation failed"
IMPOSSIBLE = "the requested operation is not possible"
EPERM, ENOENT, EACCES, EEXIST, ENODEV, EINVAL = 1, 2, 13, 17, 19, 22
IDLE_POLLS = 60  # of a bridge that nobody feeds, before it counts as one that stays
really_open = open
really_import = builtins.__import__
REAL_MODULES = ("ujson", "ubinascii", "uhashlib", "ustruct", "gc")


class Gone(BaseException):
    """The board is not at a prompt any more; args: reset, mirror, dead, hung or bridge."""


Thing = type("module", (object,), {})  # something with attributes; its name is in the text of AttributeError


def unpack(data):
    """uzlib.decompress of MicroPython up to 1.11, by its successor."""
    try:
        return deflate.DeflateIO(io.BytesIO(data), deflate.ZLIB).read()
    except OSError:
        raise ValueError(-3) from None


def release_of(text):
    """Sorts releases (board-and-repl.md 1)."""
    parts = text.split(".")
    last = parts[3] if len(parts) > 3 else "r0"
    letters = "".join([c for c in last if not c.isdigit()])
    return (int(parts[0]), int(parts[1]), int(parts[2]), STAGES[letters], int(last[len(letters) :]))


class Era:
    """What a release does: board-and-repl.md 1, 2.1, 3.3, 4, 5.2, 5.4."""

    def __init__(self, release):
        self.key = release_of(release)
        self.vfs = self.since("1.20.0.rc0")
        rc = self.vfs and not self.since("1.20.0.r0")
        self.lte_talks = self.since("1.17.0.b1")
        self.mirrors = self.since("1.18.1")
        self.reconnects = self.since("1.18.1.r5")
        self.refuses_initialised = self.mirrors and not self.reconnects  # B1
        raises = self.since("1.20.0.rc11") if rc else self.since("1.18.2.r7")
        self.hangs = self.lte_talks and not raises
        self.names_state = self.since("1.20.2.rc7")
        self.lazy = self.since("1.20.2.r2")
        self.finds_recovery = self.since("1.20.2.r3")
        self.frozen = self.since("1.18.1")
        self.kbd_intr = self.since("1.18.2")

    def since(self, release):
        return self.key >= release_of(release)


class Volume:
    """Files by path without a first slash; folders have None. dirs exist from the start."""

    def __init__(self, files, dirs=(), fat=True):
        self.fat = fat
        self.items = [[name, None] for name in dirs]
        for name, data in files:
            self.add_parents(name)
            self.items.append([name, bytearray(data)])

    def add_parents(self, name):
        parts = name.split("/")[:-1]
        for n in range(len(parts)):
            folder = "/".join(parts[: n + 1])
            if self.find(folder) is None:
                self.items.append([folder, None])

    def find(self, name):
        for item in self.items:
            if item[0] == name:
                return item
        return None

    def inside(self, name):
        head = name + "/" if name else ""
        return [i[0][len(head) :] for i in self.items if i[0].startswith(head) and "/" not in i[0][len(head) :]]


class File:
    """What open() gives."""

    def __init__(self, item, mode):
        self.item, self.mode, self.at, self.closed = item, mode, 0, False
        if "w" in mode:
            item[1] = bytearray()

    def read(self, count=-1):
        self.check()
        data = bytes(self.item[1])
        end = len(data) if count < 0 else self.at + count
        got = data[self.at : end]
        self.at += len(got)
        return got if "b" in self.mode else got.decode()

    def readinto(self, buffer):
        got = self.read(len(buffer))
        buffer[: len(got)] = got
        return len(got)

    def write(self, data):
        self.check()
        content = self.item[1]
        self.item[1] = content[: self.at] + bytearray(data) + content[self.at + len(data) :]
        self.at += len(data)
        return len(data)

    def seek(self, offset, whence=0):
        self.at = offset
        return offset

    def check(self):
        if self.closed:
            raise OSError(EINVAL)

    def close(self):
        self.closed = True


class Board:
    """One life of one board in the state that a job describes."""

    def __init__(self, state):
        self.state = state
        self.era = Era(state["release"])
        self.kind = state["kind"]
        self.flash = Volume(unpacked(state["flash"]), ("sys", "lib", "cert"))
        self.card = None
        if state["card"] is not None:
            self.card = Volume(unpacked(state["card"]), fat=state["card_layout"] != "blank")
        self.mounts = [["flash", self.flash]]
        self.cwd = "/flash"
        self.console = True
        self.rts = state["rts"]
        self.lte_on_boot = state["lte_on_boot"]
        self.lte_ready = self.lte_tried = False
        self.pins = {}
        self.modem_says, self.modem_echoes, self.modem_woken = bytearray(), True, False
        self.pc_sends, self.pc_hears = bytearray(), bytearray()
        self.idle = 0
        self.did = []  # what was done to the hardware, for the rules of test_snippets_do_no_harm.py
        self.modules = {}
        self.space = {"__name__": "__main__"}
        self.install()

    # -- modules -----------------------------------------------------------------------------------------------

    def install(self):
        machine, network, pycom = Thing(), Thing(), Thing()
        self.sys = Thing()
        self.sys.platform, self.sys.path, self.sys.modules = self.kind, ["", "/flash", "/flash/lib"], self.modules
        machine.Pin, machine.UART, machine.SD = make_pin(self), make_uart(self), make_sd(self)
        machine.WDT = make_wdt(self)
        machine.reset = lambda: gone("reset")
        machine.reset_cause = lambda: 0  # the first of board-and-repl.md 3.4: powered on
        machine.unique_id = lambda: b"\x24\x0a\xc4\x00\x00\x01"
        network.LTE = make_lte(self)
        if self.era.mirrors:
            pycom.lte_modem_en_on_boot = self.lte_setting
        if self.state["pybytes"]:
            pycom.pybytes_on_boot = lambda: True
        time, micropython, uzlib = Thing(), Thing(), Thing()
        uzlib.decompress = unpack
        time.sleep_ms = self.sleep_ms
        if self.era.kbd_intr:
            micropython.kbd_intr = lambda *keys: self.did.append(("kbd_intr",) + keys)
        self.built_in = {
            "machine": machine,
            "network": network,
            "pycom": pycom,
            "os": make_os(self),
            "sys": self.sys,
            "utime": time,
            "uzlib": uzlib,
            "micropython": micropython,
        }
        self.frozen = {}
        if self.era.frozen:
            rom = repr(binascii.a2b_base64(self.state["bootrom"]))
            self.frozen = {"sqnsupgrade": "", "sqnsbrz": "class bootrom:\n BOOTROM = " + rom + "\n"}

    def import_(self, name, g=None, l=None, wanted=None, level=0):  # noqa: E741
        """board-and-repl.md 2.3: built in, then by sys.path; '' finds frozen modules."""
        if name in self.modules:
            return self.modules[name]
        if name in self.state["lacks"]:
            raise ImportError("no module named '%s'" % name)
        if name in self.built_in:
            return self.built_in[name]
        if name in REAL_MODULES:
            return really_import(name)
        for folder in self.sys.path:
            source = self.frozen.get(name) if folder == "" else None
            if source is None:
                source = self.source_of((folder or self.cwd) + "/" + name)
            if source is not None:
                return self.load(name, source)
        raise ImportError("no module named '%s'" % name)

    def source_of(self, stem):
        for path in (stem + "/__init__.py", stem + ".py"):
            volume, inner = self.locate(path)
            item = volume and volume.find(inner)
            if item:
                return bytes(item[1]).decode()
        return None

    def load(self, name, source):
        space = {"__name__": name}
        exec(source, space)
        made = Thing()
        for key in space:
            setattr(made, key, space[key])
        self.modules[name] = made
        return made

    def sleep_ms(self, ms):
        self.watch_bridge(ms and not self.console)

    def lte_setting(self, value=None):
        if value is None:
            return self.lte_on_boot
        self.lte_on_boot = bool(value)
        return None

    # -- paths -------------------------------------------------------------------------------------------------

    def absolute(self, path):
        parts = []
        for part in (path if path.startswith("/") else self.cwd + "/" + path).split("/"):
            if part == "..":
                parts = parts[:-1]
            elif part and part != ".":
                parts.append(part)
        return parts

    def locate(self, path):
        """(volume, path in it); (None, '') if nothing is mounted there, the root's volume is False."""
        parts = self.absolute(path)
        if not parts:
            return False, ""
        for name, volume in self.mounts:
            if name == parts[0]:
                return volume, "/".join(parts[1:])
        return None, ""

    def open(self, path, mode="r"):
        volume, inner = self.locate(path)
        if not volume:
            raise OSError(ENOENT)
        if not volume.fat:
            raise OSError(ENODEV)
        item = volume.find(inner)
        if item is None and "w" in mode and (not self.parent(inner) or volume.find(self.parent(inner))):
            item = [inner, bytearray()]
            volume.items.append(item)
        if item is None or item[1] is None:
            raise OSError(ENOENT)
        return File(item, mode)

    @staticmethod
    def parent(inner):
        return inner[: inner.rfind("/")] if "/" in inner else ""

    # -- the modem and the wires -------------------------------------------------------------------------------

    def modem_hears(self, data, baud):
        """An application at 921600 (board-and-repl.md 5.1): echo on, first AT an ERROR (modem-protocol.md 2.1)."""
        if baud != 921600 or self.state["modem"] != "answers":
            return
        if self.modem_echoes:
            self.modem_says += data
        for line in bytes(data).split(b"\r\n")[:-1]:
            spoiled = line == b"AT" and not self.modem_woken
            self.modem_woken = True
            self.modem_echoes = self.modem_echoes and line != b"ATE0"
            self.modem_says += b"\r\nERROR\r\n" if spoiled else b"\r\nOK\r\n"

    def watch_bridge(self, idle):
        self.idle = self.idle + 1 if idle else 0
        if self.idle > IDLE_POLLS:
            raise Gone("bridge")


def gone(how):
    raise Gone(how)


def unpacked(files):
    return [(name, binascii.a2b_base64(text)) for name, text in files]


def make_os(board):
    """board-and-repl.md 4: functions and error texts by release."""
    era, o = board.era, Thing()

    def fail(old, errno):
        raise OSError(errno if era.vfs or old is None else old)

    def listdir(path=""):
        volume, inner = board.locate(path)
        if volume is False:
            return [name for name, _ in board.mounts]
        if volume is not None and not volume.fat:
            raise OSError(ENODEV)
        item = volume and inner and volume.find(inner)
        if volume is None or (inner and (item is None or item[1] is not None)):
            fail("no such file or directory: '%s'" % path, ENOENT)
        return volume.inside(inner.rstrip("/"))

    def stat(path):
        volume, inner = board.locate(path)
        item = None
        if volume and inner:
            item = volume.find(inner)
            if item is None:
                raise OSError(ENOENT)
        elif volume is None:
            raise OSError(ENOENT)
        if item is None or item[1] is None:
            return (0x4000, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        return (0x8000, 0, 0, 0, 0, 0, len(item[1]), 0, 0, 0)

    def chdir(path):
        stat(path)
        board.cwd = "/" + "/".join(board.absolute(path))

    def remove(path):
        volume, inner = board.locate(path)
        item = volume and volume.find(inner)
        if not item:
            fail("error removing file '%s'" % path, ENOENT)
        if item[1] is None and volume.inside(inner):
            fail("error removing file '%s'" % path, EACCES)
        volume.items.remove(item)

    def rename(old, new):
        volume, inner = board.locate(old)
        other, new_inner = board.locate(new)
        item = volume and volume.find(inner)
        homeless = board.parent(new_inner) and not (other and other.find(board.parent(new_inner)))
        if not item or other is not volume or homeless:
            fail("error renaming file '%s' to '%s'" % (old, new), ENOENT)
        if volume.find(new_inner):
            fail("error renaming file '%s' to '%s'" % (old, new), EEXIST)
        item[0] = new_inner

    def mkdir(path):
        volume, inner = board.locate(path)
        if not volume or not inner or volume.find(inner):
            fail("file exists: '%s'" % path, EEXIST)
        if board.parent(inner) and volume.find(board.parent(inner)) is None:
            fail("error creating directory '%s'" % path, ENOENT)
        volume.items.append([inner, None])

    def mount(sd, path):
        name = path.strip("/")
        if not path.startswith("/") or "/" in name:
            fail("invalid mount point %s" % path, EPERM)
        if [n for n, v in board.mounts if n == name or v is board.card]:
            fail(IMPOSSIBLE, EPERM)
        if not board.card.fat and not era.vfs:
            raise OSError(REFUSED)
        board.did.append(("mount", path))
        board.mounts.append([name, board.card])

    def unmount(path):
        name = path.strip("/")
        found = [m for m in board.mounts if m[0] == name]
        if not found or name == "flash":
            fail(IMPOSSIBLE, EINVAL)
        board.did.append(("unmount", path))
        board.mounts.remove(found[0])

    def clean(volume, dirs):
        volume.items, volume.fat = [[name, None] for name in dirs], True
        if dirs:
            volume.items += [["boot.py", bytearray()], ["main.py", bytearray()]]  # made again with the mount

    def mkfs(what):
        if isinstance(what, str):
            if not what.startswith("/"):
                raise OSError("%s is not an absolute path" % what)
            clean(board.flash, ("sys", "lib", "cert"))
        else:
            clean(board.card, ())

    def fsformat(path):
        if path == "/":
            raise OSError("Cannot format root dir")
        found = [v for n, v in board.mounts if n == path.strip("/")]
        if not found:
            raise OSError("please specify correct fs mount path")
        clean(found[0], ("sys", "lib", "cert") if found[0] is board.flash else ())

    def getfree(path):
        volume = board.locate(path)[0]
        if not volume:
            fail("no such file or directory: '%s'" % path, ENODEV)
        return 3900 if volume is board.flash else 90000

    def statvfs(path):
        blocks = getfree(path) // 4
        return (4096, 4096, blocks + 8, blocks, blocks, 0, 0, 0, 0, 255)

    def ilistdir(path=""):
        sized = era.since("1.20.1")
        for name in listdir(path):
            found = stat((path or board.cwd).rstrip("/") + "/" + name)
            yield (name, found[0], 0, found[6]) if sized else (name, found[0], 0)

    def dupterm(*stream):
        board.console = bool(stream) and stream[0] is not None
        board.did.append(("dupterm", board.console))

    o.listdir, o.stat, o.chdir, o.remove, o.rename, o.mkdir = listdir, stat, chdir, remove, rename, mkdir
    o.getcwd = lambda: board.cwd
    o.mount, o.getfree, o.dupterm, o.uname = mount, getfree, dupterm, lambda: uname(board)
    if era.vfs:
        o.umount, o.fsformat, o.statvfs, o.ilistdir, o.mkfat = unmount, fsformat, statvfs, ilistdir, lambda sd: sd
    else:
        o.unmount, o.mkfs = unmount, mkfs
    return o


def uname(board):
    """board-and-repl.md 2.1."""
    if board.kind == "FiPy" and board.state["release"] == "1.12.0.b1":
        raise Gone("reset")
    u = Thing()
    u.sysname = u.nodename = board.kind
    u.release, u.version, u.machine = board.state["release"], board.state["version"], board.kind + " with ESP32"
    if board.state["pybytes"]:
        u.pybytes = board.state["pybytes"]
    return u


def make_wdt(board):
    """board-and-repl.md 3.5: made again, it has another time."""

    class WDT:
        def __init__(self, id=0, timeout=5000):
            board.did.append(("WDT", timeout))

    return WDT


def make_sd(board):
    """board-and-repl.md 4: SD() wakes the card up; blocks can be read when the layer of 1.20 needs it."""

    class SD:
        def __init__(self, number=0):
            if number:
                raise OSError("resource not available")
            if board.card is None:
                raise OSError(REFUSED)
            board.did.append(("SD",))

        def deinit(self):
            board.did.append(("SD.deinit",))

    def readblocks(self, number, buffer):
        sector = board.state["sectors"].get(str(number))
        buffer[:] = binascii.a2b_base64(sector) if sector else bytes(len(buffer))

    if board.era.vfs:
        SD.readblocks = readblocks
    return SD


def make_pin(board):
    """board-and-repl.md 6.2, 6.3, Expansion Board 3: a fitted jumper puts the PC's RTS on P19, asserted = low."""
    names = ["P%d" % n for n in range(24)] + (["P98", "P99"] if board.kind == "GPy" else [])

    class Pin:
        IN, OUT, OPEN_DRAIN, PULL_UP, PULL_DOWN = 0, 1, 2, 10, 11

        def __init__(self, name, mode=0, pull=None, value=None):
            if name not in names:
                raise ValueError("invalid argument(s) value")
            self.name = name
            board.did.append(("Pin", name, ("in", "out", "open-drain")[mode], value))
            old = board.pins.get(name, (0, None, 1))
            board.pins[name] = (mode, pull, old[2] if value is None else value)

        def value(self, *level):
            mode, pull, held = board.pins[self.name]
            if level:
                board.did.append(("Pin", self.name, "level", level[0]))
                board.pins[self.name] = (mode, pull, level[0])
                return None
            if mode == Pin.OUT or (mode == Pin.OPEN_DRAIN and not held):
                return held
            if self.name == "P19" and board.state["jumpers"]:
                return 0 if board.rts else 1
            return 0 if pull == Pin.PULL_DOWN else 1

        def __call__(self, *level):
            return self.value(*level)

    return Pin


def pc_cts(board):
    """board-and-repl.md 6.3, phase B: with the other jumper, a low P20 asserts the PC's CTS."""
    mode, _, held = board.pins.get("P20", (0, None, 1))
    return bool(board.state["jumpers"]) and mode in (1, 2) and not held


def make_uart(board):
    """board-and-repl.md 5.1: UART(1) with the board's four pins is the modem, UART(0) the PC, 2 is taken."""
    pins_of_modem = {"FiPy": ("P20", "P18", "P19", "P17"), "GPy": ("P5", "P98", "P7", "P99")}[board.kind]

    class UART:
        def __init__(self, number, baudrate=9600, bits=8, parity=None, stop=1, timeout_chars=2, pins=None):
            if number not in (0, 1):
                raise OSError("resource not available")
            self.number, self.baud, self.live = number, baudrate, True
            board.did.append(("UART", number, baudrate, pins))
            self.on_modem = number == 1 and tuple(pins or ()) == pins_of_modem
            if number == 1:
                board.modem_says = bytearray()

        def waiting(self):
            if not self.live:
                raise OSError(IMPOSSIBLE)
            if self.number == 0:
                return board.pc_sends
            return board.modem_says if self.on_modem else bytearray()

        def any(self):
            return len(self.waiting())

        def read(self, count=None):
            source = self.waiting()
            got = bytes(source[: len(source) if count is None else count])
            if self.number == 0:
                board.pc_sends = board.pc_sends[len(got) :]
            else:
                board.modem_says = board.modem_says[len(got) :]
            return got or None

        def write(self, data):
            self.waiting()
            if self.number == 0:
                board.pc_hears += data
            elif self.on_modem:
                board.modem_hears(data, self.baud)
            return len(data)

        def deinit(self):
            board.did.append(("UART.deinit", self.number))
            self.live = False

    return UART


def make_lte(board):
    """board-and-repl.md 5.2 and 5.4."""
    era = board.era

    class LTE:
        def __init__(self, id=0):
            if not era.lte_talks or board.lte_ready:
                return
            board.lte_tried = True
            board.did.append(("LTE",))
            if board.state["modem"] == "answers":
                board.lte_ready = board.modem_woken = True
                board.modem_echoes = False
                return
            if era.hangs:
                raise Gone("hung")
            if not era.names_state:
                raise OSError("Couldn't connect to Modem!")
            begun = "Couldn't start connection to" if era.finds_recovery else "Couldn't connect to"
            raise OSError(begun + " Modem (modem_state=disconnected)")

        def deinit(self, detach=True, reset=False):
            board.lte_ready = False

    def has_task():
        return not era.lazy or board.lte_tried or board.lte_on_boot

    def modem_upgrade_mode():
        if era.refuses_initialised and board.lte_ready:
            raise OSError("Modem not disabled")
        if not has_task():
            raise Gone("dead")
        board.modem_hears(bytes(board.pc_sends), 921600)
        board.pc_hears += board.modem_says
        raise Gone("mirror")

    def reconnect_uart():
        if not has_task():
            raise Gone("reset")  # a panic, then the boot text

    if era.mirrors:
        LTE.modem_upgrade_mode = staticmethod(modem_upgrade_mode)
    if era.reconnects:
        LTE.reconnect_uart = staticmethod(reconnect_uart)
    return LTE


def run_job(job):
    """Carry out one job; its pieces are code, or what a hand does at the PC."""
    board = Board(job["state"])
    board.pc_sends += job["then_sends"].encode()
    for number, piece in enumerate(job["pieces"]):
        error = ending = cts = None
        board.did = []
        print("@@JOB", job["id"], number)
        if "rts" in piece:
            board.rts = piece["rts"]
        elif "cts" in piece:
            cts = pc_cts(board)
        else:
            builtins.open, builtins.__import__ = board.open, board.import_
            try:
                exec(piece["code"], board.space)
            except Gone as how:
                ending = how.args[0]
            except Exception as err:
                error = "%s: %s" % (type(err).__name__, err)
            finally:
                builtins.open, builtins.__import__ = really_open, really_import
        said = {"error": error, "ending": ending, "came": bytes(board.pc_hears).decode(), "cts": cts}
        said["by_hand"] = "code" not in piece
        said["did"] = board.did
        print("\n@@END", json.dumps(said))
        if ending:
            break


with really_open(sys.argv[1]) as jobs:
    todo = json.load(jobs)
for one in todo:
    run_job(one)
