"""Pictures of the console: real runs on the simulated bench, drawn by rich, once for desks and once for phones."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

WIDE, NARROW = 96, 46  #: columns; 46 are readable on a phone of 390 px
ROWS = 60
LIMIT_S = 60
PRACTICE = "PRACTICE-CATM1-41065.dup"
LOG = """>>> import sqnsupgrade
>>> sqnsupgrade.run('/sd/CATM1-41065.dup')
<<< Welcome to the SQN3330 firmware updater >>>
Entering recovery mode
Traceback (most recent call last):
  File "<stdin>", line 1, in <module>
  File "sqnsupgrade.py", line 310, in run
OSError: AT+SMSWBOOT=3,0 failed!
>>> lte.send_at_cmd('ATI')
'\\r\\nERROR\\r\\n'
"""
#: rich's own frame loads a font from a CDN; ours takes what the reader has. Every piece of text carries its width.
FRAME = re.sub(r"@font-face\s*\{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "font-family: Fira Code, monospace", "font-family: ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
)


@dataclass(frozen=True)
class Screen:
    """One picture: what is typed, and what to say above it. ``expect`` is the exit code."""

    name: str
    title: str
    text: str
    words: tuple[str, ...]
    expect: int = 0


SCREENS = (
    Screen(
        "check",
        "Saved web pages instead of scripts",
        "What started this project. What explains the others stands last, with its cause and cures, just above the next command.",
        ("check", "--port", "sim://fipy?scenario=html-scripts"),
        1,
    ),
    Screen(
        "jumpers",
        "Jumpers that fight the modem",
        "Nothing can be typed against it: the steps are for hands, and the command after them is printed.",
        ("check", "--port", "sim://fipy?scenario=jumpers-fitted", "--select", "jumpers-removed,modem-answers"),
        1,
    ),
    Screen(
        "plan",
        "The plan, before anything is sent",
        "What would be done, how long each step may take, when one may unplug, and how one would get back.",
        ("plan", PRACTICE, "--port", "sim://fipy"),
    ),
    Screen(
        "flash",
        "A whole flash",
        "Every check, the plan, the transfer, and the proof: the modem was asked what it runs now.",
        ("flash", PRACTICE, "--port", "sim://fipy", "--yes"),
    ),
    Screen(
        "silent",
        "A modem that says nothing",
        "",
        ("check", "--port", "sim://fipy?scenario=modem-silent", "--select", "modem-answers"),
        1,
    ),
    Screen(
        "explain",
        "A log from another program",
        "What somebody pasted into a forum: what it means, the cause before its consequences, and what to do now.",
        ("explain", "console.log"),
    ),
    Screen("open", "The page of an id, without a network", "", ("open", "smswboot-30-failed")),
)


def files() -> Iterator[tuple[str, str]]:
    """The page ``screens.md`` and its pictures."""
    lines = [
        "# What it looks like",
        "",
        "Real runs on the simulated bench (`sim://`), made anew whenever these pages are built. Your own board looks "
        "the same; try these yourself, no board is needed.",
        "",
    ]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        _run(("sim", "--make-firmware", folder), Path(folder), WIDE, 0)
        (Path(folder) / "console.log").write_text(LOG, encoding="utf-8")
        wide = list(pool.map(lambda s: _run(s.words, Path(folder), WIDE, s.expect), SCREENS))
        narrow = list(pool.map(lambda s: _run(s.words, Path(folder), NARROW, s.expect), SCREENS))
    for screen, desk, phone in zip(SCREENS, wide, narrow, strict=True):
        typed = _typed(screen)
        yield f"screens/{screen.name}.svg", _drawn(screen, desk, WIDE)
        yield f"screens/{screen.name}-narrow.svg", _drawn(screen, phone, NARROW)
        lines += [
            f"## {screen.title}",
            "",
            *([screen.text, ""] if screen.text else []),
            '<picture class="screen">',
            f'<source media="(max-width: 640px)" srcset="screens/{screen.name}-narrow.svg">',
            f'<img src="screens/{screen.name}.svg" alt="Console: {typed}" loading="lazy">',
            "</picture>",
            "",
            '??? note "The same as text"',
            "",
            "    ```text",
            *(f"    {line}" for line in (f"$ {typed}", *Text.from_ansi(desk).plain.rstrip().splitlines())),
            "    ```",
            "",
        ]
    yield "screens.md", "\n".join(lines)


def _typed(screen: Screen) -> str:
    return " ".join(("fipy-doctor", *(f"'{w}'" if "?" in w else w for w in screen.words)))


def _drawn(screen: Screen, ansi: str, columns: int) -> str:
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text(f"$ {_typed(screen)}", style="bold"))
    console.print(Text.from_ansi(ansi.rstrip()))
    return console.export_svg(title="fipy-doctor", code_format=FRAME, unique_id=f"{screen.name}{columns}")


def _run(words: tuple[str, ...], folder: Path, columns: int, expect: int) -> str:
    """Standard output of one run on a terminal of ``columns``. Raises RuntimeError if it ends unexpectedly."""
    size = {"COLUMNS": str(columns), "LINES": str(ROWS), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    root = Path(__file__).parent.parent.parent
    environment = {**os.environ, **size, "PYTHONPATH": str(root), "PYTHONIOENCODING": "utf-8"}
    environment.pop("NO_COLOR", None)
    ours, its = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "doctor", *words],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=its,
            stderr=subprocess.DEVNULL,
        )
        os.close(its)
        output = _until_end(ours)
    finally:
        os.close(ours)
    if process.wait(LIMIT_S) != expect:
        raise RuntimeError(f"fipy-doctor {' '.join(words)} ended with {process.returncode}, not {expect}:\n{output}")
    return output.replace("\r\n", "\n")


def _until_end(terminal: int) -> str:
    pieces = []
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux: the other side is closed
            break
        if not piece:
            break
        pieces.append(piece)
    return b"".join(pieces).decode("utf-8", "replace")
