"""Every JSON document that a test makes the program write is held to its schema, and has no member besides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from doctor.report import as_json
from doctor.report.schema import schema

if TYPE_CHECKING:
    from jsonschema.protocols import Validator


@contextmanager
def watched() -> Iterator[list[str]]:
    """What is wrong with the documents that are written meanwhile; the list grows."""
    wrong: list[str] = []
    written = as_json.text

    def text(*args: Any, **more: Any) -> str:
        document = written(*args, **more)
        wrong.extend(faults(json.loads(document)))
        return document

    with patch.object(as_json, "text", text):
        yield wrong


def faults(document: dict[str, Any]) -> list[str]:
    """Where ``document`` is not what its schema says."""
    name = document["schema"].split("/")[1]
    return [f"{name}: {err.json_path}: {err.message[:300]}" for err in _validator(name).iter_errors(document)]


@cache
def _validator(name: str) -> Validator:
    from jsonschema import Draft202012Validator
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    whole = schema(name)
    _close(whole, set(_layers(whole)))
    # A schema that was not crawled is crawled for each reference that is followed: half of what validation costs.
    registry = Registry().with_resource(whole["$id"], DRAFT202012.create_resource(whole)).crawl()
    return Draft202012Validator(whole, registry=registry)


def _layers(part: Any) -> Iterator[str]:
    """Names of the shapes that only lie over others, and so cannot be closed by themselves."""
    if isinstance(part, dict):
        yield from (over["$ref"].rpartition("/")[2] for over in part.get("allOf", ()))
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _layers(inner)


def _close(part: Any, layers: set[str]) -> None:
    """Let objects have no member besides those that are named."""
    for inner in part if isinstance(part, list) else ():
        _close(inner, layers)
    if not isinstance(part, dict):
        return
    if "properties" in part and ("required" in part or "$id" in part):
        part["unevaluatedProperties"] = False
    for key, inner in part.items():
        _close(inner, layers)
        if key == "$defs":
            for layer in layers & inner.keys():
                inner[layer].pop("unevaluatedProperties", None)
