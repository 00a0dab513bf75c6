"""``fipy-doctor schema``: what the JSON documents of a command look like."""

from __future__ import annotations

import json
from typing import Any

import click

from doctor.cli import command_line, options, values
from doctor.cli.screen import screen_of
from doctor.errors import Exit
from doctor.report.schema import documents, schema


@command_line.command(
    "schema",
    short_help="Print the JSON Schema of what a command prints with --json.",
    examples=("schema check", "schema flash"),
)
@options.common
@click.argument("name", metavar="[COMMAND]", required=False, shell_complete=values.offered("schemas"))
def command(name: str | None, **given: Any) -> int:
    """Print the JSON Schema (draft 2020-12) of what COMMAND prints with --json, whole in itself.

    Without COMMAND: lists those that there are.
    """
    from doctor.report import as_json

    screen = screen_of(given)
    if screen.as_json:
        members = {"names": documents()} if name is None else {"of": schema(name)}
        screen.document(as_json.document("schema", Exit.OK, **members))
    elif name is None:
        for one in documents():
            screen.show(one)
    else:
        screen.out.file.write(json.dumps(schema(name), indent=2) + "\n")
    return 0
