"""What a paste tells of another time: yesterday's errors, those that are solved, and a story that follows the log."""

from __future__ import annotations

import re

from doctor.knowledge.paste import Paste

_MOST_LINES = 400  #: a story is short; in a longer paste these words are parts of logs
_BEGIN = r"^\W{0,4}(?:(?:and|und|y|et|en)\s)?(?:day|tag|día|jour|dag)?\W?\d{0,2}\W{0,3}"
_BEFORE = re.compile(
    _BEGIN + r"(?:yesterday|last (?:night|week|month|year)|earlier|previously|at first|gestern|letzte \w+|zuerst|früher"
    r"|ayer|la semana pasada|antes|primero|hier|la semaine dernière|avant|d.abord|gisteren|vorige \w+|eerst|eerder)\b",
    re.I,
)
_NOW = re.compile(
    _BEGIN + r"(?:now|today|tonight|this (?:morning|evening)|jetzt|heute|nun|ahora|hoy|maintenant|aujourd.hui"
    r"|ce (?:matin|soir)|nu|vandaag|vanochtend)\b",
    re.I,
)
_SOLVED = re.compile(
    r"(?:[a-z]{2}\W{1,3}(ok)|\b(?:solved|fixed|gone|works? now|erledigt|gelöst|behoben|resuelto|arreglado|solucionado"
    r"|résolu|réglé|opgelost|verholpen))\W{0,3}$"
)
_ARROW = re.compile(r"[-=]>|→")
_LEADS = re.compile(r"[-=]>|→|[,;:(]")
_STORY = re.compile(
    r"^\W{0,4}(?:history|background|what (?:I did|happened)(?: before)?|before (?:that|this)|the story|vorgeschichte"
    r"|vorher|was (?:ich gemacht habe|vorher geschah)|historia|antecedentes|lo que hice|historique|avant cela"
    r"|ce que j.ai fait|voorgeschiedenis|wat ik (?:deed|gedaan heb)|daarvoor)\b",
    re.I,
)


def over(paste: Paste) -> frozenset[int]:
    """Numbers of the lines that tell of what is over: before "now", and what is said to be solved."""
    lines = _lines(paste)
    solved = {index for index, line in enumerate(lines) if _is_solved(line)}
    before = next((index for index, line in enumerate(lines) if _BEFORE.match(line)), None)
    now = next((index for index in reversed(range(len(lines))) if _NOW.match(lines[index])), None)
    past = range(before, now) if before is not None and now is not None else ()
    return frozenset(paste.numbers[index] for index in {*solved, *past})


def _is_solved(line: str) -> bool:
    found = _SOLVED.search(line, max(len(line) - 60, 0))
    return found is not None and (_ARROW if found[1] else _LEADS).search(line) is not None


def story_from(paste: Paste) -> int:
    """Number of the line from which the paste tells what came before its log; 0 if it does not."""
    lines = _lines(paste)
    return next((paste.numbers[index] for index, line in enumerate(lines) if index and _STORY.match(line)), 0)


def _lines(paste: Paste) -> list[str]:
    return [paste.line(index)[:300] for index in range(len(paste.starts))] if len(paste.starts) <= _MOST_LINES else []
