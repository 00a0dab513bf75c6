from __future__ import annotations

import pytest

from checks.repl_answers import ReplAnswers
from doctor import engine
from doctor.bench import Bench, BenchOptions
from doctor.board import snippets
from doctor.check import Finding, Status
from doctor.errors import BoardError
from doctor.link.telnet_url import parse
from doctor.remedies import cures
from doctor.sim.bench import SimBench
from tests.board.old_repl import ROM, OldRepl
from tests.link import devices
from tests.link.wire import Wire

from .simulated import bench_at, board_of


def look(wire: Wire, *, interrupt: bool = False) -> Finding:
    bench = Bench(BenchOptions(port="/dev/ttyACM0", interrupt=interrupt), link=wire.link())
    found = ReplAnswers().look(bench)
    if found.status is not Status.PASS:
        assert found.catalogue in ReplAnswers.finds
        assert [remedy.grade for remedy in found.remedies] == [cures().get(remedy).grade for remedy in found.remedies]
    return found


def test_an_idle_prompt_passes() -> None:
    assert look(OldRepl().wire).status is Status.PASS


def test_a_raw_repl_left_behind_passes_and_is_told() -> None:
    board = OldRepl()
    board.raw = True
    assert "raw mode" in look(board.wire).summary


def test_an_unfinished_input_is_told_and_neither_run_nor_thrown_away() -> None:
    board = OldRepl()
    board.paste = True
    found = look(board.wire)
    assert (found.status, found.remedies[0].id) == (Status.FAIL, "stop-program")
    assert "waits for the rest of an input" in found.summary and found.catalogue == "prompt-waits-for-rest"
    assert (board.wire.written, board.paste) == (b"\r", True)


def test_a_running_program_fails_with_what_it_says() -> None:
    found = look(devices.program(b"temperature 21\r\n"))
    assert (found.status, found.catalogue) == (Status.FAIL, "main-py-blocks-repl")
    assert "it says temperature 21" in found.summary
    assert found.remedies[0].id == "stop-program"


