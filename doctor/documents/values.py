"""Values of ours as JSON and back: dataclasses of plain members. What comes back was anybody's, and is looked at."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path, PurePath
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from doctor.documents.json_file import place_in
from doctor.text.escape import shown

T = TypeVar("T")
LONGEST = 4000  #: characters of one text that comes back
MOST_BYTES = 64  #: that are kept; of more, only how many there were


def as_json(value: Any) -> Any:
    """``value`` as JSON can hold it; of many bytes only their number stays: no firmware, nor anybody's scripts."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {member.name: as_json(getattr(value, member.name)) for member in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | frozenset):
        items = [as_json(item) for item in value]
        return sorted(items) if isinstance(value, frozenset) else items
    if isinstance(value, bytes):
        return value.hex() if len(value) <= MOST_BYTES else len(value)
    return str(value) if isinstance(value, PurePath) else value


def of_json(kind: type[T], value: Any) -> T:
    """What ``as_json`` made of a value of ``kind``; its texts are safe to show. Raises ValueError for all else."""
    try:
        return cast(T, _read(kind, value))
    except (TypeError, AttributeError, KeyError) as err:
        raise ValueError(f"is no {kind}") from err


def _read(kind: Any, value: Any) -> Any:
    of = get_args(kind)
    if of:
        return _of_parts(get_origin(kind), of, value)
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(value, dict):
        hints = _members(kind)
        return kind(**{name: _read(hints[name], item) for name, item in value.items()})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return _plain(kind, value)


def _of_parts(origin: Any, of: tuple[Any, ...], value: Any) -> Any:
    """A value of a kind that names the kinds of its parts: ``list[str]``, ``int | None``."""
    if origin in (Union, types.UnionType):
        return _one_of(of, value)
    if origin in (tuple, list, frozenset) and isinstance(value, list):
        return origin(_read(of[0], item) for item in value)
    if issubclass(origin, Mapping) and isinstance(value, dict):
        return {_read(of[0], key): _read(of[1], item) for key, item in value.items()}
    raise ValueError(f"is no {origin}")


def _plain(kind: Any, value: Any) -> Any:
    if kind is bytes and type(value) in (int, str):
        return bytes.fromhex(value) if isinstance(value, str) else b""
    if kind in (Path, PurePath):
        return kind(place_in(value))
    if kind is str and isinstance(value, str):
        return shown(value, LONGEST)
    if kind is float and type(value) is int:
        return float(value)
    if kind in (int, float, bool, type(None)) and type(value) is kind:
        return value
    raise ValueError(f"is no {kind}")


def _one_of(kinds: tuple[Any, ...], value: Any) -> Any:
    for kind in kinds:
        try:
            return _read(kind, value)
        except (ValueError, TypeError):
            continue
    raise ValueError("is none of them")


@cache
def _members(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
