"""The way in: ``fipy-doctor`` and ``python -m doctor``.

``--version`` answers from here, so that asking it loads nothing else.
"""

from __future__ import annotations

import sys

FAILED = 1
STOPPED = 130
"""Exit code if Ctrl-C comes before the command line is loaded (``doctor.errors.Exit.STOPPED`` loads more)."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

try:
    from doctor import IS_FIPY_DOCTOR  # noqa: F401
except ImportError as wrong:  # theirs of that name has our place: what lies beside the package in a wheel can say so
    from _fipy_doctor import told

    sys.stderr.write(told(wrong))
    sys.exit(FAILED)

try:
    from doctor.cli import stdio
except KeyboardInterrupt:
    sys.exit(STOPPED)


def main() -> NoReturn:
    """Run the command line and end the program with its exit code: what starts a zip asks for no result."""
    try:
        stdio.make_steady()
        code = _run()
    except KeyboardInterrupt:
        code = STOPPED
    except Exception as err:  # what tells errors is broken itself: a file of ours is missing or damaged
        if "--debug" in sys.argv:
            raise
        sys.stderr.write(
            f"fipy-doctor itself failed: {type(err).__name__}: {err}\n  next:  install fipy-doctor again\n"
        )
        code = FAILED
    try:  # noqa: SIM105 - contextlib is more to load than all of this
        stdio.tell_what_was_lost()
    except KeyboardInterrupt:
        pass
    sys.exit(code)


def _stop_like_ctrl_c() -> None:
    """Signals that would kill the program end it with the code of Ctrl-C while the command line is loaded, too.

    Then ``doctor.cli.signals`` takes them over.
    """
    import signal

    for number in (getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP", "SIGBREAK")):
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def _run() -> int:
    if sys.argv[1:] in (["--version"], ["-V"]):
        from doctor import __version__

        print(f"fipy-doctor {__version__}")
        return 0
    _stop_like_ctrl_c()
    from doctor.cli.main import run

    return run(sys.argv[1:], for_good=True)


if __name__ == "__main__":
    main()
