from __future__ import annotations

import hashlib

import pytest

from doctor.sim.card.image import CardDevice, CardLayout, build_card
from tests.sim.board.desk import Desk

OLD, NEW = "1.18.2", "1.20.2.r4"
MOUNT = "import os\nfrom machine import SD\nsd = SD()\nos.mount(sd, '/sd')\n"


def card(layout: CardLayout = CardLayout.PC, **files: bytes) -> CardDevice:
    return CardDevice(build_card({name.replace("_", "."): data for name, data in files.items()}, layout))


def last(answer: str) -> str:
    return answer.rstrip().rpartition("\r\n")[2]


def test_uname_of_the_public_example() -> None:
    expected = (
        "(sysname='FiPy', nodename='FiPy', release='1.17.3.b1', version='v1.8.6-849-83e2f7f on 2018-03-19', "
        "machine='FiPy with ESP32', lorawan='1.0.2', sigfox='1.0.1')\r\n"
    )
    assert Desk("1.17.3.b1").ask("import os; print(os.uname())") == expected


def test_gpy_has_five_fields_and_the_first_fipy_one_for_both_radios() -> None:
    assert Desk(NEW, "gpy").ask("import os; print(len(os.uname()))") == "5\r\n"
    assert Desk("1.11.0.b1").ask("import os; u = os.uname(); print(len(u), u.lpwan)") == "6 1.0.2\r\n"


def test_uname_crashes_fipy_1_12_0_b1() -> None:
    desk = Desk("1.12.0.b1")
    desk.raw()
    desk.send(b"import os; os.uname()\x04")
    text = desk.quiet(4000)
    assert b"Guru Meditation Error" in text
    assert b"rst:0xc (SW_CPU_RESET)" in text
    assert text.endswith(b">>> ")


@pytest.mark.parametrize(
    ("release", "there", "missing"),
    [
        (OLD, "unmount mkfs", "ilistdir statvfs umount fsformat"),
        (NEW, "ilistdir statvfs umount fsformat", "unmount mkfs"),
    ],
)
def test_os_has_what_its_release_has(release: str, there: str, missing: str) -> None:
    code = f"import os\nprint([hasattr(os, n) for n in {(there + ' ' + missing).split()!r}])"
    assert Desk(release).ask(code) == f"{[True] * len(there.split()) + [False] * len(missing.split())}\r\n"


@pytest.mark.parametrize(
    ("release", "code", "error"),
    [
        (OLD, "from machine import SD; SD()", "OSError: the requested operation failed"),
        (NEW, "from machine import SD; SD(1)", "OSError: resource not available"),
        (OLD, "import os; os.listdir('/no')", "OSError: no such file or directory: '/no'"),
        (NEW, "import os; os.listdir('/no')", "OSError: [Errno 2] ENOENT"),
        (OLD, "import os; os.stat('/flash/no')", "OSError: [Errno 2] ENOENT"),
        (OLD, "open('/flash/no')", "OSError: [Errno 2] ENOENT"),
        (OLD, "import os; os.remove('no')", "OSError: error removing file 'no'"),
        (NEW, "import os; os.remove('no')", "OSError: [Errno 2] ENOENT"),
        (OLD, "import os; os.mkdir('lib')", "OSError: file exists: 'lib'"),
        (NEW, "import os; os.mkdir('lib')", "OSError: [Errno 17] EEXIST"),
        (OLD, "import os; os.mkfs('sd')", "OSError: sd is not an absolute path"),
        (NEW, "import os; os.fsformat('/')", "OSError: Cannot format root dir"),
        (NEW, "import os; os.fsformat('/sd')", "OSError: please specify correct fs mount path"),
        (NEW, "from machine import UART; UART(2)", "OSError: resource not available"),
        (NEW, "from os import path", "ImportError: cannot import name path"),
        (NEW, "import os; os.ilistdirr", "AttributeError: 'module' object has no attribute 'ilistdirr'"),
        (NEW, "import pycom; pycom.rgbled(1)", "OSError: the requested operation is not possible"),
        (NEW, "import threading", "ImportError: no module named 'threading'"),
    ],
)
def test_error_texts(release: str, code: str, error: str) -> None:
    assert last(Desk(release).ask(code)) == error


@pytest.mark.parametrize(("release", "error"), [(OLD, "not possible"), (NEW, "[Errno 1] EPERM")])
def test_a_card_mounts_once(release: str, error: str) -> None:
    desk = Desk(release, card=card(A_dup=b"x" * 10))
    assert desk.ask(MOUNT + "print(os.listdir('/'), os.listdir('/sd'))") == "['flash', 'sd'] ['A.dup']\r\n"
    assert error in last(desk.ask("os.mount(sd, '/sd')"))


