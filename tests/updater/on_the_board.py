# mypy: ignore-errors
"""Runs inside a real MicroPython, not under pytest: the core with nothing but what a board has.

Prints one line a result; test_micropython.py reads them. argv: folder that holds the core as package ``core``.
"""

import binascii
import struct
import sys

sys.path.insert(0, sys.argv[1])

from core import at, crc, flow, image_file, plan, profile, states, stp


class Clock:
    def __init__(self):
        self.now = 0

    def ticks_ms(self):
        return self.now

    def sleep_ms(self, ms):
        self.now += ms


class Modem:
    """A modem in its application that takes everything; enough to run a whole flow by the store method."""

    def __init__(self, clock):
        self.clock = clock
        self.out = b""
        self.stp = False
        self.image = b""
        self.build = b"38638"

    def set_baud(self, baud):
        pass

    def drain(self):
        data, self.out = self.out, b""
        return data

    def read(self, max_bytes, wait_ms):
        if not self.out:
            self.clock.now += wait_ms
        data, self.out = self.out[:max_bytes], self.out[max_bytes:]
        return data

    def write(self, data):
        if data[:4] == b"fast":
            if self.stp:
                self.heard_stp(data)
            return
        line = data.strip()
        if line == b"AT+SMSTPU":
            self.stp = True
        elif line == b"AT+SMUPGRADE":
            self.build = b"41065"
        self.out += ANSWERS.get(line, b"").replace(b"BUILD", self.build) + (b"\r\nOK\r\n" if line else b"")

    def heard_stp(self, data):
        _, op, sid, _, tid, _, _ = struct.unpack(">4sBBHIHH", data[:16])
        body = b""
        if op == 0 and tid:
            self.stp = False
        if op == 1:
            body = struct.pack(">BBH", 1, 1, 8192)
        if op == 3:
            self.image += data[16:]
            body = b"\x00\x00"
        self.out += struct.pack(">4sBBHIHH", b"tsaf", op | 0x80, sid, len(body), tid, 0, 0) + body


ANSWERS = {
    b"AT+SMOD?": b"\r\n2",
    b"AT+SMUPGRADE?": b"\r\n+SMUPGRADE: success\r\n",
    b"ATI": b"\r\nSEQUANS Communications\r\nVZM20Q\r\n",
    b"ATI1": b"\r\nUE5.0.0.0d\r\nLR5.1.1.0-BUILD\r\n",
}


class Source:
    def __init__(self, data):
        self.data = data

    def read(self, n):
        piece, self.data = self.data[:n], self.data[n:]
        return piece


print("crc", crc.crc16(b"123456789"), crc.crc16_by_table(b"123456789"))
print("pack", binascii.hexlify(stp.pack(stp.BLOCK_CMD, 1, 2, b"\x00\x10")).decode())
print("reply", at.parse_reply(b"\x00\xfe\r\n2\r\nOK\r\n", "AT+SMOD?").lines)

clock = Clock()
modem = Modem(clock)
state = states.detect(modem, clock, profile.SQN3330)
facts = states.read_facts(modem, clock, profile.SQN3330, state)
print("state", state.mode, facts.ati1)

image = plan.ImageFacts("CATM1-41065.dup", 5000, "full", "CATM1", 41065, 0, "SQN3330")
refused = plan.make_plan(plan.Running(state.mode, 33080, "CATM1", "SQN3330"), [image], plan.Options())
print("refused", refused.refusal.id)
made = plan.make_plan(plan.Running(state.mode, 38638, "CATM1", "SQN3330"), [image], plan.Options())
print("steps", " ".join([step.id for step in made.steps]))

data = bytes([i % 251 for i in range(5000)])
events = []
outcome = flow.Flow(modem, clock, profile.SQN3330, lambda name, data: events.append(name)).run(made, Source(data), 5000)
print("flow", outcome.proved, outcome.error, outcome.sent_bytes, modem.image == data, outcome.version_lines[:2])
print("events", events.count("progress") > 2)

try:
    stp.Master(modem, clock).open()
except stp.StpError as err:
    print("error", err.kind)

with open(sys.argv[1] + "/names") as names:  # noqa: PTH123
    for number, line in enumerate(names):
        n = image_file.read_name("/sd/" + line.rstrip("\n"))
        print("name" + str(number), (n.radio, n.build, n.base, n.part, n.practice, n.differential, n.family))
