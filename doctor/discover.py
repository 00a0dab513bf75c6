"""Finds the parts that are listed where they live: one class a file, by a package scan."""

from __future__ import annotations

import importlib
import pkgutil
import types
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")


def names_in(package: types.ModuleType) -> list[str]:
    """Names of the modules of ``package``, without its own in front; none if its loader cannot list them."""
    return [module_info.name for module_info in pkgutil.iter_modules(package.__path__)]


def classes_of(module: types.ModuleType, base: type[T]) -> Iterator[type[T]]:
    """The subclasses of ``base`` that ``module`` defines itself."""
    for value in vars(module).values():
        # Python 3.10 takes dict[str, int] for a type, and issubclass refuses it.
        if not isinstance(value, type) or hasattr(value, "__origin__"):
            continue
        if issubclass(value, base) and value.__module__ == module.__name__:
            yield value


def classes_in(package: types.ModuleType, base: type[T]) -> Iterator[type[T]]:
    """The subclasses of ``base`` that the modules of ``package`` define themselves."""
    for name in names_in(package):
        yield from classes_of(importlib.import_module(f"{package.__name__}.{name}"), base)
