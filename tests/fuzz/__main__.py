"""``python -m tests.fuzz``: look for inputs that break a parser, guided by coverage (atheris); exit 1 if there are any.

The parsers of a room share a process and its time. An input that breaks one is made small and kept in
``tests/fuzz/found/PARSER/``, where the suite tries it from then on.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from docs._build.counts import keep
from tests.fuzz.parser import FOUND, MOST_BYTES, Parser, edited, random_edits
from tests.fuzz.table import ROOMS, parsers_of

LONGEST_S = 20  #: for one input: thousands of times what it should take, and a machine may be busy
MOST_MEMORY_MB = 2000  #: of the process, of which coverage takes some hundred
_TIMES = "inputs"  #: name of the file with how often each parser was tried
MISSING = f"""atheris is not installed: this search needs it, and it has
wheels for CPython 3.11 to 3.13 on Linux (x86_64) only.
There:      {sys.executable} -m pip install -e '.[fuzz]'
Without it: FIPY_DOCTOR_FUZZ=1000 {sys.executable} -m pytest -m '' tests/fuzz   (the same parsers, by hypothesis)
"""


def main() -> int:
    """Run it."""
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    asked.add_argument("--seconds", type=float, default=60.0, help="for all rooms together")
    asked.add_argument("--only", default="", choices=("", *ROOMS), help="one room")
    asked.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked.add_argument("--inside", default="", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if importlib.util.find_spec("atheris") is None:
        sys.stderr.write(MISSING)
        return 2
    if given.inside:
        _search(*given.inside.split(":"), seconds=given.seconds)
    rooms = [room for room in ROOMS if given.only in ("", room)]
    return _all(rooms, given.seconds, given.jobs)


def _all(rooms: list[str], seconds: float, jobs: int) -> int:
    """Every room in a process of its own, ``jobs`` of them at a time."""
    share_s = max(1.0, seconds * min(jobs, len(rooms)) / len(rooms))
    waiting, running = list(rooms), dict[str, subprocess.Popen[bytes]]()
    tried: dict[str, int] = {}
    broken: list[str] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fipy-doctor-fuzz-") as name:
        place = Path(name)
        while waiting or running:
            while waiting and len(running) < jobs:
                room = waiting.pop(0)
                running[room] = _started(room, place / room, share_s)
            for room in [room for room, process in running.items() if process.poll() is not None]:
                process = running.pop(room)
                tried |= _times(place / room)
                told = _kept(room, place / room)
                if process.returncode and not told:
                    told = [f"{room}: the search itself failed\n{_end_of(place / room)}"]
                broken += told
            time.sleep(0.1)
    for parser, times in tried.items():
        sys.stdout.write(f"{parser:16} {times:9,} inputs\n")
    sys.stdout.write("".join(f"BROKEN {each}\n" for each in broken))
    took_s = time.monotonic() - began
    if len(rooms) == len(ROOMS):
        keep("fuzz", inputs=tried, seconds=round(took_s), broken=len(broken))
    sys.stdout.write(f"{len(tried)} parsers, {sum(tried.values()):,} inputs, {took_s:.0f} s, {len(broken)} broken\n")
    return 1 if broken else 0


def _started(room: str, place: Path, seconds: float) -> subprocess.Popen[bytes]:
    (place / "corpus").mkdir(parents=True)
    (place / "artifacts").mkdir()
    words = [sys.executable, "-m", "tests.fuzz", "--inside", f"{room}:{place}", "--seconds", str(seconds)]
    with (place / "log").open("wb") as log:
        environment = {**os.environ, "TMPDIR": str(place), "FIPY_DOCTOR_STATE_DIR": str(place)}
        return subprocess.Popen(words, stdout=log, stderr=log, env=environment)


def _search(room: str, place: str, *, seconds: float) -> None:
    """One room, until its time is over or an input breaks a parser; never returns."""
    import atheris  # type: ignore[import-not-found, unused-ignore]

    with atheris.instrument_imports(include=["doctor", "checks"]):
        parsers = parsers_of(room)
    times = dict.fromkeys((parser.name for parser in parsers), 0)
    for index, parser in enumerate(parsers):
        begin = (*parser.seeds, *parser.spoilt(100), *(path.read_bytes() for path in parser.found()))
        for number, data in enumerate(begin):
            (Path(place) / "corpus" / f"{parser.name}-{number}").write_bytes(bytes([index]) + data)

    def tried(data: bytes) -> None:
        parser = parsers[data[0] % len(parsers)] if data else parsers[0]
        times[parser.name] += 1
        if not sum(times.values()) % 50:
            (Path(place) / _TIMES).write_text(json.dumps(times))
        parser(data[1:])

    def changed(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if data and rng.random() < 0.5:
            return (data[:1] + edited(data[1:], random_edits(rng)))[:most]
        return bytes(atheris.Mutate(data, most))

    options = (
        f"-max_total_time={int(seconds)}",
        f"-timeout={LONGEST_S}",
        f"-rss_limit_mb={MOST_MEMORY_MB}",
        f"-max_len={MOST_BYTES}",
        f"-artifact_prefix={place}/artifacts/",
    )
    atheris.Setup([room, *options, f"{place}/corpus"], tried, custom_mutator=changed)
    atheris.Fuzz()


def _times(place: Path) -> dict[str, int]:
    try:
        told: dict[str, int] = json.loads((place / _TIMES).read_text())
    except FileNotFoundError:
        return {}
    return told


def _kept(room: str, place: Path) -> list[str]:
    """What broke a parser, made small and kept; a line for each."""
    told = []
    for path in (place / "artifacts").iterdir():
        data = path.read_bytes()
        parsers = parsers_of(room)
        parser = parsers[data[0] % len(parsers)] if data else parsers[0]
        small = reduced(data[1:], _fails_alike(parser, data[1:])) if path.name.startswith("crash") else data[1:]
        folder = FOUND / parser.name
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{path.name.partition('-')[0]}-{hashlib.sha256(small).hexdigest()[:12]}"
        (folder / name).write_bytes(small)
        told.append(f"{parser.name}: found/{parser.name}/{name} ({len(small)} bytes)\n{_end_of(place)}")
    return told


def _end_of(place: Path) -> str:
    """What the log says of a failure."""
    text = (place / "log").read_text("utf-8", "replace")
    found = re.search(r"(=== Uncaught Python exception[\s\S]*?)\n==\d+==|(ERROR: libFuzzer.*)", text)
    lines = (found[0] if found else text[-3000:]).splitlines()
    return "\n".join(f"    {line[:200]}" for line in lines[-25:])


def _fails_alike(parser: Parser, data: bytes) -> Callable[[bytes], bool]:
    """Whether an input raises the same as ``data`` does."""

    def kind(tried: bytes) -> str:
        try:
            parser(tried)
        except BaseException as err:
            return type(err).__name__
        return ""

    wanted = kind(data)
    return lambda tried: bool(wanted) and kind(tried) == wanted


def reduced(data: bytes, fails: Callable[[bytes], bool], limit_s: float = 20.0) -> bytes:
    """``data`` without the pieces that it fails without."""
    until = time.monotonic() + limit_s
    length = len(data) // 2
    while length and fails(data):
        at = 0
        while at < len(data) and time.monotonic() < until:
            shorter = data[:at] + data[at + length :]
            if fails(shorter):
                data = shorter
            else:
                at += length
        length //= 2
    return data


if __name__ == "__main__":
    sys.exit(main())
