from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.board.signs import CTRL_B, CTRL_C, CTRL_F
from doctor.board.storage import files
from doctor.errors import BoardError
from doctor.link.trace import Trace
from doctor.remedies.cure import CureContext
from doctor.remedies.stop_program import StopProgram
from tests.board.old_repl import BANNER
from tests.link.wire import Wire

STUBBORN = b"import time\nwhile True:\n try:\n  print('no')\n  time.sleep(1)\n except BaseException:\n  pass\n"
SILENT = b"while True:\n pass\n"


@pytest.mark.sampled(5)
@pytest.mark.parametrize("release", ["1.17.3.b1", "1.20.2.r4"])
@pytest.mark.parametrize(("program", "how"), [(STUBBORN, "safe boot"), (SILENT, "was stopped")])
@pytest.mark.parametrize("wanted", [True, False])
def test_program_is_stopped_and_main_py_renamed_where_wanted(
    release: str, program: bytes, how: str, wanted: bool, tmp_path: Path
) -> None:
    with Bench(BenchOptions(port=f"sim://gpy?release={release}")) as bench:
        files.write(bench.board, "/flash/main.py", program)
        bench.board.repl.send("import machine\nmachine.reset()\n")
        bench.board.repl.forget()
        bench.clock.sleep_ms(5_000)
        bench.forget_board()
        context = CureContext(lambda text: None, lambda question: wanted, tmp_path)
        cure = StopProgram()
        assert len(cure.plan(bench, None, context)) == 3
        assert how in cure.do(bench, None, context)
        assert cure.plan(bench, None, context) == ()
        assert files.exists(bench.board, "/flash/main.py.off") is wanted
        assert files.exists(bench.board, "/flash/main.py") is not wanted


def test_mirroring_board_runs_no_program_to_stop(tmp_path: Path) -> None:
    with Bench(BenchOptions(port="sim://gm02s")) as bench:
        assert StopProgram().plan(bench, None, CureContext(print, bool, tmp_path)) == ()


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("release=1.15.0.b1&files=word-every@1", "main-py-blocks-repl"),  # knows no Ctrl-F: its program still runs
        ("release=1.20.2.r4&files=log-every@1", "repl-answers"),
    ],
)
def test_what_still_prints_is_a_program_unless_the_board_restarted(url: str, error: str, tmp_path: Path) -> None:
    with Bench(BenchOptions(port=f"sim://gpy?{url}")) as bench, pytest.raises(BoardError) as caught:
        StopProgram().do(bench, None, CureContext(lambda text: None, bool, tmp_path))
    assert caught.value.id == error


BAR = "Sending 5996938 bytes: [####            ] 34%"


@pytest.mark.parametrize(
    "words",
    [
        f"word-every:{BAR}@1",
        "word-every:Starting STP ON_THE_FLY@7",
        f"word-every@1,tick:{BAR}@2500",  # another thread prints all the time, the updater now and then
        "word-every@1,tick:fipyup: 34 %@2500",
    ],
)
@pytest.mark.parametrize("step", [StopProgram.plan, StopProgram.do])
def test_an_updater_in_a_thread_is_neither_stopped_nor_restarted(
    words: str, step: Callable[..., object], tmp_path: Path
) -> None:
    port = f"sim://gpy?release=1.20.2.r4&files={quote(words)}"
    context = CureContext(lambda text: None, bool, tmp_path)
    with (
        Trace(tmp_path / "trace") as trace,
        Bench(BenchOptions(port=port), trace=trace) as bench,
        pytest.raises(BoardError) as caught,
    ):
        step(StopProgram(), bench, None, context)
    assert caught.value.id == "updater-at-work"
    crossed = [json.loads(line) for line in (tmp_path / "trace").read_text().splitlines()]
    sent = bytes.fromhex("".join(one["hex"] for one in crossed if one["dir"] == "tx"))
    assert sent
    assert not {0x03, 0x06} & set(sent)


@pytest.mark.parametrize("prompt", [b"=== ", b"... "])
@pytest.mark.parametrize("name", [True, False])
def test_an_unfinished_input_gets_ctrl_c_and_no_restart(prompt: bytes, name: bool, tmp_path: Path) -> None:
    """The plan says Ctrl-C; a computer's Python, which shows itself only then, is told from a board."""
    wire = Wire()

    def hear(data: bytes) -> None:
        if CTRL_C in data:
            wire.say(b"\r\nKeyboardInterrupt\r\n>>> ")
        elif CTRL_C in wire.written:
            wire.say(
                (b"\r\n" + BANNER if name and CTRL_B in data else b"") + (b"\r\n>>> " if name or data == b"\r" else b"")
            )
        else:
            wire.say(b"\r\n" + prompt)

    wire.hears = hear
    bench = Bench(BenchOptions(port="/dev/ttyACM0"), link=wire.link())
    cure, context = StopProgram(), CureContext(lambda text: None, lambda question: True, tmp_path)
    (planned,) = cure.plan(bench, None, context)
    assert "send Ctrl-C" in planned and CTRL_C not in wire.written
    if name:
        assert "thrown away" in cure.do(bench, None, context)
    else:
        with pytest.raises(BoardError, match="Ctrl-C was sent to it, and no more"):
            cure.do(bench, None, context)
    assert CTRL_F not in wire.written
