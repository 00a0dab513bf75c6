"""The command that takes the place of a refused one: the same bench, less and more what the refusal says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from doctor.text.command import AUTO, Command, File
from doctor.text.escape import shown
from doctor.updater.shapes import FULL_IMAGE, Change

__all__ = ["amended"]


def amended(command: Command, change: Change) -> Command:
    """``command`` as the next one gives it."""
    known = _known(command)
    given = dict(change.given)
    new = replace(
        command,
        updater_elf=_helper("updater_elf", command.updater_elf, change, known),
        bootrom=_helper("bootrom", command.bootrom, change, known),
        method=AUTO if "method" in change.without else command.method,
        via=AUTO if "via_modem" in change.without else command.via,
        accept=command.accept | ({given["accept"]} if "accept" in given else set()),
    )
    if FULL_IMAGE in change.files:  # which nobody has named yet: flash and plan look for it
        new = replace(new, firmware=())
    elif change.files:
        new = replace(new, firmware=tuple(_path(name, known, command) for name in change.files))
    if "port" in given:  # another bench: how the first one was to be flashed means nothing there
        port = "sim://sqn3330" if command.via == "modem" else given["port"]
        new = replace(new.anyhow(), port=port, carrier=None)
    return new


def _known(command: Command) -> dict[str, File]:
    """The files that were given, by the name under which a finding shows them."""
    given = [path for path in (command.bootrom, command.updater_elf) if path is not None]
    return {shown(Path(path).name, 80): path for path in (*given, *command.firmware)}


def _helper(name: str, now: File | None, change: Change, known: Mapping[str, File]) -> File | None:
    if name in change.without:
        return None
    given = dict(change.given).get(name)
    return now if given is None else known.get(given, given)


def _path(name: str, known: Mapping[str, File], command: Command) -> File:
    """The file that was given under this name; the missing half of a pair is looked for beside the other one."""
    if name in known:
        return known[name]
    beside = [Path(path).with_name(name) for path in command.firmware]
    return next((path for path in beside if path.is_file()), name)
