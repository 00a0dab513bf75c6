"""The cures, one a file; ``cures()`` finds them by a package scan."""

from __future__ import annotations

import importlib
import pkgutil

from doctor.remedies.cure import Cure, Cures, DoableCure, ManualCure

__all__ = ["Cure", "Cures", "DoableCure", "ManualCure", "cures"]


def cures() -> Cures:
    """Every cure of this package, one instance each."""
    modules = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    kinds = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Cure) and value.__module__ == module.__name__
    ]
    return Cures({kind.id: kind() for kind in kinds if hasattr(kind, "id")})
