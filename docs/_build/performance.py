"""Writes docs/performance.md out of what the benchmarks measured; no figure of it is typed by hand.

python -m docs._build.performance [RESULTS]     RESULTS: of python -m tests.benchmarks --json; it is kept
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from docs._build.counts import FOLDER, kept
from docs._build.curve_svg import draw

PAGE = Path(__file__).parent.parent / "performance.md"
Figures = Mapping[str, Any]
HEAD = """# How fast it is

Written by `make performance` from what `python -m tests.benchmarks --json` measured (`docs/_build/counted/performance.json`). Nobody of us has
the hardware: the modem is a process behind a pseudo-terminal, and cards are sparse image files.

## How it is measured

Every figure stands beside a named peer or bound, taken in the same run: both take turns, and the median of each is kept. So a ratio holds on a
computer that has other work, where seconds alone say little; a row beside a bound is in seconds of this computer, and holds for one at rest only. Each ratio is ours over theirs: less is better. Where there is a target, it is
what the ratio may be at most; what missed it is marked **missed**, and listed at the end.

"""
TITLES = {
    "start": (
        "A start of the program",
        "Processor time of whole processes in turns, the start of Python in all of them. Python's compiled files are there, as at any start but the first.",
    ),
    "transfer": (
        "A transfer to the modem",
        "The strict slave of the updater's tests at the end of a line that takes ten bits a byte, and that keeps a reply back as a USB chip does "
        "(16 ms as FTDI's come, 1 ms at best). Ours is the opened port, the core's master and a file that is hashed on the way. The perfect "
        "client makes every frame beforehand and takes no time of its own. Of other tools only their blocks are taken "
        "([modem-protocol.md 4.4](reference/modem-protocol.md#44-sizes)), driven by the same perfect client: their sleeps are left out, in their "
        "favour.",
    ),
    "overhead": (
        "Besides line and modem",
        "What a whole `flash --via modem` takes by itself: from the last byte that came to the next that goes out, and the process around it.",
    ),
    "card": (
        "Cards",
        "Listing, judging and formatting run in our process; mtools and mkfs.fat run as processes, as a script would start them. "
        "A reformat by hand is `mcopy` off the card and `sync`, then `mkfs.fat`, `mcopy` back and `sync`; ours also reads back and compares the backup, the "
        "card, and has pyfatfs, a Python of its own, read the card once more.",
    ),
    "checked": (
        "A check of a card",
        "`check --sd`, as it is typed: how often it reads one byte, counted by strace, and its processor time with that of its children, less what a "
        "Python takes that starts, reads as much of the card twice and hashes it once.",
    ),
    "board": (
        "On the board",
        "The updater core in a real MicroPython on this PC. Its microseconds say nothing of an ESP32; the ratios do, since all three ways are "
        "interpreted loops.",
    ),
    "explained": ("Explaining a log", "The program beside one that looks for a single word in each line."),
    "growth": (
        "Growth",
        "Each point is a process of its own; seconds are those of the processor, memory is what the work took beyond what the process held before "
        "it. The peer is the straight line through the smallest size: a ratio of 1 is linear. A log of more than 16 MB is measured nowhere. "
        "A board is simulated in the process that flashes it, and its line takes no time: several are planned by one process each and flashed by "
        "another, at most eight at once, where a single one has one process for both. There memory is that of the parent, which a single board has not. "
        "What takes more than a minute is measured once, all else three times.",
    ),
}


def page() -> str:
    """The whole page; without figures, the method alone."""
    told = kept("performance")
    if told is None:
        return HEAD + "**Not measured.**\n"
    machine = told["machine"]
    where = f"{machine['system']}, {machine['cores']} processors, Python {machine['python']}; load {machine['load']}"
    shared = " Other programs worked on this computer at that time.\n" if machine.get("shared") else "\n"
    parts = [HEAD + f"Measured at `{told['commit']}` on {told['day']}: {where}.{shared}"]
    for name, (title, about) in TITLES.items():
        rows = told["rows"].get(name, [])
        body = _table(rows) if rows else "**Not measured here.**\n"
        parts.append(f"\n## {title}\n\n{about}\n\n{body}")
        if name == "growth":
            parts += [_drawn(curve) for curve in told["curves"]]
    return "".join(parts) + _losses([row for name in TITLES for row in told["rows"].get(name, [])])


def _ratio(row: Figures) -> float:
    ratio: float = row["ours"] / row["theirs"]
    return ratio


def _missed(row: Figures) -> bool:
    return row["most"] is not None and _ratio(row) > row["most"]


def _table(rows: Sequence[Figures]) -> str:
    lines = ["| what | ours | beside | theirs | ratio | at most | |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for row in rows:
        most = "" if row["most"] is None else f"{row['most']:.3g}{' **missed**' if _missed(row) else ''}"
        ours, theirs = (f"{row[who]:.4g} {row['unit']}" for who in ("ours", "theirs"))
        lines.append(f"| {row['what']} | {ours} | {row['peer']} | {theirs} | {_ratio(row):.2f} | {most} | {row['note']} |")
    return "\n".join(lines) + "\n"


def _drawn(curve: Figures) -> str:
    points = [(point["size"], point["seconds"]) for point in curve["points"]]
    title = f"{curve['title'][0].upper()}{curve['title'][1:]}"
    memory = ", ".join(f"{point['size']:g} {curve['unit']}: {point['memory'] / 1e6:.1f}" for point in curve["points"])
    picture = draw(f"growth-{curve['name']}", title, curve["unit"], points)
    return f"\n### {title}\n\n<figure>\n{picture}\n</figure>\n\nMemory in MB: {memory}.\n"


def _losses(rows: Sequence[Figures]) -> str:
    behind = [row for row in rows if _missed(row) or (row["most"] is None and _ratio(row) > 1)]
    text = "\n## Where we lose\n\nEvery target that was missed, and every peer without a target that was faster.\n\n"
    if not behind:
        return text + "Nowhere in this run.\n"
    lines = []
    for row in behind:
        lines.append(f"* {row['what']}: {_ratio(row):.2f} times {row['peer']}{', **missed**' if _missed(row) else ''}")
    return text + "\n".join(lines) + "\n"


def main(words: Sequence[str]) -> None:
    """Keep the results that are named, and write the page."""
    if words:
        told = json.loads(Path(words[0]).read_text(encoding="utf-8"))
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / "performance.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
