"""What others wrote ends in a value or in ValueError, whatever it is, in every room that reads JSON."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.board import at_work, repl
from doctor.board.repl import TAG
from doctor.card.drives.linux import from_lsblk
from doctor.documents import foreign_json
from doctor.errors import CardError
from doctor.jobs.memory.journal import DamagedJournal, FlashEntry, Journal, SentFile
from doctor.knowledge.paste import read as read_paste
from doctor.sim.bench import SimBench
from doctor.sim.state import StateDir
from doctor.updater import board_console, side_file
from doctor.updater.crc import crc16

DEEP = '{"a":[' * 50_000
TOO_FAR = "[" * 51 + "]" * 51


@pytest.mark.parametrize(
    "text", ["", "{", DEEP, TOO_FAR, "1e999", "[-1e999]", "NaN", "Infinity", '"\\ud800"', "1 2", " " * 2000 + "1"]
)
@pytest.mark.parametrize("kind", [str, str.encode])
def test_what_is_no_document_is_a_value_error(text: str, kind: Callable[[str], str | bytes]) -> None:
    with pytest.raises(ValueError):
        foreign_json.read(kind(text), 1000 if len(text) < 9000 else 1 << 20)


@pytest.mark.parametrize("data", [b"\xff", b'"\xff"', b"[\0"])
def test_bytes_that_are_no_text_are_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        foreign_json.read(data)


@pytest.mark.parametrize("count", [21, 4400])
def test_a_number_that_nobody_counts_to_is_text(count: int) -> None:
    assert foreign_json.read(f'{{"size": {"9" * count}}}') == {"size": "9" * count}


def test_our_own_documents_are_read_as_they_were_written() -> None:
    document = {"a": [1, -1.5, True, None, 2**64 - 1], "b": {"c": "é\U0001f600"}, "odd": "\udcff"}
    assert foreign_json.read(json.dumps(document)) == document
    assert foreign_json.read("\ufeff[1]\n".encode()) == [1]
    assert foreign_json.first_in('x{"a": 1}y', 1) == ({"a": 1}, 9)


@pytest.mark.parametrize("bad", [DEEP, "1e999", "9" * 4400])
def test_a_board_says_anything(bad: str) -> None:
    assert repl.tagged(f"{TAG}{bad}\n{TAG}1") == [*(["9" * 4400] if bad.isdigit() else []), 1]
    assert at_work.understand(f'{board_console.TAG}"heartbeat", "data": {{"done": {bad}}}}}'.encode()) is None
    assert at_work.understand(
        (board_console.PLAIN + board_console.BEAT % (5, 1, 2, "x", "y")).replace("1", bad).encode()
    )


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("heartbeat", {"done": [1], "total": 2}),
        ("progress", {"done": 1, "total": "x"}),
        ("end", {"error": [1]}),
        ("end", {"error": "no"}),
        ("end", {"image": 5}),
        ("end", {"image": ["", "", "", "x"]}),
        (["end"], {}),
    ],
)
def test_an_updater_on_a_board_says_what_no_updater_of_ours_says(name: object, data: object) -> None:
    line = f'{board_console.TAG}{json.dumps(name)}, "data": {json.dumps(data)}}}'
    assert at_work.understand(line.encode()) is None


def test_a_trace_line_that_is_too_deep_is_left_out() -> None:
    rows = [{"t": 1.0, "dir": "rx", "hex": b"ATI\r\n".hex()}, '{"t": 1.0, "dir": "rx", "x":' + DEEP]
    trace = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    assert "ATI" in read_paste(trace.encode()).text


@pytest.mark.parametrize("head", [DEEP, '{"size": 1e999, "block": 1, "image": [], "format": 1, "sha256": ""}'])
def test_a_side_file_on_a_card_is_damaged_or_whole(head: str) -> None:
    body = head.encode() + b"\n"
    with pytest.raises(ValueError, match="side file"):
        side_file.parse(body + struct.pack(">H", crc16(body)))


@pytest.mark.parametrize("bad", [DEEP, "1e999", "[" * 100])
def test_a_kept_bench_that_cannot_be_read_names_its_file(bad: str, tmp_path: Path) -> None:
    (tmp_path / "bench.json").write_text(bad)
    with pytest.raises(ValueError, match="cannot be read"):
        StateDir(tmp_path).load()


@pytest.mark.parametrize(
    "change",
    [
        {"files": [["a"]]},
        {"files": [{"role": [], "path": "x", "sha256": "0", "size_bytes": 1}]},
        {"files": [{"role": "firmware", "path": "x", "sha256": "0", "size_bytes": "1"}]},
        {"options": {"promised_build": {"a": 1}}},
        {"options": {"accept": [1]}},
        {"before": {"build": [1]}},
        {"error": {"id": ["x"]}},
        {"jumpers": {"at": 5}},
        {"step_text": "\ud800"},
        {"pid": 10**30},
    ],
)
def test_a_journal_of_other_kinds_is_damaged(change: dict[str, object], tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(FlashEntry({"port": "COM3"}, (SentFile("firmware", "x.dup", "00", 5),), {}, {"build": 5}, ()))
    (path,) = tmp_path.iterdir()
    assert len(journal.entries()) == 1
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    assert journal.entries() == []
    assert isinstance(journal.damaged({"port": "COM3"}), DamagedJournal)


@pytest.mark.parametrize("said", [DEEP, '{"blockdevices": null}', '{"blockdevices": [[]]}', "[]", "1e999"])
def test_what_the_system_says_of_its_drives_is_an_error_that_can_be_read(
    said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doctor.card.drives import find

    with pytest.raises(CardError, match="a form that this program does not know"), find._readable():
        from_lsblk(said, {})


def test_a_kept_bench_with_members_of_another_kind_is_no_state_of_one(tmp_path: Path) -> None:
    url = f"sim://fipy?state={tmp_path}"
    SimBench.from_url(url).release()
    kept = json.loads((tmp_path / "bench.json").read_text())
    for name in (name for name, value in kept.items() if isinstance(value, dict)):
        (tmp_path / "bench.json").write_text(json.dumps({**kept, name: 5}))
        with pytest.raises(ValueError, match=r"bench\.json"):
            SimBench.from_url(url)
