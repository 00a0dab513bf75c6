"""What the program does for whoever has just installed it, however that was done: one story, on simulated boards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from doctor import __version__
from tests.card.images import card
from tests.packaged.building import Place, need, told

IMAGE = "PRACTICE-CATM1-41065.dup"


class Program:
    """The program by the command that starts it, in a folder of its own."""

    def __init__(self, place: Place, start: Sequence[str | Path]) -> None:
        self.place = place
        self.start = start

    def __call__(self, *words: str | Path, code: int = 0) -> str:
        """Both outputs."""
        return self.place.run([*self.start, *words], code)

    def says(self, wanted: str, *words: str | Path, code: int = 0) -> None:
        """Raises Wrong if ``wanted`` is not in its outputs."""
        said = self(*words, code=code)
        need(wanted in said, f"{' '.join(map(str, words))}: {wanted!r} is missing in\n{said[-2000:]}")

    def play(self) -> None:
        """The whole story."""
        told("version", lambda: self.says(f"fipy-doctor {__version__}", "--version"))
        told("check", self._check)
        told("explain, open, checks, schema, cards", self._reads)
        told("two readers of a card", self._two_readers)
        told("flash from the card in the board, and over USB", self._flash)

    def _check(self) -> None:
        document = json.loads(self("check", "--port", "sim://fipy", "--json", "-q"))
        need(len(document["findings"]) == 16, "check does not have all its checks")
        self.says("modem-silent", "check", "--port", "sim://fipy?scenario=modem-silent", code=1)
        self.says("is not a port here", "check", "--port", "nowhere0", code=2)

    def _reads(self) -> None:
        self.says("smswboot-30-failed", "explain", "AT+SMSWBOOT=3,0 failed!")
        self.says("Not one byte comes", "open", "modem-silent")
        self.says("modem-answers", "checks")
        self.says("draft/2020-12", "schema", "check")
        self("cards")
        self.says("--reformat-sd", "fix", "--help")

    def _two_readers(self) -> None:
        """The second reader is a process of its own: in one file without a Python, too."""
        image = card(self.place.folder / "card.img")
        self.says("agrees: 1 file", "check", "--select", "card-is-fat", "--sd", image, "-v")

    def _flash(self) -> None:
        self("sim", "--make-firmware", ".")
        port = "sim://fipy?state=bench"
        self.says("Flashed and proved", "flash", IMAGE, "--port", port, "--yes")
        self.says("nothing to do", "flash", IMAGE, "--port", port, "--yes")
        self.says("Flashed and proved", "flash", IMAGE, "--port", "sim://fipy", "--via", "usb", "--yes")
