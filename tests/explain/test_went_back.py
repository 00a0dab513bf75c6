"""An older build over a newer one is told as such, and where nothing is sure what is known of builds is said."""

from __future__ import annotations

import re

import pytest

from doctor.jobs.explaining.advice import advice
from doctor.jobs.explaining.steps import step_of_a_guess
from doctor.knowledge import entries, entry, explain


def answers(text: str) -> str:
    return "\n".join(advice(explain(text.encode())).answers)


@pytest.mark.parametrize(
    ("text", "before", "now"),
    [
        ("My GPy had 48829 and now ATI1 says LR5.1.1.0-39529. Why?", 48829, 39529),
        ("Vorher lief LR6.0.0.0-41019, jetzt meldet das Modem LR6.0.0.0-38729. Ist das kaputt?", 41019, 38729),
        ("Antes tenía 46470, ahora dice LR5.1.1.0-38638. ¿Puedo recuperarlo?", 46470, 38638),
        ("Avant j'avais 41065 et maintenant ATI1 dit LR5.1.1.0-33988", 41065, 33988),
        ("LR5.1.1.0-33988\nthat is my FiPy today. Before it was LR5.1.1.0-41065", 41065, 33988),
        ("Walter: LR8.2.2.1-63493\nran the flash example\nLR8.2.0.3-60186\nslower now", 63493, 60186),
    ],
)
def test_an_older_build_that_runs_now_is_no_fault(text: str, before: int, now: int) -> None:
    assert f"It went back: {now} runs now, and {before}, which ran before, is newer." in answers(text)


@pytest.mark.parametrize(
    "text",
    [
        "My GPy had 38638 and now ATI1 says LR5.1.1.0-41065",
        "LR5.1.1.0-41065 on one board, LR5.1.1.0-39529 on the other",
        "Before it was LR5.1.1.0-41065, now LR6.0.0.0-41019",
    ],
)
def test_a_newer_one_or_another_radio_or_board_went_not_back(text: str) -> None:
    assert "It went back" not in answers(text)


def test_a_build_that_cannot_be_had_again_is_not_promised() -> None:
    assert "No public file brings 46470 back" in answers("Mijn FiPy had 46470, nu zie ik LR5.1.1.0-41065")
    assert "send CATM1-41065.dup" in answers("Mein FiPy hatte 41065, jetzt steht da LR5.1.1.0-38638")
    assert "-1 and then -2" in answers("my GPy had 48829, now it says LR5.1.1.0-41065")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("board list\nmodem LR6.0.0.0-41019\nwhat do I write down", "41019 (NB-IoT)"),
        ("ATI1 -> LR5.1.1.0-46470\nmerci", "46470 (Cat-M1), which no public file brings back"),
    ],
)
def test_where_nothing_is_found_the_build_is_said(text: str, says: str) -> None:
    assert says in answers(text)


def test_no_guess_brings_a_step_that_flashes_or_takes_power_between_two_files() -> None:
    told = explain(b"CATM1-5.2-48829-1.dup, LR5.1.1.0-39529")
    for known in map(entry, entries()):
        step = step_of_a_guess(known, told)
        forbids = step.startswith(("Do not", "Stop here"))
        assert forbids or not re.search(r"`fipy-doctor flash (?!--help)|`fipy-doctor flash`", step), known.id
        assert "unplug USB and any battery" not in step, known.id


@pytest.mark.parametrize("text", ["It was CATM1-41065 over a 38638.", "CATM1-41065 über die 38638 gespielt"])
def test_what_an_image_goes_over_is_what_ran(text: str) -> None:
    assert [build.number for build in explain(text.encode()).facts.builds.runs] == [38638]


@pytest.mark.parametrize(
    "text",
    ["my modem is 33080. somebody says 41065 is possible", "Mein GPy hat 33080. Es heißt, nur 41065 ist erlaubt"],
)
def test_what_is_only_possible_does_not_run(text: str) -> None:
    assert [build.number for build in explain(text.encode()).facts.builds.runs] == [33080]


def test_a_verdict_of_the_modem_ends_the_transfer() -> None:
    log = (
        "Sending 1658508 bytes: [####] 100%\nWaiting for modem to finish the update...\n+SMUPGRADE: failure\nwhat now?"
    )
    found = explain(log.encode())
    assert not found.reader.may_run
    assert "stall-after-100-waiting" not in [match.id for match in found.matches]


def test_a_success_is_not_contradicted_by_an_old_boot_loader() -> None:
    log = (
        "Your modem has been successfully updated.\n\nUE5.0.0.0d\nLR5.1.1.0-41065\n"
        "Bootloader0 : 5.1.1.0 [33080]\nis still the old one. Did the update fail?"
    )
    assert "did not take the image" not in answers(log)


@pytest.mark.parametrize(
    "text",
    [
        "Hab 38638 auf ein Modem mit 41065 gespielt",
        "I put 38638 on a modem running 41065",
        "puse 38638 en un modem con 41065",
    ],
)
def test_what_was_put_on_a_modem_with_another_build_is_the_image(text: str) -> None:
    builds = explain(text.encode()).facts.builds
    assert [build.number for build in builds.runs] == [41065]
    assert [build.number for build in builds.images] == [38638]


