"""What real people brought: samples of public reports, their kinds in other words, and questions in four languages.

Reader and author of ``other_words.toml`` and ``questions.toml`` were the same person, who wrote both before the signs
and words; so their numbers say less than those of somebody else's cases would.
"""

from __future__ import annotations

import io
import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from doctor.cli.main import run
from doctor.jobs.explain import Explained
from doctor.knowledge import explain
from doctor.knowledge.catalogue import entries
from doctor.knowledge.explanation import Explanation
from doctor.report.explanation import console

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent / "public"
SAMPLES = [json.loads(line) for line in (HERE / "samples.jsonl").read_text("utf-8").splitlines()]
OTHER_WORDS = tomllib.loads((HERE / "other_words.toml").read_text("utf-8"))["case"]
LOOK_ALIKES = tomllib.loads((HERE / "look_alikes.toml").read_text("utf-8"))
QUESTIONS = tomllib.loads((HERE / "questions.toml").read_text("utf-8"))
KINDS = {
    1: "boot loader copy 0 is not the running one",
    2: "nothing is harmless by likeness, or beside an error",
    3: "6 % is no place to take the power",
    4: "a state is not read as a format",
    5: "bare numbers of errors",
    6: "words of other tools",
    7: "the board's own firmware",
    8: "the board's own flash",
    9: "another family, a number alone",
    10: "the cause first",
    11: "the deed is told in words",
    12: "other languages",
    14: "the image is older",
    15: "crash of the modem, card never mounted, empty answers",
}  #: 13 is about sentences of refusals, which are not explain's


@cache
def explained(text: str) -> Explanation:
    """What is found in a paste; several tests ask about the same."""
    return explain(text.encode())


@cache
def printed(text: str) -> str:
    """What the console says about a paste, without the lines of the paste that it quotes."""
    screen = Console(file=io.StringIO(), width=200)
    screen.print(console(Explained("", explained(text)), named=False, verbose=False))
    said = str(screen.file.getvalue())  # type: ignore[attr-defined]
    return " ".join(" ".join(line.split()) for line in said.splitlines() if not re.match(r" *\d+ \| ", line))


def is_right(case: dict[str, Any], first: list[str]) -> bool:
    found = explained(case["text"])
    ids = [match.id for match in found.matches]
    right = bool(ids) and ids[0] in first if first else not ids
    right = right and not set(case.get("never", ())) & set(ids) and not (case.get("no_harmless") and found.harmless)
    return right and all(words in printed(case["text"]) for words in case.get("says", ()))


@pytest.mark.parametrize("case", SAMPLES, ids=[f"{n}-{case['kind']}" for n, case in enumerate(SAMPLES, 1)])
def test_samples_of_public_reports_are_explained(case: dict[str, Any]) -> None:
    assert is_right(case, [] if case["id"] == ["none"] else case["id"])


@pytest.mark.parametrize("case", [case for case in SAMPLES if "words" in case], ids=lambda case: str(case["id"][0]))
def test_what_is_printed_says_what_the_report_needed(
    case: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "a.log"
    log.write_text(case["text"], encoding="utf-8")
    assert run(["explain", str(log)]) == 0
    answer = capsys.readouterr().out.replace(case["text"], "")
    assert [word for word in case["words"] if word not in answer] == []


@pytest.mark.sampled(4, "long")
@pytest.mark.parametrize("kind", KINDS, ids=[KINDS[kind].replace(" ", "-") for kind in KINDS])
def test_the_kind_is_known_in_other_words(kind: int) -> None:
    cases = [case for case in OTHER_WORDS if case["kind"] == kind]
    wrong = [c["text"] for c in cases if not is_right(c, c["first"]) or (c["first"] and explained(c["text"]).unsure)]
    assert len(cases) >= 2
    assert len(wrong) <= len(cases) * 0.2, wrong


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("entry_id", LOOK_ALIKES)
def test_what_resembles_a_failure_does_not_show_it(entry_id: str) -> None:
    for text in LOOK_ALIKES[entry_id]:
        found = explained(text)
        assert entry_id not in {
            *(match.id for match in found.matches if match.how == "sign"),
            *(n.id for n in found.notes),
        }


@pytest.mark.parametrize("language", ["de", "es", "fr", "nl"])
def test_questions_about_the_commonest_entries_are_understood(language: str) -> None:
    asked = {name: named_first(row[language], row["first"]) for name, row in QUESTIONS.items()}
    assert len(asked) == 20
    wrong = [name for name, right in asked.items() if not right]
    assert len(wrong) <= 2, wrong


def named_first(text: str, first: list[str]) -> bool:
    """Whether one of these is the first entry that is named, be it as a question."""
    found = explained(text)
    named = [*found.candidates, *(match.id for match in found.matches)]
    return bool(named) and named[0] in first


def test_what_is_answered_is_not_guessed_at_besides() -> None:
    text = (
        "quick one: showver lists three bootloaders, 0 is [33080], 1 is NA and 2 with a little star is [38729]. "
        "Software 6.0.0.0 [38729]. which of those counts? someone in the forum told me to reflash the modem over "
        "recovery because of bootloader 33080"
    )
    found = explained(text)
    assert [note.id for note in found.notes] == ["boot-loader-left-over"]
    assert not found.candidates and not found.matches


def test_causes_of_the_same_lines_are_not_called_separate() -> None:
    text = next(case["text"] for case in OTHER_WORDS if "upgdiff_39529-to-41065.dup (umbenannt" in case["text"])
    assert "separate matters" not in printed(text)


def test_no_text_refers_to_another_that_is_not_there() -> None:
    texts = (text for one in entries().values() for text in (one.means, *one.causes, *one.cure))
    assert not [text for text in texts if re.search(r"\b[Aa]s above\b|^As (?:for |`)", text)]
