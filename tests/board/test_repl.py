from __future__ import annotations

import pytest

from doctor.board.repl import Repl, ReplBroken, ReplTimeout, ReplTraceback, tagged
from doctor.clock import Deadline
from doctor.errors import BoardReset, DeadlineOverrun, UpdaterAtWork
from tests.board.old_repl import ROM, OldRepl
from tests.link import devices
from tests.link.wire import HandClock


def entered(board: OldRepl) -> Repl:
    repl = Repl(board.wire.link())
    repl.enter()
    return repl


def test_a_snippet_runs_and_its_output_comes_back() -> None:
    assert entered(OldRepl()).run("print('a')\nprint('b')") == "a\nb\n"


def test_no_ctrl_c_is_sent_on_the_way_in_and_out() -> None:
    board = OldRepl()
    repl = entered(board)
    repl.run("print(1)")
    repl.leave()
    assert b"\x03" not in board.wire.written
    assert not board.raw


def test_who_is_interrupted_on_the_way_in_still_leaves() -> None:
    board = OldRepl()
    hear = board.wire.hears

    def interrupt(data: bytes) -> None:
        hear(data)
        board.wire.hears = hear
        raise KeyboardInterrupt

    board.wire.hears = interrupt
    repl = Repl(board.wire.link())
    with pytest.raises(KeyboardInterrupt):
        repl.enter()
    assert board.raw
    repl.leave()
    assert not board.raw


def test_raw_paste_is_never_tried() -> None:
    board = OldRepl()
    entered(board).run("print(1)")
    assert b"\x05" not in board.wire.written


def test_leaving_returns_the_banner() -> None:
    assert "Pycom MicroPython 1.20.2.r4" in entered(OldRepl()).leave()


def test_a_raw_repl_that_was_left_is_entered_again() -> None:
    board = OldRepl()
    board.raw, board.line = True, b"half a line"
    assert entered(board).run("print(2)") == "2\n"


def test_paste_mode_is_cancelled_where_allowed() -> None:
    board = OldRepl()
    board.paste = True
    repl = Repl(board.wire.link())
    repl.enter(cancel_input=True)
    assert repl.run("print(3)") == "3\n"


def test_long_code_goes_out_in_small_writes() -> None:
    board = OldRepl()
    sizes: list[int] = []
    hear = board.wire.hears

    def measure(data: bytes) -> None:
        sizes.append(len(data))
        hear(data)

    board.wire.hears = measure
    entered(board).run("#" * 3000)
    assert max(sizes) <= 256


def test_an_exception_on_the_board_carries_its_traceback() -> None:
    with pytest.raises(ReplTraceback) as caught:
        entered(OldRepl()).run("print('x')\n1/0")
    assert caught.value.error == "ZeroDivisionError: division by zero"


class Threaded(OldRepl):
    """A board whose thread prints a word in front of each prompt: where a traceback would stand, and behind it."""

    def run(self, code: str) -> tuple[bytes, bytes]:
        printed, error = super().run(code)
        return printed, error + b"tick\r\n"


def test_a_word_in_front_of_the_prompt_is_no_exception() -> None:
    repl = entered(Threaded())
    with pytest.raises(ReplBroken, match="between its answer and its prompt"):
        repl.run("print('x')")
    with pytest.raises(ReplTraceback) as caught:
        repl.run("1/0")
    assert caught.value.error == "ZeroDivisionError: division by zero"


def test_the_session_goes_on_after_an_exception() -> None:
    repl = entered(OldRepl())
    with pytest.raises(ReplTraceback):
        repl.run("1/0")
    assert repl.run("print(4)") == "4\n"


def test_call_returns_the_tagged_value_among_other_threads_output() -> None:
    code = "print('WiFi up')\nprint('@@FD {\"a\": [1, null]}')\nprint('mqtt')"
    assert entered(OldRepl()).call(code) == {"a": [1, None]}


