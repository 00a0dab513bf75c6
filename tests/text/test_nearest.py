from __future__ import annotations

from doctor.text.nearest import nearest


def test_what_is_like_nothing_is_not_guessed() -> None:
    assert nearest("qqq", ["check", "flash"]) == []
    assert nearest("port_opens", ["port-opens", "port-free"]) == ["port-opens"]


def test_case_does_not_count() -> None:
    assert nearest("com4", ["COM3", "LPT1"]) == ["COM3"]
