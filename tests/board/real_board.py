"""A real MicroPython with a real LittleFS or FAT of 504 kB on an image file, speaking raw REPL on a pty.

What lies in the image is read afterwards by another MicroPython process, which knows nothing of fipy-doctor.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.board.micropython import INTERPRETER, on_a_pty

BOOT = Path(__file__).with_name("real_boot.py")
BANNER = re.compile(rb"MicroPython \S+ on \S+; linux \[[^\r\n]*\] version")  #: the interpreter's own
RELEASES = {"littlefs": "1.20.2.r4", "fat": "1.17.3.b1"}


@dataclass(frozen=True)
class RealBoard:
    """One image. ``kind`` is ``littlefs`` or ``fat``."""

    image: Path
    kind: str

    def fill(self, files: Mapping[str, bytes], folders: tuple[str, ...] = ()) -> None:
        """Format it and put files on it, by path below /flash; folders are made as needed."""
        above = {str(parent) for path in files for parent in Path(path).parents if str(parent) != "."}
        lines = [f"\t/flash/{folder}" for folder in sorted(above | set(folders))]
        lines += [f"/flash/{path}\t{data.hex()}" for path, data in files.items()]
        self._run("fill", "".join(line + "\n" for line in lines))

    def tree(self) -> dict[str, bytes | None]:
        """Every file with its bytes, every folder with None, by path below /flash."""
        found: dict[str, bytes | None] = {}
        for line in self._run("tree").splitlines():
            path, _, content = line.removeprefix("@@TREE /flash/").rpartition(" ")
            if line.endswith("/"):
                found[line.removeprefix("@@TREE /flash/").rstrip("/")] = None
            else:
                found[path] = bytes.fromhex(content)
        return found

    @contextlib.contextmanager
    def switched_on(self, pass_on: Callable[[str, bytes], bytes] = lambda way, data: data) -> Iterator[str]:
        """The board at its prompt; the name of the terminal."""
        words = ("-i", str(BOOT), "boot", str(self.image), self.kind, RELEASES[self.kind])
        banner = f"Pycom MicroPython {RELEASES[self.kind]} [v1.11-ba9d86d] on 2020-12-01; GPy with ESP32"
        held = b""

        def as_gpy(way: str, data: bytes) -> bytes:
            nonlocal held
            if way == "from-board":  # the interpreter writes its banner in pieces
                data, held = held + data, b""
                if b"MicroPython " in data and not BANNER.search(data) and b"raw REPL" not in data:
                    held, data = data, b""
                data = BANNER.sub(banner.encode(), data)
            return pass_on(way, data) if data else b""

        with on_a_pty(*words, pass_on=as_gpy) as name:
            yield name

    def _run(self, what: str, given: str = "") -> str:
        words = [str(INTERPRETER), "-X", "heapsize=64M", str(BOOT), what, str(self.image), self.kind]
        done = subprocess.run(words, input=given, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr
        return done.stdout