def test_a_damaged_result_line_is_an_error() -> None:
    with pytest.raises(ReplBroken, match="has no result"):
        entered(OldRepl()).call("print('@@FD {\"a\":')")


def test_tagged_lines_survive_text_behind_them() -> None:
    assert tagged('x@@FD [1]mqtt\n@@FD "z"\n') == [[1], "z"]


def test_lines_are_told_as_they_come() -> None:
    board = OldRepl()
    board.before_run = lambda code: False
    repl = entered(board)
    told: list[tuple[int, str]] = []
    clock = board.wire.clock

    def answer(data: bytes) -> None:
        if data == b"\x04":
            board.wire.say(b"OKfirst\r\nsec")
            board.wire.say(b"ond\r\n\x04\x04>", after_ms=5000)

    board.wire.hears = answer
    assert repl.run("x", on_line=lambda line: told.append((clock.ticks_ms() // 1000, line))) == "first\nsecond\n"
    assert told == [(0, "first"), (5, "second")]


class HeldUp(HandClock):
    """Time on a computer that is busy with other things: half a minute is gone whenever somebody looks."""

    def ticks_ms(self) -> int:
        self.now_ms += 30_000
        return super().ticks_ms()


def test_what_a_board_said_while_this_computer_was_held_up_is_no_silence() -> None:
    board = OldRepl()
    board.wire.clock = HeldUp()
    assert entered(board).run("print('a' * 9000)", silence_s=5, total_s=3600) == "a" * 9000 + "\n"


def test_silence_ends_a_command_and_our_own_code_is_stopped() -> None:
    board = OldRepl()

    def hang(code: str) -> bool:
        board.wire.say(b"OKstarted\r\n")

        def running(key: bytes) -> None:
            if key == b"\x03":
                board.program = None
                board.wire.say(b"\x04KeyboardInterrupt\r\n\x04>")

        board.program = running
        return False

    board.before_run = hang
    repl = entered(board)
    with pytest.raises(ReplTimeout, match=r"silent for 5 s$") as caught:
        repl.run("while True: pass", silence_s=5, total_s=60)
    assert caught.value.heard == "started\n"
    board.before_run = lambda code: True
    assert repl.run("print(5)") == "5\n"


def test_a_command_that_cannot_be_stopped_says_so() -> None:
    board = OldRepl()

    def hang(code: str) -> bool:
        board.wire.say(b"OK")
        board.program = lambda key: None
        return False

    board.before_run = hang
    with pytest.raises(ReplTimeout, match="Ctrl-C did not stop it"):
        entered(board).run("LTE()", silence_s=1)


def test_chatter_does_not_stretch_the_total_limit() -> None:
    board = OldRepl()

    def chat(code: str) -> bool:
        board.wire.say(b"OK")
        for second in range(100):
            board.wire.say(b".\r\n", after_ms=1000 * second)
        board.program = lambda key: None
        return False

    board.before_run = chat
    with pytest.raises(ReplTimeout, match="in 8 s"):
        entered(board).run("x", silence_s=3, total_s=8)
    assert board.wire.clock.ticks_ms() < 14_000


def test_a_board_that_does_not_take_a_command_is_an_error() -> None:
    board = OldRepl()
    board.before_run = lambda code: False
    with pytest.raises(ReplBroken, match="did not accept"):
        entered(board).run("print(1)")


@pytest.mark.parametrize(
    "sign", [ROM, b"Guru Meditation Error: Core  1 panic'ed (LoadProhibited)", b"PYB: soft reboot\r\n"]
)
def test_a_restart_in_the_middle_of_a_command_is_recognised(sign: bytes) -> None:
    board = OldRepl()

    def crash(code: str) -> bool:
        board.wire.say(b"OK1\r\n" + sign)
        return False

    board.before_run = crash
    repl = entered(board)
    with pytest.raises(BoardReset) as caught:
        repl.run("x")
    assert not repl.entered
    assert sign.split(b" ")[0].decode() in caught.value.seen


def test_an_overrun_check_leaves_a_repl_that_the_next_one_can_use() -> None:
    board = OldRepl()

    def slow(code: str) -> bool:
        def running(key: bytes) -> None:
            if key == b"\x03":
                board.program = None
                board.wire.say(b"\x04KeyboardInterrupt\r\n\x04>")

        board.program = running
        board.wire.say(b"OK")
        return False

    board.before_run = slow
    repl = entered(board)
    repl.link.deadline = Deadline(repl.link.clock, 2)
    with pytest.raises(DeadlineOverrun):
        repl.run("x", silence_s=30)
    repl.link.deadline = None
    board.before_run = lambda code: True
    assert repl.run("print(6)") == "6\n"


def test_control_characters_never_go_into_code() -> None:
    with pytest.raises(ValueError, match="printable"):
        entered(OldRepl()).run("print('\x03')")


def test_a_running_program_is_no_raw_repl() -> None:
    board = OldRepl()
    board.program = lambda key: board.wire.say(b"tick\r\n")
    with pytest.raises(ReplBroken, match="tick"):
        Repl(board.wire.link()).enter()


BAR = "Sending 5996938 bytes: [####            ]  34%"


def test_nothing_more_is_sent_once_an_updater_was_heard() -> None:
    board = OldRepl()
    repl = entered(board)
    board.wire.say(BAR.encode() + b"\r")
    with pytest.raises(UpdaterAtWork):
        repl.run("print(1)")
    with pytest.raises(UpdaterAtWork):
        repl.restart_safe()
    assert board.runs == []
    assert b"\x06" not in board.wire.written


def test_an_updater_that_is_heard_in_an_answer_ends_it() -> None:
    with pytest.raises(UpdaterAtWork):
        entered(OldRepl()).run(f"print('a')\nprint('{BAR}')\nprint('b')")


def test_our_own_code_that_hangs_is_not_stopped_beside_an_updater() -> None:
    board = OldRepl()

    def hang(_code: str) -> bool:
        board.wire.say(b"OK" + BAR.encode())
        return False

    board.before_run = hang
    with pytest.raises(UpdaterAtWork):
        entered(board).run("while True: pass")
    assert b"\x03" not in board.wire.written


def test_an_updater_that_is_heard_on_the_way_in_gets_no_ctrl_c() -> None:
    board = OldRepl()
    board.paste = True
    board.wire.say(BAR.encode())
    with pytest.raises(UpdaterAtWork):
        Repl(board.wire.link()).enter(cancel_input=True)
    assert board.wire.written == b""


@pytest.mark.parametrize("name", ["DO NOT DISCONNECT.txt", "fipyup: 34 %", "Sending 5 bytes"])
def test_a_file_named_with_an_updaters_words_is_no_updater(name: str) -> None:
    repl = entered(OldRepl())
    assert repl.call(f"print('@@FD [\"{name}\"]')") == [name]
    assert repl.call("print('@@FD 1')") == 1


@pytest.mark.parametrize("line", ['["lib/Starting STP', '{"fipyup": "heartbeat", "data": {}}', "fipyup: 34 %"])
def test_an_updater_that_prints_into_such_a_line_is_heard(line: str) -> None:
    with pytest.raises(UpdaterAtWork):
        entered(OldRepl()).call(f"print('''@@FD {line}\n\"]''')")


def test_no_ctrl_d_and_no_ctrl_c_go_where_no_raw_repl_has_answered() -> None:
    wire = devices.talker(answers=lambda wire, data: wire.say(b"\r\n>>> "))
    with pytest.raises(ReplBroken):
        Repl(wire.link()).run("print(1)")
    assert wire.written == b"\x01\x02"


def test_a_raw_repl_whose_banner_was_spoilt_is_left_again() -> None:
    wire = devices.talker(answers=lambda wire, data: wire.say(b"\r\nraw REPL; CTRL-x to exit\r\n>"))
    with pytest.raises(ReplBroken, match="does not enter"):
        Repl(wire.link()).enter()
    assert wire.written == b"\x01\x02"
