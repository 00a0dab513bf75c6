"""A device that is no FiPy or GPy, at the port of every command: it is named, left alone, and nothing is planned."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.remedies import cures
from doctor.sim.bench import SimBench
from doctor.sim.foreign import DEVICES
from tests.plugged import ADAPTER, plug_in

from .terminal import Said, Terminal
from .test_ctrl_c import Keyboard

#: How each is called, by its beginning; gps-slow cannot be told from noise.
NAMES = {
    "circuitpython": "this is a CircuitPython board (Adafruit Feather RP2040 with rp2040), and no FiPy or GPy",
    "pico": "this is a board with another MicroPython (Raspberry Pi Pico with RP2040), and no FiPy or GPy",
    "esp32": "this is a board with another MicroPython (Generic ESP32 module with ESP32), and no FiPy or GPy",
    "esp32-program": "this is most likely an ESP32 with a program of its own, not Pycom's firmware, and no FiPy",
    "esp32-download": "this is most likely an ESP32 in its boot loader, and no FiPy or GPy",
    "wipy": "this is a WiPy, a Pycom board without an LTE modem, and no FiPy or GPy",
    "lopy4": "this is a LoPy4, a Pycom board without an LTE modem, and no FiPy or GPy",
    "quectel": "this is a modem of Quectel, and no FiPy or GPy",
    "ublox": "this is a modem of u-blox, and no FiPy or GPy",
    "simcom": "this is a modem of SIMCom, and no FiPy or GPy",
    "telit": "this is most likely a modem of another maker than Sequans, and no FiPy or GPy",
    "says-ok": "this is most likely a device that answers OK to everything, as no modem of Sequans does, and no FiPy",
    "says-error": "this is most likely a device that answers ERROR to everything, as no modem of Sequans does, and no",
    "arduino": "this is most likely an Arduino, by its USB id 2341:0043, and no FiPy or GPy",
    "grbl": "this is most likely a CNC or 3D printer controller (GRBL, Marlin), and no FiPy or GPy",
    "linux-shell": "this is most likely a computer with Linux, at its shell, and no FiPy or GPy",
    "linux-login": "this is most likely a computer with Linux, at its login, and no FiPy or GPy",
    "gps": "this is most likely a GPS receiver, and no FiPy or GPy",
}
MODEMS = ("quectel", "ublox", "simcom", "telit", "says-ok", "says-error")
#: What must not be offered, planned or advised for such a device; --interrupt stands in what the user typed.
HARM = re.compile(r"fix --|Ctrl-[CDF]|os\.(?:fsformat|mkfs)|update the board|1\.18\.1 or later")
#: Bytes that stop a program, restart a board, or run a line of code.
STOPS = re.compile(rb"[\x03\x04\x06]")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What each device was sent, when its port was closed."""
    seen: list[bytes] = []
    release = SimBench.release

    def released(bench: SimBench) -> None:
        if bench.device is not None:
            seen.append(bytes(bench.device.received))
        release(bench)

    monkeypatch.setattr(SimBench, "release", released)
    return seen


def flat(said: Said) -> str:
    return " ".join((said.out + said.err).split())


def test_each_device_of_the_simulator_is_named_here() -> None:
    assert NAMES.keys() | {"gps-slow"} == DEVICES.keys()


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("device", NAMES)
def test_check_names_it_and_says_what_to_plug_in(terminal: Terminal, sent: list[bytes], device: str) -> None:
    words = () if device in MODEMS else ("--interrupt",)  # who says nothing may be a program
    said = terminal.type("check", "--port", f"sim://foreign?device={device}", *words)
    text = flat(said)
    assert said.code == 1
    assert NAMES[device] in text
    assert "plug in the FiPy or GPy, on its expansion board or shield" in text
    assert not HARM.search(text), text
    assert "1 problem" in text
    if device in MODEMS:
        assert not STOPS.search(sent[0]) and sent[0].count(b"ATI") == 1
    else:
        assert sent in ([b"\r"], [b"\r\x02"])


def test_a_device_at_a_wrong_speed_is_not_sent_what_stops_a_program(terminal: Terminal, sent: list[bytes]) -> None:
    said = terminal.type("check", "--port", "sim://foreign?device=gps-slow")
    assert said.code == 1 and "or this is no FiPy or GPy: the USB id 067b:2303" in flat(said)


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize("device", ["gps", "quectel", "pico", "linux-shell", "says-ok", "says-error"])
def test_it_is_named_where_the_user_says_that_it_is_a_modem(terminal: Terminal, device: str) -> None:
    for verb in ("check", "status"):
        said = terminal.type(verb, "--via", "modem", "--port", f"sim://foreign?device={device}")
        assert said.code == 1 and NAMES[device] in flat(said), flat(said)
        assert not HARM.search(flat(said)), flat(said)


