"""The frozen module `sqnsupgrade` of the simulated board: its outside only. It never sends an image to the modem.

Names and messages: board-and-repl.md 2.3, 4, 5.4; failure-catalogue.md 6.
"""

from __future__ import annotations

import base64
import zlib
from functools import lru_cache

from doctor.sim.board_eras import SimEra
from doctor.sim.practice import practice_bootrom

_SOURCE = """
import os
import sys
import time
from machine import UART

PINS = {'FiPy': ('P20', 'P18', 'P19', 'P17'), 'GPy': ('P5', 'P98', 'P7', 'P99')}


def _welcome():
    print('<<< Welcome to the SQN3330 firmware updater%s >>>' % (TITLE,))
    print('>>> %s with firmware version %s' % (sys.platform, os.uname().release))


def _ask(u, cmd, wait=1000):
    u.read()
    u.write(cmd + '\\r\\n')
    got = b''
    for n in range(wait // 50):
        time.sleep_ms(50)
        part = u.read()
        if part:
            got += part
        if got.endswith(b'OK\\r\\n') or got.endswith(b'ERROR\\r\\n'):
            break
    return got


def state(verbose=False, debug=False, retry=5):
    for baud in (921600, 115200):
        u = UART(1, baudrate=baud, pins=PINS[sys.platform], timeout_chars=100)
        for n in range(retry if baud == 921600 else 2):
            _ask(u, 'AT')
            got = _ask(u, 'AT+SMOD?')
            for c in b'0124':
                if bytes([c]) in got and b'OK' in got:
                    return c - 48
            time.sleep(n)
    return None


def info(verbose=False, debug=False):
    _welcome()
    now = state()
    if now is None:
        print('Modem not responding!')
    elif now == 0:
        print('Your modem is in recovery mode!')
        print('Use firmware upgrade with updater.elf to recover it.')
    elif now == 4:
        print('Your modem is in upgrade mode! Use the upgrade() function to resume.')
    else:
        u = UART(1, baudrate=921600, pins=PINS[sys.platform], timeout_chars=100)
        print(_ask(u, 'ATI1').decode())
        print(_ask(u, 'AT+CGSN').decode())
    _reconnect()


def _reconnect():
    from network import LTE
    if hasattr(LTE, 'reconnect_uart'):
        LTE.reconnect_uart()


def run(file_path=None, loadfile=None, resume=False, load_fff=True, debug=False, direct=True, **other):
    _welcome()
    if file_path.startswith('/') and file_path.split('/')[1] not in os.listdir('/'):
        try:
            from machine import SD
            os.mount(SD(), '/' + file_path.split('/')[1])
        except Exception:
            print('Unable to mount SD card!')
            return False
    size = os.stat(file_path)[6]
    print('Attempting AT wakeup...')
    print('DO NOT DISCONNECT POWER WHILE THE UPGRADE IS RUNNING')
    for done in range(0, 101):
        print('Sending %d bytes: [%s] %3d%%' % (size, '#' * (done // 5) + ' ' * (20 - done // 5), done))
        time.sleep_ms(1500)
    print('Simulated updater: nothing was sent to the modem.')
    return False


upgrade_run = run


def uart(hangup=False, resume=False, color=0x050505, debug=False, **other):
    import pycom
    from network import LTE
    print('Going into MIRROR mode... please close this terminal to resume the upgrade via UART')
    time.sleep_ms(100)
    if color is not None:
        pycom.heartbeat(False)
        pycom.rgbled(color)
    LTE.modem_upgrade_mode()
"""


def frozen_modules(era: SimEra) -> dict[str, str]:
    """Source of the frozen modules of a release, by name."""
    version = era.sqnsupgrade_version
    if version is None:
        return {}
    title = f" [{version}]" if version else ""
    head = f"VERSION = {version!r}\n" if version else ""
    return {
        "sqnsupgrade": f"{head}TITLE = {title!r}\n{_SOURCE}",
        "sqnsbrz": _bootrom_module(),
        "sqnscrc": "",
        "sqnscodec": "",
        "sqnstp": "",
    }


@lru_cache(maxsize=1)
def _bootrom_module() -> str:
    """As modem-protocol.md 6.5 describes the vendor's module, with a practice boot ROM: only the simulator takes it."""
    encoded = base64.b64encode(zlib.compress(practice_bootrom()))
    return f"class bootrom:\n    BOOTROM = {encoded!r}\n"
