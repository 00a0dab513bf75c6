"""The log on the card: written before the transfer and after it, never while the card is being read from."""

from .board_console import Console  # noqa: F401
from .board_hw import module
from .flow import Outcome  # noqa: F401

try:
    from typing import List  # noqa: F401

    from .events import Data  # noqa: F401
except ImportError:  # MicroPython
    pass

NAME = "fipyup.log"
#: A longer log is begun again.
MAX_BYTES = 65536
_SIZE = 6


class Log(object):
    """``fipyup.log`` in the root of the volume that ``path`` lies on. A card that takes no log stops nothing."""

    def __init__(self, path, console):
        # type: (str, Console) -> None
        self.path = "/" + path.strip("/").split("/")[0] + "/" + NAME
        self._console = console

    def before(self, facts, shield):
        # type: (Data, str) -> None
        """What is going to happen."""
        names = sorted(facts)
        self._add(["---- begin", "keys: " + shield] + ["%s: %s" % (name, facts[name]) for name in names])

    def after(self, outcome):
        # type: (Outcome) -> None
        """What came of it."""
        lines = [
            "sent: %d" % outcome.sent_bytes,
            "modem: %s, %s" % (outcome.mode, outcome.result_word or "no result"),
            "versions: " + ", ".join(outcome.version_lines[:2]),
            "proved: %s" % outcome.proved,
        ]
        if outcome.error is not None:
            lines.append("error: %s: %s" % outcome.error)
        self._add(lines + ["---- end"])

    def _add(self, lines):
        # type: (List[str]) -> None
        try:
            try:
                mode = "a" if module("os").stat(self.path)[_SIZE] < MAX_BYTES else "w"
            except OSError:
                mode = "w"
            stream = open(self.path, mode)
            try:
                stream.write("\n".join(lines) + "\n")
            finally:
                stream.close()
        except OSError as err:
            self._console.tell("note", {"text": "no log on the card: %s" % err})