@pytest.mark.parametrize(
    "wire, catalogue",
    [
        (devices.program(b"[pybytes] Connected to MQTT\r\n"), "pybytes-occupies-board"),
        (devices.program(b"$GPGGA,123519,4807.038,N*47\r\n"), "wrong-serial-port-chosen"),
        (devices.talker((500, b"DO NOT DISCONNECT POWER\r\n")), "updater-at-work"),
        (devices.talker((500, b"rst:0x1 (POWERON_RESET),boot:0x3\r\nwaiting for download\r\n")), "board-in-bootloader"),
        (
            devices.talker(*((900 * n, b"ets Jun  8 2016\r\nflash read err, 1000\r\n") for n in range(12))),
            "flash-read-err-loop",
        ),
        (devices.talker(*((900 * n, ROM + b"Brownout detector was triggered\r\n") for n in range(12))), "brownout"),
        (devices.talker(*((900 * n, ROM) for n in range(12))), "boot-loop"),
        (devices.talker((500, ROM)), "main-py-blocks-repl"),
        (devices.modem(921600), "mirror-board-looks-dead"),
        (devices.program(b"\xf8\xfe\x80\x81\xff" * 20), "baud-mismatch-garbage"),
        (devices.program(b"\x00" * 20), "modem-null-bytes"),
        (devices.silent(), "tx-rx-jumper-missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_failure_is_told_apart(wire: Wire, catalogue: str) -> None:
    found = look(wire)
    assert (found.status, found.catalogue) == (Status.FAIL, catalogue)


def test_an_updater_at_work_asks_for_patience_and_nothing_else() -> None:
    found = look(devices.talker((500, b"Sending 5996938 bytes: [##]\r")), interrupt=True)
    assert "DO NOT UNPLUG" in found.summary
    assert [r.id for r in found.remedies] == ["wait-for-modem"]


LOPY = b"Pycom MicroPython 1.20.2.r4 [v1.11-ba9d86d] on 2020-12-01; LoPy4 with ESP32\r\n"


@pytest.mark.parametrize("banner", [LOPY, b"MicroPython\r\n"], ids=["by its banner", "by sys.platform"])
def test_a_pycom_board_without_modem_fails_and_nothing_is_updated(banner: bytes) -> None:
    board = OldRepl(platform="LoPy4")
    board.banner = banner
    bench = Bench(BenchOptions(port="/dev/ttyACM0"), link=board.wire.link())
    report = engine.run(bench, checks=[ReplAnswers()])
    (found,) = report.findings
    assert (found.status, found.catalogue) == (Status.FAIL, "non-lte-board")
    assert "this is a LoPy4, a Pycom board without an LTE modem, and no FiPy or GPy" in found.summary
    assert [remedy.id for remedy in found.remedies] == ["plug-in-board"]
    assert not board.raw
    with pytest.raises(BoardError, match="LoPy4"):
        bench.open_board()
    assert board.runs == ([] if banner == LOPY else [snippets.PLATFORM]), "it is asked once"


def test_a_prompt_whose_banner_is_lost_is_asked_whose_it_is() -> None:
    board = OldRepl()
    board.banner = b"MicroPython\r\n"
    assert look(board.wire).status is Status.PASS
    assert board.runs == [snippets.PLATFORM]


#: What a FiPy's own program may print, and where nothing else shows that it is one.
LOOKS_FOREIGN = (b"$GPGGA,123519,4807.038,N*47\r\n", b"\r\n[    0.120000] link up\r\n", b"\r\nI (5) wifi: up\r\n")
PYCOM, FTDI, OTHER = (0x04D8, 0xEF98), (0x0403, 0x6015), (0x1A86, 0x7523)


@pytest.mark.parametrize("says", LOOKS_FOREIGN)
def test_a_program_that_sounds_like_another_device_is_stopped_where_the_usb_id_is_pycoms(says: bytes) -> None:
    wire = devices.program(says)
    wire.usb_id = PYCOM
    found = look(wire)
    assert (found.catalogue, found.remedies[0].id) == ("main-py-blocks-repl", "stop-program")


def test_who_was_let_in_over_wifi_speaks_to_a_pycom_board_whatever_its_program_prints() -> None:
    wire = devices.program(LOOKS_FOREIGN[0])
    wire.address = parse("telnet://192.168.4.1", "python")
    found = look(wire)
    assert (found.catalogue, found.remedies[0].id) == ("main-py-blocks-repl", "stop-program")
    assert "no FiPy or GPy" not in found.cause


@pytest.mark.parametrize("usb_id", [FTDI, OTHER, None])
@pytest.mark.parametrize("says", LOOKS_FOREIGN)
def test_elsewhere_it_is_most_likely_that_device_and_safe_boot_shows_that_it_is_none(
    says: bytes, usb_id: tuple[int, int] | None
) -> None:
    wire = devices.program(says)
    wire.usb_id = usb_id
    found = look(wire, interrupt=True)
    assert "most likely" in found.summary and b"\x03" not in wire.written
    assert [remedy.id for remedy in found.remedies] == ["plug-in-board", "hold-safe-boot"]
    board = OldRepl()  # the same board in safe boot: its program does not run
    board.wire.usb_id = usb_id
    board.wire.say(ROM + b"\r\n" + board.banner + b">>> ", after_ms=50)
    assert look(board.wire).status is Status.PASS


@pytest.mark.parametrize(
    ("usb_id", "first"), [(PYCOM, "stop-program"), (FTDI, "stop-program"), (OTHER, "hold-safe-boot")]
)
def test_a_program_at_a_port_with_a_strange_usb_id_is_not_stopped_unasked(usb_id: tuple[int, int], first: str) -> None:
    wire = devices.program(b"temperature 21\r\n")
    wire.usb_id = usb_id
    found = look(wire)
    cures_ = [remedy.id for remedy in found.remedies]
    assert cures_[0] == first and ("stop-program" in cures_) is (usb_id is not OTHER)
    assert ("or this is no FiPy or GPy" in found.cause) is (usb_id is not PYCOM)


def test_a_line_that_sends_back_what_it_gets_carries_data() -> None:
    found = look(devices.talker(answers=lambda wire, data: wire.say(data)))
    assert "comes back" in found.summary and found.remedies[0].id == "separate-tx-rx"
    assert not any("only power" in step for step in cures().get(found.remedies[0]).steps(found))


def test_an_undecided_modem_names_the_option_for_a_bare_one() -> None:
    found = look(devices.modem(921600))
    assert "`fipy-doctor check --via modem`" in found.summary
    assert [remedy.id for remedy in found.remedies] == ["leave-mirror", "name-bare-modem"]


def test_at_commands_in_the_prompt_warn_of_modemmanager() -> None:
    board = OldRepl()
    board.wire.say(b"AT\r\nTraceback:\r\nNameError: name 'AT' isn't defined\r\n>>> ")
    found = look(board.wire)
    assert (found.status, found.catalogue) == (Status.WARN, "modemmanager-grabs-port")


PROGRAM = b"import time\nwhile True:\n    print('tick')\n    time.sleep(1)\n"


def running(sim: SimBench) -> None:
    board_of(sim).flash.write("main.py", PROGRAM)
    sim.hands.press_reset()
    sim.world.sleep_ms(4000)


def test_a_program_on_the_simulated_board_is_seen_and_left_alone() -> None:
    with bench_at(spoil=running) as bench:
        assert ReplAnswers().look(bench).catalogue == "main-py-blocks-repl"


def test_with_consent_it_is_stopped() -> None:
    with bench_at(spoil=running, interrupt=True) as bench:
        found = ReplAnswers().look(bench)
        assert found.status is Status.PASS
        assert "stopped" in found.summary
