from __future__ import annotations

from pathlib import Path

import pytest

from doctor.json_file import count_in, read_json, text_in, write_whole


@pytest.mark.parametrize("content", [b"{", b" " * 2000])
def test_a_file_that_holds_no_document_is_a_value_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(ValueError):
        read_json(tmp_path / "x", 1000)


@pytest.mark.parametrize("value", [None, 1, "\ud800", "a\0b", "x" * 20_000])
def test_what_is_no_text_is_none(value: object) -> None:
    with pytest.raises(ValueError):
        text_in(value)


@pytest.mark.parametrize("value", [None, True, -1, 1.0, "1"])
def test_what_counts_nothing_is_no_number(value: object) -> None:
    with pytest.raises(ValueError):
        count_in(value)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_whole(tmp_path / "a/b.json", b'{"x": 1.5}')
    assert read_json(tmp_path / "a/b.json", 100) == {"x": 1.5}
    (tmp_path / "a/b.json").unlink()
    (tmp_path / "a/b.json").mkdir()
    with pytest.raises(OSError):
        write_whole(tmp_path / "a/b.json", b"{}")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.json"]
