"""``replay://``: what a trace was taken of is found again from the trace alone."""

from __future__ import annotations

import gzip
import json
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.board.storage import begun
from doctor.board.storage.begun import Goal
from doctor.cli.main import run
from doctor.sim.practice.image import make_practice_bootrom, make_practice_elf, make_practice_image
from doctor.sim.scenarios import SCENARIOS
from doctor.text.command import Command, quoted
from tests.card.media import used
from tests.cli.terminal import Terminal


def of_the_bench(document: Any) -> Any:
    """``document`` without how long each check took, partly by the computer's clock, and what a replay has not.

    It has no log, and no fingerprint of its plan: there is nothing to flash.
    """
    if isinstance(document, dict):
        but = ("duration_ms", "log", "fingerprint")
        return {name: of_the_bench(value) for name, value in document.items() if name not in but}
    return [of_the_bench(value) for value in document] if isinstance(document, list) else document


def taken(terminal: Terminal, trace: Path, port: str, *words: str) -> Any:
    """The document of a run at a board, with its trace."""
    said = terminal.type(words[0], "--json", "--port", port, "--trace", str(trace), *words[1:])
    return {**of_the_bench(said.document), "at": None, "next": None}


def again(terminal: Terminal, trace: Path, port: str, *words: str) -> Any:
    """The document of a replay; where it names its port, it names that of the board."""
    said = terminal.type(words[0], "--json", "--port", f"replay://{trace}", *words[1:])
    named = said.out.replace(f"--port replay://{trace}", f"--port {quoted([port])}")
    return {**of_the_bench(json.loads(named.replace(f"replay://{trace}", port))), "at": None, "next": None}


