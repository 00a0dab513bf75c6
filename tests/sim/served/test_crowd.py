"""Many simulated boards served at once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from doctor.sim.bench import SimBench
from doctor.sim.numbers import imei, unique_id
from doctor.sim.served.crowd import Crowd, url_of
from doctor.sim.served.listen import Listener


def test_each_board_has_numbers_of_its_own_whatever_state_it_is_in() -> None:
    assert len({imei(f"id={number}") for number in range(1, 1000)}) > 990
    assert (
        len({unique_id(f"id={number}") for number in range(1, 65)}) == 64 == len({imei(f"id={n}") for n in range(64)})
    )
    urls = ("sim://fipy?id=3", "sim://fipy?id=3&scenario=modem-silent", "sim://fipy?id=4", "sim://fipy")
    third, same, fourth, plain = (SimBench.from_url(url) for url in urls)
    assert third.modem.imei == same.modem.imei and third.board is not None and same.board is not None
    assert third.board.unique_id == same.board.unique_id
    assert len({bench.modem.imei for bench in (third, fourth, plain)}) == 3


def test_each_is_kept_for_itself_and_together_they_are_no_faster_than_a_computer_is() -> None:
    assert url_of("sim://fipy", 1, 1) == "sim://fipy"
    assert url_of("sim://fipy", 2, 2) == "sim://fipy?id=2&speed=20"
    assert url_of("sim://fipy?scenario=x&state=/a/b&speed=1", 3, 8) == "sim://fipy?scenario=x&state=/a/b/3&speed=1&id=3"
    assert url_of("sim://gpy", 8, 8) == "sim://gpy?id=8&speed=5"


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are a Unix thing")
def test_the_file_says_where_they_are_while_they_are_served(tmp_path: Path) -> None:
    ports = tmp_path / "p"
    with Crowd(Listener, "sim://sqn3330", 3, ports) as crowd:
        names = ports.read_text().splitlines()
        assert names == [board.names[-1] for board in crowd.boards] and len(set(names)) == 3
        assert all(name.startswith("rfc2217://") for name in names)  # which has the RTS that a pty lacks
    assert not ports.exists()
    with Crowd(lambda url: Listener(url, tcp_port=None), "sim://sqn3330", 1, ports) as crowd:
        assert ports.read_text() == f"{crowd.boards[0].names[0]}\n"
