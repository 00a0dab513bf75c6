"""Hatch's hook for wheels: makes the man page while the wheel is built, so that none lies in the repository."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACE = "share/man/man1/fipy-doctor.1"


class ManPage(BuildHookInterface[Any]):
    """Adds the page to a wheel, an editable one too."""

    def initialize(self, _version: str, build_data: dict[str, Any]) -> None:
        """Make the page outside the source tree, and name it to the builder."""
        sys.path.insert(0, self.root)
        try:
            from docs._build.man import page
        finally:
            sys.path.remove(self.root)
        self._folder = tempfile.mkdtemp()
        file = Path(self._folder, Path(PLACE).name)
        file.write_text(page(), encoding="ascii")
        build_data["shared_data"][str(file)] = PLACE

    def finalize(self, _version: str, _build_data: dict[str, Any], _artifact_path: str) -> None:
        """Remove it again."""
        shutil.rmtree(self._folder, ignore_errors=True)