def test_the_other_list_of_versions_is_read() -> None:
    """modem-protocol.md 8.4."""
    text = "[BOOTROM0] 5.1.1.0 [33080]\n[BOOTROM1*] 5.1.1.0 [38638]\n[BOOTROM2] NA\n[FFF] 5.1.1.0 [38638] by robot-soft"
    builds = explain(text.encode()).facts.builds
    assert [build.number for build in builds.runs] == [38638]
    assert [str(build) for build in builds.loaders] == ["loader-33080", "loader*-38638"]


def test_a_rule_that_names_a_build_does_not_run_it() -> None:
    for text in ("build 48829 cannot follow 41019", "refused: the build 48829 must not follow 41019 (NB-IoT)"):
        assert [build.number for build in explain(text.encode()).facts.builds.runs] == [41019]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("46470", "46470 (Cat-M1), which no public file brings back"),
        ("Bootloader0  : 5.1.1.0 [33080]", "[33080] is a copy of the boot loader, not what the modem runs"),
        ("Walter after the update: LR8.0.5.13-59577 (before 8.2.1.0-61488)", "It went back: 59577 runs now"),
    ],
)
def test_a_number_alone_is_told_for_what_it_is(text: str, says: str) -> None:
    assert says in answers(text)


@pytest.mark.parametrize(
    "text",
    [
        ">>> sqnsupgrade.run('/sd/CATM1-5.2-48829-1.dup')\nLR5.1.1.0-39529\nmodem was 41065 before. Did it fall back?",
        "Vorher lief 41065, dann habe ich CATM1-5.2-48829-1.dup geschickt, jetzt LR5.1.1.0-39529. Warum älter?",
    ],
)
def test_a_modem_between_two_files_did_not_go_back(text: str) -> None:
    assert "send the second file now" in answers(text) and "It went back" not in answers(text)


@pytest.mark.parametrize(
    "text",
    [
        'At the end "Your modem has been successfully updated", but info() still shows the old version '
        "LR5.1.1.0-39529. I sent CATM1-41065.dup.",
        'Am Ende stand "Your modem has been successfully updated.", aber es ist immer noch die alte Version '
        "LR5.1.1.0-39529, geschickt habe ich CATM1-41065.dup",
    ],
)
def test_no_success_where_the_old_build_still_runs(text: str) -> None:
    assert "did not take the image" in answers(text)
    assert "success" not in explain(text.encode()).says


@pytest.mark.parametrize(
    "text",
    [
        "The first of the two 48829 files went in, before I had 41065. Now it says LR5.1.1.0-39529. Is that bad?",
        "Vorher lief LR5.1.1.0-41065. Die erste Datei von 48829 ist drin, jetzt meldet es LR5.1.1.0-39529. Normal?",
        "Antes tenía 41065. Mandé el primer archivo de 48829 y ahora dice LR5.1.1.0-39529. ¿Qué archivo mando?",
    ],
)
def test_whoever_tells_of_the_first_file_stands_between_the_two(text: str) -> None:
    said = answers(text)
    assert "send the second file now" in said
    assert "It went back" not in said and "41065.dup" not in said


@pytest.mark.parametrize(
    "text",
    [
        "It runs 39529 now, the first file of 48829 is in. Which file next, CATM1-41065.dup? Is that newer?",
        "Es läuft 39529, die erste Datei von 48829 ist drin. Welche Datei jetzt, CATM1-41065.dup? Ist die neuer?",
        "In 2019 we sent upgdiff_38638-to-39529.dup. Today part 1 of 48829 was sent, it shows 39529. Which file now?",
        "2019 habe ich upgdiff_38638-to-39529.dup geschickt, heute Teil 1 von 48829, es zeigt 39529. Welche Datei nun?",
    ],
)
def test_no_other_file_is_named_between_the_two(text: str) -> None:
    said = answers(text)
    assert "Which file? CATM1-41065" not in said and "Is it newer? Yes" not in said


def test_a_differential_that_was_sent_brought_the_build_that_runs() -> None:
    for text in (
        "We sent upgdiff_38638-to-39529.dup in May; it shows LR5.1.1.0-39529. Which file for more?",
        "Im Mai habe ich upgdiff_38638-to-39529.dup geschickt, jetzt LR5.1.1.0-39529. Welche Datei wäre neuer?",
    ):
        assert not explain(text.encode()).matches
        assert "CATM1-41065.dup" in answers(text)
    asked = "It shows LR5.1.1.0-39529. Should upgdiff_38638-to-39529.dup be sent?"
    assert [match.id for match in explain(asked.encode()).matches] == ["diff-with-wrong-base"]


@pytest.mark.parametrize(
    "text",
    [
        "Coming from 41019 on NB-IoT we sent part 1 of 48829. The modem reads 39529 now. May it be reset?",
        "Vorher war NB-IoT 41019 drauf, dann Teil 1 von 48829. Das Modem meldet jetzt 39529. Darf ich Reset drücken?",
    ],
)
def test_what_ran_before_is_not_what_is_advised_on(text: str) -> None:
    found = advice(explain(text.encode()))
    assert [match.id for match in explain(text.encode()).matches] == ["48829-second-step-skipped"]
    assert "no reset, no power cut" in found.steps[0]
