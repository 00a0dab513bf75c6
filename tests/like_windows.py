"""``python like_windows.py WORDS``: runs fipy-doctor in a Python that lacks what Python lacks on Windows.

What only POSIX has goes from ``os`` and ``signal``, and its modules cannot be imported. pySerial is loaded before, and
``os.getuid`` stays for platformdirs: both go by the system that Python was built for.
"""

from __future__ import annotations

import os
import signal
import sys

import serial.serialposix  # noqa: F401
from serial.tools import list_ports  # noqa: F401

LACKING_MODULES = ("fcntl", "termios", "tty", "pty", "pwd", "grp", "resource", "syslog", "curses", "readline")
LACKING = {
    os: (
        "chown fchown lchown fchmod geteuid getegid getgid getgroups getgrouplist getpgid killpg setsid mkfifo mknod "
        "openpty ttyname pread pwrite major minor uname getloadavg set_blocking posix_fallocate nice "
        "O_NOFOLLOW O_NONBLOCK O_CLOEXEC O_DIRECTORY O_NOCTTY O_SYNC SEEK_HOLE SEEK_DATA"
    ),
    signal: "SIGHUP SIGALRM SIGKILL SIGUSR1 SIGPIPE SIGQUIT SIGTSTP SIGWINCH pthread_sigmask setitimer alarm sigwait",
}


def main() -> None:
    import pytest

    from tests.another_system import Windows

    for module, names in LACKING.items():
        for name in names.split():
            delattr(module, name)
    for name in LACKING_MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    Windows.installed(pytest.MonkeyPatch())
    from doctor.__main__ import main as run

    run()


if __name__ == "__main__":
    main()
