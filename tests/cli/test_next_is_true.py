"""The next step is one that makes sense, and an exit code does not claim what was not done."""

from __future__ import annotations

from pathlib import Path

from doctor.sim.practice import make_practice_image

from .terminal import Terminal

HTML = "sim://fipy?scenario=html-scripts"


def test_nothing_is_left_to_flash_where_the_modem_runs_the_image(terminal: Terminal, tmp_path: Path) -> None:
    image = make_practice_image(tmp_path, build=38638, size_bytes=100_000)
    said = terminal.type("check", "--port", "sim://fipy?build=38638", "--firmware", str(image))
    assert said.next[:1] == ["status"]
    assert "runs build 38638 already" in said.out


def test_an_empty_port_is_none(terminal: Terminal, image: Path) -> None:
    assert terminal.type("check", "--port", "", "--firmware", str(image)).next == ["ports"]


def test_a_named_cure_that_nobody_confirmed_is_a_failure(terminal: Terminal) -> None:
    said = terminal.type("fix", "--upload-scripts", "--port", HTML, "--json")
    assert (said.code, said.document["exit"], said.document["error"]["id"]) == (1, 1, "not-confirmed")


def test_a_dry_run_of_a_named_cure_is_none(terminal: Terminal) -> None:
    assert terminal.type("fix", "--upload-scripts", "--port", HTML, "--dry-run").code == 0


def test_hands_at_a_bench_in_use_say_so(terminal: Terminal, tmp_path: Path) -> None:
    from doctor.sim.bench import SimBench

    port = f"sim://fipy?state={tmp_path}"
    bench = SimBench.from_url(port)
    try:
        said = terminal.type("sim", "--hands", "press-reset", "--port", port)
    finally:
        bench.release()
    assert said.code == 1 and "(port-busy)" in said.err and "next:" in said.err
