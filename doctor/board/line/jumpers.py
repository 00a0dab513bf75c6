"""Asks modem and pins whether the RTS and CTS jumpers of an expansion board are off: board-and-repl.md 6.3.

A fitted jumper puts the USB chip's RTS output on the FiPy's modem pin G6; whether the modem may send then depends on
what a program on the PC does with RTS. Phase C asks the modem and touches no pin. Phase A reads two pins, phase B pulls
one of them low for moments; both happen inside ``pins_taken``, which gives the pins back. What the answers prove is
jumper_verdict.py.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from doctor.board.boot_scripts import read_boot_scripts
from doctor.board.line.jumper_verdict import DOWN, UP, CtsReadings, JumperReadings, PinReading, Pulse, RtsAnswers
from doctor.board.line.tunnel import ModemTunnel
from doctor.board.repl import tagged
from doctor.board.snippets import modem
from doctor.clock import Deadline
from doctor.errors import BoardError, DoctorError, LinkError, PortLost, UpdaterAtWork

if TYPE_CHECKING:
    from doctor.board.board import Board, BoardFacts
    from doctor.link.link import Link

STEPS_PER_PULL = 8  #: reference: at least 8; as many with RTS on as off, so that chance cannot look like a jumper
SETTLE_MS = 60  #: after a change of RTS: one USB transfer of the chip, and the pull's slew (board-and-repl.md 6.3)
CTS_SETTLE_MS = 40  #: after a change of P20 until CTS is read (board-and-repl.md 6.3, step 4)
PULSES_S = 5.0  #: phase B takes 0.8 s on the board
RTS_PAUSE_MS = 1000  #: phase C, after a change of RTS (reference)
ANSWER_MS = 1500  #: phase C: ATI answers within some 10 ms; the rest is a lazy wake-up
ROUNDS_C = 2  #: phase C is done twice (reference)
CLOSE_S = 15.0  #: for giving the modem's UART back after phase C; three short calls
RESTORE_S = 60.0  #: for giving the pins back: two tries of a restart; the longest (boot.py with Wi-Fi) takes 20 s
RESTORE_TRIES = 2


def order_of_steps(seed: int) -> tuple[tuple[bool, str], ...]:
    """(rts, pull of P19) of every step: random within each pull, half asserted and half not; fixed by ``seed``."""
    chance = random.Random(seed)
    steps: list[tuple[bool, str]] = []
    for pull in (UP, DOWN):
        half = [True, False] * (STEPS_PER_PULL // 2)
        chance.shuffle(half)
        steps += [(rts, pull) for rts in half]
    return tuple(steps)


def can_restore(board: Board, facts: BoardFacts) -> bool:
    """Whether ``restore`` has a way that starts no updater: safe boot, or boot scripts that start none."""
    return facts.era.has_ctrl_f or not any(s.starters or s.problem for s in read_boot_scripts(board))


def restore(board: Board, facts: BoardFacts) -> None:
    """Give the pins back to the modem's UART (board-and-repl.md 6.3, step 5): a reset, since a soft reset skips them.

    Safe boot if the era has it, so that no program of the user's starts; else a normal reset, which needs
    ``can_restore``. P20 is high all the time: it is pulled up. Leaves the REPL in raw mode. Raises BoardError.
    """
    if facts.era.has_ctrl_f:
        board.reset_safe()
    else:
        board.reset()
    board.repl.enter()


@contextmanager
def pins_taken(board: Board, link: Link, facts: BoardFacts) -> Iterator[None]:
    """Phases A and B go inside: afterwards the pins are the modem's again, and RTS is as it was.

    That holds for whatever ends them: an error, a deadline, Ctrl-C. If the board cannot be reached any more, raises
    BoardError that says so and what the user does about it. Needs ``can_restore``.
    """
    rts = link.rts
    try:
        yield
    except DoctorError as err:
        if _give_back(board, link, facts, rts) is not None:
            raise _not_given_back(err) from err
        raise
    except BaseException:  # a bug in fipy-doctor, or Ctrl-C in somebody's own program: the pins come first
        _give_back(board, link, facts, rts)
        raise
    failed = _give_back(board, link, facts, rts)
    if failed is not None:
        raise _not_given_back(failed) from failed


def phase_a(board: Board, link: Link, *, seed: int = 0) -> JumperReadings:
    """Read P19 and P20 while the PC moves RTS; P19 once with either pull.

    The modem must be in application mode. Leaves RTS asserted and **the pins detached from the modem's UART**, so do it
    inside ``pins_taken``. Raises BoardError, LinkError.
    """
    board.repl.call(modem.JUMPERS_BEGIN)
    steps = []
    for rts, pull in order_of_steps(seed):
        link.rts = rts
        link.clock.sleep_ms(SETTLE_MS)
        p19, p20 = _pair(board.repl.call(modem.jumpers_read(pull)))
        steps.append(PinReading(rts, pull, p19, p20))
    link.rts = True
    return JumperReadings(tuple(steps), seed)


def phase_b(board: Board, link: Link) -> CtsReadings:
    """Have the board pull P20 low for moments, and read the PC's CTS line each time. Comes after phase A.

    Only if P20 rested during phase A. The modem sees breaks and may answer its next command with an error. The
    board ends the pulses by itself. Raises as phase A.
    """
    pulses: list[Pulse] = []

    def hear(line: str) -> None:
        for word in tagged(line):
            if word in ("high", "low"):
                link.clock.sleep_ms(CTS_SETTLE_MS)
                pulses.append(Pulse(int(word == "high"), link.cts))

    board.repl.run(modem.JUMPERS_PULSES, total_s=PULSES_S, on_line=hear)
    return CtsReadings(tuple(pulses), link.url.tells_lines_at_once)


def phase_c(board: Board, link: Link, *, baud: int = 921_600) -> RtsAnswers:
    """Ask ATI with RTS asserted and released, twice. No pin is touched; RTS is left as found. Raises as phase A."""
    asserted: list[bool] = []
    released: list[bool] = []
    before = link.rts
    tunnel = ModemTunnel(board, baud)
    try:
        for _ in range(ROUNDS_C):
            for rts, answers in ((True, asserted), (False, released)):
                link.rts = rts
                link.clock.sleep_ms(RTS_PAUSE_MS)
                answers.append(_answers(tunnel, link))
    finally:
        with link.settling(CLOSE_S), suppress(DoctorError):  # what broke it, if anything, is on its way already
            link.rts = before
            tunnel.drain()
            tunnel.close()
    return RtsAnswers(tuple(asserted), tuple(released))


def _give_back(board: Board, link: Link, facts: BoardFacts, rts: bool) -> DoctorError | None:
    """Restart the board and set RTS; what stood in the way of it, or None. No deadline cuts it short."""
    failed: DoctorError | None = None
    with link.settling(RESTORE_S):
        for _ in range(RESTORE_TRIES):
            try:
                restore(board, facts)
            except DoctorError as err:
                failed = err
                if isinstance(err, PortLost):
                    break
            else:
                failed = None
                break
        try:
            link.rts = rts
        except LinkError as err:
            failed = failed or err
    return failed


def _not_given_back(err: DoctorError) -> BoardError:
    if isinstance(err, UpdaterAtWork):
        return err  # no reset button now
    return BoardError(
        err.id,
        f"{err.what}; the modem may still be without its two pins",
        on=err.on,
        cause=err.cause,
        next="press the board's reset button once, which returns them, then run `fipy-doctor check`",
    )


def _answers(tunnel: ModemTunnel, link: Link) -> bool:
    tunnel.drain()
    tunnel.write(b"ATI\r\n")
    left = Deadline(link.clock, ANSWER_MS / 1000)
    heard = b""
    while b"OK\r" not in heard and b"ERROR\r" not in heard:
        if left.expired:
            return False
        heard += tunnel.read(512, left.left_ms)
    return True


def _pair(value: object) -> tuple[int, int]:
    if isinstance(value, list) and len(value) == 2 and all(v in (0, 1) for v in value):
        return int(value[0]), int(value[1])
    raise BoardError("expansion-rts-cts-jumpers", f"the board read its pins as {value!r}")