@pytest.mark.sampled(31, "long")
@pytest.mark.parametrize("board", ["fipy", "gpy"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_is_found_again_from_its_trace(
    terminal: Terminal, tmp_path: Path, name: str, board: str
) -> None:
    port = f"sim://{board}?scenario={name}"
    said = taken(terminal, tmp_path / "t", port, "check")
    assert again(terminal, tmp_path / "t", port, "check") == said


#: Benches that are no scenario, and what is typed there: eras, bare modems, threads that print, foreign devices.
OTHERS = (
    ("sim://fipy?release=1.11.0.b1", "check"),
    ("sim://gpy?release=1.18.2.r4&files=tick@700,word@40", "check"),
    ("sim://fipy?files=log-every@9", "check --thorough"),
    ("sim://sqn3330?scenario=modem-recovery", "check --via modem"),
    ("sim://sqn3330?fault=AT:garbled@300@17", "check --via modem"),
    ("sim://gm02s", "check --via modem --select modem-answers"),
    ("sim://foreign?device=pico", "check"),
    ("sim://foreign?device=esp32", "check"),
    ("sim://fipy?scenario=stp-fails-midway", "status"),
    ("sim://sqn3330", "status --via modem"),
)


@pytest.mark.sampled(6, "long")
@pytest.mark.parametrize(("port", "typed"), OTHERS)
def test_a_replay_takes_the_options_from_the_trace(terminal: Terminal, tmp_path: Path, port: str, typed: str) -> None:
    words = typed.split()
    said = taken(terminal, tmp_path / "t", port, *words)
    assert again(terminal, tmp_path / "t", port, words[0]) == said


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize("command", ["check", "plan"])
def test_no_file_of_the_bench_is_needed(terminal: Terminal, tmp_path: Path, command: str) -> None:
    files = tmp_path / "files"
    scripts = files / "scripts"
    scripts.mkdir(parents=True)
    (scripts / "sqnsupgrade.py").write_text("<html>")
    (scripts / "main.py").write_text("print('mine')\n")
    image = make_practice_image(files, build=41019, size_bytes=100_000)
    elf, bootrom = make_practice_elf(files), make_practice_bootrom(files)
    card = files / "card.img"
    used(card, 1 << 20)
    given = ["--updater-elf", elf, "--bootrom", bootrom, "--sd", card, "--scripts", scripts]
    firmware = ["--firmware", image] if command == "check" else [image]
    said = taken(terminal, tmp_path / "t", "sim://fipy", command, *map(str, (*given, *firmware)))
    shutil.rmtree(files)
    assert again(terminal, tmp_path / "t", "sim://fipy", command) == said


@pytest.mark.long
def test_a_step_that_needs_another_command_is_refused_with_a_trace_as_without(
    terminal: Terminal, tmp_path: Path
) -> None:
    image = str(make_practice_image(tmp_path, radio="NB1", size_bytes=100_000))
    plain = terminal.type("check", "--json", "--port", "sim://fipy", "--firmware", image).document
    said = taken(terminal, tmp_path / "t", "sim://fipy", "check", "--firmware", image)
    assert said["findings"][0]["status"] == "fail" and said["findings"] == of_the_bench(plain["findings"])
    assert again(terminal, tmp_path / "t", "sim://fipy", "check") == said


def test_firmware_that_a_plan_found_is_found_again_when_it_is_gone(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    image = make_practice_image(tmp_path, build=41019, size_bytes=100_000)
    said = taken(terminal, tmp_path / "t", "sim://sqn3330", "plan", "--via", "modem")
    assert said["error"] is None
    image.unlink()
    make_practice_image(tmp_path, build=41065, size_bytes=100_000)
    assert again(terminal, tmp_path / "t", "sim://sqn3330", "plan") == said


def test_a_traced_flash_replays_as_the_check_before_it_and_never_as_a_flash(terminal: Terminal, tmp_path: Path) -> None:
    image = make_practice_image(tmp_path, build=41019, size_bytes=100_000)
    taken(terminal, tmp_path / "t", "sim://fipy", "flash", str(image), "--yes")
    image.unlink()
    found = again(terminal, tmp_path / "t", "sim://fipy", "check")
    assert found["error"] is None and found["exit"] == 0
    assert {f["check"]: f["status"] for f in found["findings"]}["step-is-safe"] == "pass"
    for command in ("flash", "fix", "backup"):
        words = [tmp_path / "new"] if command == "backup" else ["--yes"]
        refused = terminal.type(command, *map(str, words), "--port", f"replay://{tmp_path / 't'}", "--json")
        assert (refused.code, refused.document["error"]["id"]) == (2, "replay-only-reads")


def test_a_traced_fix_replays_as_the_check_before_it(terminal: Terminal, tmp_path: Path) -> None:
    """The fix did not come to what a check asks at its end: whose last flash broke off."""
    port = "sim://gpy?scenario=modem-recovery"
    said = taken(terminal, tmp_path / "t", port, "fix", "--yes")
    found = again(terminal, tmp_path / "t", port, "check")
    assert found["error"] is None and found["findings"] == said["findings"]


def test_a_run_that_asks_otherwise_is_named_with_its_place(terminal: Terminal, tmp_path: Path) -> None:
    trace = tmp_path / "t"
    taken(terminal, trace, "sim://fipy", "check")
    lines = trace.read_text().splitlines()
    head = json.loads(lines[0])
    number, line = next((n, json.loads(text)) for n, text in enumerate(lines) if '"tx"' in text and n > 100)
    sent = sum(len(json.loads(text)["hex"]) // 2 for text in lines[:number] if '"tx"' in text)
    changed = bytes([line["hex"].encode()[0] ^ 1]).decode()
    lines[number] = json.dumps({**line, "hex": changed + line["hex"][1:]})
    for version, cause in ((head["tool"], "was changed"), ("0.0.9", "older fipy-doctor (0.0.9)")):
        trace.write_text("\n".join([json.dumps({**head, "tool": version}), *lines[1:]]))
        error = again(terminal, trace, "sim://fipy", "check")["error"]
        assert error["id"] == "replay-differs" and cause in error["cause"]
        assert f"line {number + 1}, byte {sent} of what was sent" in error["what"]
        assert f"({changed}{line['hex'][1]}" in error["what"] and f"({line['hex'][:2]}" in error["what"]


def unlike(lines: list[bytes]) -> list[bytes]:
    """The trace with something else sent in the middle."""
    number = next(n for n, line in enumerate(lines) if b'"tx"' in line and n > len(lines) // 2)
    return [*lines[:number], lines[number].replace(b'"hex": "', b'"hex": "ff'), *lines[number + 1 :]]


def headless(lines: list[bytes]) -> list[bytes]:
    """What fipy-doctor wrote before its traces had a first line."""
    return [line for line in lines[1:] if any(b'"dir": "%s"' % what in line for what in (b"open", b"tx", b"rx"))]


def stopped(lines: list[bytes]) -> list[bytes]:
    return [*lines[:99], b'{"t": 9, "dir": "stopped", "name": "check"}\n', lines[-1]]


#: What becomes of a trace on its way, how its replay ends (None: the same again), and the cause that is told.
BECAME: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str | None, str]] = {
    "mailed from Windows": (lambda lines: [line.replace(b"\n", b"\r\n") for line in lines], None, ""),
    "saved by Notepad": (lambda lines: [b"\xef\xbb\xbf", *lines], None, ""),
    "saved as UTF-16": (lambda lines: [b"".join(lines).decode().encode("utf-16")], "trace-unreadable", ""),
    "packed": (lambda lines: [gzip.compress(b"".join(lines))], "trace-unreadable", ""),
    "glued to another": (lambda lines: [*lines, *lines], None, ""),
    "cut, and glued": (lambda lines: [*lines[:99], *lines], "replay-differs", "the trace was cut"),
    "of a killed run": (lambda lines: [*lines[:99], lines[99][:20]], "replay-differs", "killed"),
    "of a stopped run": (stopped, "replay-differs", "Ctrl-C"),
    "a line quoted": (lambda lines: [*lines[:99], b"> " + lines[99], *lines[100:]], "replay-differs", "line 100 "),
    "changed": (unlike, "replay-differs", "was changed"),
    "without a first line": (lambda lines: headless(unlike(lines)), "replay-differs", "older"),
}


@pytest.mark.sampled(6, "long")
@pytest.mark.parametrize("became", BECAME)
def test_the_cause_of_a_divergence_is_that_of_the_trace(terminal: Terminal, tmp_path: Path, became: str) -> None:
    change, error, cause = BECAME[became]
    trace = tmp_path / "t"
    said = taken(terminal, trace, "sim://fipy", "check")
    trace.write_bytes(b"".join(change(trace.read_bytes().splitlines(keepends=True))))
    found = again(terminal, trace, "sim://fipy", "check")
    if error is None:
        assert found == said
    else:
        assert found["error"]["id"] == error and cause in found["error"]["cause"], found["error"]
        assert "replay://" not in found["error"]["next"]


#: What another program recorded over a pseudo terminal: the device, and what was typed.
RECORDED = (
    ("sim://fipy?speed=1", "check --select repl-answers"),
    ("sim://sqn3330?speed=1", "check --via modem"),
    ("sim://fipy?speed=1", "check"),
    ("sim://gpy?speed=1&scenario=modem-ffh", "check"),
)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")
@pytest.mark.sampled(4, "long")
@pytest.mark.parametrize(("device", "typed"), RECORDED)
def test_what_another_program_recorded_replays_too(terminal: Terminal, tmp_path: Path, device: str, typed: str) -> None:
    from tests.link.recorder import Recorder

    words = typed.split()
    with Recorder(device, tmp_path / "t") as between:
        said = terminal.type(*words, "--json", "--port", between.name).document
    found = again(terminal, tmp_path / "t", between.name, *words)
    assert found["error"] is None, found["error"]
    assert found == {**of_the_bench(said), "at": None, "next": None}


EVIL: tuple[Any, ...] = (
    None, True, -1, 1e300, 10**30, "", "\x1b]0;evil\x07\x9b31m\u202e`rm -rf ~`", "sim://fipy?state=/", "telnet://evil",
    "/dev/sda", [], ["x"] * 9, {"a": {"b": []}}, "zz", "ff" * 40,
)  # fmt: skip


def worse(value: Any, dice: random.Random) -> Any:
    """A value of a line, or one within it, changed to something else."""
    if isinstance(value, dict) and value and dice.random() < 0.9:
        name = dice.choice(list(value))
        return {**value, name: worse(value[name], dice)}
    return dice.choice(EVIL)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The lines of a trace that holds something of each kind."""
    folder = tmp_path_factory.mktemp("full")
    image = make_practice_image(folder, build=41019, size_bytes=100_000)
    options = ["--sd", str(folder), "--scripts", str(folder), "--firmware", str(image)]
    run(["check", "--port", "sim://fipy", "--trace", str(folder / "t"), *options, "--json"])
    return (folder / "t").read_text().splitlines()


@pytest.mark.sampled(16, "long")
@pytest.mark.parametrize("seed", range(40))
def test_a_trace_that_somebody_made_worse_does_no_harm(
    terminal: Terminal, tmp_path: Path, full: list[str], seed: int
) -> None:
    dice = random.Random(seed)
    lines = list(full)
    for number in [0, 1, *dice.sample(range(len(lines)), 3)] if seed % 2 else dice.sample(range(len(lines)), 5):
        lines[number] = json.dumps(worse(json.loads(lines[number]), dice))
    asides = [n for n, line in enumerate(lines) if '"found"' in line or '"part"' in line]
    for number in dice.sample(asides, 5):
        lines[number] = json.dumps(worse(json.loads(lines[number]), dice))
    trace = tmp_path / "t"
    trace.write_text("\n".join(lines[: len(lines) if seed % 3 else dice.randrange(len(lines))]))
    for command in ("check", "trace", "status"):
        words = (command, str(trace)) if command == "trace" else (command, "--port", f"replay://{trace}")
        said = terminal.type(*words)
        assert said.code in (0, 1, 2) and " itself " not in said.out + said.err, said
        assert all(line.isprintable() for line in (said.out + said.err).splitlines())


def test_what_was_begun_with_the_boards_files_is_in_the_trace(
    terminal: Terminal, tmp_path: Path, state_of_its_own: Path
) -> None:
    port = f"sim://fipy?state={tmp_path / 'bench'}"
    with Bench(BenchOptions(port=port)) as bench:
        goal = Goal("/flash/lost.py", 4, "0" * 64, str(tmp_path / "lost.py"))
        record = begun.begin(bench.board, "restore", Command("restore", (str(tmp_path),)), tmp_path, (goal,))
    begun.Book(state_of_its_own / "begun").write(record)
    said = taken(terminal, tmp_path / "t", port, "check")
    assert said["findings"][0]["check"] == "board-files-complete" and said["exit"] == 1
    shutil.rmtree(state_of_its_own)
    assert again(terminal, tmp_path / "t", port, "check") == said
