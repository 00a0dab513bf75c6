from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from doctor.sim.bench import SimBench
from doctor.sim.card.blocks import FileBlocks
from doctor.sim.card.image import CardDevice, CardFault, build_card
from doctor.sim.urlhandler.protocol_sim import Serial


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sim://fipy?state={tmp_path / 'bench'}"


def repl(url: str, code: str) -> str:
    with Serial(url, baudrate=115200, timeout=2) as port:
        port.write(b"\x03\x02\x03\x01")
        port.read(400)
        port.write(code.encode() + b"\x04")
        return port.read(4000).decode()


def test_files_in_flash_last(url: str) -> None:
    repl(url, "f = open('/flash/note.txt', 'w')\nf.write('kept')\nf.close()")
    assert "kept" in repl(url, "print(open('/flash/note.txt').read())")


def test_card_is_an_image_file_that_the_pc_sees_too(url: str, tmp_path: Path) -> None:
    repl(
        url, "import os, machine\nos.mount(machine.SD(), '/sd')\nf = open('/sd/note.txt', 'w')\nf.write('x')\nf.close()"
    )
    names = [entry.name for entry in CardDevice(FileBlocks(tmp_path / "bench" / "card.img")).mount().listdir()]
    assert names == ["PRACTICE-CATM1-41065.dup", "note.txt"]


def test_pc_may_replace_the_card_image(url: str, tmp_path: Path) -> None:
    Serial(url).close()
    build_card({"other.dup": b"other"}).save(tmp_path / "bench" / "card.img")
    assert "['other.dup']" in repl(url, "import os, machine\nos.mount(machine.SD(), '/sd')\nprint(os.listdir('/sd'))")


def test_scenario_is_the_beginning_not_the_law(url: str) -> None:
    with closing(_Held(f"{url}&scenario=jumpers-fitted,html-scripts")) as held:
        assert held.bench.carrier.jumpers_fitted
        held.bench.hands.pull_jumpers()
    with closing(_Held(f"{url}&scenario=jumpers-fitted,html-scripts")) as held:
        assert not held.bench.carrier.jumpers_fitted
    assert "<!DOCTYPE" in repl(url, "print(open('/flash/sqnsupgrade.py').read())")


class _Held:
    """A bench that is used by hands only, without opening its port."""

    def __init__(self, url: str) -> None:
        self.bench = SimBench.from_url(url)

    def close(self) -> None:
        self.bench.release()


def test_jumpers_in_the_url_win(url: str) -> None:
    with closing(_Held(f"{url}&jumpers=fitted")) as held:
        assert held.bench.carrier.jumpers_fitted
    with closing(_Held(f"{url}&jumpers=removed")) as held:
        assert not held.bench.carrier.jumpers_fitted


def test_unplugged_bench_stays_unplugged(url: str) -> None:
    with closing(_Held(url)) as held:
        held.bench.hands.unplug()
    with pytest.raises(OSError, match="no power"):
        Serial(url)
    with closing(_Held(url)) as held:
        held.bench.hands.plug_in()
    Serial(url).close()


def test_power_cycle_under_an_open_port_ends_in_a_working_bench(url: str) -> None:
    port = Serial(f"{url}&scenario=lte-hangs", baudrate=115200, timeout=1)
    port.hands.power_cycle()
    port.close()
    with Serial(url, baudrate=115200, timeout=1) as again:
        again.clock.sleep_ms(20_000)
        assert again.bench.modem.mode == "application"
        assert again.bench.board is not None
        assert again.bench.board.era.release == "1.17.3.b1"


def test_taken_out_card_stays_out(url: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept.img"
    with closing(_Held(url)) as held:
        held.bench.hands.card_to(kept)
        held.bench.hands.take_card_out()
    with closing(_Held(url)) as held:
        with pytest.raises(CardFault, match="absent"):
            held.bench.card.mount()
        held.bench.hands.insert_card(kept)
    with closing(_Held(url)) as held:
        assert [entry.name for entry in held.bench.card.mount().listdir()] == ["PRACTICE-CATM1-41065.dup"]


def without_state(use: Callable[[SimBench], None]) -> None:
    bench = SimBench.from_url("sim://fipy")
    try:
        use(bench)
    finally:
        bench.release()


def test_reset_button_restarts_the_board_and_not_the_modem() -> None:
    def use(bench: SimBench) -> None:
        bench.modem.hang()
        bench.hands.press_reset()
        assert bench.board is not None
        assert bench.board.settle()
        assert bench.modem.mode == "silent"

    without_state(use)


def test_reseating_cures_a_dead_card() -> None:
    def use(bench: SimBench) -> None:
        bench.card.dead = True
        with pytest.raises(CardFault, match="dead"):
            bench.card.mount()
        bench.hands.reseat_card()
        assert bench.card.mount().listdir()

    without_state(use)
