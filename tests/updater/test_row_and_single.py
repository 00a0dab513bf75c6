"""Counted questions in a row against the same questions one by one, at the simulated modem with broken answers.

Whatever a row brings, single questions bring too: an answer of the right question, or none.
"""

from __future__ import annotations

import random

import pytest

from doctor.sim.modem.modem import Modem
from doctor.sim.world import World
from doctor.updater.at import SETTLE_MS, AtChannel, Reply
from doctor.updater.states import SHOWVER, SMOD
from tests.updater.simport import SimPort

SEEDS = 400
DAMAGED_SEEDS = 60
QUESTIONS = ["AT", SMOD, "AT+SMSWBOOT?", "AT+SMUPGRADE?", "ATI1", "AT+CGSN", SHOWVER]
KINDS = ("stale", "late", "damaged", "doubled", "missing")


class Breaking(SimPort):
    """The wire to a sound modem; answers are broken on their way, each as it is said, and the modem never notices."""

    def __init__(self, dice: random.Random, kinds: list[str]) -> None:
        super().__init__(Modem(World()))
        self.dice = dice
        self.kinds = kinds  # used up, one broken answer each
        self.held: list[tuple[float, bytes]] = []
        self.last = b"\r\nOK\r\n"

    def write(self, data: bytes) -> None:
        super().write(data)
        answer = self._whole()
        kind = self.kinds.pop() if self.kinds and self.dice.random() < 0.4 else ""
        now = self.clock.now_ms
        gap_ms = self.dice.choice((1, SETTLE_MS // 2, SETTLE_MS - 10))
        said = {
            "": [(now, answer)],
            "stale": [(now, self.last), (now + gap_ms, answer)],
            "late": [(now + gap_ms, answer)],
            "damaged": [(now, answer[: len(answer) // 2] + b"\xff" + answer[len(answer) // 2 + 1 :])],
            "doubled": [(now, answer), (now + gap_ms, answer)],
            "missing": [],
        }[kind]
        self.held = sorted([*self.held, *said])
        self.last = answer or self.last

    def _whole(self) -> bytes:
        """The modem's own answer, to its end."""
        said = b""
        while piece := super().read(4096, 40):
            said += piece
        return said

    def drain(self) -> bytes:
        here = b"".join(data for due, data in self.held if due <= self.clock.now_ms)
        self.held = [one for one in self.held if one[0] > self.clock.now_ms]
        return here + super().drain()

    def read(self, max_bytes: int, wait_ms: int) -> bytes:
        until = self.clock.now_ms + wait_ms
        if not self.held or self.held[0][0] > until:
            return super().read(max_bytes, wait_ms)
        due, data = self.held.pop(0)
        if due > self.clock.now_ms:
            self.clock.sleep_ms(int(due - self.clock.now_ms + 1))
        if data[max_bytes:]:
            self.held.insert(0, (due, data[max_bytes:]))
        return data[:max_bytes]


def answers(kinds: list[str], dice: random.Random, *, in_a_row: bool, echo: bool = True) -> list[Reply]:
    port = Breaking(dice, [])
    at = AtChannel(port, port.clock)
    assert at.wake(3, 1000)  # the first answers of a session have a silence of their own
    if not echo:
        assert at.command("ATE0").sound and at.command("AT").sound
    port.kinds = kinds
    return at.row(QUESTIONS) if in_a_row else [at.command(line) for line in QUESTIONS]


def told(reply: Reply) -> tuple[str, tuple[str, ...]]:
    return reply.status, tuple(reply.lines)


SOUND = {
    line: told(reply) for line, reply in zip(QUESTIONS, answers([], random.Random(0), in_a_row=False), strict=True)
}


def wrong(replies: list[Reply]) -> list[tuple[str, str]]:
    """Questions with an OK that is not their own answer, and what it was."""
    said = dict(zip(QUESTIONS, map(told, replies), strict=True))
    return [
        (line, " | ".join(said[line][1])) for line in QUESTIONS if said[line][0] == "OK" and said[line] != SOUND[line]
    ]


@pytest.mark.long
@pytest.mark.parametrize("echo", [True, False])
def test_a_row_believes_no_answer_of_another_question(echo: bool) -> None:
    broken = [kind for kind in KINDS if kind != "damaged"]
    for seed in range(SEEDS):
        dice = random.Random(seed)
        kinds = [dice.choice(broken) for _ in range(dice.randrange(1, 4))]
        told = " ".join(kinds)
        assert wrong(answers(kinds, dice, in_a_row=True, echo=echo)) == [], (seed, told)


@pytest.mark.long
def test_damage_is_believed_no_more_often_in_a_row_than_singly() -> None:
    fooled = {True: 0, False: 0}
    for in_a_row in fooled:
        for seed in range(DAMAGED_SEEDS):
            dice = random.Random(seed)
            fooled[in_a_row] += bool(wrong(answers(["damaged", dice.choice(KINDS)], dice, in_a_row=in_a_row)))
    assert 0 < fooled[True] <= fooled[False], fooled
