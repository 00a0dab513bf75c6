"""Makes doctor/knowledge/seen.txt of the cases that explain was mended on: ``python -m tests.explain.seen``.

The held-out half is not among them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from doctor.knowledge import entries
from doctor.knowledge.paste import read
from doctor.knowledge.words.describe import words_of
from doctor.knowledge.words.seen import MOST_CHARS
from tests.explain import scoring

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
FILE = HERE.parents[1] / "doctor" / "knowledge" / "seen.txt"
_HEAD = "# What was right for pastes that were answered before, and their words. Made by tests/explain/seen.py."


def rows() -> Iterator[tuple[str, str]]:
    """The right entry and the text of each paste that has one."""
    for case in tomllib.loads((HERE / "public" / "other_words.toml").read_text("utf-8"))["case"]:
        yield from ((one, case["text"]) for one in case["first"][:1])
    for question in tomllib.loads((HERE / "public" / "questions.toml").read_text("utf-8")).values():
        yield from ((question["first"][0], question[language]) for language in ("de", "es", "fr", "nl"))
    for line in (HERE / "public" / "samples.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        yield from ((one, case["text"]) for one in case["id"][:1] if one != "none")
    for own in scoring.cases(HERE):
        first = own.expect or tuple(one for group in own.either for one in group)
        yield from ((one, read(own.data).text) for one in first[:1])


def text() -> str:
    """What the file holds."""
    lines = {
        f"{one}\t{' '.join(words)}"
        for one, paste in rows()
        if one in entries() and (words := words_of(read(paste.encode()).text[:MOST_CHARS]))
    }
    return "\n".join((_HEAD, *sorted(lines))) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
