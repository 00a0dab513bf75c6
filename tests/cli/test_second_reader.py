"""What a second reader says is shown by ``fix``, is in its JSON, and is asked for by ``check -v``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.card.images import DUP, DUP_NAME, START, Inside, card, patched
from tests.cli.terminal import Terminal


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return card(tmp_path / "card.img", {f"sd/{DUP_NAME}": DUP, "A.BIN": b"a"})


def fix(image: Path, *more: str) -> tuple[str, ...]:
    return ("fix", "--sd", str(image), "--backup", str(image.parent / "backups"), "--yes", *more)


def test_answer_is_shown_and_is_in_the_json(terminal: Terminal, image: Path) -> None:
    said = terminal.type(*fix(image, "--move-dup"))
    assert (said.code, "a second reader (pyfatfs) agrees: 2 files" in said.out) == (0, True)
    document = terminal.type(*fix(image, "--reformat-sd", "--json")).document
    (action,) = document["actions"]
    assert action["second_reader"] == {"outcome": "agree", "words": "agrees: 2 files", "files": 2}


def test_cure_that_writes_no_card_has_no_answer(terminal: Terminal, image: Path) -> None:
    (action,) = terminal.type(*fix(image, "--repair-sd", "--json")).document["actions"]
    assert (action["text"], action["second_reader"]) == ("nothing to do", None)


def test_card_that_pyfatfs_declines_is_changed_all_the_same(terminal: Terminal, tmp_path: Path, image: Path) -> None:
    jump = patched(image, tmp_path / "jump.img", {START: b"\xe8"})
    said = terminal.type(*fix(jump, "--move-dup", "--json"))
    (action,) = said.document["actions"]
    assert (said.code, action["done"], action["second_reader"]["outcome"]) == (0, True, "not-compared")
    assert "jump" in action["second_reader"]["words"]


@pytest.mark.parametrize("words", [(), ("-v",)])
def test_check_asks_only_with_v(
    terminal: Terminal, image: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sys, "executable", str(image.parent / "none"))  # a child that is started is noticed
    (finding,) = terminal.type("check", "--select", "card-is-fat", "--sd", str(image), "--json", *words).document[
        "findings"
    ]
    second = finding["evidence"]["second_reader"]
    assert "cannot be started" in second if words else second is None
    assert finding["status"] == "pass"


def test_check_shows_the_answer(terminal: Terminal, image: Path, tmp_path: Path) -> None:
    said = terminal.type("check", "--select", "card-is-fat", "-v", "--sd", str(image))
    assert "a second reader (pyfatfs) agrees: 2 files" in said.out
    folder = tmp_path / "folder"
    folder.mkdir()
    said = terminal.type("check", "--select", "card-is-fat", "-v", "--sd", str(folder))
    assert "second_reader: None" in said.out


#: Stands in front of pyfatfs, and lets the card give another byte from then on.
WORN = """
import sys
with open({image!r}, "r+b") as card:
    card.seek({at})
    card.write(b"?")
sys.path.remove({folder!r})
del sys.modules["pyfatfs"]
import pyfatfs
"""


def test_check_warns_of_a_file_that_reads_otherwise(
    terminal: Terminal, image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, inside = tmp_path / "front", Inside(image)
    (folder / "pyfatfs").mkdir(parents=True)
    at = inside.cluster(inside.entries["A.BIN"].first_cluster)
    worn = WORN.format(image=str(image), at=at, folder=str(folder))
    (folder / "pyfatfs" / "__init__.py").write_text(worn, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    said = terminal.type("check", "--select", "card-is-fat", "-v", "--sd", str(image), "--json")
    (finding,) = said.document["findings"]
    assert (said.code, finding["status"]) == (0, "warn")
    assert "reads different content in A.BIN" in finding["summary"]
