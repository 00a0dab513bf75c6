from __future__ import annotations

from collections.abc import Callable

import pytest

from doctor.board.at_work import at_work
from doctor.board.first_contact import Contact, Seen, contact
from doctor.errors import PortLost
from doctor.link.link import Link
from tests.board.old_repl import BANNER, HELP, ROM, OldRepl
from tests.link import devices
from tests.link.wire import Wire

BEAT = b'@@FD {"fipyup": "heartbeat", "data": {"step": "transfer", "done": 66, "total": 100, "file": "/sd/x.dup"}}\r\n'


def look(wire: Wire, *, may_interrupt: bool = False, named_modem: bool = False, url: str = "/dev/ttyACM0") -> Contact:
    return contact(wire.link(url), may_interrupt=may_interrupt, named_modem=named_modem)


def test_an_idle_prompt_is_seen_within_half_a_second_and_says_whose_it_is() -> None:
    board = OldRepl()
    found = look(board.wire)
    assert (found.seen, "FiPy with ESP32" in found.banner) == (Seen.REPL, True)
    assert board.wire.written == b"\r\x02"
    assert board.wire.clock.ticks_ms() < 500


def test_a_raw_repl_is_brought_back_by_one_ctrl_b() -> None:
    board = OldRepl()
    board.raw = True
    found = look(board.wire)
    assert found.seen is Seen.RAW_REPL
    assert found.banner.startswith("Pycom MicroPython 1.20.2.r4 [v1.11-ba9d86d]")
    assert board.wire.written == b"\r\x02"


def test_paste_mode_is_told_from_a_prompt() -> None:
    board = OldRepl()
    board.paste = True
    assert look(board.wire).seen is Seen.PASTE
    assert board.wire.written == b"\r"


def test_an_unfinished_input_is_thrown_away_with_consent() -> None:
    board = OldRepl()
    board.paste = True
    found = look(board.wire, may_interrupt=True)
    assert (found.seen, board.paste, found.evidence.get("interrupted")) == (Seen.REPL, False, None)


def test_a_prompt_among_the_output_of_other_threads_is_found() -> None:
    board = OldRepl()
    for second in range(20):
        board.wire.say(b"[mqtt] keep alive\r\n", after_ms=200 * second + 1)
    assert look(board.wire).seen is Seen.REPL


def test_a_program_is_not_interrupted_without_consent() -> None:
    wire = devices.program(b"temperature 21\r\n")
    found = look(wire)
    assert found.seen is Seen.PROGRAM
    assert "temperature 21" in str(found.evidence["heard"])
    assert wire.written == b"\r\x02"


def test_a_program_is_interrupted_with_consent() -> None:
    found = look(devices.program(b"temperature 21\r\n"), may_interrupt=True)
    assert found.seen is Seen.REPL
    assert found.evidence["interrupted"] is True


def test_a_program_that_ignores_ctrl_c_stays_one() -> None:
    found = look(devices.program(b"busy\r\n", stops=False), may_interrupt=True)
    assert (found.seen, found.evidence["interrupted"]) == (Seen.PROGRAM, True)


def test_what_a_program_prints_is_escaped_in_the_evidence() -> None:
    found = look(devices.program(b"\x1b[2J[bold]hi\x07\r\n"))
    assert "\x1b" not in str(found.evidence["heard"])
    assert "\\x1b[2J[bold]hi" in str(found.evidence["heard"])


@pytest.mark.parametrize(
    "text",
    [
        b"Sending 5996938 bytes: [####            ]  12%\r",
        b"Resetting (DO NOT DISCONNECT POWER!!!)......",
        b"<<<=== DO NOT DISCONNECT POWER ===>>>\r\n",
        b'@@FD {"fipyup": "heartbeat", "data": {"step": "deploy"}}\r\n',
        b"fipyup: 12 % 720720/5996938 transfer, do not unplug\r\n",
    ],
)
def test_an_updater_at_work_is_left_alone(text: bytes) -> None:
    wire = devices.talker((1500, text), (4000, text))
    assert look(wire, may_interrupt=True).seen is Seen.UPDATER
    assert wire.written == b"\r"


def test_an_updater_heard_at_once_gets_not_even_a_cr() -> None:
    wire = devices.talker((0, b"Sending 5996938 bytes: [####   ]  12%\r"))
    assert look(wire, may_interrupt=True).seen is Seen.UPDATER
    assert wire.written == b""


