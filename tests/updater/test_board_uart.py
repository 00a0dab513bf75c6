"""The board's side of flow control: a modem that holds the line must not hold the board's program with it."""

from __future__ import annotations

from doctor.updater.board_hw import FIFO_BYTES, HELD_MS, ModemUart

BLOCK = bytes(2016)


class Clock:
    """Time that a wait moves."""

    def __init__(self) -> None:
        self.now = 0
        self.pulses = 0

    def ticks_ms(self) -> int:
        return self.now

    def sleep_ms(self, ms: int) -> None:
        self.now += ms
        self.pulses += 1


class Uart:
    """machine.UART with a modem behind it that holds from some byte on."""

    def __init__(self, clock: Clock, holds_from: int = 1 << 30) -> None:
        self.clock, self.holds_from = clock, holds_from
        self.sent = 0
        self.writes: list[int] = []

    def wait_tx_done(self, ms: int) -> bool:
        if self.sent < self.holds_from:
            return True
        self.clock.now += ms
        return False

    def write(self, data: bytes) -> int:
        room = max(0, self.holds_from - self.sent) + 128
        assert len(data) <= room or self.sent < self.holds_from, "this write would never return"
        self.writes.append(len(data))
        self.sent += len(data)
        return len(data)


def modem_uart(uart: object, clock: Clock) -> ModemUart:
    made = ModemUart.__new__(ModemUart)
    made._uart, made._clock, made._tells, made._held = uart, clock, False, False  # type: ignore[assignment]
    return made


def test_all_is_sent_in_two_writes_where_the_modem_takes_it() -> None:
    clock = Clock()
    uart = Uart(clock)
    modem_uart(uart, clock).write(BLOCK)
    assert uart.writes == [FIFO_BYTES, len(BLOCK) - FIFO_BYTES]


def test_a_modem_that_holds_costs_a_block_and_the_pulse_goes_on() -> None:
    clock = Clock()
    uart = Uart(clock, holds_from=len(BLOCK))
    port = modem_uart(uart, clock)
    port.write(BLOCK)
    port.write(BLOCK)
    assert uart.sent == len(BLOCK) and HELD_MS <= clock.now < HELD_MS + 1000 and clock.pulses > HELD_MS // 200
    port.write(BLOCK)  # not waited for as long again
    assert clock.now < HELD_MS + 3000


def test_a_uart_that_cannot_tell_is_written_to_at_once() -> None:
    class Plain:
        writes: list[int] = []

        def write(self, data: bytes) -> int:
            self.writes.append(len(data))
            return len(data)

    plain = Plain()
    modem_uart(plain, Clock()).write(BLOCK)
    assert plain.writes == [len(BLOCK)]
