from __future__ import annotations

from dataclasses import replace

import pytest

from doctor.errors import UsageError
from doctor.fleet.labgrid.places import Place, SerialPort, Wanted, matching, serial_port, url_of
from doctor.link.port_url import PortUrl
from doctor.text.command import Command

SER2NET = SerialPort("exp1", "board0", "USBSerialPort", "farm", 41001, path="/dev/ttyACM3")
SERVED = SerialPort("exp1", "board1", "NetworkSerialPort", "farm", 5000)
FARM = [Place(name, ports=(SER2NET,)) for name in ("bd-10", "bd-2", "other", "shelf/bd-1")]


@pytest.mark.parametrize(
    ("globs", "named"),
    [
        (["bd-*"], ["bd-2", "bd-10"]),
        (["other", "bd-2", "bd-?"], ["bd-2", "other"]),
        (["shelf/*"], ["shelf/bd-1"]),
        (["*"], ["bd-2", "bd-10", "other", "shelf/bd-1"]),
    ],
)
def test_globs_mean_places_each_once_in_the_order_of_their_numbers(globs: list[str], named: list[str]) -> None:
    assert [wanted.place.name for wanted in matching(FARM, globs)] == named


def test_a_place_is_meant_by_its_own_name_whatever_that_would_match() -> None:
    odd = [*FARM, Place("bd-[2]", ports=(SER2NET,))]
    assert [wanted.place.name for wanted in matching(odd, ["bd-[2]"])] == ["bd-[2]"]
    assert [wanted.typed for wanted in matching(odd, ["bd-[2]/repl"])] == ["bd-[2]/repl"]
    assert [wanted.place.name for wanted in matching(FARM, ["bd-[2]"])] == ["bd-2"]


def test_a_port_of_a_place_is_named_behind_a_slash() -> None:
    assert [wanted.typed for wanted in matching(FARM, ["bd-*/repl"])] == ["bd-2/repl", "bd-10/repl"]


def test_what_means_no_place_is_a_wrong_command_with_the_nearest_one() -> None:
    with pytest.raises(UsageError) as caught:
        matching(FARM, ["bd-*", "otherr"])
    assert caught.value.on == "otherr" and "--labgrid other" in caught.value.next


def test_a_coordinator_without_places_says_how_one_is_made() -> None:
    with pytest.raises(UsageError) as caught:
        matching([], ["*"])
    assert "labgrid-client -p NAME create" in caught.value.next


def url(place: str, port: SerialPort, coordinator: str = "") -> str:
    return url_of(Wanted(Place(place)), port, coordinator)


def test_only_a_ser2net_of_an_exporter_need_not_confirm_how_rts_is_used() -> None:
    assert url("bd-0", SER2NET).startswith("rfc2217://farm:41001?ign_set_control&timeout=3#")
    assert url("bd-0", SERVED).startswith("rfc2217://farm:5000#")
    assert url("bd-0", replace(SERVED, host="fe80::1")).startswith("rfc2217://[fe80::1]:5000#")


def test_locks_and_journals_go_by_place_and_exporter_not_by_the_port() -> None:
    first, again = (PortUrl.read(url("bd 0#&%", replace(SER2NET, port=port))) for port in (41001, 52002))
    assert first.key == again.key == "labgrid:bd 0#&%@exp1/board0/USBSerialPort"
    assert first.name == "bd 0#&%"
    assert first.has_address and not first.device
    assert PortUrl.read(url("bd-1", SER2NET)).key != first.key
    known = PortUrl.read(first.key)  # as a journal has it
    assert (known.key, known.name, known.device) == (first.key, "bd 0#&%", "")
    assert PortUrl.read("rfc2217://farm:41001").key == "rfc2217://farm:41001"


@pytest.mark.parametrize(
    ("ports", "port", "why"),
    [
        ([], "", "it has no serial port"),
        ([SER2NET, SERVED], "", "it has 2 serial ports (board0/USBSerialPort, board1/NetworkSerialPort); name one"),
        ([SER2NET, SERVED], "x", "none of its ports is called x"),
        ([replace(SERVED, protocol="raw")], "", "served as raw"),
        ([replace(SERVED, proxy=True)], "", "SSH tunnel"),
        ([replace(SERVED, avail=False)], "", "does not see the device"),
    ],
)
def test_a_port_that_is_of_no_use_is_refused_with_its_reason(ports: list[SerialPort], port: str, why: str) -> None:
    said = serial_port(Wanted(Place("bd-0"), port), ports)
    assert isinstance(said, str) and why in said


def test_one_of_two_ports_is_named_by_its_match_or_its_group() -> None:
    named = replace(SERVED, match="repl")
    assert serial_port(Wanted(Place("bd-0"), "repl"), [SER2NET, named]) is named
    assert serial_port(Wanted(Place("bd-0"), "board0"), [SER2NET, named]) is SER2NET


def test_a_printed_command_names_the_place_whose_address_is_gone_then() -> None:
    command = Command("status", port=url("bd 0", SER2NET))
    assert command.line() == "fipy-doctor status --labgrid 'bd 0'"
    assert (
        Command("status", port=PortUrl.read(url("100 %", SER2NET)).key).line() == "fipy-doctor status --labgrid '100 %'"
    )
    there = Command("status", port=url("bd-0", SERVED, "farm:20408"))
    assert there.line() == "fipy-doctor status --labgrid bd-0 --coordinator farm:20408"
