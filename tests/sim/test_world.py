from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any, cast

import pytest

from doctor.clock import Clock
from doctor.sim.world import Process, ProcessKilled, Wire, World, close_all_worlds, heard


def test_a_world_is_a_clock() -> None:
    world = World()
    clock: Clock = world
    clock.sleep_ms(1500)
    assert clock.ticks_ms() == 1500


def test_events_happen_in_order_of_time_then_of_asking() -> None:
    world = World()
    seen: list[str] = []
    world.at(20, lambda: seen.append("late"))
    world.at(10, lambda: seen.append("a"))
    world.at(10, lambda: seen.append("b"))
    world.sleep_ms(30)
    assert seen == ["a", "b", "late"]


def test_a_cancelled_event_does_not_happen() -> None:
    world = World()
    seen: list[str] = []
    world.at(10, lambda: seen.append("x")).cancel()
    world.sleep_ms(30)
    assert seen == []


def test_run_until_stops_at_the_event_that_makes_it_true() -> None:
    world = World()
    seen: list[int] = []
    for ms in (10, 20, 30):
        world.at(ms, lambda ms=ms: seen.append(ms))  # type: ignore[misc]
    assert world.run_until(lambda: len(seen) == 2, 1000)
    assert world.now_ms == 20


def test_run_until_gives_up_at_its_limit() -> None:
    world = World()
    assert not world.run_until(lambda: False, 250)
    assert world.ticks_ms() == 250


def test_polling_without_waiting_still_lets_time_pass() -> None:
    world = World()
    for _ in range(100):
        world.run_until(lambda: False, 0)
    assert world.now_ms > 0


def test_an_event_may_not_wait() -> None:
    world = World()
    world.at(1, lambda: world.sleep_ms(1))
    with pytest.raises(RuntimeError, match="Process"):
        world.sleep_ms(5)


def test_a_process_sleeps_in_virtual_time() -> None:
    with World() as world:
        seen: list[int] = []

        def work(process: Process) -> None:
            for _ in range(3):
                process.wait(100)
                seen.append(world.ticks_ms())

        Process(world, work)
        world.sleep_ms(250)
        assert seen == [100, 200]


def test_the_clock_of_the_world_works_inside_a_process() -> None:
    with World() as world:
        seen: list[int] = []

        def work(process: Process) -> None:
            world.sleep_ms(70)
            seen.append(world.ticks_ms())

        Process(world, work)
        world.sleep_ms(100)
        assert seen == [70]


def test_a_process_waits_for_something() -> None:
    with World() as world:
        box: list[str] = []
        answers: list[bool] = []

        def work(process: Process) -> None:
            answers.append(process.wait_until(lambda: box, 1000))
            answers.append(process.wait_until(lambda: len(box) > 1, 10))

        Process(world, work)
        world.at(40, lambda: box.append("x"))
        world.sleep_ms(100)
        assert answers == [True, False]


def test_two_processes_take_turns_always_alike() -> None:
    def run() -> list[str]:
        with World() as world:
            seen: list[str] = []

            def work(name: str, step: int) -> None:
                for _ in range(5):
                    seen.append(name)
                    world.sleep_ms(step)

            Process(world, lambda _: work("a", 2))
            Process(world, lambda _: work("b", 3))
            world.sleep_ms(100)
            return seen

    assert "".join(run()) == "".join(run()) == "abababaabb"


def test_an_exception_can_be_raised_in_a_waiting_process() -> None:
    with World() as world:
        seen: list[str] = []

        def work(process: Process) -> None:
            try:
                process.wait(10_000)
            except KeyboardInterrupt:
                seen.append(f"interrupted at {world.ticks_ms()}")

        process = Process(world, work)
        world.sleep_ms(50)
        process.raise_in(KeyboardInterrupt())
        world.sleep_ms(1)
        assert seen == ["interrupted at 50"]
        assert not process.alive


