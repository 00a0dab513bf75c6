from __future__ import annotations

import pytest

from doctor.board.board import Board, uname_is_risky
from doctor.errors import BoardError
from tests.board.old_repl import BANNER, HELP, ROM, OldRepl


def test_a_board_says_what_it_is() -> None:
    facts = Board(OldRepl().wire.link()).identify()
    assert (facts.sysname, facts.release, facts.era.name, facts.has_modem) == ("FiPy", "1.20.2.r4", "F", True)
    assert facts.banner.startswith("Pycom MicroPython 1.20.2.r4")
    assert facts.free_bytes == 3000 * 1024
    assert facts.frozen == ("sqnsupgrade",)
    assert facts.release_lies == ()


def test_it_is_asked_once() -> None:
    fake = OldRepl()
    board = Board(fake.wire.link())
    assert board.identify() is board.identify()
    assert len(fake.runs) == 3


def test_a_wipy_has_no_modem() -> None:
    assert not Board(OldRepl(platform="WiPy").wire.link()).identify().has_modem


def test_a_firmware_without_lte_is_seen() -> None:
    fake = OldRepl()
    fake.features["network"] = object()
    facts = Board(fake.wire.link()).identify()
    assert not facts.has_lte_class
    assert facts.frozen == ()


def test_a_release_that_lies_is_found_out() -> None:
    facts = Board(OldRepl(release="1.17.3.b1").wire.link()).identify()
    assert "LTE.modem_upgrade_mode exists" in facts.release_lies
    assert "built from MicroPython 1.11, not 1.8.6" in facts.release_lies


def test_uname_is_not_asked_where_it_crashes_the_board() -> None:
    fake = OldRepl()
    fake.banner = b"MicroPython v1.8.6-849-2841220 on 2018-01-04; FiPy with ESP32\r\n"
    facts = Board(fake.wire.link()).identify()
    assert not any("uname" in code for code in fake.runs)
    assert (facts.sysname, facts.era.name, facts.version) == ("FiPy", "Z", "v1.8.6-849-2841220 on 2018-01-04")


def test_a_board_that_uname_crashes_is_recognised_by_that() -> None:
    fake = OldRepl()
    fake.banner = b"MicroPython v1.8.6-849-1234567 on 2018-02-20; FiPy with ESP32\r\n"

    def crash(code: str) -> bool:
        if "uname" not in code:
            return True
        fake.raw = False
        fake.wire.say(b"OK" + ROM)
        fake.wire.say(fake.banner + HELP + b">>> ", after_ms=2000)
        return False

    fake.before_run = crash
    facts = Board(fake.wire.link()).identify()
    assert (facts.release, facts.sysname, facts.has_lte_class) == ("1.12.0.b1", "FiPy", True)


@pytest.mark.parametrize(
    "platform, banner, risky",
    [
        ("FiPy", "MicroPython v1.8.6-849-2841220 on 2018-01-04; FiPy with ESP32", True),
        ("GPy", "MicroPython v1.8.6-849-2841220 on 2018-01-04; GPy with ESP32", False),
        ("FiPy", "MicroPython v1.8.6-849-83e2f7f on 2018-03-19; FiPy with ESP32", False),
        ("FiPy", "Pycom MicroPython 1.18.1 [v1.8.6] on 2018-01-04; FiPy with ESP32", False),
    ],
)
def test_which_boards_are_not_asked(platform: str, banner: str, risky: bool) -> None:
    assert uname_is_risky(platform, banner) is risky


def restarting(fake: OldRepl, key: bytes, *said: tuple[int, bytes]) -> None:
    def hear(data: bytes) -> None:
        if data == key:
            for after_ms, text in said:
                fake.wire.say(text, after_ms)
        else:
            OldRepl.hear(fake, data)

    fake.wire.hears = hear


def test_safe_boot_waits_for_the_prompt() -> None:
    fake = OldRepl()
    restarting(fake, b"\x06", (100, ROM), (2000, BANNER + HELP + b">>> "))
    assert Board(fake.wire.link()).reset_safe().endswith(">>> ")


def test_a_prompt_in_the_middle_of_the_output_does_not_count() -> None:
    fake = OldRepl()
    restarting(fake, b"\x06", (0, ROM), (100, b">>> "), (200, b"FiPy with firmware\r\n"), (900, BANNER + b">>> "))
    assert "FiPy with firmware" in Board(fake.wire.link()).reset_safe()


def test_no_prompt_after_a_reset_is_an_error() -> None:
    fake = OldRepl()
    restarting(fake, b"\x06", (0, ROM), (3000, ROM), (6000, ROM))
    with pytest.raises(BoardError) as caught:
        Board(fake.wire.link()).reset_safe()
    assert caught.value.id == "boot-loop"
