from __future__ import annotations

import pytest

from checks.repl_answers import ReplAnswers
from doctor.bench import Bench, BenchOptions
from doctor.check import Finding, Status
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


def test_paste_mode_passes_and_is_left() -> None:
    board = OldRepl()
    board.paste = True
    assert look(board.wire).status is Status.PASS
    assert board.raw


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