def test_card_without_fat_fails_at_mount_or_at_the_first_listing() -> None:
    old = Desk(OLD, card=card(CardLayout.BLANK))
    assert last(old.ask(MOUNT)) == "OSError: the requested operation failed"
    new = Desk(NEW, card=card(CardLayout.BLANK))
    assert new.ask(MOUNT) == ""
    assert last(new.ask("os.listdir('/sd')")) == "OSError: [Errno 19] ENODEV"


def test_bad_mount_path_in_old_releases() -> None:
    desk = Desk(OLD, card=card())
    assert last(desk.ask(MOUNT.replace("/sd", "sd"))) == "OSError: invalid mount point sd"


def test_formatting_the_card() -> None:
    old = Desk(OLD, card=card(a_txt=b"1"))
    assert old.ask(MOUNT.replace("SD()\n", "SD()\nos.mkfs(sd)\n") + "print(os.listdir('/sd'))") == "[]\r\n"
    new = Desk(NEW, card=card(a_txt=b"1"))
    assert new.ask(MOUNT + "os.fsformat('/sd')\nprint(os.listdir('/sd'))") == "[]\r\n"


def test_hash_of_a_file_on_the_card() -> None:
    data = bytes(range(256)) * 1500
    code = "import uhashlib, ubinascii\nh = uhashlib.sha256()\n"
    code += "with open('/sd/big.bin', 'rb') as f:\n while 1:\n  b = f.read(1000)\n"
    code += "  if not b: break\n  h.update(b)\nprint(ubinascii.hexlify(h.digest()).decode())"
    assert Desk(card=card(big_bin=data)).ask(MOUNT + code).strip() == hashlib.sha256(data).hexdigest()


def test_what_was_written_is_there_after_a_reset() -> None:
    desk = Desk()
    desk.ask("f = open('/flash/lib/n.py', 'w')\nf.write('V = 5')\nf.close()")
    desk.board.press_reset()
    desk.board.settle()
    desk.take()
    assert desk.ask("import n; print(n.V)") == "5\r\n"


def test_text_and_byte_files() -> None:
    code = (
        "f = open('t', 'w'); f.write('a\\nbc\\n'); f.close()\nprint(open('t').readlines(), open('t', 'rb').read(3))\n"
    )
    code += "b = bytearray(4); print(open('t', 'rb').readinto(b), b)\n"
    code += "f = open('t', 'a'); f.write('d'); f.close(); print(open('t').read()[-2:])"
    assert Desk().ask(code) == "['a\\n', 'bc\\n'] b'a\\nb'\r\n4 bytearray(b'a\\nbc')\r\n\r\nd\r\n"


def test_frozen_updater_shadows_an_uploaded_one() -> None:
    flash = {"lib/sqnsupgrade.py": b"VERSION = 'mine'"}
    code = "import sqnsupgrade; print(sqnsupgrade.VERSION)"
    assert Desk(NEW, flash=flash).ask(code) == "1.2.6\r\n"
    assert Desk("1.17.3.b1", flash=flash).ask(code) == "mine\r\n"
    assert (
        Desk(NEW, flash={"x/sqnsupgrade.py": b"VERSION = 'x'"}).ask(
            "import sys; sys.path.insert(0, '/flash/x')\n" + code
        )
        == "x\r\n"
    )


def test_packages_and_relative_imports() -> None:
    flash = {
        "lib/p/__init__.py": b"from .a import X\n",
        "lib/p/a.py": b"from . import b\nX = b.Y + 1\n",
        "lib/p/b.py": b"Y = 1\n",
    }
    assert Desk(flash=flash).ask("import p.b, p\nprint(p.X, p.b.Y)") == "2 1\r\n"


def test_failed_import_can_be_tried_again() -> None:
    desk = Desk(flash={"m.py": b"1/0"})
    assert "ZeroDivisionError" in desk.ask("import m")
    assert "ZeroDivisionError" in desk.ask("import m")


def test_token_of_the_simulation() -> None:
    answer = hashlib.sha256(b"fipy-doctor simulated bench:abc").hexdigest()[:32]
    assert Desk().ask("import fipy_doctor_sim; print(fipy_doctor_sim.answer('abc'))") == answer + "\r\n"


def test_watchdog_resets_even_in_a_loop() -> None:
    desk = Desk()
    desk.raw()
    desk.send(b"from machine import WDT\nw = WDT(timeout=2000)\nwhile 1: pass\x04")
    desk.quiet(1500)
    assert b"rst:0x7 (TG0WDT_SYS_RESET)" in desk.quiet(3000)
    assert desk.ask("import machine; print(machine.reset_cause() == machine.WDT_RESET)") == "True\r\n"


