"""Which file a modem is told to take: what the rules refuse is never named, and what they allow is."""

from __future__ import annotations

import re

import pytest

from doctor.jobs.explaining.advice import advice
from doctor.jobs.way_told import any_way, way
from doctor.knowledge import explain
from doctor.updater import plan, states
from doctor.updater.profile import SQN3330_FAMILY
from doctor.updater.shapes import CATM1_BUILDS, NB1_BUILDS, ImageFacts, Options, Running, radio_of
from doctor.updater.version_block import UNREAD

_FILE = re.compile(r"(?:upgdiff_(\d{5})-to-|CATM1-|NB1-)(\d{5})\.dup")


@pytest.mark.parametrize("radio", ["", "LR5", "LR6"])
@pytest.mark.parametrize("runs", [*CATM1_BUILDS, *NB1_BUILDS])
def test_the_first_file_named_is_one_that_the_rules_send(runs: int, radio: str) -> None:
    kind = "LR6" if runs in NB1_BUILDS else "LR5"
    said = way(explain(f"{kind}.1.1.0-{runs}".encode()).facts, radio)
    named = _FILE.search(said)
    if said.startswith("Which file? None"):
        assert named is None
        return
    assert named is not None
    base, build = int(named[1] or 0), int(named[2])
    assert build > runs or radio not in ("", kind)
    image = ImageFacts(named[0], 1 << 20, "diff" if base else "full", radio_of(build), build, base, SQN3330_FAMILY)
    running = Running(states.APPLICATION, runs, radio_of(runs), SQN3330_FAMILY, UNREAD)
    agreed = ("radio-change", "no-way-back", "old-boot-loader") if "asks you to agree" in said else ()
    assert plan.make_plan(running, [image], Options(accept=agreed)).refusal is None


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("fipy, LR6.0.0.0-41019, can I get back to cat m1? I only found 41065", "For Cat-M1: CATM1-41065.dup alone"),
        ("Modem zeigt LR5.1.1.0-38638. Welche Datei nehme ich?", "CATM1-41065.dup alone, without updater.elf"),
        ("j'ai LR5.1.1.0-41065, l'archive contient 33988 et 38638. Laquelle ?", "None, 41065 is the newest"),
        ("El módem dice LR5.1.1.0-43818. ¿Qué archivo mando para NB-IoT?", "For NB-IoT: NB1-41019.dup alone"),
        ("modem: 48829. Docs link: CATM1-41065.dup 'latest release'. update?", "None, there is no public Cat-M1 image"),
        (
            ">>> info()\nLR5.1.1.0-41065\n>>> run('/sd/CATM1-38638.dup')\nYour modem has been successfully updated.\n"
            "LR5.1.1.0-38638\nDid I get the right one?",
            "CATM1-41065.dup alone",
        ),
    ],
)
def test_whoever_asks_or_is_told_no_is_told_which_file(text: str, file: str) -> None:
    assert any(f"Which file? {file}" in answer for answer in advice(explain(text.encode())).answers)


@pytest.mark.parametrize(
    "text",
    [
        "Walter, GM02S, LR8.2.1.0-61488. Which file do I take?",
        "LR6.0.0.0-41019 before; sent 48829-1, now only \\x00\\x00 comes, Could not detect your modem! Which file now?",
        "Sending 6160982 bytes: [###  ]  33%\nLR5.1.1.0-38638. It is still running. Which file is right?",
    ],
)
def test_no_file_is_named_where_none_may_be_sent(text: str) -> None:
    assert not any(answer.startswith("Which file?") for answer in advice(explain(text.encode())).answers)


@pytest.mark.parametrize("radio", ["", "LR5", "LR6"])
def test_where_no_build_is_told_the_files_come_with_what_they_depend_on(radio: str) -> None:
    said = any_way(explain(b"Which file do I need?").facts, radio)
    named = {int(found[2]) for found in _FILE.finditer(said.partition("Whether")[0])}
    assert named == {"": {41065, 41019}, "LR5": {41065}, "LR6": {41019}}[radio]
    assert "`fipy-doctor status` reads it" in said
    assert "33080 takes upgdiff_33080-to-41065.dup first" in said
    for told in (b"LR5.1.1.0-41065. Which file?", b"Walter, LR8.2.1.0-61488. Which file?", b"SIM7000G, which file?"):
        assert any_way(explain(told).facts, radio) == ""
