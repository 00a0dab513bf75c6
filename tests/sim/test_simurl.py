from __future__ import annotations

from pathlib import Path

import pytest

from doctor.sim.simurl import parse_sim_url


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("sim://lopy", "fipy, gpy, sqn3330, gm02s"),
        ("sim://", "fipy, gpy, sqn3330, gm02s"),
        ("sim://fipy?scenery=healthy", "scenario, release"),
        ("sim://fipy?scenario=jumpers", "jumpers-fitted"),
        ("sim://gm02s?scenario=html-scripts", "bare modem"),
        ("sim://fipy?release=yesterday", "1.20.2.r4"),
        ("sim://fipy?build=forty", "build is a number"),
        ("sim://fipy?radio=5G", "CATM1, NB1"),
        ("sim://fipy?carrier=breadboard", "expansion2"),
        ("sim://fipy?jumpers=yes", "fitted, removed, only-rts, only-cts"),
        ("sim://fipy?speed=0", "above 0"),
        ("sim://fipy?fault=explode@5", "stall"),
        ("sim://fipy?build=1&build=2", "twice"),
        ("sim://fipy?scenario=foreign-gps,healthy", "no other scenario goes with it"),
        ("sim://foreign?device=pico&scenario=foreign-gps", "twice"),
    ],
)
def test_unknown_things_name_what_is_valid(url: str, named: str) -> None:
    with pytest.raises(ValueError, match=named.replace("?", r"\?")):
        parse_sim_url(url)


def test_everything_that_a_url_can_say() -> None:
    spec = parse_sim_url(
        "sim://FiPy?scenario=html-scripts,dup-in-folder&release=1.17.3.b1&build=33080&radio=CATM1&state=/tmp/x&speed=2.5"
        "&carrier=expansion2&jumpers=fitted&battery=fitted&fault=nack@10@3&fault=stall@7&seed=4"
    )
    assert (spec.kind, spec.scenarios) == ("fipy", ("html-scripts", "dup-in-folder"))
    assert (spec.release, spec.build, spec.radio, spec.state) == ("1.17.3.b1", 33080, "CATM1", Path("/tmp/x"))
    assert (spec.speed, spec.carrier, spec.jumpers, spec.battery) == (2.5, "expansion2", ("RTS", "CTS"), True)
    assert (spec.faults, spec.seed) == (("nack@10@3", "stall@7"), 4)


def test_a_bare_name_is_enough() -> None:
    spec = parse_sim_url("sim://gm02s")
    assert not spec.has_board
    assert (spec.scenarios, spec.state, spec.speed) == ((), None, None)


@pytest.mark.parametrize("host", ["fipy", "sqn3330", "foreign"])
def test_a_device_is_a_scenario_too(host: str) -> None:
    assert parse_sim_url(f"sim://{host}?scenario=foreign-gps") == parse_sim_url("sim://foreign?device=gps")
