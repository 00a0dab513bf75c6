"""What a paste may cost, whoever wrote it: no sign takes more than linear time, memory is a few bytes a byte."""

from __future__ import annotations

import json
import random
import time
import tracemalloc

import pytest

from doctor.knowledge import entries, explain
from doctor.knowledge.beginnings import beginnings
from doctor.knowledge.catalogue import Sign
from doctor.knowledge.chain import bounded, chains, find
from doctor.knowledge.paste import read
from doctor.knowledge.signs import _MOST_WORD_CHARS, _known_words
from tests.explain.linear import cost

MOST_WAYS = 450  #: that one place of the text may cost one part of a sign
MOST_WAYS_OF_LETTERS = 1_100  #: the same for a part that begins with fixed letters, or with the begin of a line
EXPRESSIONS = ("match", "after", "before", "not_after", "not_before", "with_", "without")


def parts_of(sign: Sign) -> list[str]:
    found = []
    for name in EXPRESSIONS:
        for chain in chains(getattr(sign, name)) if getattr(sign, name) else ():
            found += [*chain.parts, *(gap.unless for gap in chain.gaps if gap.unless)]
    return found


def test_no_part_of_any_sign_can_be_tried_in_many_ways() -> None:
    for entry in entries().values():
        for part in (part for sign in entry.signs for part in parts_of(sign)):
            anchored = part.startswith("^") or bool(beginnings(part))
            assert cost(part) <= (MOST_WAYS_OF_LETTERS if anchored else MOST_WAYS), (entry.id, part)


@pytest.mark.parametrize(
    ("expression", "ways"),
    [(r"\d{1,80}", 80), (r"a{0,80},a{0,80}", 162), (r"\w{0,80}\d{0,80}", 6561), (r"(?:\w{1,9}){2,9}", 10**9)],
)
def test_the_linter_counts_what_can_multiply(expression: str, ways: int) -> None:
    assert cost(expression) == ways


@pytest.mark.parametrize(
    ("expression", "text", "found"),
    [
        (r"a[^\n]*b", "a b a\nb", ["a b"]),
        (r"a[^\n]*\n(?:[^\n]*\n){0,1}?[^\n]*b", "a\nx\nb a\nx\nx\nb", ["a\nx\nb"]),
        (r"a[\s\S]{0,3}?b", "a123b a1234b", ["a123b"]),
        (r"a(?:(?!x)[\s\S]){0,9}?b", "a x b a b", ["a b"]),
        (r"a[^\n]*\n(?:(?!x)[^\n]*\n){0,5}?[^\n]*b", "a\nx\nb\na\ny\nx b", ["a\ny\nx b"]),
        (r"a[^'\n]*b", "a'b a b", ["a b"]),
        (r"a\nb", "a\nb a b", ["a\nb"]),
        (r"a[^\n]*b[^\n]*c|d", "a b c d a c", ["a b c", "d"]),
    ],
)
def test_gaps_mean_what_they_mean_in_an_expression(expression: str, text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in find(expression, read(text.encode()).searched())] == found


def test_two_numbers_of_an_expression_can_be_compared() -> None:
    searched = read(b"runs 41065, file 41065, file 38638").searched()
    expression = r"runs (?P<runs>\d{5})[\s\S]{0,99}?file (?P<image>\d{5})"
    assert [end for _, end in find(expression, searched, "runs > image")] == [34]
    assert [end for _, end in find(expression, searched, "runs != image")] == [34]
    assert find(expression, read(b"runs 38638, file 41065").searched(), "runs > image") == []


def test_a_repeat_inside_a_part_ends() -> None:
    assert bounded(r"a*b+?[*+]\*c{3,}") == r"a{0,80}b{1,80}?[*+]\*c{3,83}"


HOSTILE = {
    "run": b"unplu " + b"run(48829-1.dup " * 6_300,
    "count": b"Attempting AT wakeup\n" + b"count=1b''\n" * 9_000,
    "dots": b"Attempting AT wakeup" + b"." * 100_000,
    "smod": b"SMOD?" * 20_000,
    "signs": "\n".join(p for e in entries().values() for s in e.signs for p in s.has).encode()[:5_000] * 20,
    "prompt": b"a@a:" * 25_000,
    "words": b"started update modem flash 9 min ago " * 2_700,
    "questions": b"9% stop? " * 11_000,
    "typed": b">>> os.mount(sd,'/sd')\nOSError: 19\n" * 2_800,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_paste_made_to_take_for_ever_does_not(name: str) -> None:
    begin = time.process_time()
    explain(HOSTILE[name])
    # Below 0.8 s here; "run" and "count" took minutes, and no factor of a slow machine is like that.
    assert time.process_time() - begin < 5


RANDOM = random.Random(1).randbytes(250_000)


def memory_per_byte(data: bytes) -> float:
    """Bytes that an answer takes at its most for each byte given, without what is read once for all answers."""
    explain(b"modem")
    explain(b"ab\n" * 20_000)
    tracemalloc.start()
    try:
        explain(data)
        return tracemalloc.get_traced_memory()[1] / len(data)
    finally:
        tracemalloc.stop()


@pytest.mark.long
@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "line", [b"\n", b"ab\n", b"\x00", b"\xff", RANDOM, RANDOM.hex(" ").encode(), RANDOM.replace(b"\n", b"")]
)
def test_memory_is_a_few_bytes_for_each_byte_given(line: bytes) -> None:
    assert memory_per_byte(line * max(250_000 // len(line), 1)) < 10


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize(
    "data",  # no more than is searched whole
    [
        b"> " * 45_000,
        b"ab\n" * 33_000,
        b"> " * 15_000,
        b"ab\n" * 20_000,
        "é\n".encode() * 15_000,
        "日本\n".encode() * 9_000,
    ],
)
def test_lines_of_marks_and_of_two_letters_cost_no_more_than_text(data: bytes) -> None:
    assert memory_per_byte(data) < 10


def test_no_fixed_part_has_a_word_longer_than_what_two_pieces_share() -> None:
    assert max(map(len, _known_words())) <= _MOST_WORD_CHARS


def test_what_a_log_says_behind_a_binary_file_is_read() -> None:
    log = b"\r\nOSError: AT+SMSWBOOT=3,0 failed!\r\n"
    assert "smswboot-30-failed" in [match.id for match in explain(RANDOM[:100_000] + log).matches]


@pytest.mark.parametrize(
    "data",
    [
        b'{"t": 1.0, "dir": "rx", "x":' + b"[" * 50_000 + b"\n",
        b'{"t": 1.0, "dir": "rx", "hex": "41", "n": ' + b"9" * 4_400 + b"}\n",
        b'{"schema": "fipy-doctor/flash/1", "exit": ' + b"[" * 50_000,
        b'{"schema": "fipy-doctor/flash/1", "exit": ' + b"9" * 4_400 + b"}",
        json.dumps({"schema": "fipy-doctor/check/1", "exit": 1, "error": {"what": "\ud800\x1b[31m"}}).encode(),
        b"Software : 5.1 [" + b"9" * 4_400 + b"]\nLR5.1.1.0-" + b"4" * 4_400 + b" upgdiff_" + b"3" * 4_400 + b"-to",
        "\U0001f600\u0130\u2028".encode() * 3_000,
    ],
)
def test_what_json_and_numbers_can_hold_does_no_harm(data: bytes) -> None:
    assert explain(data).line_count >= 1
