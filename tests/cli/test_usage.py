"""Wrong usage: exit code 2, one clear error, the next step; and what the environment may say."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from doctor.sim.served.listen import Listener

from .terminal import Terminal

WRONG = {
    "unknown option": ("check", "--bogus"),
    "unknown option of the program": ("--bogus",),
    "unknown command": ("bogus",),
    "unknown check": ("check", "--port", "sim://fipy", "--select", "modem-answer"),
    "unknown check to ignore": ("check", "--port", "sim://fipy", "--ignore", "nix"),
    "unknown manual page": ("checks", "nix"),
    "missing firmware": ("check", "--firmware", "nix.dup"),
    "missing firmware to flash": ("flash", "nix.dup", "--port", "sim://fipy"),
    "no firmware to flash": ("flash", "--port", "sim://fipy"),
    "missing card": ("check", "--sd", "nix"),
    "missing folder": ("check", "--scripts", "nix"),
    "nameless folder to restore": ("restore", "", "--port", "sim://fipy"),
    "nameless folder for a backup": ("backup", "", "--port", "sim://fipy"),
    "nameless folder for copies": ("fix", "--backup", "", "--port", "sim://fipy"),
    "nameless card": ("check", "--sd", ""),
    "unknown consent": ("check", "--port", "sim://fipy", "--accept", "everything"),
    "unknown carrier": ("check", "--port", "sim://fipy", "--carrier", "nix"),
    "no time": ("check", "--port", "sim://fipy", "--deadline", "0"),
    "nothing to examine": ("check",),
    "nothing to cure": ("fix",),
    "nothing to simulate": ("sim",),
    "hands without a bench that is kept": ("sim", "--hands", "pull-jumpers", "--port", "sim://fipy"),
    "two things to simulate": ("sim", "--list", "--listen"),
    "practice image with another name": ("sim", "--make-firmware", "CATM1-41065.dup"),
    "practice image that is not as its name says": ("sim", "--make-firmware", "PRACTICE-upgdiff_33080-to-41065.dup"),
}


@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG)
def test_wrong_usage_is_told_on_standard_error(terminal: Terminal, words: tuple[str, ...]) -> None:
    said = terminal.type(*words)
    assert said.code == 2
    assert said.out == ""
    assert "next:" in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("check", "--port", "sim://fipy", "--trace", ""),
        ("check", "--port", "sim://fipy", "--log-file", ""),
        ("report", ""),
        ("sim", "--listen", "--ports-file", ""),
        ("sim", "--make-firmware", ""),
    ],
    ids=" ".join,
)
def test_an_empty_name_is_not_the_current_folder(
    terminal: Terminal, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable of a shell that is not set."""
    monkeypatch.chdir(tmp_path)
    said = terminal.type(*words)
    option = f"{words[-2]}: " if words[-2].startswith("--") else ""
    assert (said.code, said.out, said.err.splitlines()[0][: len(option)]) == (2, "", option)
    assert "'' has no name" in said.err and not list(tmp_path.iterdir())


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG)
def test_wrong_usage_as_json_is_one_document(terminal: Terminal, words: tuple[str, ...]) -> None:
    said = terminal.type(*words, "--json")
    document = said.document
    command = words[0] if not words[0].startswith("-") and words[0] != "bogus" else "fipy-doctor"
    assert (said.code, document["exit"], document["schema"]) == (2, 2, f"fipy-doctor/{command}/1")
    assert set(document["error"]) == {"id", "what", "on", "cause", "next"}
    assert document["error"]["what"] and document["error"]["next"]


def test_typing_error_is_guessed(terminal: Terminal) -> None:
    said = terminal.type("check", "--port", "sim://fipy", "--select", "modem-answer")
    assert "did you mean modem-answers?" in said.err


