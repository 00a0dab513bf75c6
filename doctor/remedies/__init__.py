"""The cures: those that the program carries out have a file each, those that users do are rows of data/by_hand.toml.

Other packages bring more (foreign.py).
"""

from __future__ import annotations

import sys
from functools import cache

from doctor.discover import classes_in
from doctor.remedies.by_hand import by_hand
from doctor.remedies.cure import ByHand, Cure, Cures, DoableCure
from doctor.remedies.foreign import of_other_packages

__all__ = ["ByHand", "Cure", "Cures", "DoableCure", "cures"]


@cache
def cures() -> Cures:
    """Every cure, one instance each: they keep nothing of a run."""
    kinds = classes_in(sys.modules[__name__], Cure)  # type: ignore[type-abstract]
    with_code = [kind() for kind in kinds if hasattr(kind, "id")]  # not those that others build on
    ours = {cure.id: cure for cure in (*by_hand(), *with_code)}
    theirs, warnings = of_other_packages(ours)
    return Cures({**ours, **theirs}, warnings)
