"""How many ways one place of a text can cost a part of a sign at most: the linter over all signs."""

from __future__ import annotations

import sys
from typing import Any

if sys.version_info >= (3, 11):
    from re import _parser as parser  # type: ignore[attr-defined]
else:
    import sre_parse as parser

_ALPHABET = [*range(256), 0x2019, 0xFFFD]
_CATEGORIES = {
    "CATEGORY_DIGIT": lambda char: char.isdigit(),
    "CATEGORY_SPACE": lambda char: char.isspace(),
    "CATEGORY_WORD": lambda char: char.isalnum() or char == "_",
}
_EVERY = frozenset(_ALPHABET)


def cost(expression: str) -> int:
    """At most so many ways; repeats multiply if nothing between them tells where one ends, else they add up."""
    return _sequence(list(parser.parse(expression)))[0]


def _sequence(tree: list[Any]) -> tuple[int, frozenset[int]]:
    """The cost of a sequence, and what it may hold."""
    total, product, open_set, held = 0, 1, frozenset[int](), frozenset[int]()
    for op, value in tree:
        name = str(op)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, sub = int(value[0]), int(value[1]), list(value[2])
            inner, chars = _sequence(sub)
            ways = _repeated(inner, least, most, sub)
            if least == most:
                if inner > 1:
                    product *= ways
                elif least and product > 1 and not chars & open_set:
                    total, product, open_set = total + product, 1, frozenset()
            else:
                if product > 1 and not chars & open_set:
                    total, product, open_set = total + product, 1, frozenset()
                product *= ways
                open_set = open_set | chars
        elif name in ("ASSERT", "ASSERT_NOT"):
            total, chars = total + _sequence(list(value[1]))[0], frozenset()
        elif name == "AT":
            chars = frozenset()
        elif name == "SUBPATTERN":
            inner, chars = _sequence(list(value[3]))
            product, open_set = product * inner, (open_set | chars if inner > 1 else open_set)
        elif name == "BRANCH":
            found = [_sequence(list(branch)) for branch in value[1]]
            chars = frozenset().union(*(one for _, one in found))
            if any(ways > 1 for ways, _ in found):
                product, open_set = product * sum(ways for ways, _ in found), open_set | chars
        else:
            chars = _chars(name, value)
            if product > 1 and not chars & open_set:
                total, product, open_set = total + product, 1, frozenset()
        held |= chars
    return total + product - (total > 0 and product == 1), held


def _repeated(inner: int, least: int, most: int, sub: list[Any]) -> int:
    if most == 1:
        return 1 + inner
    if inner == 1 and _alternatives_differ(sub):
        return most - least + 1
    if _begins_apart(sub):
        return int(inner * most)
    return int((inner + 1) ** min(most, 64))


def _begins_apart(sub: list[Any]) -> bool:
    """Whether each round of a repeated group begins with a letter that the open end of the one before cannot hold."""
    while len(sub) == 1 and str(sub[0][0]) == "SUBPATTERN":
        sub = list(sub[0][1][3])
    repeats = [value for op, value in sub if str(op) in ("MAX_REPEAT", "MIN_REPEAT")]
    varying = [value for value in repeats if value[0] != value[1]]
    if len(varying) != 1 or len(sub) < 2 or str(sub[0][0]) in ("MAX_REPEAT", "MIN_REPEAT"):
        return False
    ways, _ = _sequence(sub[:1])
    return ways == 1 and not _firsts(sub) & _sequence(list(varying[0][2]))[1]


def _firsts(sub: list[Any]) -> frozenset[int]:
    """The letters that a sequence may begin with."""
    op, value = sub[0]
    if str(op) == "SUBPATTERN":
        return _firsts(list(value[3]))
    if str(op) == "BRANCH":
        return frozenset().union(*(_firsts(list(branch)) for branch in value[1]))
    return _sequence(sub[:1])[1]


def _alternatives_differ(sub: list[Any]) -> bool:
    """Whether the first letter tells which alternative it is."""
    for op, value in sub:
        if str(op) == "SUBPATTERN" and not _alternatives_differ(list(value[3])):
            return False
        if str(op) == "BRANCH":
            firsts = [_sequence(list(branch)[:1])[1] for branch in value[1]]
            if sum(map(len, firsts)) != len(frozenset().union(*firsts)) and not _fixed(value[1]):
                return False
    return True


def _fixed(branches: list[Any]) -> bool:
    """Whether the alternatives are different texts of one length, at most one of which stands at a place."""
    widths = {branch.getwidth() for branch in branches}
    return len(widths) == 1 and all(low == high for low, high in widths)


def _chars(name: str, value: Any) -> frozenset[int]:
    if name == "LITERAL":
        return frozenset(_cases(int(value)))
    if name == "NOT_LITERAL":
        return _EVERY - frozenset(_cases(int(value)))
    if name == "ANY":
        return _EVERY
    if name == "IN":
        found: set[int] = set()
        for op, member in value:
            if str(op) == "RANGE":
                found.update(c for code in range(int(member[0]), min(int(member[1]), 255) + 1) for c in _cases(code))
            elif str(op) == "LITERAL":
                found.update(_cases(int(member)))
            elif str(op) == "CATEGORY":
                kind = str(member).replace("_NOT_", "_")
                fits = frozenset(code for code in _ALPHABET if _CATEGORIES[kind](chr(code)))
                found |= _EVERY - fits if "_NOT_" in str(member) else fits
        return _EVERY - found if str(value[0][0]) == "NEGATE" else frozenset(found)
    return _EVERY


def _cases(code: int) -> tuple[int, ...]:
    char = chr(code)
    return tuple({code, *(ord(other) for other in (char.lower(), char.upper()) if len(other) == 1)})
