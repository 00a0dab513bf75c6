"""Where this user's own folders lie: the one place that asks, so that a user without a home is met everywhere alike."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

#: In place of a home that nobody knows: nothing can be made or read there, and messages that name it say why.
NO_HOME = Path(os.devnull, "this-user-has-no-home")


def own_folder(kind: Literal["state", "data", "config"]) -> Path:
    """This program's folder of that kind, whether it is there or not; one below ``NO_HOME`` if the user has no home.

    HOME is not set for some services, and a container may run as a user that its system does not know.
    """
    import platformdirs

    find = {
        "state": platformdirs.user_state_path,
        "data": platformdirs.user_data_path,
        "config": platformdirs.user_config_path,
    }[kind]
    return _absolute(lambda: find("fipy-doctor", appauthor=False))


def downloads() -> Path:
    """Where the browser puts what it loads; as above."""
    from platformdirs import user_downloads_path

    return _absolute(user_downloads_path)


def home() -> Path:
    """The user's home; ``NO_HOME`` if there is none."""
    return _absolute(Path.home)


def _absolute(find: Callable[[], Path]) -> Path:
    try:
        path = find()
    except (RuntimeError, OSError, LookupError, ValueError):  # as the system, and the version of platformdirs, has it
        return NO_HOME
    return path if path.is_absolute() else NO_HOME  # "~" was left as it is, and is no folder of this name here
