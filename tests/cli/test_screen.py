"""What a person reads, whole, at 80 columns."""

from __future__ import annotations

import pytest

from doctor.cli import screen

from .terminal import Terminal

HEALTHY = """
✓ port-opens  sim://fipy opens
✓ repl-answers  sim://fipy: a MicroPython prompt answers
✓ board-has-modem  FiPy, firmware 1.20.2.r4 (era F): mirror mode built in;
  sqnsupgrade built in, shadows an uploaded one
✓ board-files-complete  no work on the board's files is unfinished
✓ board-reads-card  the board reads PRACTICE-CATM1-41065.dup at the card's root,
  6160982 bytes
✓ board-scripts-match  2 scripts on the board, all real Python
✓ boot-starts-no-updater  boot.py, main.py start no updater
✓ modem-answers  the modem answers and runs its application: LR5.1.1.0-38638
✓ boot-switch-answers  next boot: FFF
✓ jumpers-removed  the RTS and CTS jumpers do not disturb the modem: no USB chip
  drives pin P19 (G6)
· no card was given (--sd): card-is-fat, dup-at-root
· no firmware image was given (--firmware): firmware-is-whole, step-is-safe
· no folder of scripts was given (--scripts): scripts-are-python
· no updater image was given (--updater-elf): updater-image-is-elf

10 passed, 6 skipped.

Next:
  fipy-doctor flash FILE.dup --port sim://fipy
  (a FILE.dup for a simulated modem is made by: fipy-doctor sim --make-firmware .)
"""
FAILING = """
✗ board-scripts-match  /flash/sqnsupgrade.py on the board is a saved web page
  (HTML), not Python; 4 more like it: /flash/lib/sqnsbr.py,
  /flash/lib/sqnscodec.py, /flash/lib/sqnscrc.py and 1 more
    cause: the browser saved GitHub's page around the script instead of the
           script (Raw, or the repository's zip)
    cure:  Replace the bad scripts on the board by good ones from --scripts, or
           remove them:
           fipy-doctor fix --upload-scripts --port 'sim://fipy?scenario=html-scripts'
    cure:  Get the scripts as Python files, or do without them
    more:  fipy-doctor open script-is-html-page
✓ port-opens  sim://fipy?scenario=html-scripts opens
✓ repl-answers  sim://fipy?scenario=html-scripts: a MicroPython prompt answers
✓ board-has-modem  FiPy, firmware 1.20.2.r4 (era F): mirror mode built in;
  sqnsupgrade built in, shadows an uploaded one
✓ board-files-complete  no work on the board's files is unfinished
✓ board-reads-card  the board reads PRACTICE-CATM1-41065.dup at the card's root,
  6160982 bytes
✓ boot-starts-no-updater  boot.py, main.py start no updater
✓ modem-answers  the modem answers and runs its application: LR5.1.1.0-38638
✓ boot-switch-answers  next boot: FFF
✓ jumpers-removed  the RTS and CTS jumpers do not disturb the modem: no USB chip
  drives pin P19 (G6)
· no card was given (--sd): card-is-fat, dup-at-root
· no firmware image was given (--firmware): firmware-is-whole, step-is-safe
· no folder of scripts was given (--scripts): scripts-are-python
· no updater image was given (--updater-elf): updater-image-is-elf

1 failed, 9 passed, 6 skipped.

Next:
  fipy-doctor fix --upload-scripts --port 'sim://fipy?scenario=html-scripts'
  (this simulated bench starts anew with every command; with state=DIR in its URL it is kept)
"""


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "NO_TERMINAL_COLUMNS", 80)


@pytest.mark.parametrize(
    ("port", "wanted"), [("sim://fipy", HEALTHY), ("sim://fipy?scenario=html-scripts", FAILING)], ids=["pass", "fail"]
)
def test_whole_output(terminal: Terminal, port: str, wanted: str) -> None:
    said = terminal.type("check", "--port", port)
    assert "\n".join(line.rstrip() for line in said.out.splitlines()) == wanted.strip()
