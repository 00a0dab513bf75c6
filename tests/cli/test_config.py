"""Files of settings: which value wins, what no file may say, and what a hostile one can do: nothing but end the run."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import serial

from doctor.cli import config
from doctor.cli.main import COMMANDS, cli
from doctor.cli.settings import ENV, READERS, SETTINGS, Source, setting_of, table_of
from tests import plugged

from .terminal import Said, Terminal

#: What agrees to something, destroys, or says of one modem what is true of it alone.
CONSENTS = (
    *("yes", "accept", "override", "interrupt", "force-device", "confirm", "done", "thorough", "put-back", "leave-out"),
    *("clean", "dry-run", "bootrom", "was", "unmasked", "reset-flash", "reformat-sd", "repair-sd", "report", "json"),
)


class Files:
    """The user's own file and a project's, in whose folder the test stands."""

    def __init__(self, folder: Path) -> None:
        self.own = folder / "config" / config.NAME
        self.project = folder / "project" / config.NAME
        for file in (self.own, self.project):
            file.parent.mkdir()

    @property
    def all(self) -> set[Path]:
        """Whatever lies there."""
        return set(self.own.parent.parent.rglob("*"))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    """Where they lie; there is none yet."""
    files = Files(tmp_path)
    monkeypatch.delenv(config.VARIABLE)
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: files.own.parent)
    monkeypatch.chdir(files.project.parent)
    return files


def holding(said: Said) -> dict[str, tuple[Any, str | None]]:
    """By its key, what holds of each setting and where it comes from."""
    return {row["key"]: (row["value"], row["source"]) for row in said.document["settings"]}


def test_the_later_place_wins(terminal: Terminal, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def deadline(*words: str) -> tuple[Any, str | None]:
        return holding(terminal.type("check", "--show-config", "--json", *words))["deadline"]

    assert deadline() == (None, None)
    files.own.write_text("deadline = 10\n")
    assert deadline() == (10, "user")
    files.own.write_text("deadline = 10\n[check]\ndeadline = 11.5\n[flash]\ndeadline = 12\n")
    assert deadline() == (11.5, "user")
    files.project.write_text("deadline = 20\n")
    assert deadline() == (20, "project")
    monkeypatch.setenv("FIPY_DOCTOR_DEADLINE", "30")
    assert deadline() == ("30", "environment")
    assert deadline("--deadline", "40") == ("40", "command-line")
    assert holding(terminal.type("--deadline", "50", "check", "--json", "--show-config"))["deadline"][0] == 50


def test_what_a_file_says_is_done(terminal: Terminal, files: Files) -> None:
    files.own.write_text('port = "sim://fipy?scenario=modem-ffh"\n[check]\nselect = "modem-answers"\n')
    for words in (("check",), ()):
        said = terminal.type(*words, "--json")
        assert said.document["port"] == "sim://fipy?scenario=modem-ffh", "the bare command is check"
        assert "modem-answers" in [found["check"] for found in said.document["findings"]]
        assert "card-is-fat" not in [found["check"] for found in said.document["findings"]]
    assert terminal.type("check", "--port", "sim://fipy").code == 0
    assert terminal.type("--port", "sim://fipy", "check").code == 0


def test_what_a_flash_would_do_is_what_is_planned(terminal: Terminal, files: Files, image: Path) -> None:
    files.own.write_text('port = "sim://fipy"\n[flash]\nmethod = "store"\n')
    assert holding(terminal.type("plan", "--show-config", "--json"))["method"] == ("store", "user")
    planned = terminal.type("plan", str(image), "--json").document
    assert "store" in json.dumps(planned["plan"] or planned["error"])


def test_a_project_is_the_nearest_one_above(terminal: Terminal, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = files.project.parent / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    files.project.write_text('[check]\nignore = ["card-is-fat", "dup-at-root"]\n')
    said = terminal.type("check", "--port", "sim://fipy", "--json")
    assert said.document["ignored"] == ["card-is-fat", "dup-at-root"]
    assert f"{files.project} sets ignore." in said.err
    assert terminal.type("flash", "--json", "--show-config").code == 0
    (inner / config.NAME).write_text("")
    assert not terminal.type("check", "--port", "sim://fipy", "--json").document["ignored"], "a nearer one hides it"


def test_files_count_from_the_folder_of_the_file_that_names_them(terminal: Terminal, files: Files) -> None:
    files.own.write_text('scripts = "lib"\nfirmware = ["a.dup", "/b.dup"]\n')
    held = holding(terminal.type("check", "--show-config", "--json"))
    assert held["scripts"] == (str(files.own.parent / "lib"), "user")
    assert held["firmware"][0] == [str(files.own.parent / "a.dup"), str(files.own.parent / "/b.dup")]


def test_what_is_only_configured_does_not_stand_for_a_board(terminal: Terminal, files: Files) -> None:
    (files.own.parent / "lib").mkdir()
    files.own.write_text('scripts = "lib"\n')
    said = terminal.type("check")
    assert said.code == 2 and "no board is plugged in" in said.err


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_alone_opens_an_option(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    for option in command.params:
        if isinstance(option, click.Option):
            setting = setting_of(name, option.opts[0])
            assert option.envvar == (None if setting is None else setting.variable(name))
    assert not SETTINGS.keys() & set(CONSENTS)


@pytest.mark.parametrize("key", [*CONSENTS, "sd", "trace", "log-file"])
@pytest.mark.parametrize("table", ["", "flash", "fix"])
def test_no_file_may_agree_destroy_or_write(terminal: Terminal, files: Files, table: str, key: str) -> None:
    head = f"[{table}]\n" if table else ""
    for file in (files.own, files.project):
        for value in ("true", '"x.jsonl"'):
            file.write_text(f"{head}{key} = {value}\n")
            said = terminal.type("fix", "--port", "sim://fipy")
            assert said.code == 2 and f"{file}, line {2 if table else 1}" in said.err and key in said.err
        file.unlink()
    assert len(files.all) == 2


def test_the_environment_cannot_say_what_is_only_typed(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in CONSENTS:
        monkeypatch.setenv(f"{ENV}{key.upper().replace('-', '_')}", "1")
    assert terminal.type("check", "--port", "sim://fipy").code == 0


HOSTILE = {
    "a telnet address": ('port = "telnet://192.0.2.1"', "a project's file cannot set the port"),
    "an address": ('port = "socket://192.0.2.1:23"', "cannot set the port"),
    "a port that writes a file": ('port = "spy:///dev/ttyS0?file=taken"', "cannot set the port"),
    "a bench that is kept": ('port = "sim://fipy?state=taken"', "cannot set the port"),
    "a trace": ('port = "replay://t.jsonl"', "cannot set the port"),
    "a port of the computer": ('port = "/dev/ttyS0"', "cannot set the port"),
    "a file": ('firmware = "/dev/zero"', "may not stand in a project's file"),
    "a folder to fill": ('backup = "/"', "may not stand in a project's file"),
    "a way": ('[flash]\nvia = "card"', "may not stand in a project's file"),
    "a way above": ('via = "card"', "not a setting that may stand above the tables"),
    "a plan of its own": ('[plan]\nmethod = "store"', "write it into [flash]"),
    "a misspelt key": ("deadlin = 3", "did you mean deadline?"),
    "a misspelt table": ("[checq]\nstrict = true", "did you mean check?"),
    "of another table": ("[flash]\nstrict = true", "it may stand in [check]"),
    "a table of another command": ("[explain]\nx = 1", "there are check, fix, flash"),
    "a table where a text belongs": ("[port]\nx = 1", "must be a text in quotes"),
    "tables of tables": ("[[check]]\nstrict = true", "not a setting that may stand above"),
    "a number as text": ('deadline = "soon"', "must be a number"),
    "a switch as text": ('[check]\nstrict = "yes"', "must be true or false"),
    "numbers as ids": ("[check]\nignore = [1]", "must be a text in quotes, or a list of them"),
    "no number at all": ("deadline = nan", "is not a number of seconds"),
    "more than a float": ("deadline = " + "9" * 309, "inf is not a number of seconds"),
    "less than a float": ("deadline = -" + "9" * 4000, "-inf is not a number of seconds"),
    "a NUL": ('[check]\nselect = ["modem\\u0000"]', "select holds a NUL"),
    "no TOML": ("deadline 3", "is not TOML: "),
    "twice": ("deadline = 3\ndeadline = 4", "is not TOML: "),
    "brackets": ("x = " + "[" * 20000, "is nested too deeply"),
    "endless digits": ("deadline = " + "9" * 6000, ""),
    "much": ("# " + "x" * config.MOST_BYTES, "has more than 65536 bytes"),
    "a terminal's commands": ('"\\u001b[2J" = 1', "not a setting"),
    "markup": ('"[red]`fipy-doctor flash x --yes`" = 1', "not a setting"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_project_can_only_end_the_run(
    terminal: Terminal, files: Files, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, told = HOSTILE[case]
    files.project.write_text(text + "\n")
    plugged.plug_in(monkeypatch, plugged.PYSENSE)
    opened: list[object] = []

    def opens(*how: object, **_: object) -> None:
        opened.append(how)
        raise serial.SerialException("nobody is there")

    monkeypatch.setattr("serial.serial_for_url", opens)
    there = files.all
    said = terminal.type("check")
    assert said.code == 2 and told in said.err and str(files.project) in said.err
    assert f"{files.project}, line " in said.err or "mend that line" not in said.err
    assert "\x1b" not in said.err and said.err.count("\n") <= 4
    assert files.all == there and not opened
    assert terminal.type("explain", "AT+SMSWBOOT=3,0 failed!").code == 0, "what has no bench reads no settings"
    assert terminal.type("flash", "--help").code == 0
    monkeypatch.setenv(config.VARIABLE, config.NONE)
    assert terminal.type("check").code != 2 and opened, "that is the way out which the error names"


@pytest.mark.parametrize("line", ['firmware = "x\\u0000"', 'scripts = "\\u0000"', 'port = "/dev/\\u0000"'])
def test_a_nul_in_a_name_is_a_wrong_line(terminal: Terminal, files: Files, line: str) -> None:
    files.own.write_text(f"{line}\n")
    said = terminal.type("check")
    assert said.code == 2 and f"{files.own}, line 1: {line.split()[0]} holds a NUL" in said.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither")
def test_what_is_no_file_is_not_read(terminal: Terminal, files: Files) -> None:
    secret = files.own.parent / "secret"
    secret.write_text("password = 1\n")
    for make in (lambda file: file.symlink_to(secret), os.mkfifo, Path.mkdir):
        make(files.project)
        said = terminal.type("check", "--port", "sim://fipy")
        assert said.code == 2 and "cannot be read" in said.err and "password" not in said.err
        files.project.rmdir() if files.project.is_dir() else files.project.unlink()
    files.own.symlink_to(secret)
    assert "password" in terminal.type("check", "--port", "sim://fipy").err, "one's own may be a link"


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows has no such ids")
def test_a_file_that_another_user_laid_there_is_left_out(
    terminal: Terminal, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.project.write_text("broken")
    monkeypatch.setattr("os.getuid", lambda: files.project.stat().st_uid + 1)
    if files.project.stat().st_uid == 0:
        monkeypatch.setattr(config, "_foreign", lambda told: "it belongs to another user")
    assert terminal.type("check", "--port", "sim://fipy").code == 0
    assert "not read: it belongs to another user" in terminal.type("--show-config").out


def test_a_home_that_nobody_knows(terminal: Terminal, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Path:
        raise RuntimeError("could not determine the home directory")

    (files.project.parent / "~" / config.NAME).parent.mkdir()
    (files.project.parent / "~" / config.NAME).write_text("yes = true\n")
    for path in (unknown, lambda *_, **__: Path("~")):  # platformdirs before 4.6 left the ~ as it is
        monkeypatch.setattr("platformdirs.user_config_path", path)
        assert terminal.type("check", "--port", "sim://fipy").code == 0
    monkeypatch.setattr("pathlib.Path.cwd", lambda: (_ for _ in ()).throw(FileNotFoundError("gone")))
    assert terminal.type("check", "--port", "sim://fipy").code == 0


def test_where_a_wrong_value_stands(terminal: Terminal, files: Files) -> None:
    files.own.write_text('\ufeff# mine\r\n\r\ncarrier = "pysens"\r\n', encoding="utf-8")
    said = terminal.type("check", "--port", "sim://fipy")
    assert said.code == 2 and f"{files.own}, line 3: --carrier" in said.err and "pysense" in said.err
    files.own.write_text('backup = "C:\\Users\\anna"\n')
    assert "between single quotes: 'C:\\Users\\anna'" in terminal.type("check", "--port", "sim://fipy").err
    files.own.write_bytes(b"deadline = 3\nport = '\xff'\n")
    assert "line 2: is not UTF-8" in terminal.type("check", "--port", "sim://fipy").err.replace(
        ", line 2 is", ", line 2: is"
    )


def test_one_file_may_be_named_in_place_of_both(
    terminal: Terminal, files: Files, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    files.own.write_text("broken")
    monkeypatch.setenv(config.VARIABLE, str(tmp_path / "other.toml"))
    assert "cannot be read: No such file" in terminal.type("check", "--port", "sim://fipy").err
    (tmp_path / "other.toml").write_text("deadline = 7\n")
    assert holding(terminal.type("check", "--show-config", "--json"))["deadline"] == (7, "user")


def test_a_password_in_an_address_is_not_shown(terminal: Terminal, files: Files) -> None:
    files.own.write_text('port = "telnet://micro:secret@192.0.2.1"\n')
    for words in (("--show-config",), ("check", "--show-config", "--json")):
        said = terminal.type(*words)
        assert "192.0.2.1" in said.out and "secret" not in said.out + said.err


@pytest.mark.parametrize(
    ("command", "variable", "value"),
    [("check", "DEADLINE", "abc"), ("check", "CARRIER", "nix"), ("flash", "FLASH_METHOD", "x"), ("check", "SD", "nix")],
)
def test_a_wrong_variable_is_named(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, command: str, variable: str, value: str
) -> None:
    monkeypatch.setenv(f"{ENV}{variable}", value)
    said = terminal.type(command, "--port", "sim://fipy")
    assert said.code == 2 and said.err.startswith(f"{ENV}{variable}: --")
    assert f"next:  set {ENV}{variable} to another value, or unset it" in said.err


def test_what_no_run_takes_is_shown_so(terminal: Terminal, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files.own.write_text(
        'port = "/dev/x"\ncarrier = "nix"\nfirmware = "nix.dup"\n[check]\nvia = "nix"\n[flash]\nmethod = "store"\n'
    )
    files.project.write_text("deadline = 1e23\n")
    monkeypatch.setenv("FIPY_DOCTOR_CHECK_STRICT", "perhaps")
    rows = terminal.type("--show-config", "--json").document["settings"]
    refused = {row["key"]: row["refused"] for row in rows if row["value"] is not None}
    taken = {key for key, why in refused.items() if why is None}
    assert (set(refused) - taken, taken) == ({"deadline", "carrier", "firmware", "via", "strict"}, {"port", "method"})
    assert refused["deadline"] == "1e+23 is not a number of seconds above 0, at most 604800"
    assert "expansion3" in refused["carrier"]
    assert refused["deadline"] in terminal.type("check", "--port", "sim://fipy", "--carrier", "pysense").err
    for words in ((), ("check",)):
        assert terminal.type(*words, "--show-config").out.count("no run takes it") == len(refused) - len(taken)


def test_all_that_holds_is_shown(terminal: Terminal, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files.own.write_text('carrier = "pysense"\n[flash]\nvia = "card"\n')
    files.project.write_text("[check]\nstrict = true\n")
    monkeypatch.setenv("FIPY_DOCTOR_PORT", "COM25")
    said = terminal.type("--show-config")
    shown = " ".join(said.out.split())
    assert said.code == 0 and f"{files.own} (yours; read)" in said.out
    for told in ("port COM25 (FIPY_DOCTOR_PORT)", f"[flash] via card ({files.own}, line 3)", "backup not set"):
        assert told in shown
    assert set(READERS) >= {table_of(name) for name in READERS}
    assert [one.key for one in SETTINGS.values() if one.weakest is Source.PROJECT] == [
        *("port", "deadline", "select", "ignore", "strict"),
    ]
