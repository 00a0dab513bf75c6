"""What is data and no code: tables as TOML, and texts. Read from here wherever the package lies, a folder or a zip."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    if sys.version_info >= (3, 11):
        from importlib.resources.abc import Traversable
    else:
        from importlib.abc import Traversable

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def beside(module_file: str, package: str) -> Traversable:
    """The folder of a module of ours, which may lie in a zip; asking importlib.resources costs a tenth of a run."""
    folder = Path(module_file).parent
    if folder.is_dir():
        return folder
    from importlib.resources import files

    return files(package)


def text(name: str) -> str:
    """A file of this folder."""
    return (beside(__file__, __package__) / name).read_text(encoding="utf-8")


def names(folder: str) -> list[str]:
    """Names of the files in a folder of this folder."""
    return [file.name for file in (beside(__file__, __package__) / folder).iterdir()]


def parsed(toml: str) -> dict[str, Any]:
    """The tables of a text in TOML."""
    return tomllib.loads(toml)


def tables(name: str) -> dict[str, Any]:
    """The tables of a file of this folder, by their names."""
    return parsed(text(name))
