"""Which system this computer runs: whoever does one thing on Windows and another elsewhere asks here.

A test says another system by setting ``SYSTEM``; ``sys.platform`` and ``os.name`` stay, since the library goes by them.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

SYSTEM: str = sys.platform
O_BINARY: int = getattr(os, "O_BINARY", 0)  #: Windows turns line ends into others without it


def is_windows() -> bool:
    """Whether it is Windows."""
    return SYSTEM == "win32"


def is_mac() -> bool:
    """Whether it is macOS."""
    return SYSTEM == "darwin"


def is_linux() -> bool:
    """Whether it is Linux."""
    return SYSTEM.startswith("linux")


def kernel32() -> Any:
    """The calls of Windows' kernel, which ``ctypes`` has there only."""
    import ctypes

    return getattr(ctypes, "windll").kernel32  # noqa: B009


def ntdll() -> Any:
    """The calls below those of Windows' kernel."""
    import ctypes

    return getattr(ctypes, "windll").ntdll  # noqa: B009


def winreg() -> Any:
    """The module of Windows' registry, which Python has there only."""
    return importlib.import_module("winreg")


def msvcrt() -> Any:
    """The module of Windows' C library, which Python has there only."""
    return importlib.import_module("msvcrt")


def powershell(script: str) -> tuple[str, ...]:
    """Words that have Windows' own PowerShell run ``script``, one pipeline; ``said_by_powershell`` reads the answer.

    Its own modules only: started from PowerShell 7 it would look among those of 7, and load none (PowerShell #27774).
    UTF-8 as base64: letters come in the code page of the console, which is the user's, and need not be there at all.
    """
    said = f"[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes([string]({script})))"
    script = f"$env:PSModulePath = $PSHOME + '\\Modules'; {said}"
    return ("powershell.exe", "-NoProfile", "-NonInteractive", "-Command", script)


def said_by_powershell(output: bytes) -> bytes:
    """What the script gave, as UTF-8. Raises ValueError for what no such run printed."""
    import base64

    return base64.b64decode(output)
