"""Letters with accents, as keyboards without them write them: ae for ä, or a; e for é."""

from __future__ import annotations

import unicodedata

from doctor.knowledge.beginnings import TOKEN

_PIECE = 1 << 10
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})


def without_accents(text: str) -> str:
    """The text with no accents, and ae for ä."""
    if text.isascii():
        return text
    return _bare(text.translate(_UMLAUTS))


def either_way(expression: str) -> str:
    """An expression that matches what this one does, and the same typed without accents.

    An accent on a last letter stays: it tells a deed (débranché, desenchufé) from one that is thought of.
    """
    if expression.isascii():
        return expression
    tokens = TOKEN.findall(expression)
    return "".join(
        token if token.isascii() or not behind.isalpha() else _both(token)
        for token, behind in zip(tokens, [*tokens[1:], ""], strict=True)
    )


def each_way(part: str) -> str:
    """A fixed part of a sign, with ``|`` between the ways of typing it, and those without accents beside them."""
    return "|".join(way for one in part.split("|") for way in _ways(one))


def _ways(part: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((part, without_accents(part), _bare(part))))


def _both(token: str) -> str:
    if token.startswith("["):
        bare = "".join(c for c in _bare(token[1:-1]) if c.isalpha() and c not in token)
        return f"{token[:-1]}{bare}]"
    ways = _ways(token)
    return f"[{''.join(ways)}]" if len("".join(ways)) == len(ways) else f"(?:{'|'.join(ways)})"


def _bare(text: str) -> str:
    # In pieces: a list of letters takes up to eighty bytes a letter while they are joined.
    pieces = (unicodedata.normalize("NFKD", text[place : place + _PIECE]) for place in range(0, len(text), _PIECE))
    return "".join("".join(c for c in piece if not unicodedata.combining(c)) for piece in pieces)
