from __future__ import annotations

import re

import pytest

from doctor.knowledge.accents import each_way, either_way, without_accents


@pytest.mark.parametrize(
    ("expression", "typed"),
    [
        ("größe", "groesse"),
        ("größe", "grosse"),
        (r"\bm[óo]dem\b", "modem"),
        ("[éa]t", "et"),
        ("débranch", "debranch"),
        (r"pédale\.|x", "pedale."),
    ],
)
def test_an_expression_matches_what_is_typed_without_accents(expression: str, typed: str) -> None:
    assert re.fullmatch(either_way(expression), typed)


def test_an_accent_that_tells_a_deed_stays() -> None:
    assert either_way(r"débranché\b|desenchuf[éó]\b") == r"d[ée]branché\b|desenchuf[éó]\b"


def test_a_fixed_part_stands_each_way_it_is_typed() -> None:
    assert each_way("brücke|puente") == "brücke|bruecke|brucke|puente"
    assert without_accents("Größe é ñ") == "Groesse e n"