def test_our_updater_is_heard_out_until_it_says_how_far_it_is() -> None:
    wire = devices.talker(
        (500, b'@@FD {"fipyup": "note", "da'), (700, b'ta": {}}\r\n'), (2500, BEAT[:40]), (2600, BEAT[40:])
    )
    found = look(wire)
    assert found.seen is Seen.UPDATER and wire.written == b"\r"
    assert at_work(found.text).percent == 66


def test_an_updater_heard_after_ctrl_b_gets_no_ctrl_c() -> None:
    wire = devices.talker((100, b"tick\r\n"), (3700, b"DO NOT DISCONNECT POWER\r\n"))
    assert look(wire, may_interrupt=True).seen is Seen.UPDATER
    assert b"\x03" not in wire.written


def test_a_program_that_sends_something_else_is_no_updater() -> None:
    assert look(devices.program(b"Sending data to the cloud\r\n")).seen is Seen.PROGRAM


def test_the_boot_loader_is_named() -> None:
    text = b"rst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\nwaiting for download\r\n"
    assert look(devices.talker((500, text))).seen is Seen.BOOTLOADER


def test_a_boot_loop_is_counted_for_ten_seconds() -> None:
    wire = devices.talker(*((2100 * n, ROM + b"Guru Meditation Error\r\n") for n in range(6)))
    found = look(wire)
    assert (found.seen, found.evidence["boots"]) == (Seen.BOOT_TEXT, 5)
    assert found.evidence["reset_codes"] == "rst:0x7 (TG0WDT_SYS_RESET)"
    assert wire.written == b"\r"


def test_a_board_that_starts_before_our_eyes_is_waited_for() -> None:
    wire = devices.talker((100, ROM), (4500, BANNER + HELP + b">>> "))
    found = look(wire)
    assert found.seen is Seen.SAFE_BOOT
    assert "1.20.2.r4" in found.banner


def test_a_program_that_begins_after_one_start_is_a_program() -> None:
    wire = devices.talker((50, ROM), *((1000 * n, b"tick\r\n") for n in range(1, 20)))
    assert look(wire).seen is Seen.PROGRAM


def test_one_start_and_then_silence_is_boot_text() -> None:
    found = look(devices.talker((50, ROM + b"clk_drv:0x00\r\nentry 0x400a059c\r\n")))
    assert (found.seen, found.evidence["boots"]) == (Seen.BOOT_TEXT, 1)


def test_mirror_mode_left_on_answers_at_921600() -> None:
    wire = devices.modem(921600)
    found = look(wire)
    assert found.seen is Seen.MIRROR
    assert (found.evidence["baud"], found.evidence["modem_mode"]) == (921600, "application")
    assert wire.baudrate == 115200


def test_mirror_and_a_bare_modem_are_undecided_at_an_unknown_port() -> None:
    assert look(devices.modem(921600)).evidence["undecided"] is True


def test_a_bare_modem_at_115200_is_no_mirror() -> None:
    found = look(devices.modem(115200))
    assert (found.seen, found.evidence["baud"]) == (Seen.MODEM, 115200)


def test_the_name_of_a_port_decides_nothing() -> None:
    found = look(devices.modem(921600), url="sim://sqn3330?build=41065")
    assert (found.seen, found.evidence["undecided"]) == (Seen.MIRROR, True)


def test_no_at_before_an_open_session_was_asked_to_close() -> None:
    wire = devices.modem(921600)
    look(wire)
    assert wire.written.index(b"fast") < wire.written.index(b"AT")


def test_no_modem_is_looked_for_where_a_program_speaks() -> None:
    wire = devices.program(b"temperature 21\r\n")
    look(wire)
    assert b"AT" not in wire.written


def test_nothing_at_all() -> None:
    wire = devices.silent()
    assert look(wire).seen is Seen.SILENCE
    assert wire.baudrate == 115200
    assert wire.clock.ticks_ms() < 30_000


def test_silence_with_consent_gets_a_ctrl_c() -> None:
    wire = devices.silent()
    look(wire, may_interrupt=True)
    assert b"\x03" in wire.written


def test_a_socket_is_not_probed_at_other_speeds() -> None:
    wire = devices.modem(921600)
    assert look(wire, url="socket://localhost:1").seen is Seen.SILENCE
    assert b"AT" not in wire.written


def test_garbage_is_noise() -> None:
    assert look(devices.program(b"\xf8\x00\xfe\x80\x81\xff" * 20)).seen is Seen.NOISE


