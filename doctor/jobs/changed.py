"""The command that takes the place of a refused one: the same bench, less and more what the refusal says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from doctor.bench import BenchOptions
from doctor.check import Finding
from doctor.escape import shown
from doctor.updater.shapes import Change

__all__ = ["change_of", "changed"]


def change_of(finding: Finding) -> Change | None:
    """What the check ``step-is-safe`` says that the next command must have; None where it says nothing."""
    files, without, given = (_words(finding, f"next_{name}") for name in ("files", "without", "given"))
    if not (files or without or given):
        return None
    pairs = tuple((name, value) for name, _, value in (word.partition("=") for word in given))
    return Change(files, without, pairs)


def _words(finding: Finding, name: str) -> tuple[str, ...]:
    value = finding.evidence.get(name)
    return tuple(value) if isinstance(value, list) else ()


def changed(options: BenchOptions, change: Change) -> BenchOptions:
    """``options`` as the next command gives them; ``method`` is none of a bench and left to the caller."""
    known = _known(options)
    given = dict(change.given)
    new = replace(
        options,
        updater_elf=_helper("updater_elf", options.updater_elf, change, known),
        bootrom=_helper("bootrom", options.bootrom, change, known),
    )
    if change.files:
        new = replace(new, firmware=tuple(_path(name, known, options) for name in change.files), card_file=None)
    if "via_modem" in change.without:
        new = replace(new, via_modem=False)
    if "accept" in given:
        new = replace(new, accept=options.accept | {given["accept"]})
    if "port" in given:
        port = "sim://sqn3330" if options.via_modem else given["port"]
        new = replace(new, port=port, carrier=None)
    return new


def _known(options: BenchOptions) -> dict[str, Path]:
    """The files that were given, by the name under which a finding shows them."""
    given = [path for path in (options.bootrom, options.updater_elf) if path is not None]
    return {shown(path.name, 80): path for path in (*given, *options.firmware)}


def _helper(name: str, now: Path | None, change: Change, known: Mapping[str, Path]) -> Path | None:
    if name in change.without:
        return None
    given = dict(change.given).get(name)
    return now if given is None else known.get(given, Path(given))


def _path(name: str, known: Mapping[str, Path], options: BenchOptions) -> Path:
    """The file that was given under this name; the missing half of a pair is looked for beside the other one."""
    if name in known:
        return known[name]
    beside = [path.with_name(name) for path in options.firmware]
    return next((path for path in beside if path.is_file()), Path(name))
