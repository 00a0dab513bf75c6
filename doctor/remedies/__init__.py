"""The cures: those that the program carries out have a file each, those that users do are rows of data/by_hand.toml.

Other packages bring more (foreign.py).
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from functools import cache

from doctor.discover import classes_of, names_in
from doctor.remedies.by_hand import by_hand
from doctor.remedies.cure import ByHand, Cure, Cures, DoableCure
from doctor.remedies.foreign import of_other_packages

__all__ = ["ByHand", "Cure", "Cures", "DoableCure", "cures"]


@cache
def cures() -> Cures:
    """Every cure, one instance each: they keep nothing of a run."""
    ours = _Ours()
    theirs, warnings = of_other_packages(ours)
    return Cures({**ours, **theirs} if theirs else ours, warnings)


class _Ours(Mapping[str, Cure]):
    """Our cures by id. One that has code lies in the file of its name, and is loaded when it is asked for: most runs
    need none of them."""

    def __init__(self) -> None:
        self._found: dict[str, Cure] = {cure.id: cure for cure in by_hand()}
        self._files = dict.fromkeys(names_in(sys.modules[__name__]))  # that are not loaded yet

    def __getitem__(self, cure_id: str) -> Cure:
        if cure_id not in self._found:
            self._load(cure_id.replace("-", "_"))
        return self._found[cure_id]

    def __iter__(self) -> Iterator[str]:
        for name in list(self._files):
            self._load(name)
        return iter(self._found)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _load(self, name: str) -> None:
        if name not in self._files:
            return
        for kind in classes_of(importlib.import_module(f"{__name__}.{name}"), Cure):  # type: ignore[type-abstract]
            if hasattr(kind, "id"):  # not those that others build on
                self._found[kind.id] = kind()
        self._files.pop(name, None)
