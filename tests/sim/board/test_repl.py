from __future__ import annotations

import pytest

from tests.sim.board.desk import Desk

HTML = b"\n\n\n\n\n\n<!DOCTYPE html>\n<html lang='en'>\n"


@pytest.mark.parametrize(
    ("release", "kind", "banner"),
    [
        ("1.17.3.b1", "fipy", b"MicroPython v1.8.6-849-83e2f7f on 2018-03-19; FiPy with ESP32\r\n"),
        ("1.18.1.r2", "gpy", b"Pycom MicroPython 1.18.1.r2 [v1.8.6-849-3ab2277] on 2018-09-09; GPy with ESP32\r\n"),
    ],
)
def test_banner_follows_the_release(release: str, kind: str, banner: bytes) -> None:
    boot = Desk(release, kind).boot_text
    assert boot.endswith(banner + b'Type "help()" for more information.\r\n>>> ')
    assert b"\r\n" + banner in boot or boot.startswith(banner)


def test_power_on_begins_with_the_roms_text() -> None:
    assert Desk().boot_text.startswith(b"ets Jun  8 2016 00:22:57\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x17")


def test_friendly_prompt_echoes_and_shows_values() -> None:
    assert Desk().type("6 * 7") == b"6 * 7\r\n42\r\n>>> "


def test_block_at_the_prompt_is_indented_and_ends_with_an_empty_line() -> None:
    desk = Desk()
    desk.send(b"for i in range(2):\r")
    assert desk.quiet() == b"for i in range(2):\r\n...     "
    desk.send(b"print(i)\r\r")
    assert desk.quiet() == b"print(i)\r\n...     \r\n0\r\n1\r\n>>> "


def test_ctrl_c_at_the_prompt_drops_the_line() -> None:
    desk = Desk()
    desk.send(b"half\x03")
    assert desk.quiet() == b"half\r\n>>> "


def test_paste_mode() -> None:
    desk = Desk()
    desk.send(b"\x05if 1:\r  print(7)\r\x04")
    text = b"\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== if 1:\r\n===   print(7)\r\n=== \r\n7\r\n>>> "
    assert desk.quiet() == text


def test_raw_repl_answers_byte_for_byte_without_echo() -> None:
    desk = Desk()
    desk.send(b"\x01")
    assert desk.quiet() == b"\r\nraw REPL; CTRL-B to exit\r\n>"
    desk.send(b"print(1)\r\nprint(2)\x04")
    assert desk.quiet() == b"OK1\r\n2\r\n\x04\x04>"
    desk.send(b"1/0\x04")
    trace = b'Traceback (most recent call last):\r\n  File "<stdin>", line 1, in <module>\r\nZeroDivisionError: '
    assert desk.quiet().startswith(b"OK\x04" + trace)


def test_raw_paste_probe_gets_the_raw_banner() -> None:
    desk = Desk()
    desk.raw()
    desk.send(b"\x05A\x01")
    assert desk.quiet() == b"raw REPL; CTRL-B to exit\r\n>"


def test_raw_mode_survives_a_soft_reset_and_main_is_skipped() -> None:
    desk = Desk(flash={"boot.py": b"print('B')", "main.py": b"print('M')"})
    assert b"B\r\nM\r\n" in desk.boot_text
    desk.raw()
    desk.send(b"\x04")
    assert desk.quiet(2000) == b"OK\r\nPYB: soft reboot\r\nB\r\nraw REPL; CTRL-B to exit\r\n>"


def test_soft_reset_from_the_prompt_forgets_names() -> None:
    desk = Desk()
    desk.type("x = 1")
    desk.send(b"\x04")
    assert b"PYB: soft reboot\r\n" in desk.quiet(2000)
    assert b"NameError: name 'x' is not defined\r\n" in desk.type("x")


def test_ctrl_d_is_ignored_with_pybytes() -> None:
    desk = Desk("1.20.2.r4", pybytes=True)
    desk.send(b"\x04")
    assert b"soft reboot" not in desk.quiet(2000)
    assert b"Pybytes Version: " in desk.boot_text


