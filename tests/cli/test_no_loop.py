"""Who types what is printed gets on: a command that failed is not printed again."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from doctor.sim.bench import SimBench
from doctor.sim.practice.image import make_practice_bootrom, make_practice_elf, make_practice_image
from doctor.sim.scenarios import SCENARIOS
from doctor.text.command import Command

from .terminal import Said, Terminal

ROUNDS = 5
#: Commands that end a walk where nothing is to be flashed: only reading helps, or a port is to be named first.
READS = ("open", "ports")
SMALL = 60_000


@dataclass(frozen=True)
class Files:
    """What the user has at hand for the names that a printed command leaves to him."""

    image: Path
    elf: Path
    bootrom: Path

    def hands(self, words: list[str]) -> list[str]:
        return [str(self.image) if word == "FILE.dup" else word for word in words]

    def fill(self, command: Command) -> Command:
        flashes = command.verb in ("flash", "plan") and not any(word.endswith(".dup") for word in command.args)
        names = {"FULL-IMAGE.dup": self.image, "CATM1-41065.dup": self.image}
        return replace(
            command,
            # what flash would find by itself, and ask about at the terminal
            firmware=tuple(names.get(str(file), file) for file in command.firmware) or (self.image,) * flashes,
            updater_elf=self.elf if str(command.updater_elf) == "updater.elf" else command.updater_elf,
            bootrom=self.bootrom if str(command.bootrom) == "sqnsbrz.py" else command.bootrom,
            was=38638 if command.was == "BUILD" else command.was,
        )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("files")
    image = make_practice_image(folder, build=41065, size_bytes=SMALL)
    return Files(image, make_practice_elf(folder), make_practice_bootrom(folder))


def typed(terminal: Terminal, command: Command) -> Said:
    """Type a command as the user does, and say yes to its plan."""
    return terminal.type(*command.words()[1:], *["--yes"] * (command.verb in ("fix", "flash", "restore")))


def printed(said: Said, files: Files) -> Command | None:
    """The next command; None if nothing is left to be done."""
    return files.fill(Command.of_words(said.next)) if said.next else None


def walk(terminal: Terminal, files: Files, first: Command, *, with_hands: bool) -> list[str]:
    """Type what is printed, with or without the hands that go before it; the commands, and how each ended."""
    command, failed = first, Counter[Command]()
    told: list[str] = []
    for _ in range(ROUNDS):
        said = typed(terminal, command)
        told.append(f"{said.code}: {command}")
        failed[command] += bool(said.code)
        following = printed(said, files)
        if following is None or following.verb in READS or (not said.code and command.verb in ("flash", "status")):
            break
        # A flash may be tried once more if the checks pass since.
        again = failed[following] - (not said.code and following.verb == "flash")
        assert again <= 0, "\n".join([*told, f"again: {following}", said.out, said.err])
        for hands in said.hands if with_hands else ():
            terminal.type(*files.hands(hands))
        command = following
    return told


@pytest.mark.sampled(214)
@pytest.mark.parametrize("with_hands", [True, False], ids=["hands", "no-hands"])
@pytest.mark.parametrize("bench", ["fipy", "gpy", "sqn3330"])
@pytest.mark.parametrize("verb", ["check", "check-file", "flash", "fix", "status"])
@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.long
def test_no_scenario_goes_round(
    terminal: Terminal, files: Files, tmp_path: Path, name: str, verb: str, bench: str, with_hands: bool
) -> None:
    port = f"sim://{bench}?scenario={name}&state={tmp_path / 'bench'}"
    via = "modem" if bench == "sqn3330" else "auto"
    given = (files.image,) if verb in ("check-file", "flash") else ()
    walk(
        terminal, files, Command(verb.removesuffix("-file"), firmware=given, port=port, via=via), with_hands=with_hands
    )


#: Faults of a modem, and whether the flash that meets them had begun to send.
BREAKS = ("lose@60@0", "hang@50", "AT+SMSWBOOT=:error@1@9", "reset:lose@1@9", "reboot@40")


@pytest.mark.sampled(5)
@pytest.mark.parametrize("bench", ["fipy", "sqn3330"])
@pytest.mark.parametrize("fault", BREAKS)
def test_a_failed_flash_ends_as_every_message_and_with_the_command_of_status(
    terminal: Terminal, image: Path, tmp_path: Path, fault: str, bench: str
) -> None:
    port = f"sim://{bench}?fault={fault}&state={tmp_path / 'bench'}"
    where = Command("status", port=port, via="modem" if bench == "sqn3330" else "auto")
    flash = replace(where, verb="flash", firmware=(image,), method="on-the-fly")
    said = typed(terminal, flash)
    assert said.code in (1, 3)
    assert "  next:  " not in said.out and "modem in " not in said.out
    if said.code == 3:
        assert re.search(r"^the flash failed in step \d of \d", said.out, re.MULTILINE) and "\n  now:   " in said.out
    if said.next[0] != "flash":
        assert said.next[0] == "status"
        return
    for hands in said.hands:
        terminal.type(*hands)
    assert said.next == typed(terminal, where).next


def test_a_bare_modem_that_nobody_called_one_is_led_to_its_flash(terminal: Terminal, files: Files) -> None:
    """Nothing tells it from a board in mirror mode; the board's reset button is asked for once."""
    told = walk(terminal, files, Command("check", firmware=(files.image,), port="sim://sqn3330"), with_hands=False)
    assert "flash" in told[-1] and "--via modem" in told[-1] and told[-1].startswith("0:"), told
    status = terminal.type("status", "--port", "sim://sqn3330")
    assert status.next == ["status", "--port", "sim://sqn3330", "--via", "modem"]
    assert terminal.type(*status.next).code == 0


def test_a_kept_bench_whose_cable_is_out_asks_for_the_cable_and_looks_again(
    terminal: Terminal, image: Path, tmp_path: Path
) -> None:
    port = f"sim://fipy?state={tmp_path / 'bench'}"
    sim = SimBench.from_url(port)
    sim.hands.unplug()
    sim.release()
    said = terminal.type("check", "--firmware", str(image), "--port", port)
    assert "server" not in said.out and "not plugged in" in said.out
    assert "plug the board in, then run the same command again" in said.out
    assert "server" not in terminal.type("status", "--port", port).out
    for hands in said.hands:
        assert terminal.type(*hands).code == 0
    assert terminal.type("check", "--firmware", str(image), "--port", port).next[0] == "flash"


@pytest.mark.parametrize("scheme", ["socket", "rfc2217"])
def test_nobody_at_an_address_is_answered_with_a_server_and_not_with_a_cable(terminal: Terminal, scheme: str) -> None:
    port = f"{scheme}://127.0.0.1:1"
    said = terminal.type("check", "--port", port)
    assert "start the server" in said.out and "plug the board in" not in said.out
    assert said.next == [] and "fipy-doctor open port-not-found" in said.out
