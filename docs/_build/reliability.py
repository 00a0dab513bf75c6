"""Writes docs/reliability.md out of what the long runs counted; no figure of it is typed by hand.

python -m docs._build.reliability
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from docs._build.counts import kept

PAGE = Path(__file__).parent.parent / "reliability.md"
Figures = Mapping[str, Any]
HEAD = """# What was tried against it, in counts

Written by `make reliability` from what the long runs counted (`docs/_build/counted/`); `.ci/nightly` runs them all. Nobody of
us has the hardware: all of it was played on simulated benches, card images and loop devices. A run that is not there was not run.

"""
ENOUGH = 85  #: percent of the mutants of a module that must be noticed


def page() -> str:
    """The whole page."""
    rows = ["| run | what it does | result | commit, day |", "| --- | --- | --- | --- |"]
    for name, (command, what, told) in RUNS.items():
        figures = kept(name)
        result = "**not run**" if figures is None else told(figures)
        when = "" if figures is None else f"`{figures['commit']}`, {figures['day']}"
        rows.append(f"| {command} | {what} | {result} | {when} |")
    return HEAD + "\n".join(rows) + "\n" + _mutants() + _parsers()


def _cells(told: Figures) -> str:
    verdicts = ", ".join(f"{count:,} {word}" for word, count in told["verdicts"].items() if count)
    return f"{told['cells']:,} cells: {verdicts}; {told['seconds']:,} s"


def _killed(told: Figures) -> str:
    return f"{told['runs']:,} runs, {told['killed']:,} killed midway, nothing lost, every second run finished"


def _fuzz(told: Figures) -> str:
    inputs = sum(told["inputs"].values())
    return f"{len(told['inputs'])} parsers, {inputs:,} inputs, {told['seconds']:,} s, {told['broken']} broken"


def _stories(told: Figures) -> str:
    return f"{told['stories']:,} stories of {told['steps']:,} steps in all, none that ended badly; {told['seconds']:,} s"


#: By the name of its counts: the command, what it does, and its result in words.
RUNS: dict[str, tuple[str, str, Callable[[Figures], str]]] = {
    "matrix": ("`make matrix`", "every fault at every stage of every flow, carried on until the modem is flashed", _cells),
    "kill-boards": ("`make kill-boards`", "every cure of the board's files cut everywhere, every answer damaged once", _cells),
    "kill-cards-random": ("`make kill-cards`", "kill -9 in reformat, move and repair, on media of old bytes", _killed),
    "kill-cards-zeros": ("`make kill-cards`", "the same on media of zeros", _killed),
    "kill-cards-ones": ("`make kill-cards`", "the same on media of 0xFF", _killed),
    "fuzz": ("`make fuzz`", "any bytes for every parser of what others wrote, led by coverage", _fuzz),
    "fuzz-stories": ("`make fuzz`", "flash, cable out, reset, supply lost, another card, kill -9, in any order", _stories),
}


def _mutants() -> str:
    told = kept("mutation")
    text = "\n## Mutants\n\n`make mutation` changes one small thing of a module and runs the tests that run that line. "
    text += f"{ENOUGH} % of what can be noticed must be.\n\n"
    if told is None:
        return text + "**Not run.**\n"
    outcomes = ("killed", "alive", "only a timeout", "not judged", "equivalent")
    rows = [f"| module | mutants | {' | '.join(outcomes)} | noticed | commit, day |"]
    rows.append("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, one in told["modules"].items():
        counted = " | ".join(str(one.get(word, 0)) for word in ("mutants", *outcomes))
        rows.append(f"| `{name}` | {counted} | {int(noticed(one))} % | `{one['commit']}`, {one['day']} |")
    return text + "\n".join(rows) + "\n"


def noticed(module: Figures) -> float:
    """Percent of the mutants of a module, those left out that nobody could notice."""
    judged: int = module["mutants"] - module.get("equivalent", 0)
    return 100 * float(module.get("killed", 0)) / max(1, judged)


def _parsers() -> str:
    told = kept("fuzz")
    if told is None:
        return ""
    rows = "\n".join(f"| {name} | {inputs:,} |" for name, inputs in told["inputs"].items())
    return f"\n## Parsers\n\n| parser | inputs |\n| --- | --- |\n{rows}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
