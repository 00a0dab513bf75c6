from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.board.storage import files
from doctor.errors import Exit
from doctor.events import Event, Listener, Working, ignore
from doctor.jobs.fix import FixRequest, FixResult, fix


class Yes:
    def say(self, text: str) -> None:
        pass

    def ask(self, question: str) -> bool:
        return True

    def typed(self, question: str) -> str | None:
        return None

    def confirm_plan(self, aim: str, plan: Sequence[str]) -> bool:
        return True


def fixed(cure: str, folder: Path, scripts: dict[str, bytes], listen: Listener = ignore) -> FixResult:
    with Bench(BenchOptions(port="sim://fipy")) as bench:
        for path, data in scripts.items():
            files.write(bench.board, path, data)
        return fix(bench, FixRequest([cure], folder), Yes(), listen)


def test_named_cure_without_work_fails_where_its_check_does(tmp_path: Path) -> None:
    scripts = {
        "/flash/main.py": b"import mine\n",
        "/flash/lib/mine.py": b"import sqnsupgrade\nsqnsupgrade.run('/sd/x.dup')\n",
    }
    heard: list[Event] = []
    result = fixed("disable-autorun", tmp_path, scripts, heard.append)
    assert result.actions[0].text == "nothing to do"
    assert [event.what for event in heard if isinstance(event, Working)] == [
        "looking at what disable-autorun has to do"
    ]
    assert result.exit_code is Exit.FAILED
    assert result.error is not None
    assert result.error.id == "main-py-autoruns-updater"


@pytest.mark.long
def test_named_cure_without_work_is_fine_where_nothing_is_wrong(tmp_path: Path) -> None:
    result = fixed("disable-autorun", tmp_path, {})
    assert result.actions[0].text == "nothing to do"
    assert result.exit_code is Exit.OK
