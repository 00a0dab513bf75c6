"""Where journals, logs and locks lie on this computer."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "FIPY_DOCTOR_STATE_DIR"  #: another place, for tests and for those who keep their home read-only


def state_dir() -> Path:
    """The user's state directory of this program; made where it is missing. Raises OSError."""
    given = os.environ.get(VARIABLE)
    if given:
        path = Path(given)
    else:
        from platformdirs import user_state_path

        path = user_state_path("fipy-doctor", appauthor=False)
    path.mkdir(parents=True, exist_ok=True)
    return path