def test_a_folder_is_no_firmware(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal.type("flash", str(tmp_path), "--port", "sim://fipy").code == 2


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads every folder")
def test_unreadable_folder(terminal: Terminal, tmp_path: Path) -> None:
    tmp_path.chmod(0)
    try:
        said = terminal.type("check", "--scripts", str(tmp_path))
    finally:
        tmp_path.chmod(0o700)
    assert said.code == 2
    assert "not readable" in said.err


@pytest.mark.parametrize("words", [("-h",), ("--help",), ("check", "-h"), ("flash", "--help"), ("sim", "--help")])
def test_help(terminal: Terminal, words: tuple[str, ...]) -> None:
    said = terminal.type(*words)
    assert said.code == 0
    assert said.out.startswith("Usage: fipy-doctor")


@pytest.mark.parametrize("words", [("--version",), ("-V",)])
def test_version(terminal: Terminal, words: tuple[str, ...]) -> None:
    assert terminal.type(*words).out.startswith("fipy-doctor ")


def test_port_may_come_from_the_environment(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIPY_DOCTOR_PORT", "sim://fipy?scenario=modem-ffh")
    assert terminal.type("check", "--select", "modem-answers").code == 1


def test_a_given_port_wins_over_the_environment(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIPY_DOCTOR_PORT", "sim://fipy?scenario=modem-ffh")
    assert terminal.type("check", "--select", "modem-answers", "--port", "sim://fipy").code == 0
    assert terminal.type("--port", "sim://fipy", "check", "--select", "modem-answers").code == 0


@pytest.mark.sampled(4, "long")
@pytest.mark.parametrize("name", ["YES", "ACCEPT", "ACCEPTED", "OVERRIDE", "FORCE_DEVICE", "CONFIRM", "INTERRUPT"])
def test_consents_never_come_from_the_environment(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, image: Path, name: str
) -> None:
    monkeypatch.setenv(f"FIPY_DOCTOR_{name}", "1")
    said = terminal.type("flash", str(image), "--port", "sim://fipy")
    assert said.code == 1
    assert "there is no terminal to ask on" in said.out


@pytest.mark.parametrize(
    "port", ["sim://nix", "sim://fipy?scenario=nix", "sim://fipy?nix=1", "rfc2217://", "telnet://", "nix://x"]
)
def test_a_port_that_means_nothing_is_wrong_usage(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    said = terminal.type("check", "--port", port)
    assert (said.code, said.out) == (2, "")
    assert port in said.err and "cause:" in said.err
    monkeypatch.setenv("FIPY_DOCTOR_PORT", port)
    assert terminal.type("status", "--json").document["exit"] == 2


def test_what_a_wrong_sim_url_could_say_is_listed(terminal: Terminal) -> None:
    assert "one of fipy, gpy, sqn3330, gm02s" in terminal.type("check", "--port", "sim://nix").err
    assert "html-scripts" in terminal.type("check", "--port", "sim://fipy?scenario=nix").err


@pytest.mark.skipif(sys.platform == "win32", reason="serves no pseudo terminal there")
@pytest.mark.parametrize(("more", "via"), [((), ""), (("--modem-only",), " --via modem")])
def test_who_serves_a_bench_is_told_how_to_look_at_it(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], via: str
) -> None:
    def stopped(_listener: Listener) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Listener, "wait", stopped)
    said = terminal.type("sim", "--listen", *more)
    assert f"fipy-doctor check --port {said.out.splitlines()[0]}{via}\n" in said.err


def test_a_bench_that_cannot_be_kept_is_told(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    port = f"sim://fipy?state={tmp_path / 'file' / 'bench'}"
    for words in (("backup", str(tmp_path / "kept")), ("sim", "--hands", "press-reset"), ("sim", "--listen")):
        said = terminal.type(*words, "--port", port)
        assert said.code == 2, words
        assert "cannot be kept" in said.out + said.err
    said = terminal.type("check", "--port", port)
    assert "name another folder after state=" in said.out
    assert "more:" in said.out and said.next == []


def test_practice_files_make_their_folder(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "one"
    assert terminal.type("sim", "--make-firmware", str(folder), "--kind", "updater").code == 0
    assert [path.name for path in folder.iterdir()] == ["PRACTICE-updater.elf"]


@pytest.mark.parametrize(
    "words",
    [
        ("check", "--sd", "x" * 300),
        ("check", "--deadline", "nan", "--port", "sim://fipy"),
        ("check", "--deadline", "inf", "--port", "sim://fipy"),
        ("check", "--port", "sim://fipy?speed=100000"),
        ("check", "--port", "hwgrep://("),
        ("check", "--port", "alt://nix?class=os"),
        ("restore", os.devnull, "--port", "sim://fipy"),
        ("check", "\x1b[31mred"),
    ],
)
def test_nonsense_is_wrong_usage_and_no_fault_of_ours(terminal: Terminal, words: tuple[str, ...]) -> None:
    said = terminal.type(*words)
    assert said.code == 2
    assert "itself failed" not in said.err and "\x1b" not in said.err


def test_a_hand_that_the_bench_has_not_is_wrong_usage(terminal: Terminal, tmp_path: Path) -> None:
    said = terminal.type("sim", "--hands", "press-reset", "--port", f"sim://gm02s?state={tmp_path / 'bench'}")
    assert (said.code, "no reset button" in said.err) == (2, True)


@pytest.mark.parametrize("option", ["--bootrom", "--updater-elf", "--method", "--was"])
def test_a_wrong_value_is_told_with_what_to_do_about_it(terminal: Terminal, option: str) -> None:
    said = terminal.type("flash", "card:X.dup", option, "nix", "--port", "sim://fipy")
    assert (said.code, option in said.err, "--help" in said.err) == (2, True, False)