def test_ctrl_c_just_after_the_turn_came_back_hangs_nothing() -> None:
    """Python raises it between two instructions, also between taking the lock and knowing of it."""

    class Interrupted:
        def __init__(self, lock: Any) -> None:
            self.lock, self.came, self.hung = lock, False, False

        def release(self) -> None:
            self.lock.release()

        def acquire(self, blocking: bool = True) -> bool:
            if not blocking:
                return bool(self.lock.acquire(blocking=False))
            self.hung |= not self.lock.acquire(timeout=2)
            if not self.came:
                self.came = True
                raise KeyboardInterrupt
            return True

    with World() as world:
        seen: list[float] = []

        def run(process: Process) -> None:
            for _ in range(3):
                process.wait(10)
                seen.append(world.ticks_ms())

        process = Process(world, run)
        lock = Interrupted(process._back)
        process._back = cast("Any", lock)
        with pytest.raises(KeyboardInterrupt):
            world.sleep_ms(100)
        world.sleep_ms(100)
        assert (len(seen), lock.hung) == (3, False)


def _with_ctrl_c(work: Callable[[], object], at: int) -> None:
    """Do ``work``; Ctrl-C comes before step ``at`` of the interpreter where turns are given, and before the next."""
    left = at

    def trace(frame: FrameType, event: str, _arg: object) -> Any:
        nonlocal left
        if frame.f_code not in (Process.resume.__code__, Process.kill.__code__, World.close.__code__):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left in (0, -1):
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    with contextlib.suppress(KeyboardInterrupt):
        work()
    sys.settrace(before)


@pytest.mark.parametrize("closing", [False, True])
def test_ctrl_c_again_and_again_at_any_step_hangs_nothing(closing: bool) -> None:
    for at in range(1, 150):
        world = World()

        def run(process: Process, world: World = world) -> None:
            while True:
                process.wait(1)
                world.at(0.1, lambda: None)

        process = Process(world, run)
        world.sleep_ms(2.5)
        _with_ctrl_c(world.close if closing else partial(world.sleep_ms, 3), at)
        if not closing:
            world.sleep_ms(3)
        world.close()
        assert (process.alive, world.closed) == (False, True)


def test_killing_runs_finally_and_ends_the_thread() -> None:
    with World() as world:
        seen: list[str] = []

        def work(process: Process) -> None:
            try:
                process.wait(10_000)
            finally:
                seen.append("cleaned up")

        process = Process(world, work)
        world.sleep_ms(1)
        process.kill()
        assert seen == ["cleaned up"]
        assert not process.alive


def test_a_process_that_catches_everything_is_killed_too() -> None:
    with World() as world:

        def work(process: Process) -> None:
            for _ in range(20):
                with contextlib.suppress(BaseException):
                    process.wait(10)

        process = Process(world, work)
        world.sleep_ms(1)
        process.kill()
        assert not process.alive


def test_checkpoint_raises_what_waits() -> None:
    with World() as world:
        seen: list[type[BaseException]] = []

        def work(process: Process) -> None:
            process.raise_in(KeyboardInterrupt())
            try:
                process.checkpoint()
            except KeyboardInterrupt as error:
                seen.append(type(error))

        Process(world, work)
        world.sleep_ms(1)
        assert seen == [KeyboardInterrupt]


def test_an_error_in_a_process_reaches_who_runs_the_world() -> None:
    with World() as world:

        def work(process: Process) -> None:
            process.wait(10)
            raise ValueError("broken")

        process = Process(world, work)
        with pytest.raises(ValueError, match="broken"):
            world.sleep_ms(20)
        assert isinstance(process.error, ValueError)


def test_a_process_may_kill_itself() -> None:
    with World() as world:
        process = Process(world, lambda process: process.kill())
        world.sleep_ms(1)
        assert not process.alive
        assert process.error is None


def test_no_thread_is_left_behind() -> None:
    for _ in range(50):
        world = World()
        Process(world, lambda process: process.wait(1000), "left behind?")
        world.sleep_ms(1)
    threads = [thread for thread in threading.enumerate() if thread.name == "left behind?"]
    close_all_worlds()
    for thread in threads:
        thread.join(5)
    assert len(threads) == 50
    assert not any(thread.is_alive() for thread in threads)


