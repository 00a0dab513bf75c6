from __future__ import annotations

import pytest

from checks.modem_answers import ModemAnswers
from doctor.bench import Bench, BenchOptions
from doctor.check import Status
from doctor.errors import UpdaterAtWork
from tests.checks.simulated import bench_at
from tests.link import devices

PASS, WARN, FAIL = Status.PASS, Status.WARN, Status.FAIL


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize(
    ("scenario", "status", "catalogue"),
    [
        ("healthy", PASS, None),
        ("jumpers-fitted", PASS, None),
        ("modem-recovery", WARN, "modem-left-in-update-boot"),
        ("ati-error", WARN, "ati-returns-error"),
        ("stale-replies", WARN, "stale-bytes-in-reply"),
        ("smswboot-error", PASS, None),
        ("modem-ffh", FAIL, "modem-in-ffh"),
        ("modem-silent", FAIL, "modem-silent"),
        ("lte-hangs", FAIL, "lte-constructor-hangs"),
        ("stp-fails-midway", FAIL, "modem-left-in-update-boot"),
    ],
)
def test_scenario(scenario: str, status: Status, catalogue: str | None) -> None:
    with bench_at(f"sim://fipy?scenario={scenario}") as bench:
        found = ModemAnswers().look(bench)
    assert (found.status, found.catalogue) == (status, catalogue)
    assert found.status is PASS or found.remedies


@pytest.mark.sampled(4, "long")
@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sim://fipy?scenario=modem-silent", True),
        ("sim://fipy?scenario=modem-silent&carrier=pysense", False),
        ("sim://gpy?scenario=modem-silent", False),
        ("sim://sqn3330?scenario=modem-silent", False),
    ],
)
def test_jumpers_are_told_only_where_there_are_some_that_reach_the_modem(url: str, told: bool) -> None:
    with bench_at(url, via_modem="sqn3330" in url) as bench:
        found = ModemAnswers().look(bench)
    assert ("remove-jumpers" in [remedy.id for remedy in found.remedies]) is told
    assert ("carrier" in found.evidence) is told
    assert found.remedies


@pytest.mark.parametrize("url", ["sim://gm02s", "sim://sqn3330", "sim://gpy"])
def test_other_ways_to_a_modem(url: str) -> None:
    with bench_at(url, via_modem=url != "sim://gpy") as bench:
        assert ModemAnswers().look(bench).status is PASS


def test_a_modem_that_the_user_names_is_searched_once_and_without_ctrl_b(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    with bench_at("sim://sqn3330", via_modem=True) as bench:
        write = bench.link.write

        def spied(data: bytes) -> None:
            sent.append(data)
            write(data)

        monkeypatch.setattr(bench.link, "write", spied)
        assert ModemAnswers().look(bench).status is PASS
        once = len(sent)
        bench.forget_modem()
        assert ModemAnswers().look(bench).status is PASS
    for part in (sent[:once], sent[once:]):  # what was forgotten is searched again
        assert sum(data.startswith(b"fast") for data in part) == 1  # one search; its RESET came back, so one is enough
    assert b"\x02" not in sent


def test_a_raw_repl_is_found_where_a_modem_was_named() -> None:
    with bench_at("sim://fipy?scenario=modem-silent", via_modem=True) as bench:
        bench.link.write(b"\r\x01")
        bench.link.read(4096, 300)
        found = ModemAnswers().look(bench)
    assert found.change is not None and found.change.without == ("via_modem",)


def test_an_updater_that_is_heard_where_a_modem_was_named_is_left_alone() -> None:
    wire = devices.talker((200, b"Sending 5996938 bytes: [##]\r"))
    with Bench(BenchOptions(port="/dev/ttyACM0", via_modem=True), link=wire.link()) as bench:
        found = ModemAnswers().look(bench)
        with pytest.raises(UpdaterAtWork):
            _ = bench.modem_facts
    assert (found.catalogue, wire.written) == ("updater-at-work", b"\r")
    assert found.change is not None and found.change.without == ("via_modem",)


def test_evidence_tells_what_was_seen() -> None:
    with bench_at() as bench:
        evidence = ModemAnswers().look(bench).evidence
    assert (evidence["mode"], evidence["build"], evidence["radio"]) == ("application", 38638, "CATM1")


@pytest.mark.long
def test_a_modem_behind_a_board_that_refuses_everything_is_no_other_device() -> None:
    with bench_at("sim://fipy?fault=AT:error@1@0") as bench:
        found = ModemAnswers().look(bench)
    assert (found.status, found.catalogue) == (FAIL, "modem-state-unknown")
    assert "power-cycle" in [remedy.id for remedy in found.remedies]
