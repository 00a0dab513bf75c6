"""The program as one file: built by PyInstaller out of the wheel, and tried with no Python to be found."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tests.packaged.building import ROOT, Place, Words, need, told
from tests.packaged.program import Program

PYINSTALLER = "pyinstaller>=6.10,<7"
SPEC = ROOT / "docs" / "_build" / "one_file.spec"
DIST = ROOT / "dist"
#: Of the system, that the program starts: for cards, for who holds a port, against sleep.
TOOLS = ("lsblk", "umount", "diskutil", "mount", "lsof", "systemd-inhibit", "caffeinate")
NAME = "fipy-doctor.exe" if os.name == "nt" else "fipy-doctor"


def try_one_file(folder: Path, given: Path | None) -> None:
    """Try ``given``, or build it into dist/ first. Raises Wrong at the first thing that is not right."""
    place = Place(folder)
    if given is None:
        told("built by PyInstaller", lambda: build(place))
    alone = folder / NAME
    shutil.copy2(given or DIST / NAME, alone)
    place.environ["PATH"] = path_without_python(folder / "tools")
    need(shutil.which("python3", path=place.environ["PATH"]) is None, "a Python is on its path")
    Program(place, [alone]).play()
    print(f"  {given or DIST / NAME}: {alone.stat().st_size / 1e6:.1f} MB")


def path_without_python(folder: Path) -> str:
    """A folder for PATH with the tools of this system that the program starts, and no Python."""
    if os.name == "nt":
        return str(Path(os.environ["SYSTEMROOT"]) / "System32")
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        if found is not None:
            (folder / tool).symlink_to(found)
    return str(folder)


def build(place: Place) -> None:
    """Put the wheel and PyInstaller into a venv, and the file into dist/."""
    place.run([sys.executable, "-m", "build", "--wheel", "--outdir", place.folder, ROOT])
    programs = place.venv("venv", *place.folder.glob("*.whl"), PYINSTALLER)
    pyinstaller: Words = [programs / "python", "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR"]
    place.run([*pyinstaller, "--distpath", DIST, "--workpath", place.folder / "work", SPEC])
