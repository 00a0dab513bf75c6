"""The known words that a mistyped one may have been meant for."""

from __future__ import annotations

from collections.abc import Iterable

AT_MOST = 5  #: words that are offered instead of one that does not exist
_SURE = 0.85  #: as alike as this, a word is meant alone


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Words of ``known`` like ``word``, the most alike first, then those with it in them; at most AT_MOST."""
    import difflib  # nobody needs it who types no wrong word

    by_letters = {other.lower().replace("_", "-"): other for other in known}
    wanted = word.strip().lower().replace("_", "-")
    close = difflib.get_close_matches(wanted, by_letters, 1, _SURE)
    if not close:
        close = difflib.get_close_matches(wanted, by_letters, AT_MOST)
        parts = {part for other in by_letters for part in other.split("-")}
        held = [wanted, *difflib.get_close_matches(wanted, parts, 1, _SURE)]
        close += [other for other in by_letters if other not in close and any(one and one in other for one in held)]
    return [by_letters[letters] for letters in close[:AT_MOST]]


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """The question that follows a word that does not exist; ``otherwise`` if no known word is like it."""
    close = nearest(word, known)
    return f"did you mean {', '.join(close)}?" if close else otherwise
