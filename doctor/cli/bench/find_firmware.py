"""Finds the firmware for a flash that was given no file; what the program chose is named and confirmed."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from doctor.bench import Bench
from doctor.cli.live_line import LiveLine
from doctor.cli.screen import Screen
from doctor.errors import DoctorError, UsageError
from doctor.jobs.find_firmware import Search, find_firmware
from doctor.report import practice
from doctor.text.command import Command

MOST_TOLD = 5  #: files that do not fit; nobody reads a longer list


def choose_firmware(bench: Bench, screen: Screen, typed: Command, via: str, *, sends: bool, yes: bool) -> None:
    """Give ``bench`` the one firmware that fits; it says which, and where it lies.

    typed  the command of this run, as it was typed
    via    the way of the flash
    sends  it may be flashed: then the user confirms the file at the terminal
    yes    the user said ``--yes``, which confirms no file that the program chose

    Raises UsageError if there is none, if several fit, or if it is to be confirmed and nobody can, or nobody is asked;
    DoctorError if the user does not want it, or the modem cannot be asked.
    """
    with closing(LiveLine(screen, bench.seconds)) as line:
        line.go_on("looking for the firmware that fits this modem")
        search = find_firmware(bench, via)
    if not search.fits:
        raise _none(bench, search)
    found = search.fits[0]
    named = replace(typed, port=bench.options.port, firmware=found.words)
    if len(search.fits) > 1:
        raise _several(search, named)
    if not sends:
        screen.note(f"Found {found.text} {search.place}.")
    elif yes or screen.as_json or not screen.interactive:
        raise UsageError(
            "not-confirmed",
            "name the file that is to be flashed",
            cause=f"{found.text} fits, {search.place}; what this program finds by itself is confirmed at the terminal",
            next=str(named),
        )
    elif not screen.ask(f"Found {found.text} {search.place}. Is this the firmware to flash?"):
        raise DoctorError("not-confirmed", "not confirmed; nothing was sent to the modem")
    bench.give_firmware(found.images, found.card_file)


def _several(search: Search, named: Command) -> UsageError:
    listed = "; ".join(candidate.text for candidate in search.fits)
    return UsageError(
        "wrong-firmware-variant-chosen",
        f"{len(search.fits)} firmware files fit this modem, {search.place}; which one is meant?",
        cause=listed,
        next=f"{named}, or another of these files",
    )


def _none(bench: Bench, search: Search) -> UsageError:
    told, more = search.left_out[:MOST_TOLD], len(search.left_out) - MOST_TOLD
    left_out = f"; left out: {'; '.join(told)}" if told else ""
    left_out += f"; and {more} more" if more > 0 else ""
    made = practice.notes(bench.options.command("flash"), None)
    get = (
        "look for *.dup, CATM1-*.zip and NB1-*.zip on your own disks and old SD cards, or ask whoever set up or sold "
        "the boards (nothing can be downloaded any more); copy the .dup to this folder and run the same command again"
    )
    return UsageError(
        "vendor-links-dead",
        "there is no firmware file that fits this modem",
        cause=f"there is none {' or '.join(search.looked)}{left_out}",
        next=f"{made[0]}; then run the same command again" if made else get,
    )
