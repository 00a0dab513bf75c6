from __future__ import annotations

import pytest

from doctor.firmware.names import parse_name
from doctor.firmware.sizes import agrees, known_size

NAMES = {
    # name: (radio, build, base, part, practice, differential, family)
    "CATM1-41065.dup": ("CATM1", 41065, None, None, False, False, "SQN3330"),
    "NB1-41019.dup": ("NB1", 41019, None, None, False, False, "SQN3330"),
    "FIPY_GPY_CATM1_33988.dup": ("CATM1", 33988, None, None, False, False, "SQN3330"),
    "FIPY_GPY_NB1-37365.dup": ("NB1", 37365, None, None, False, False, "SQN3330"),
    "FIPY_LR6.1.2.0-46262_SMDD.dup": ("NB1", 46262, None, None, False, False, "SQN3330"),
    "upgdiff_33080-to-41065.dup": ("CATM1", 41065, 33080, None, False, True, "SQN3330"),
    "upgdiff_33080-to-41019.dup": ("NB1", 41019, 33080, None, False, True, "SQN3330"),
    "CATM1-5.2-48829-1.dup": ("CATM1", 48829, None, 1, False, False, "SQN3330"),
    "LR5.2.1.0-48829-2.dup": ("CATM1", 48829, None, 2, False, False, "SQN3330"),
    "GM02RB6Q_LR8.0.5.13-59577.dup": (None, 59577, None, None, False, False, "MONARCH2"),
    "PRACTICE-CATM1-41065.dup": ("CATM1", 41065, None, None, True, False, "SQN3330"),
    "PRACTICE-upgdiff_38638-to-41065.dup": ("CATM1", 41065, 38638, None, True, True, "SQN3330"),
    "catm1-41065 (1).dup": ("CATM1", 41065, None, None, False, False, "SQN3330"),
    "nb-iot_40343.dup": ("NB1", 40343, None, None, False, False, "SQN3330"),
    "cat-m1-39529.DUP": ("CATM1", 39529, None, None, False, False, "SQN3330"),
    "catalog-41065.dup": ("CATM1", 41065, None, None, False, False, "SQN3330"),
    "Cat-Mx-41065.dup": ("CATM1", 41065, None, None, False, False, "SQN3330"),
    "firmware.dup": (None, None, None, None, False, False, "unknown"),
    "20181213.dup": (None, None, None, None, False, False, "unknown"),
    "": (None, None, None, None, False, False, "unknown"),
}


@pytest.mark.parametrize("text", NAMES)
def test_name_says(text: str) -> None:
    name = parse_name(text)
    got = (name.radio, name.build, name.base, name.part, name.practice, name.differential, name.family)
    assert got == NAMES[text]


def test_folders_say_nothing() -> None:
    name = parse_name("/media/upgdiff_33080-to-41065/NB1/CATM1-38638.dup")
    assert (name.radio, name.build, name.differential, name.text) == ("CATM1", 38638, False, "CATM1-38638.dup")


def test_windows_folders_say_nothing() -> None:
    assert parse_name("C:\\NB1-41019\\CATM1-38638.dup").text == "CATM1-38638.dup"


def test_name_with_both_radios_says_none() -> None:
    assert parse_name("CATM1-or-NB1-41065.dup").radio is None


def test_release_is_read_from_the_name() -> None:
    assert parse_name("GM02RB6Q_LR8.0.5.13-59577.dup").release == "LR8.0.5.13-59577"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("CATM1-41065.dup", 6_160_982),
        ("upgdiff_33080-to-41065.dup", 1_658_508),
        ("CATM1-5.2-48829-1.dup", 416_448),
        ("GM02RB6Q_LR8.0.5.13-59577.dup", 7_020_424),
    ],
)
def test_sizes_from_public_logs(text: str, size: int) -> None:
    assert known_size(parse_name(text)) == (size, True)


@pytest.mark.parametrize("text", ["firmware.dup", "PRACTICE-CATM1-41065.dup", "CATM1-5.2-48829-2.dup", "upgdiff.dup"])
def test_no_size_is_known(text: str) -> None:
    assert known_size(parse_name(text)) is None


def test_roughly_known_size_has_room() -> None:
    known = known_size(parse_name("upgdiff_33080-to-39529.dup"))
    assert known == (1_200_000, False)
    assert agrees(1_258_291, known)
    assert not agrees(700_000, known)
