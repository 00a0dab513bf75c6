"""A command at ``replay://FILE``: which may, what it takes from the trace, and how it says that nobody was asked."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import click

from doctor import __version__
from doctor.bench import Bench, BenchOptions
from doctor.cli.screen import Screen
from doctor.documents.values import as_json, of_json
from doctor.errors import UsageError
from doctor.link.replay import Recording, ReplayedLink, recording_at
from doctor.text.command import AUTO
from doctor.text.escape import shown

READS = ("check", "status", "plan")
#: Members of the options that are of a run, not of the bench that is examined.
_OF_THE_RUN = ("port", "password", "two_readers", "given_here")
#: Parameters of the reading commands that are no options of the bench, and change what is asked at the port.
_ASKED = ("select", "ignored", "via", "method", "compress", "block")


def run_of(command: str, options: BenchOptions, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the first line of a trace says of the run: the command, and all that decides what it asks at the port."""
    bench = {name: value for name, value in as_json(options).items() if name not in _OF_THE_RUN}
    asked = {name: as_json(given[name]) for name in _ASKED if given.get(name)}
    return {"command": command, "options": bench, "asked": asked}


def options_of(typed: BenchOptions, given: dict[str, Any]) -> BenchOptions:
    """The options that the trace was taken with; what was typed for the replay takes their place, in ``given`` too.

    Raises UsageError if the port is not a trace.
    """
    assert typed.url is not None and typed.url.recording is not None
    recording = recording_at(typed.url.recording)
    _recall_asked(recording, given)
    plain = BenchOptions()
    names = [member.name for member in fields(BenchOptions) if member.name not in _OF_THE_RUN]
    here = frozenset(name for name in names if getattr(typed, name) != getattr(plain, name))
    said = {name: value for name, value in recording.said("options").items() if name in names}
    then = plain
    with suppress(ValueError):
        then = of_json(BenchOptions, said)
    kept = {name: getattr(then, name) for name in names if name not in here}
    return replace(typed, **kept, given_here=here)


def _recall_asked(recording: Recording, given: dict[str, Any]) -> None:
    context = click.get_current_context()
    asked = recording.said("asked")
    for param in context.command.params:
        name = param.name or ""
        if name in _ASKED and name in asked and given.get(name) in (None, (), False, AUTO):
            with suppress(click.UsageError):  # nothing that could be typed
                given[name] = param.process_value(context, asked[name])


def refuse_change(recording: Recording, command: str, trace: Path | None) -> None:
    """Raises UsageError for a command that changes something, and for a trace that would be written over itself."""
    on = str(recording.path)
    if command not in READS:
        raise UsageError(
            "replay-only-reads",
            f"{command} changes something, and behind a trace there is nothing that could be changed",
            on=on,
            next=f"{', '.join(READS)} replay a trace; type the port of the board for {command}",
        )
    with suppress(OSError, ValueError):
        if trace is not None and trace.samefile(recording.path):
            raise UsageError(
                "trace-not-writable", "is the trace that is replayed", on=on, next="give the new trace another name"
            )


def words(recording: Recording) -> str:
    """One line on what is replayed."""
    told = [f"Replay of {shown(str(recording.path), 200)}: no board is asked."]
    if recording.at:
        command = f" with {recording.command}" if recording.command else ""
        version = f" by fipy-doctor {recording.tool}" if recording.tool != __version__ else ""
        told.append(f"It was taken {recording.at[:16].replace('T', ' ')} UTC{command}{version}.")
    else:
        told.append("It does not say with which options it was taken: type them too.")
    if recording.another:
        told.append(f"Another trace begins in line {recording.another}; it is left out.")
    return " ".join(told)


def refuse_divergence(command: str, bench: Bench, _screen: Screen) -> None:
    """Raises DivergenceError if this run left the trace: whatever it found then, the trace does not say."""
    link = bench.link_or_none
    if not isinstance(link, ReplayedLink) or link.diverged is None:
        return
    err, taken_with = link.diverged, link.recording.command
    if err.cause:
        pass  # the trace itself tells
    elif taken_with not in ("", command):
        err.cause = f"the trace is of {taken_with}, and this is {command}, which may ask otherwise"
    elif bench.options.given_here:
        err.cause = "the trace was taken with other options than those that were typed now"
    else:
        err.cause = "the trace was changed, or lines of it are missing"
    raise err
