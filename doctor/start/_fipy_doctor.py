"""The way in of the command ``fipy-doctor``, in a wheel beside the package ``doctor`` and not in it.

Another package of the name ``doctor`` is on PyPI. Whoever installs it beside us has its files in the place of ours, and
what stood in ours could not say so.
"""

import sys

_MIXED = """\
fipy-doctor: the package doctor{place} is not its own, or not whole, so nothing is examined and nothing is sent
  cause: {cause} ({why})
  next:  {step}
"""
_BESIDE = (
    "another package called doctor was installed beside it",
    "install fipy-doctor alone, with pipx; or run pip uninstall doctor, and install fipy-doctor again",
)
_IN_FRONT = (
    "it is found before the one that was installed",
    "take its folder out of PYTHONPATH, or work in another folder; fipy-doctor finds its own then",
)
FAILED = 1
STOPPED = 130


def main() -> None:
    """Run the command line, if the package ``doctor`` is ours; else say so and end with 1."""
    try:
        from doctor import IS_FIPY_DOCTOR  # noqa: F401
        from doctor.__main__ import main as run
    except KeyboardInterrupt:
        sys.exit(STOPPED)
    except BaseException as err:  # whatever somebody else's package does while it is imported
        sys.stderr.write(told(err))
        sys.exit(FAILED)
    run()


def told(err: BaseException) -> str:
    """What is said if the package ``doctor`` is not ours, as ``err`` shows: three lines."""
    from pathlib import Path

    place = _place()
    ours = Path(__file__).resolve().parent
    is_in_front = (ours / "doctor" / "own_process.py").exists() and Path(place).resolve().parent != ours
    cause, step = _IN_FRONT if place and is_in_front else _BESIDE
    where = f" in {place}" if place else ""
    return _MIXED.format(place=where, cause=cause, why=f"{type(err).__name__}: {err}", step=step)


def _place() -> str:
    """The folder, or the file, that Python takes for the package; empty if it finds none."""
    from importlib.util import find_spec

    try:
        found = find_spec("doctor")
    except (ImportError, ValueError):
        found = None
    if found is None:
        return ""
    return str(next(iter(found.submodule_search_locations or ()), found.origin or ""))
