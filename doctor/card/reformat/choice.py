"""Which files go back to a card that is formatted: the user's choice, by names with ``*`` for any text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from doctor.errors import UsageError
from doctor.fat.card_file import ROOT
from doctor.text.command import quoted
from doctor.text.escape import shown

NOTHING = "none"  #: the word that puts nothing back; a file of that name is meant by ``[n]one``
_MOUNTED = f"{ROOT}/"  #: in front of a name as the board and our own texts write it
_SAFE = frozenset(" ._-/()+,=@~")


@dataclass(frozen=True)
class Choice:
    """What goes back.

    put_back   names that go back; empty for all, ``none`` for nothing
    leave_out  names that stay in the backup

    A name matches a file, or a folder with all that is in it, without regard to case. On a card with several
    volumes it may be preceded by ``partition N/``.
    """

    put_back: Sequence[str] = ()
    leave_out: Sequence[str] = ()

    @property
    def nothing(self) -> bool:
        """Whether the card is to be empty."""
        return any(name.lower() == NOTHING for name in self.put_back)

    def takes(self, *names: str) -> bool:
        """Whether something goes back that is called by any of these names."""
        if self.nothing or any(_matches(names, wanted) for wanted in self.leave_out):
            return False
        return not self.put_back or any(_matches(names, wanted) for wanted in self.put_back)

    def refuse_unknown(self, called: Iterable[Sequence[str]], *, on: str) -> None:
        """Raise UsageError if a name matches nothing: a mistyped name must not cost the file.

        called  the names of each thing on the card
        """
        known = list(called)
        wanted = [*(() if self.nothing else self.put_back), *self.leave_out]
        unknown = [name for name in wanted if not any(_matches(names, name) for names in known)]
        if unknown:
            there = ", ".join(shown(names[0]) for names in known[:20]) or "nothing"
            raise UsageError(
                "usage",
                f"no file on the card is called {quoted([shown(name) for name in unknown])}; nothing was changed",
                on=on,
                cause=f"it holds {there}{', …' if len(known) > 20 else ''}",
                next="name a file or folder that is there, with * for any text",
            )


EVERYTHING = Choice()


def spelled(name: str) -> str:
    """A name as an argument that every shell takes: in quotes, with ``?`` for what a shell could read otherwise."""
    return '"' + "".join(char if char.isalnum() or char in _SAFE else "?" for char in name) + '"'


def _matches(names: Sequence[str], wanted: str) -> bool:
    wanted = wanted.replace("\\", "/").removeprefix(_MOUNTED).strip("/").lower()
    return any(fnmatchcase(part, wanted) for name in names for part in _with_parents(name.lower()))


def _with_parents(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]
