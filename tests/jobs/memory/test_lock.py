from __future__ import annotations

import os
from typing import Any

import pytest

from doctor.errors import LinkError
from doctor.jobs.memory.lock import is_held, lock_path, port_lock
from tests.another_system import Windows


def test_on_windows_a_port_is_locked_and_never_looked_for_as_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """To Windows COM3 is a device in every folder: to ask for it is to open it, and what is open is denied."""
    Windows.installed(monkeypatch)
    stat = os.stat

    def denied(path: Any, *how: Any, **more: Any) -> os.stat_result:
        if os.fspath(path).upper().endswith("COM3"):
            raise PermissionError(13, "Access is denied", path)
        return stat(path, *how, **more)

    monkeypatch.setattr("os.stat", denied)
    monkeypatch.setattr("os.lstat", denied)
    with port_lock("COM3"):
        assert is_held(lock_path("COM3")) and not is_held(lock_path("COM25"))
        with pytest.raises(LinkError) as caught, port_lock("COM3"):
            pass
        assert caught.value.id == "flash-under-way"
    assert not is_held(lock_path("COM3"))
