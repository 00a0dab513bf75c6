"""Asks the search of the built site what people in trouble ask, and says which questions lead nowhere.

The theme's own worker runs here, in the V8 of mini-racer, on the index that the site ships: what it finds is what a
browser shows.

python -m docs._build.check_search site
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from py_mini_racer import MiniRacer

MOST_LOOKED_AT = 3  #: pages of a result that somebody in a hurry looks at
#: What is typed, and the pages of which one must stand among the first.
QUESTIONS = {
    "unplugged during update": ("failures/power-removed-during-flash",),
    "cable came out while flashing": ("failures/power-removed-during-flash",),
    "battery died in the middle of the upgrade": ("failures/power-removed-during-flash",),
    "is my modem bricked": ("is-my-modem-dead",),
    "modem does not respond": ("is-my-modem-dead", "failures/modem-silent"),
    "stuck at 6%": ("failures/stall-at-six-percent",),
    "hangs at 100%": ("failures/stall-after-100-waiting",),
    "LTE() never returns": ("failures/lte-constructor-hangs", "failures/lte-init-bug-1-18-1-r3"),
    "sd card shows no files": ("failures/sd-mounts-but-listing-empty",),
    "laptop went to sleep during flash": ("failures/usb-selective-suspend-or-sleep",),
    "com port missing": ("failures/port-not-found",),
    "access denied to serial port": ("failures/port-permission-denied", "failures/port-busy"),
    "port already in use": ("failures/port-busy",),
    "python file is a web page": ("failures/script-is-html-page",),
    "no module named sqnsupgrade": ("failures/sqnsupgrade-module-missing",),
    "where do I get the firmware": ("firmware-files",),
    "how do I know my dup is not damaged": ("firmware-files", "checks/firmware-is-whole"),
    "AT+SMSWBOOT=3,0 failed!": ("failures/smswboot-30-failed",),
    "board keeps rebooting": ("failures/boot-loop",),
    "flash from wifi": ("over-wifi",),
    "how to install": ("index",),
    "format sd card": ("commands/fix",),
    "restore my files": ("commands/restore",),
    "practise without a board": ("commands/sim",),
}
#: What the worker expects of a browser; it answers with ``postMessage``.
BROWSER = """
var said, ask, self = globalThis;
var console = {warn: () => 0};
function addEventListener(kind, handler) { ask = data => handler({data}); }
function postMessage(message) { said = message; }
"""
SETUP, QUERY = 0, 2  #: kinds of messages to the worker


class Search:
    """The search of a site, as a browser would run it."""

    def __init__(self, site: Path) -> None:
        (worker,) = (site / "assets" / "javascripts" / "workers").glob("search.*.js")
        self._racer = MiniRacer()
        self._racer.eval(BROWSER + worker.read_text(encoding="utf-8"))
        index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
        self._tell(SETUP, {**index, "options": {"suggest": False}})

    def pages(self, question: str) -> list[str]:
        """The pages that are found, best first, without their ending."""
        self._tell(QUERY, question)
        found = json.loads(str(self._racer.eval("JSON.stringify(said.data.items.map(item => item[0].location))")))
        return list(dict.fromkeys(location.split("#")[0].removesuffix(".html") for location in found))

    def _tell(self, kind: int, data: object) -> None:
        self._racer.eval(f"ask({json.dumps({'type': kind, 'data': data})})")


def unanswered(site: Path) -> Iterator[str]:
    """The questions that lead nowhere, with what stands first instead."""
    search = Search(site)
    for question, wanted in QUESTIONS.items():
        first = search.pages(question)[:MOST_LOOKED_AT]
        if not set(wanted) & set(first):
            yield f"{question}: {', '.join(first) or 'nothing is found'}; not {' or '.join(wanted)}"


def main() -> int:
    """Print what is not answered; 1 if something is not."""
    found = list(unanswered(Path(sys.argv[1])))
    for line in found:
        print(line)
    print(f"{len(QUESTIONS)} questions to the search, {len(found)} not answered")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