def test_a_killed_process_cannot_wait_again() -> None:
    with World() as world:
        seen: list[str] = []

        def work(process: Process) -> None:
            try:
                process.wait(1000)
            except ProcessKilled:
                try:
                    process.wait(1000)
                finally:
                    seen.append("at once")

        process = Process(world, work)
        world.sleep_ms(1)
        process.kill()
        assert seen == ["at once"]
        assert world.ticks_ms() == 1


def test_speed_paces_real_time() -> None:
    world = World(speed=1000)
    start = time.monotonic()
    world.sleep_ms(50_000)
    assert 0.04 < time.monotonic() - start < 2


def test_speed_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="above 0"):
        World(speed=0)


def _wired(world: World) -> tuple[Wire, list[tuple[int, bytes]]]:
    seen: list[tuple[int, bytes]] = []
    return Wire(world, lambda data, baud: seen.append((round(world.now_ms * 1000), data))), seen


def test_bytes_take_the_time_of_their_baud_rate() -> None:
    world = World()
    wire, seen = _wired(world)
    wire.send(b"0123456789", 9600)
    world.sleep_ms(1000)
    assert seen == [(10_417, b"0123456789")]


def test_a_wire_keeps_order_and_loses_nothing() -> None:
    world = World()
    wire, seen = _wired(world)
    blob = bytes(range(256)) * 9
    wire.send(blob, 921600)
    wire.send(b"tail", 115200)
    world.sleep_ms(1000)
    assert b"".join(data for _, data in seen) == blob + b"tail"
    assert wire.pending == 0


def test_holding_a_wire_stops_it_in_the_middle_of_a_chunk() -> None:
    world = World()
    wire, seen = _wired(world)
    wire.send(bytes(range(100)), 9600)
    world.sleep_ms(50)  # 48 bytes at 9600
    wire.hold()
    world.sleep_ms(5000)
    assert b"".join(data for _, data in seen) == bytes(range(48))
    wire.release()
    world.sleep_ms(5000)
    assert b"".join(data for _, data in seen) == bytes(range(100))


def test_holding_a_long_send_keeps_its_rest_in_order() -> None:
    world = World()
    wire, seen = _wired(world)
    blob = bytes(k % 251 for k in range(3000))
    wire.send(blob, 115200)
    for _ in range(20):
        world.sleep_ms(7)
        wire.hold()
        world.sleep_ms(3)
        wire.release()
    world.sleep_ms(1000)
    assert b"".join(data for _, data in seen) == blob


def test_a_cleared_wire_delivers_nothing() -> None:
    world = World()
    wire, seen = _wired(world)
    wire.send(b"lost", 115200)
    wire.clear()
    world.sleep_ms(100)
    assert seen == []


def test_equal_speeds_understand_each_other() -> None:
    assert heard(b"AT\r\n", 921600, 921600) == b"AT\r\n"
    assert heard(b"AT\r\n", 115200, 117000) == b"AT\r\n"


@pytest.mark.parametrize(("sent", "own"), [(115200, 921600), (921600, 115200)])
def test_other_speeds_hear_rubbish(sent: int, own: int) -> None:
    rubbish = heard(b"AT+SMOD?\r\n", sent, own)
    assert rubbish
    assert b"AT" not in rubbish


def test_a_nul_at_a_faster_listener_is_nuls() -> None:
    assert set(heard(b"\0", 115200, 921600)) <= {0x00, 0x80, 0xC0, 0xE0, 0xF0, 0xF8, 0xFC, 0xFE, 0xFF}


def test_a_machine_that_is_too_slow_makes_the_simulation_slower_and_not_the_host_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real_s = [0.0]
    monkeypatch.setattr("doctor.sim.world.time.monotonic", lambda: real_s[0])
    with World(speed=1000) as world:
        happened = [0]

        def costly() -> None:  # ten simulated ms take a real one: a hundred times too long
            happened[0] += 1
            real_s[0] += 0.001
            if happened[0] < 20_000:
                world.at(10, costly)

        world.at(10, costly)
        for _ in range(5):
            real_s[0] += 0.01  # the host is busy with something else
            world.ticks_ms()
        assert happened[0] <= 5000  # what the host was away for, and no more
