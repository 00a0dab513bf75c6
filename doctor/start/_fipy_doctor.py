"""The way in of the command ``fipy-doctor``, in a wheel beside the package ``doctor`` and not in it.

Another package of the name ``doctor`` is on PyPI. Whoever installs it beside us has its files in the place of ours, and
what stood in ours could not say so.
"""

import sys

_MIXED = """\
fipy-doctor: the package doctor{place} is not its own, or not whole, so nothing is examined and nothing is sent
  cause: another package called doctor was installed beside it ({why})
  next:  install fipy-doctor alone, with pipx; or run pip uninstall doctor, and install fipy-doctor again
"""
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
        sys.stderr.write(_MIXED.format(place=_place(), why=f"{type(err).__name__}: {err}"))
        sys.exit(FAILED)
    run()


def _place() -> str:
    from importlib.util import find_spec

    try:
        found = find_spec("doctor")
    except (ImportError, ValueError):
        found = None
    places = list(found.submodule_search_locations or ()) if found is not None else []
    return f" in {places[0]}" if places else ""