def test_ctrl_c_stops_an_endless_loop() -> None:
    desk = Desk()
    desk.raw()
    desk.send(b"while True: pass\x04")
    assert desk.quiet(2000) == b"OK"
    desk.send(b"\x03")
    assert desk.quiet().endswith(b"line 1, in <module>\r\nKeyboardInterrupt: \r\n\x04>")


def test_code_may_catch_ctrl_c_again_and_again() -> None:
    desk = Desk()
    desk.raw()
    desk.send(b"while 1:\n try:\n  while 1: pass\n except KeyboardInterrupt: print('no')\n\x04")
    desk.quiet()
    for _ in range(2):
        desk.send(b"\x03")
        assert desk.quiet() == b"no\r\n"


def test_ctrl_f_resets_into_safe_boot_once() -> None:
    desk = Desk(flash={"main.py": b"print('started')\nwhile True: pass"}, settle=False)
    desk.world.sleep_ms(5000)
    assert b"started" in desk.take()
    desk.send(b"\x06")
    text = desk.quiet(4000)
    assert b"rst:0x7 (TG0WDT_SYS_RESET)" in text
    assert text.endswith(b">>> ")
    assert b"started" not in text
    desk.board.press_reset()
    assert b"started" in desk.quiet(4000)


def test_no_ctrl_f_before_1_16() -> None:
    desk = Desk("1.15.0.b1")
    desk.send(b"\x06")
    assert b"rst:" not in desk.quiet(4000)


def test_bytes_sent_while_code_runs_overflow_a_small_buffer() -> None:
    lost = {}
    for release in ("1.18.0", "1.18.2", "1.20.1", "1.20.2.r4"):
        desk = Desk(release)
        desk.raw()
        desk.send(b"import time; time.sleep(1)\x04")
        desk.until(b"OK")
        desk.send(b"#" * 3000)
        desk.quiet(2000)
        lost[release] = desk.board.uart0.lost
    assert lost == {"1.18.0": 3000 - 640, "1.18.2": 0, "1.20.1": 3000 - 640, "1.20.2.r4": 0}


@pytest.mark.long
def test_a_long_command_at_the_prompt_is_drained_while_it_comes() -> None:
    desk = Desk("1.17.3.b1")
    assert desk.ask("x = '" + "a" * 5000 + "'\nprint(len(x))") == "5000\r\n"


@pytest.mark.parametrize(
    "code",
    ["f'{1}'", "(x := 1)", "x: int = 1", "a @ b", "f(*a, *b)", "{**a}", "[*a]", "def f(a, /): pass", "1_000"],
)
def test_syntax_that_the_board_lacks_is_refused(code: str) -> None:
    answer = Desk("1.18.2").ask(code)
    assert answer == 'Traceback (most recent call last):\r\n  File "<stdin>", line 1\r\nSyntaxError: invalid syntax\r\n'


def test_number_underscores_from_1_20_1() -> None:
    assert Desk("1.20.1").ask("print(1_000)") == "1000\r\n"


def test_print_knows_no_flush() -> None:
    assert Desk().ask("print(1, flush=True)").endswith("TypeError: extra keyword arguments given\r\n")


@pytest.mark.parametrize(("path", "shown"), [("x.py", "x.py"), ("lib/x.py", "/flash/lib/x.py")])
def test_importing_a_saved_page_names_its_line(path: str, shown: str) -> None:
    answer = Desk(flash={path: HTML}).ask("import x")
    assert f'  File "{shown}", line 7\r\nSyntaxError: invalid syntax\r\n' in answer


def test_main_py_error_shows_its_place_and_the_prompt_comes() -> None:
    boot = Desk(flash={"main.py": b"import os\nos.stat('no')\n"}).boot_text
    assert b'  File "main.py", line 2, in <module>\r\nOSError: [Errno 2] ENOENT\r\n' in boot
    assert boot.endswith(b">>> ")


def test_wrong_speed_reaches_the_board_as_rubbish() -> None:
    desk = Desk()
    desk.baud = 921600
    desk.send(b"print(1)\r")
    desk.quiet()
    desk.baud = 115200
    assert b"\r\n1\r\n" not in desk.type("")


def test_sys_exit_is_a_soft_reset() -> None:
    desk = Desk()
    desk.raw()
    desk.send(b"import sys; sys.exit()\x04")
    assert b"PYB: soft reboot\r\n" in desk.quiet(2000)
