"""A board at the level of bytes: the REPL of Pycom's releases (board-and-repl.md 3), its code run by CPython.

``os`` and ``open`` reach a folder of the test; the texts of errors are those of the release family.
"""

from __future__ import annotations

import binascii
import contextlib
import hashlib
import io
import json
import sys
import traceback
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.link.wire import Wire

BANNER = b"Pycom MicroPython 1.20.2.r4 [v1.11-ba9d86d] on 2020-12-01; FiPy with ESP32\r\n"
HELP = b'Type "help()" for more information.\r\n'
RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n>"
ROM = b"ets Jun  8 2016 00:22:57\r\n\r\nrst:0x7 (TG0WDT_SYS_RESET),boot:0x17 (SPI_FAST_FLASH_BOOT)\r\n"


def _sha256(data: bytes | str = b"") -> Any:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data)


class OldRepl:
    """A board that sits at its friendly prompt. ``wire.link()`` talks to it.

    runs     code that the raw REPL was given
    program  while set, a program runs and hears the keys
    """

    def __init__(self, flash: Path | None = None, *, release: str = "1.20.2.r4", platform: str = "FiPy") -> None:
        self.wire = Wire(self.hear)
        self.flash = flash
        self.release = release
        self.platform = platform
        self.banner = BANNER
        self.raw = False
        self.paste = False
        self.line = b""
        self.runs: list[str] = []
        self.program: Callable[[bytes], None] | None = None
        self.before_run: Callable[[str], bool] = lambda code: True  # False: swallow the command, answer nothing
        self.names: dict[str, Any] = {}
        self.features: dict[str, Any] = {}

    def hear(self, data: bytes) -> None:
        """What the PC sends."""
        for byte in data:
            if self.program is not None:
                self.program(bytes([byte]))
            elif self.raw:
                self._raw_key(bytes([byte]))
            else:
                self._key(bytes([byte]))

    def _key(self, key: bytes) -> None:
        if self.paste:
            if key == b"\x03":
                self.paste = False
                self.wire.say(b"\r\n>>> ")
            else:
                self.wire.say(b"\r\n=== " if key == b"\r" else key)
        elif key == b"\x01":
            self.raw, self.line = True, b""
            self.wire.say(RAW_BANNER)
        elif key == b"\x02":
            self.wire.say(b"\r\n" + self.banner + HELP + b">>> ")
        elif key in (b"\r", b"\x03"):
            self.wire.say(b"\r\n>>> ")

    def _raw_key(self, key: bytes) -> None:
        if key == b"\x01":
            self.line = b""
            self.wire.say(RAW_BANNER)
        elif key == b"\x02":
            self.raw = False
            self.wire.say(b"\r\n" + self.banner + HELP + b">>> ")
        elif key == b"\x03":
            self.line = b""
        elif key == b"\x04":
            code, self.line = self.line.decode("ascii"), b""
            self.runs.append(code)
            if self.before_run(code):
                printed, error = self.run(code)
                self.wire.say(b"OK" + printed + b"\x04" + error + b"\x04>")
        else:
            self.line += key

    def run(self, code: str) -> tuple[bytes, bytes]:
        """What the code prints, and the traceback."""
        printed = io.StringIO()
        error = ""
        with contextlib.redirect_stdout(printed), self._modules():
            self.names.setdefault("open", lambda path, mode="r": self._real(path).open(mode))
            try:
                exec(code, self.names)
            except Exception as err:
                error = 'Traceback (most recent call last):\r\n  File "<stdin>", line 1\r\n' + self._wording(err)
        return printed.getvalue().replace("\n", "\r\n").encode(), error.encode()

    def _wording(self, err: Exception) -> str:
        if isinstance(err, FileNotFoundError):
            return "OSError: [Errno 2] ENOENT\r\n"
        return traceback.format_exception_only(err)[-1].replace("\n", "\r\n")

    def _real(self, path: str) -> Path:
        assert self.flash is not None
        return self.flash / path.replace("/flash", "", 1).lstrip("/")

    @contextlib.contextmanager
    def _modules(self) -> Iterator[None]:
        fake_os = types.SimpleNamespace(
            listdir=lambda path: sorted(entry.name for entry in self._real(path).iterdir()),
            stat=lambda path: tuple(self._real(path).stat())[:7],
            remove=lambda path: self._real(path).unlink(),
            rename=lambda old, new: self._real(old).rename(self._real(new)),
            ilistdir=None,
            fsformat=None,
            umount=None,
            getfree=lambda path: 3000,
            uname=lambda: types.SimpleNamespace(
                sysname=self.platform,
                release=self.release,
                version="v1.11-ba9d86d on 2020-12-01",
                machine=f"{self.platform} with ESP32",
            ),
        )
        lte = types.SimpleNamespace(modem_upgrade_mode=None, reconnect_uart=None)
        modules: dict[str, Any] = {
            "os": fake_os,
            "sys": types.SimpleNamespace(platform=self.platform),
            "ujson": json,
            "ubinascii": binascii,
            "uhashlib": types.SimpleNamespace(sha256=_sha256),
            "network": types.SimpleNamespace(LTE=lte),
            "machine": types.SimpleNamespace(reset_cause=lambda: 0),
            "pycom": types.SimpleNamespace(lte_modem_en_on_boot=lambda: True),
            **self.features,
        }
        kept = {name: sys.modules.get(name) for name in modules}
        sys.modules.update(modules)
        try:
            yield
        finally:
            for name, module in kept.items():
                if module is None:
                    del sys.modules[name]
                else:
                    sys.modules[name] = module
