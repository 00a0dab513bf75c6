"""Many runs of this program at once share one state directory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from doctor.jobs.memory.advice_given import TOLD, AdviceGiven
from doctor.link.port_url import PortUrl

PORTS = [f"/dev/ttyACM{number}" for number in range(24)]


def test_what_one_run_remembers_of_its_board_is_not_lost_to_another() -> None:
    """Threads stand for processes: the lock belongs to the opened file, not to who opened it."""

    def note(port: str) -> None:
        AdviceGiven(PortUrl.read(port)).note(["power-cycle"], TOLD)

    with ThreadPoolExecutor(len(PORTS)) as pool:
        for done in [pool.submit(partial(note, port)) for port in PORTS]:
            done.result()
    assert [port for port in PORTS if not AdviceGiven(PortUrl.read(port)).told] == []