def test_dupterm_off_lets_control_characters_through_as_data() -> None:
    desk = Desk("1.17.3.b1")
    desk.raw()
    code = "import os, time\nfrom machine import UART\nos.dupterm(None)\nu = UART(0, 921600)\n"
    code += "while not u.any(): time.sleep_ms(1)\ntime.sleep_ms(5)\nd = u.read()\nos.dupterm(UART(0, 115200))\nprint(d)"
    desk.send(code.encode() + b"\x04")
    desk.until(b"OK")
    desk.world.sleep_ms(50)
    desk.baud = 921600
    desk.send(b"\x03\x06x")
    desk.world.sleep_ms(2)
    desk.baud = 115200
    assert b"b'\\x03\\x06x'\r\n" in desk.quiet()


def test_kbd_intr_moves_the_interrupt_from_1_18_2() -> None:
    desk = Desk("1.18.2")
    desk.raw()
    desk.send(b"import micropython, time\nmicropython.kbd_intr(-1)\ntime.sleep(2)\x04")
    desk.quiet()
    desk.send(b"\x03")
    assert desk.quiet(3000) == b"\x04\x04>"
    assert Desk("1.18.1").ask("import micropython; print(hasattr(micropython, 'kbd_intr'))") == "False\r\n"


def test_settings_outlive_a_reset() -> None:
    desk = Desk()
    desk.ask("import pycom; pycom.lte_modem_en_on_boot(False); pycom.nvs_set('a', 3)")
    desk.board.press_reset()
    desk.board.settle()
    assert desk.ask("import pycom; print(pycom.lte_modem_en_on_boot(), pycom.nvs_get('a'))") == "False 3\r\n"


def test_getfree_and_statvfs_agree() -> None:
    assert (
        Desk().ask("import os; s = os.statvfs('/flash'); print(os.getfree('/flash') == s[0] * s[3] // 1024)")
        == "True\r\n"
    )


def test_globals_of_functions_and_exec() -> None:
    code = "x = 1\ndef f():\n global x\n x += 1\n exec('y = x + 1', globals())\nf()\n"
    code += "print(x, y, eval('x * y'), [i for i in range(3) if i])"
    assert Desk().ask(code) == "2 3 6 [1, 2]\r\n"


@pytest.mark.parametrize(("release", "there"), [("1.18.3", False), ("1.20.0.rc0", True)])
def test_sd_shows_its_blocks_from_1_20_on(release: str, there: bool) -> None:
    desk = Desk(release, card=CardDevice(build_card({})))
    desk.raw()
    assert desk.ask("from machine import SD\nprint(hasattr(SD(), 'readblocks'))").strip() == str(there)


def test_fipy_1_12_0_b1_says_its_day() -> None:
    assert "on 2018-01-04" in Desk("1.12.0.b1").boot_text.decode()


@pytest.mark.parametrize("release", [OLD, NEW])
def test_what_other_peoples_tools_ask_a_board_for(release: str) -> None:
    desk = Desk(release)
    assert desk.ask("print(repr(OSError(2)), [OSError(2)], repr(ValueError('x')))") == (
        "OSError(2,) [OSError(2,)] ValueError('x',)\r\n"
    )
    assert desk.ask("from array import array; print(array('H', [1, 2])[1])") == "2\r\n"
    code = "from machine import RTC; r = RTC(); r.init((2026, 11, 30, 9, 8, 7)); "
    assert desk.ask(code + "print(r.now()[:5], hasattr(r, 'datetime'))") == "(2026, 11, 30, 9, 8) False\r\n"
    assert desk.ask("import time; print(time.localtime()[:5])") == "(2026, 11, 30, 9, 8)\r\n"


@pytest.mark.parametrize("emitter", ["native", "viper", "asm_xtensa", "anything"])
def test_only_bytecode_is_emitted(emitter: str) -> None:
    """The port sets no native emitter, and who asks for one never reaches a name (board-and-repl.md 3.2)."""
    desk = Desk(NEW)
    code = "@micropython.%s\ndef f():\n    return 7\nprint(f())"
    assert last(desk.ask(code % emitter)) == "SyntaxError: invalid micropython decorator"
    assert desk.ask(code % "bytecode") == "7\r\n"


def test_standard_input_fills_a_buffer_and_makes_lf_of_cr() -> None:
    desk = Desk(NEW)
    desk.raw()
    desk.send(b"import sys\nb = bytearray(6)\nprint(sys.stdin.readinto(b, 4), b)\x04")
    desk.send(b"a\rbc")
    assert b"4 bytearray(b'a\\nbc\\x00\\x00')" in desk.quiet(1000)
