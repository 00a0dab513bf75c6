"""Devices at the far end of a wire that say what the input tells them to."""

from __future__ import annotations

from collections.abc import Callable

from doctor.updater.stp import HEADER_BYTES
from tests.link.wire import Wire as SerialWire
from tests.updater.wire import StpSlave, Wire

_CUT = b"|"  #: between what is said to one question and to the next
_HONEST = b"="  #: an answer that is this alone is the one that a sound device would give


class Says:
    """Answers each question with the next piece of the input, and nothing once there is no more.

    sound  what would answer a question as it should, if the input leaves it to that
    """

    def __init__(self, data: bytes, sound: Callable[[bytes], list[bytes]] = lambda question: []) -> None:
        self._answers = data.split(_CUT)
        self._sound = sound

    def to(self, question: bytes) -> list[bytes]:
        """What comes back."""
        if not self._answers:
            return []
        said = self._answers.pop(0)
        return self._sound(question) if said == _HONEST else [said]

    def heard(self, data: bytes, wire: Wire) -> None:
        """As a device of the core's wire."""
        for said in self.to(data):
            if said:
                wire.say(said)


def stp_slave(data: bytes) -> Wire:
    """A modem in transfer mode: a sound one wherever the input says ``=``, else what the input says."""
    slave = StpSlave(crcs=True)

    def sound(question: bytes) -> list[bytes]:
        inner = Wire(slave)
        while question.startswith(b"fast"):
            length = HEADER_BYTES + int.from_bytes(question[6:8], "big")
            slave.heard(question[:length], inner)
            question = question[length:]
        return list(iter(lambda: inner.read(4096, 10), b""))

    return Wire(Says(data, sound))


def repl(data: bytes, at: Callable[[bytes], list[bytes]] = lambda question: []) -> SerialWire:
    """A board's serial line."""
    says = Says(data, at)

    def hears(question: bytes) -> None:
        for said in says.to(question):
            wire.say(said, 1)

    wire = SerialWire(hears)
    return wire
