# mypy: ignore-errors
# ruff: noqa: PTH116, PTH123, RUF005, RUF059, RET501
"""Runs inside a real MicroPython, not under pytest: the updater as it runs on the board, with stubs of its hardware.

argv: folder that holds the core as package ``fipyup``, the firmware file, era ("old": no kbd_intr), options as Python.
The modem behind the stub UART takes everything; what it got is compared with the file at the end.
"""

import binascii
import os
import struct
import sys

sys.path.insert(0, sys.argv[1])
FILE, ERA = sys.argv[2], sys.argv[3]
OPTIONS = eval(sys.argv[4])
log = []


class _M:
    pass


class Modem:
    def __init__(self):
        self.out = b""
        self.stp = False
        self.image = b""
        self.build = b"38638"
        self.report = b"No report: 0"

    def hear(self, data):
        if data[:4] == b"fast":
            if self.stp:
                self.hear_stp(data)
            return
        line = data.strip()
        if line in (b"AT+SMSTPU", b'AT+SMSTPU="ON_THE_FLY"'):
            self.stp = True
        elif line == b"AT+SMUPGRADE":
            self.build = b"41065"
            self.report = b"success"
        answer = ANSWERS.get(line, b"").replace(b"BUILD", self.build).replace(b"REPORT", self.report)
        self.out += answer + (b"\r\nOK\r\n" if line else b"")

    def hear_stp(self, data):
        _, op, sid, _, tid, head_crc, crc = struct.unpack(">4sBBHIHH", data[:16])
        body = b""
        if op == 0 and tid:
            self.stp = False
        if op == 1:
            body = struct.pack(">BBH", 1, 1, 8192)
        if op == 3:
            if crc16(data[16:]) != crc:
                self.out += struct.pack(">4sBBHIHH", b"tsaf", 0x43, sid, 0, tid, 0, 0)
                return
            self.image += data[16:]
            body = b"\x00\x00"
        self.out += struct.pack(">4sBBHIHH", b"tsaf", op | 0x80, sid, len(body), tid, 0, 0) + body


ANSWERS = {
    b"AT+SMOD?": b"\r\n2",
    b"AT+SMUPGRADE?": b"\r\n+SMUPGRADE: REPORT\r\n",
    b"ATI": b"\r\nSEQUANS Communications\r\nVZM20Q\r\n",
    b"ATI1": b"\r\nUE5.0.0.0d\r\nLR5.1.1.0-BUILD\r\n",
}
modem = Modem()


class UART:
    def __init__(self, n, baudrate=0, pins=None, timeout_chars=0):
        self.n = n
        log.append(("UART", n, baudrate, pins))

    def any(self):
        return len(modem.out) if self.n == 1 else 0

    def read(self, n):
        got, modem.out = modem.out[:n], modem.out[n:]
        return got

    def write(self, data):
        if self.n == 1:
            modem.hear(bytes(data))
        else:
            sys.stdout.write("UART0 " + bytes(data).decode())
        return len(data)

    def deinit(self):
        log.append(("deinit", self.n))


class SD:
    def deinit(self):
        log.append(("sd.deinit",))


class WDT:
    def __init__(self, timeout):
        log.append(("WDT", timeout))


class Time:
    now = 0

    def ticks_ms(self):
        self.now += 1
        return self.now & 0x3FFFFFFF

    def sleep_ms(self, ms):
        self.now += ms


class Os:
    mounted = []

    def listdir(self, path):
        return ["flash"] + self.mounted

    def stat(self, path):
        return os.stat(path)

    def mount(self, sd, where):
        self.mounted.append(where[1:])

    def umount(self, where):
        self.mounted.remove(where[1:])

    def dupterm(self, *uart):
        log.append(("dupterm", len(uart) and uart[0] is None))
        return None


class Sys:
    platform = "FiPy"
    modules = sys.modules


fake_micropython = _M()
fake_micropython.const = lambda x: x
if ERA != "old":
    fake_micropython.kbd_intr = lambda *keys: log.append(("kbd_intr", keys))
machine = _M()
machine.UART, machine.SD, machine.WDT = UART, SD, WDT
for name, value in (
    ("machine", machine), ("utime", Time()), ("micropython", fake_micropython), ("os", Os()), ("sys", Sys()),
):  # fmt: skip
    sys.modules[name] = value

import fipyup  # noqa: E402
from fipyup.crc import crc16  # noqa: E402

ok = fipyup.run(OPTIONS.pop("path", FILE), **OPTIONS)
with open(FILE, "rb") as f:
    content = f.read()
print("RESULT", ok, modem.image == content, modem.build.decode(), binascii.hexlify(modem.image[:4]).decode())
print("LOG", log)