@pytest.mark.parametrize(("odd", "seen"), [(30, Seen.PROGRAM), (31, Seen.NOISE)])
def test_a_text_may_have_odd_bytes_up_to_three_of_ten(odd: int, seen: Seen) -> None:
    assert look(devices.talker((100, b"\xff" * odd + b"t" * (100 - odd)))).seen is seen


def test_foreign_letters_are_no_noise() -> None:
    assert look(devices.program("температура 21\r\n".encode())).seen is Seen.PROGRAM


def test_at_commands_typed_into_the_prompt_are_noted() -> None:
    def answers(wire: Wire, data: bytes) -> None:
        wire.say(b"AT\r\nTraceback (most recent call last):\r\nNameError: name 'AT' is not defined\r\n>>> ")

    found = look(devices.talker(answers=answers))
    assert (found.seen, found.evidence["foreign_at"]) == (Seen.REPL, True)


@pytest.mark.parametrize("make", [devices.silent, lambda: devices.program(b"x\r\n")])
def test_unplugging_is_no_silence(make: Callable[[], Wire]) -> None:
    wire = make()
    link: Link = wire.link()
    wire.hears = lambda data: setattr(wire, "unplugged", True)
    with pytest.raises(PortLost):
        contact(link)


@pytest.mark.parametrize("echo", [b"^B", b"\x02", b"\x07", b"\x1b[?25h"])
def test_a_prompt_that_only_echoes_ctrl_b_is_a_computers(echo: bytes) -> None:
    def answer(wire: Wire, data: bytes) -> None:
        wire.say(b"\r\n>>> " if data == b"\r" else echo)

    found = look(devices.talker(answers=answer))
    assert found.seen is Seen.FOREIGN and found.foreign is not None
    assert "prompt of its Python" in found.foreign.words


def test_a_line_that_sends_back_what_it_gets_is_no_noise() -> None:
    found = look(devices.talker(answers=lambda wire, data: wire.say(data)))
    assert found.evidence["echoes"] is True


def test_a_modem_that_was_named_and_is_not_there_is_searched_once() -> None:
    unnamed, named = devices.silent(), devices.silent()
    assert look(named, named_modem=True).seen is look(unnamed).seen is Seen.SILENCE
    assert named.written.count(b"fast") == unnamed.written.count(b"fast") > 0


@pytest.mark.parametrize("usb_id", [(0x04D8, 0xEF98), None])
def test_the_beat_of_an_updater_is_heard_before_a_named_modem_is_looked_for(usb_id: tuple[int, int] | None) -> None:
    wire = devices.talker((1900, BEAT))
    if usb_id is not None:
        wire.usb_id = usb_id
    assert look(wire, named_modem=True).seen is Seen.UPDATER
    assert wire.written == b"\r"


def echoing(most: int, rubbish: bytes = b"\xf8") -> Callable[[Wire, bytes], None]:
    """Sends back ``most`` CRs, as a modem at another speed does."""
    left = [most]

    def answer(wire: Wire, data: bytes) -> None:
        if data == b"\r" and wire.baudrate == 115200 and left[0]:
            left[0] -= 1
            wire.say(rubbish, 16)

    return answer


@pytest.mark.parametrize(("echo", "crs"), [(echoing(1), 2), (echoing(9, b"\r"), 1), (echoing(9, b"\0"), 1)])
def test_what_sends_back_once_or_sends_back_text_is_listened_to_as_any_board(
    echo: Callable[[Wire, bytes], None], crs: int
) -> None:
    wire = devices.talker((1900, BEAT), answers=echo)
    assert look(wire, named_modem=True).seen is Seen.UPDATER
    assert wire.written == b"\r" * crs


def test_what_talks_before_it_is_asked_is_listened_to_as_any_board() -> None:
    wire = devices.talker((0, b"\xf8"), (1900, BEAT), answers=echoing(9))
    assert look(wire, named_modem=True).seen is Seen.UPDATER
    assert wire.written == b"\r"


def test_a_named_modem_that_sends_back_rubbish_is_asked_at_once_and_no_other_is() -> None:
    asked_ms: list[float] = []

    def echo(wire: Wire, data: bytes) -> None:
        echoes(wire, data)
        if data.startswith(b"fast"):
            asked_ms.append(wire.clock.now_ms)

    seen = []
    for named in (True, False):
        echoes = echoing(2)
        wire = devices.talker(answers=echo)
        seen.append(look(wire, named_modem=named).seen)
        assert b"\x02" in wire.written, "no modem: what else may be there is asked"
        first = asked_ms[0]
        asked_ms.clear()
        assert first < 500 if named else first > 3000
    assert seen == [Seen.NOISE, Seen.NOISE]