UNNAMED = "nobody has said that the board is there"
UBLOX = "sim://foreign?device=ublox"
LISTED = (UBLOX, *ADAPTER[1:])


@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("check", "--via", "modem"),
        ("status", "--via", "modem"),
        ("backup", "kept"),
        ("fix", "--stop-program"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("how", ["by the environment", "by a file", "as the only one"])
def test_a_port_that_nobody_typed_gets_cr_and_ctrl_b_if_its_usb_id_is_strange(
    terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
    sent: list[bytes],
    tmp_path: Path,
    how: str,
    words: tuple[str, ...],
) -> None:
    if how == "as the only one":
        plug_in(monkeypatch, LISTED)
    elif how == "by a file":
        (tmp_path / "mine.toml").write_text(f"port = '{UBLOX}'\n")
        monkeypatch.setenv("FIPY_DOCTOR_CONFIG", str(tmp_path / "mine.toml"))
    else:
        monkeypatch.setenv("FIPY_DOCTOR_PORT", UBLOX)
    said = terminal.type(*words)
    assert said.code == 1 and UNNAMED in flat(said) and "the USB id, 10c4:ea60," not in said.out
    assert f"fipy-doctor check --port '{UBLOX}'" in flat(said)
    assert not HARM.search(flat(said).replace("fix --stop-program --port", "")), flat(said)
    assert set(sent) <= {b"", b"\r\x02"}


@pytest.mark.parametrize(("answer", "names"), [("y\n", NAMES["ublox"]), ("n\n", UNNAMED)])
def test_who_sits_at_the_terminal_is_asked_about_a_strange_usb_id(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, answer: str, names: str
) -> None:
    plug_in(monkeypatch, LISTED)
    monkeypatch.setattr("sys.stdin", Keyboard(answer))
    said = terminal.type("check")
    assert "and no Pycom board has that USB id. Is the board there?" in flat(said)
    assert names in flat(said)


def test_a_port_that_is_typed_is_named_whatever_the_environment_says(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIPY_DOCTOR_PORT", "sim://fipy")
    for words in (("check", "--port", UBLOX), ("--port", UBLOX, "check")):
        assert NAMES["ublox"] in flat(terminal.type(*words))


Words = Callable[[Path, Path], tuple[str, ...]]
COMMANDS: dict[str, Words] = {
    "fix": lambda image, folder: ("fix", "--yes", "--interrupt"),
    **{
        f"fix-{cure}": lambda image, folder, cure=cure: (  # type: ignore[misc]
            "fix", f"--{cure}", "--yes", "--interrupt", "--confirm", "/flash", "--backup", str(folder),
        )
        for cure in cures().doable()
    },
    **{
        f"flash-{via}": lambda image, folder, via=via: (  # type: ignore[misc]
            "flash", str(image), "--via", via, "--yes", "--interrupt", "--accept", "interrupt-program",
        )
        for via in ("auto", "usb", "card", "modem")
    },
    "plan": lambda image, folder: ("plan", str(image)),
    "backup": lambda image, folder: ("backup", str(folder), "--interrupt"),
    "restore": lambda image, folder: ("restore", str(image.parent), "--yes", "--interrupt"),
    "status": lambda image, folder: ("status", "--interrupt"),
}  # fmt: skip


@pytest.mark.sampled(11, "long")
@pytest.mark.parametrize("device", ["pico", "linux-shell", "wipy", "ublox"])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_does_or_plans_anything_to_it(
    terminal: Terminal, sent: list[bytes], image: Path, tmp_path: Path, command: str, device: str
) -> None:
    words = COMMANDS[command](image, tmp_path / "folder")
    said = terminal.type(*words, "--port", f"sim://foreign?device={device}")
    text = flat(said)
    assert said.code in (1, 2), text
    assert NAMES[device] in text or command == "fix-remove-jumpers", text
    assert not HARM.search(text), text
    assert not (tmp_path / "folder").exists()
    if "modem" in command and device != "ublox":
        assert not any(map(STOPS.search, sent))
    elif device != "ublox":
        assert set(sent) <= {b"\r", b"\r\x02"}
