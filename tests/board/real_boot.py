# mypy: ignore-errors
# ruff: noqa: PTH102, PTH123, SIM115
"""Runs inside a real MicroPython, not under pytest: /flash as a real LittleFS or FAT on an image file.

argv: ``boot`` IMAGE littlefs|fat RELEASE  mounts it (formats it if the file is new) and puts an ``os`` in place
                                           that has what a Pycom release has; the REPL follows
      ``tree`` IMAGE littlefs|fat          prints every file: its path and content in hexadecimal, a folder with a slash
      ``fill`` IMAGE littlefs|fat          formats the image and makes what standard input lists in the same form
"""

import os
import sys

import vfs

BLOCK_BYTES = 4096
BLOCKS = 126  # 504 kB


class Blocks:
    """A file as a block device, written through at once."""

    def __init__(self, path):
        try:
            self.file = open(path, "r+b")
        except OSError:
            self.file = open(path, "w+b")
            for _ in range(BLOCKS):
                self.file.write(b"\xff" * BLOCK_BYTES)

    def readblocks(self, number, buffer, offset=0):
        self.file.seek(number * BLOCK_BYTES + offset)
        self.file.readinto(buffer)

    def writeblocks(self, number, buffer, offset=None):
        self.file.seek(number * BLOCK_BYTES + (offset or 0))
        self.file.write(buffer)
        self.file.flush()

    def ioctl(self, what, argument):
        if what == 4:
            return BLOCKS
        if what == 5:
            return BLOCK_BYTES
        return 0


KINDS = {"littlefs": vfs.VfsLfs2, "fat": vfs.VfsFat}


def mount(image, kind, anew=False):
    blocks = Blocks(image)
    if anew:
        KINDS[kind].mkfs(blocks)
    try:
        vfs.mount(KINDS[kind](blocks), "/flash")
    except OSError:
        KINDS[kind].mkfs(blocks)
        vfs.mount(KINDS[kind](blocks), "/flash")
    return blocks


def free_kib(path):
    found = os.statvfs(path)
    return found[0] * found[3] // 1024


def tree(path):
    for entry in sorted(os.ilistdir(path)):
        full = path + "/" + entry[0]
        if entry[1] & 0x4000:
            print("@@TREE " + full + "/")
            tree(full)
        else:
            with open(full, "rb") as file:
                print("@@TREE " + full + " " + file.read().hex())


def fill():
    for line in sys.stdin:
        path, _, content = line.rstrip("\n").rpartition("\t")
        if not path:
            os.mkdir(content)
            continue
        with open(path, "wb") as file:
            file.write(bytes.fromhex(content))


Thing = type("module", (object,), {})


def pycom_os(image, kind, release):
    """An ``os`` with the functions of the release (board-and-repl.md 4) over the real file system."""
    new = release >= "1.20"
    made = Thing()
    for name in ("listdir", "stat", "remove", "rename", "mkdir", "rmdir", "chdir", "getcwd", "unlink", "urandom"):
        setattr(made, name, getattr(os, name))
    known = Thing()
    known.sysname = known.nodename = "GPy"
    known.release, known.version, known.machine = release, "v1.11-ba9d86d on 2020-12-01", "GPy with ESP32"
    made.uname = lambda: known
    made.getfree = free_kib
    made.sync = lambda: None

    def format_flash(path):
        if path != "/flash":
            raise OSError(19)
        vfs.umount("/flash")
        mount(image, kind, anew=True)

    if new:
        made.fsformat = format_flash
        made.ilistdir, made.statvfs, made.umount = os.ilistdir, os.statvfs, vfs.umount
    else:
        made.mkfs = format_flash
        made.unmount = vfs.umount
    return made


def stub_modules(image, kind, release):
    """What a board without a card and with a modem that is off has besides."""
    made = pycom_os(image, kind, release)
    sys.modules["os"] = sys.modules["uos"] = made
    board = Thing()
    for name in (
        "stdin",
        "stdout",
        "stderr",
        "modules",
        "path",
        "exit",
        "print_exception",
        "implementation",
        "version",
    ):
        setattr(board, name, getattr(sys, name))
    board.platform = "GPy"
    sys.modules["sys"] = board
    machine, network = Thing(), Thing()
    machine.reset_cause = lambda: 0
    machine.reset = lambda: sys.exit(0)
    machine.unique_id = lambda: b"\x24\x0a\xc4\x00\x01\x02"
    sys.modules["machine"], sys.modules["network"] = machine, network


what, image, kind = sys.argv[1:4]
if what == "tree":
    mount(image, kind)
    tree("/flash")
elif what == "fill":
    mount(image, kind, anew=True)
    fill()
else:
    mount(image, kind)
    stub_modules(image, kind, sys.argv[4])
    os.chdir("/flash")
    sys.path[:] = ["", "/flash", "/flash/lib"]
