"""What shells complete: real ones on a pseudo terminal where they are installed; PowerShell's script as text only."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.cli import completion
from doctor.cli.commands.completion import SHELLS
from doctor.cli.main import COMMANDS, cli
from doctor.cli.settings import COMPLETE
from doctor.roster import BUILTIN
from doctor.sim.scenarios import SCENARIOS
from tests import plugged

from .terminal import Terminal

ROOT = Path(__file__).parents[2]


@pytest.fixture
def offers(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """What bash is told for the beginning of a line: the words, whatever their kind."""

    def ask(line: str, shell: str = "bash") -> list[str]:
        monkeypatch.setenv(COMPLETE, f"{shell}_complete")
        monkeypatch.setenv("COMP_LINE", f"fipy-doctor {line}")
        monkeypatch.setenv("COMP_WORD", "'" if "'" in line else "")
        said = terminal.type()
        assert said.code == 0 and not said.err
        separator = "," if shell == "bash" else "\t"
        return [row.split(separator, 1)[1] for row in said.out.splitlines() if row]

    yield ask


def test_all_that_has_a_name_is_offered(offers, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    plugged.plug_in(monkeypatch, plugged.PYSENSE)
    monkeypatch.setattr("serial.serial_for_url", lambda *_, **__: pytest.fail("a port was opened"))
    assert offers("") == list(COMMANDS)
    assert offers("check --select ") == list(BUILTIN)
    assert offers("check --ignore modem-answers,port") == ["modem-answers,port-opens"]
    assert offers("flash --override step") == ["step-is-safe"]
    assert offers("check --port /") == ["/dev/ttyACM0"]
    assert offers("check -p serial:P") == ["Py343434"], "bash has the part behind the colon"
    assert offers("check --carrier=pys") == ["pysense", "pyscan"]
    assert offers("flash --via ") == ["auto", "usb", "modem", "card"]
    assert offers("sim --hands pl") == ["plug-in"]
    assert offers("open modem-dead") == ["modem-dead-escalate"]
    assert offers("open move-dup") == ["move-dup"] and "modem-answers" in offers("open modem-ans")
    assert offers("help sch") == ["schema"]
    assert offers("checks jump") == ["jumpers-removed"]
    assert offers("schema show") == ["show-config"]
    assert offers("check --done card-r") == ["card-reseated"]
    assert offers("check --bootrom b") == ["board"]
    assert offers("trial --skip lo") == ["look"]
    assert offers("completion p") == ["powershell"]
    assert "--reformat-sd" in offers("fix --re")
    assert set(offers("check 'sim")) == set(), "check takes no words"


def test_scenarios_are_offered_behind_the_simulators_url(offers) -> None:  # type: ignore[no-untyped-def]
    assert offers("check --port 'sim://f") == ["sim://fipy", "sim://foreign?device="]
    assert offers("check --port 'sim://fipy?sc") == ["sim://fipy?scenario="]
    assert [f"sim://fipy?scenario={name}" for name in SCENARIOS] <= offers("check --port 'sim://fipy?scenario=")
    assert offers("check --port sim://fipy?scenario=modem-si") == ["modem-silent"]
    assert offers("check --port 'sim://gpy?build=1&scenario=jumpers-fitted,modem-si") == [
        "sim://gpy?build=1&scenario=jumpers-fitted,modem-silent",
    ]
    assert "sim://foreign?device=gps" in offers("check --port 'sim://foreign?device=g")
    assert offers("check --port 'sim://fipy?release=1") == []


def test_files_behind_a_colon_are_found_here(  # type: ignore[no-untyped-def]
    offers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plugged.plug_in(monkeypatch, plugged.PYSENSE)
    (tmp_path / "a:folder").mkdir()
    for name in ("a:file.dup", "fine.dup", "t.jsonl", ".hidden", "a:folder/x.jsonl", "a:line\nbroken"):
        (tmp_path / name).write_bytes(b"x")
    assert offers("flash a:f") == ["file.dup", "folder/"], "and not fine.dup, which does not begin so"
    assert offers("flash --firmware=a:fi") == ["file.dup"]
    assert offers("backup a:f") == ["folder/"]
    assert offers("check --port replay://") == ["//a:file.dup", "//a:folder/", "//fine.dup", "//t.jsonl"]
    assert offers("check --port replay://a:folder/") == ["folder/x.jsonl"]
    assert offers(f"check --port replay://{tmp_path}/t") == [f"//{tmp_path}/t.jsonl"]
    assert offers("check --port replay://no/such/") == offers("check --port replay://t.jsonl/") == []
    (tmp_path / "loop").symlink_to("loop")
    assert offers("check --port replay://t") == ["//t.jsonl"], "a link that leads to itself hides no other name"
    assert offers("check --port=serial:P") == ["Py343434"], "the part before it stands there already"
    assert offers("check --port=serial:P", "powershell")[0].startswith("--port=serial:Py343434\t"), "the whole word"


@pytest.mark.parametrize(
    "line",
    ["nix ", "check --nix ", "check --port 'sim://nix?", 'check "', "check --via nix --via ", "help ", "--", "'"],
)
def test_what_is_wrong_completes_nothing_or_options(offers, line: str) -> None:  # type: ignore[no-untyped-def]
    assert all(word.startswith("-") for word in offers(line) if word not in (*COMMANDS, "auto", "modem"))


def test_a_broken_file_of_settings_breaks_no_completion(  # type: ignore[no-untyped-def]
    offers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.toml").write_text("[")
    monkeypatch.setenv("FIPY_DOCTOR_CONFIG", str(tmp_path / "broken.toml"))
    monkeypatch.setenv("FIPY_DOCTOR_PORT", "COM25")
    assert offers("check --via mo") == ["modem"]
    monkeypatch.setattr("doctor.cli.completion.list_ports", None, raising=False)
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: 1 / 0)
    assert offers("check --port ") == [], "an error in the middle of a line helps nobody"


@pytest.mark.parametrize("shell", SHELLS)
def test_what_is_printed_for_each_shell(terminal: Terminal, shell: str) -> None:
    said = terminal.type("completion", shell)
    assert said.code == 0 and said.out == completion.script(shell, cli) and f"{COMPLETE}" in said.out
    assert "%(" not in said.out and "fipy-doctor" in said.out
    assert terminal.type("completion", shell, "--json").document["script"] == said.out
    assert terminal.type("completion", "bas").code == 2


def test_powershell_is_told_kind_word_and_help(offers, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    plugged.plug_in(monkeypatch, plugged.ON_WINDOWS)
    assert offers("check --port COM", "powershell") == ["COM25\tExpansion Board 3.x, USB 04d8:ef98, serial Pye1e2e3"]
    assert offers("check --scripts C:\\Users\\", "powershell") == ["C:\\Users\\\tC:\\Users\\"]
    assert offers("flash --method ", "powershell")[0] == "auto\tauto"


def test_completion_loads_neither_the_simulator_nor_what_examines() -> None:
    program = (
        "import sys; from doctor.cli.main import run; run([]);"
        "sys.exit(str([n for n in sys.modules if n.startswith(('doctor.sim', 'doctor.bench', 'rich'))] or 0))"
    )
    env = {**os.environ, COMPLETE: "bash_complete", "COMP_LINE": "fipy-doctor check --port "}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=env)
    assert ran.stderr.strip() == "0" and "plain,sim://fipy" in ran.stdout


#: How each shell is started with nothing of the user's, and what it reads first.
REAL = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(fipy-doctor completion bash)"'),
    "zsh": (["zsh", "-f", "-i"], 'autoload -U compinit; compinit -u -D; eval "$(fipy-doctor completion zsh)"'),
    "fish": (["fish", "--no-config", "-i"], "fipy-doctor completion fish | source"),
}
#: Somebody else's file, of which a shell must take no part for a command.
HOSTILE = "hostile `touch PWNED` $HOME $(touch PWNED) 'x' \"y\" !!.jsonl"
#: What is typed before Tab, and what the program then gets.
TYPED = {
    "sta": "status",
    "check --sel": "check --select",
    "check --select board-sc": "check --select board-scripts-match",
    "check --port sim://fipy?scenario=modem-si": "check --port sim://fipy?scenario=modem-silent",
    "check --port 'sim://fipy?scenario=modem-si": "check --port sim://fipy?scenario=modem-silent",
    "check --port sim://fipy\\?scenario=modem-ff": "check --port sim://fipy?scenario=modem-ffh",
    "sim --hands press": "sim --hands press-reset",
    "flash --carrier pyse": "flash --carrier pysense",
    "flash --carrier=pyse": "flash --carrier=pysense",
    "check --scripts=subf": "check --scripts=subfolder",
    "check --ignore modem-answers,port-o": "check --ignore modem-answers,port-opens",
    "open modem-dead-e": "open modem-dead-escalate",
    "flash firm": "flash firmware.dup",
    "backup sub": "backup subfolder",
    "flash card:fi": "flash card:first.dup",
    "flash card\\:fi": "flash card:first.dup",
    "check --port replay://tr": "check --port replay://trace.jsonl",
    "check --port=replay://two": "check --port=replay://two  words;&.jsonl",
    "check --port replay://host": f"check --port replay://{HOSTILE}",
    "check --port replay://hostile\\ \\`touch": f"check --port replay://{HOSTILE}",
    "check --port 'replay://host": f"check --port replay://{HOSTILE}",
    'check --port "replay://host': f"check --port replay://{HOSTILE}",
    "check --port replay://subfolder/inn": "check --port replay://subfolder/inner.jsonl",
}


def typed(shell: str, lines: dict[str, str], folder: Path) -> list[str]:
    """What the program is called with if each line is typed into a real shell, then Tab, then Enter."""
    import pty

    words, first = REAL[shell]
    program = folder / "bin" / "fipy-doctor"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        f'if [ -n "${COMPLETE}" ] || [ "$1" = completion ]; then\n'
        f'exec {shlex.quote(sys.executable)} -m doctor "$@"; fi\n'
        f'echo "$@" >>{folder}/got\n'
    )
    program.chmod(0o755)
    here = folder / "here"
    (here / "subfolder").mkdir(parents=True)
    for name in (
        "firmware.dup",
        "card:first.dup",
        "trace.jsonl",
        "two  words;&.jsonl",
        HOSTILE,
        "subfolder/inner.jsonl",
    ):
        (here / name).write_bytes(b"x")
    ours, theirs = pty.openpty()
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("COMP_", "ZDOTDIR"))},
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "TERM": "dumb",
        "PS1": "$ ",
        "PYTHONPATH": str(ROOT),
        "XDG_CONFIG_HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
    }
    running = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *words], stdin=theirs, stdout=theirs, stderr=theirs, cwd=here, env=env
    )
    os.close(theirs)
    said = b""
    try:
        for line in (first, *(f"fipy-doctor {line}\t" for line in lines), "exit"):
            os.write(ours, f"{line}\r".encode())
        while True:
            try:
                read = os.read(ours, 4096)
            except OSError:  # the shell has ended
                break
            if not read:
                break
            said += read
        running.wait(60)
    finally:
        running.kill()
        running.wait()
        os.close(ours)
    assert not (here / "PWNED").exists()
    got = folder / "got"
    return got.read_text().splitlines() if got.exists() else [said.decode(errors="replace")]


@pytest.mark.parametrize(
    "shell",
    [
        pytest.param("bash", marks=pytest.mark.needs_tool("bash", "setsid")),
        pytest.param("zsh", marks=[pytest.mark.needs_tool("zsh", "setsid"), pytest.mark.long]),
        pytest.param("fish", marks=[pytest.mark.needs_tool("fish", "setsid"), pytest.mark.long]),
    ],
)
def test_a_real_shell_completes(shell: str, tmp_path: Path) -> None:
    lines = dict(list(TYPED.items())[3:5]) if shell == "bash" else TYPED
    if shell == "fish":  # to it a question mark stands for any letter, until fish 4 also within what it completes
        lines = {line: got for line, got in TYPED.items() if "y?" not in line}
        assert any("y\\?" in line for line in lines), "the one that it completes"
    got = typed(shell, lines, tmp_path)
    assert [line.rstrip("/") for line in got] == list(lines.values()), "zsh takes the slash away when the line ends"


@pytest.mark.long
@pytest.mark.needs_tool("bash", "setsid")
def test_bash_completes_all_the_rest(tmp_path: Path) -> None:
    assert [line.rstrip("/") for line in typed("bash", TYPED, tmp_path)] == list(TYPED.values())
