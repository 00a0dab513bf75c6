from __future__ import annotations

from pathlib import Path

import pytest

from doctor.errors import DoctorError
from doctor.fleet.labgrid.owner import dead_names, forget, own_name


def test_a_name_is_dead_once_its_run_has_ended_and_only_for_its_coordinator(tmp_path: Path) -> None:
    with own_name("farm:1", tmp_path) as one, own_name("farm:1", tmp_path) as two:
        assert one.name != two.name and ".fipy-doctor." in one.name
        assert not dead_names("farm:1", tmp_path)
    assert {dead.name for dead in dead_names("farm:1", tmp_path)} == {one.name, two.name}
    assert not dead_names("farm:2", tmp_path)
    forget(one)
    assert [dead.name for dead in dead_names("farm:1", tmp_path)] == [two.name]


@pytest.mark.parametrize("said", ["", "{", "[]", '{"owner": 1, "coordinator": "farm:1"}', '{"owner": "a/b"}'])
def test_a_file_that_says_something_else_is_nobodys_name(tmp_path: Path, said: str) -> None:
    (tmp_path / "0.owner").write_text(said)
    assert not dead_names("farm:1", tmp_path)


def test_a_name_that_cannot_be_kept_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DoctorError), own_name("farm:1", tmp_path / "file"):
        pass
