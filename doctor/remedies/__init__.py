"""The cures, one a file; ``cures()`` finds them by a package scan."""

from __future__ import annotations

import sys

from doctor.discover import classes_in
from doctor.remedies.cure import Cure, Cures, DoableCure, ManualCure

__all__ = ["Cure", "Cures", "DoableCure", "ManualCure", "cures"]


def cures() -> Cures:
    """Every cure of this package, one instance each."""
    kinds = classes_in(sys.modules[__name__], Cure)  # type: ignore[type-abstract]
    return Cures({kind.id: kind() for kind in kinds if hasattr(kind, "id")})
