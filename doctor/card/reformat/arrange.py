"""What becomes of each file of a card that is formatted: its new path, or why it stays in the backup only.

All of it is known, and refused if it does not go, before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from doctor.card.reformat.backup import Found
from doctor.card.reformat.choice import Choice, spelled
from doctor.errors import CardError
from doctor.fat.format import format_plans
from doctor.fat.writer import NewFile, TreeLayout, best_layout
from doctor.text.escape import shown

Key = tuple[int, int]
_MOST_TRIES = 8  #: of leaving out another thing, or one more, until the rest fits
_CHOICES = 'or add --put-back "*.dup" for the firmware alone, or --put-back none for an empty card'


@dataclass(frozen=True)
class Arrangement:
    """Where everything goes, by key of the entry.

    new_paths  path on the new card
    left_out   why a file stays in the backup only, as the end of a sentence
    """

    new_paths: Mapping[Key, str]
    left_out: Mapping[Key, str]


def arrange(found: Sequence[Found], torn: frozenset[Key], choice: Choice, on: str) -> Arrangement:
    """Everything as it was, but the .dup at the root, and without the ``._`` files of macOS.

    on  the card, for errors

    Raises CardError if two things would have one name, UsageError for a choice that names nothing.
    """
    choice.refuse_unknown([item.called for item in found], on=on)
    left_out = {item.key: why for item in found if (why := _why_not(item, torn, choice))}
    goes = [item for item in found if item.key not in left_out]
    paths = {item.key: item.entry.path for item in goes} | _to_the_root(goes)
    needed = {parent.lower() for item in goes if not item.entry.is_dir for parent in _parents(paths[item.key])}
    emptied = {
        parent.lower() for item in goes if paths[item.key] != item.entry.path for parent in _parents(item.entry.path)
    }
    # A folder that was not chosen itself is there for its files; one from which the .dup went would only mislead.
    goes = [
        item
        for item in goes
        if not item.entry.is_dir
        or item.entry.path.lower() in needed
        or (choice.takes(*item.called) and item.entry.path.lower() not in emptied)
    ]
    return Arrangement(_numbered(goes, paths, on), left_out)


def _why_not(item: Found, torn: frozenset[Key], choice: Choice) -> str:
    """Why a file stays in the backup only; empty if it goes back."""
    entry = item.entry
    if entry.is_dir:
        return "" if entry.name else "it has no name"
    if item.key in torn:
        return "it cannot be read whole"
    if not entry.name:
        return "it has no name"
    if not choice.takes(*item.called):
        return "that is what you chose"
    return "only macOS needs it" if entry.name.startswith("._") else ""


def _to_the_root(goes: Sequence[Found]) -> dict[Key, str]:
    """New paths of the .dup files that lie in folders, of each name the first."""
    at_root = {item.entry.name.lower() for item in goes if "/" not in item.entry.path}
    moved = {}
    for item in goes:
        name = item.entry.name
        if not item.entry.is_dir and name.lower().endswith(".dup") and name.lower() not in at_root:
            at_root.add(name.lower())
            moved[item.key] = name
    return moved


def _numbered(goes: Sequence[Found], paths: Mapping[Key, str], on: str) -> dict[Key, str]:
    """The second of two files with one name gets a number, folders of one name become one. Raises CardError."""
    asked = {paths[item.key].lower() for item in goes}
    taken: dict[str, Found] = {}
    folders: dict[str, str] = {}  # as the first of several folders is written that are one to FAT
    numbered = {}
    for item in goes:
        parent, slash, name = paths[item.key].rpartition("/")
        path = f"{folders.get(parent.lower(), parent)}{slash}{name}"
        if item.entry.is_dir:
            path = folders.setdefault(path.lower(), path)
        other = taken.get(path.lower())
        if other is not None and other.entry.is_dir != item.entry.is_dir:
            raise _collide(other, item, on)
        if other is not None and not item.entry.is_dir:
            path = _free_name(path, asked)
            asked.add(path.lower())
        taken[path.lower()] = item
        numbered[item.key] = path
    return numbered


def _collide(one: Found, two: Found, on: str) -> CardError:
    file, folder = (two, one) if one.entry.is_dir else (one, two)
    return CardError(
        "card-is-fat",
        f"{shown(file.called[0])} is a file and {shown(folder.called[0])} a folder, and one volume cannot hold both "
        "under one name; nothing was changed",
        on=on,
        cause="they come from different volumes, or the card's directory is damaged",
        next=f"leave one of them out (it stays in the backup): add --leave-out {spelled(folder.called[0])} or "
        f"--leave-out {spelled(file.called[0])}; or add --put-back none for an empty card",
    )


def _free_name(path: str, asked: set[str]) -> str:
    stem, dot, extension = path.rpartition(".")
    if not dot or "/" in extension:
        stem, dot, extension = path, "", ""
    number = 2
    while f"{stem}-{number}{dot}{extension}".lower() in asked:
        number += 1
    return f"{stem}-{number}{dot}{extension}"


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def fitted(size_bytes: int, files: Sequence[tuple[NewFile, str]], label: str, on: str) -> TreeLayout:
    """The layout of a card with these files on it.

    files  each with the name by which the user can leave it out
    on     the card, for errors

    Raises CardError if they do not fit; its next step names what to leave out so that the rest does.
    """
    try:
        return best_layout(size_bytes, [file for file, _ in files], label)
    except CardError as err:
        if err.id != "flash-filesystem-full":
            raise
        why = err
    enough = _enough_to_leave_out(size_bytes, files, label)
    words = " ".join(f"--leave-out {spelled(name)}" for name in enough)
    raise CardError(
        why.id,
        f"{why.what}; nothing was changed",
        on=on,
        cause="a card that the board can surely read keeps its first 4 MiB free, and the old layout did not",
        next=f"leave something out (it stays in the backup): add {words}; {_CHOICES}"
        if words
        else f"leave files out, {_CHOICES[3:]}",
    )


def _enough_to_leave_out(size_bytes: int, files: Sequence[tuple[NewFile, str]], label: str) -> list[str]:
    """Names at the top level without which the rest fits, as few as can be; empty if none was found."""
    sizes: dict[str, int] = {}
    firmware = set()
    for file, name in files:
        sizes[_top(name)] = sizes.get(_top(name), 0) + file.size_bytes
        if name.lower().endswith(".dup"):
            firmware.add(_top(name))
    room = max(plan.geometry.clusters * plan.geometry.cluster_bytes for plan in format_plans(size_bytes, label))
    missing = sum(sizes.values()) - room
    others = sorted(sizes.keys() - firmware, key=lambda top: (sizes[top], top))
    singles = [[top] for top in others if sizes[top] >= missing]
    together = [others[-count:][::-1] for count in range(2, len(others) + 1)]
    for names in (*singles[:_MOST_TRIES], *together[:_MOST_TRIES], others):
        try:
            best_layout(size_bytes, [file for file, name in files if _top(name) not in names], label)
        except CardError:
            continue
        return list(names)
    return []


def _top(name: str) -> str:
    """The first part of a name; behind ``partition N/`` the first two."""
    first, _, rest = name.partition("/")
    return f"{first}/{rest.partition('/')[0]}" if rest and first.startswith("partition ") else first
