"""Every citation of a page of docs/ leads to a heading, and every known failure that is named has a page.

A citation is the page's name and its sections, as CONTRIBUTING.md says: ``NAME.md 4``, ``NAME.md 4.5, 5.1 and 7``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.knowledge import entries
from tests.updater.strict import rules as strict_rules

ROOT = Path(__file__).parent.parent.parent
REFERENCE = ROOT / "docs" / "reference"
PAGES = {path.name: path for path in sorted((ROOT / "docs").rglob("*.md"))}
CITING = [path for room in ("doctor", "checks", "tests", "docs") for path in sorted((ROOT / room).rglob("*"))]
CITING = [*CITING, *ROOT.glob("*.md"), ROOT / "pyproject.toml", ROOT / "Makefile"]
TEXTS = {".py", ".toml", ".md", ""}

_HEADING = re.compile(r"^#{2,4} (\d+(?:\.\d+)*)\.? ", re.MULTILINE)
_NUMBER = r"\d{1,2}(?:\.\d{1,2})?(?![\d.]*\d)"
_CITATION = re.compile(rf"(?<![\w/-])([\w-]+\.md) ({_NUMBER}(?:(?:, | and | to ){_NUMBER})*)")
_FAILURE = re.compile(r"\bknown failures? `{0,2}([a-z0-9]+(?:-[a-z0-9]+)+)`{0,2}")
_PATH = re.compile(r"\bdocs/(reference/[\w-]+\.md)")
_OWN_SECTION = re.compile(rf"\b[Ss]ections? ({_NUMBER}(?:(?:, | and | to ){_NUMBER})*)")

_STEMS = [path.stem for path in REFERENCE.glob("*-*.md")]
_NAMES = "|".join(map(re.escape, _STEMS))
#: No line is a citation that has none of these: most lines need no closer look.
_PERHAPS = (".md", "known failure", "reference", "FIPY-REF", "shared", *_STEMS, "fleet")
_PERHAPS_IN_CODE = (*_PERHAPS, *(f"({n}" for n in range(1, 10)), "ection", "low", "of ", "# ", "#: ")
#: What looks like a citation and has not its form.
UNKNOWN_FORMS = {
    "a page without .md": re.compile(rf"(?<![\w/.-])(?:{_NAMES})(?!\.md|[\w-])|\bfleet \d"),
    "a path instead of the name": re.compile(rf"(?<!docs/)(?<!\]\()\breference/(?:{_NAMES}|fleet)"),
    "words between page and section": re.compile(
        rf"\b(?:{_NAMES}|fleet|design)\.md,? (?:§|sections?\b|probe\b|rule\b|step\b|table\b|[A-Z]\d|\")"
        rf"|\b(?:{_NAMES}|fleet)\.md,|\.md {_NUMBER} (?:steps?|rules?|probe) "
    ),
    "no page": re.compile(r"\breference,? (?:\d|section|step)|\bFIPY-REF\b|\.\./shared\b"),
}
#: In code a section without its page says nothing; a page may name its own.
UNKNOWN_IN_CODE = {
    "a section without its page": re.compile(
        r"(?<!\w)\([1-9]\.[1-9](?= step|[:;)]|, [^\"])|\b(?:[Ff]lows?|of) [1-9]\.[1-9]\b|\b[Ss]ections? \d"
        r"|#:? (?:-+ )?[1-9]\.[1-9][ ,:]|#.* \([1-9]\)$"
    )
}


def sections_of(path: Path) -> set[str]:
    return set(_HEADING.findall(path.read_text(encoding="utf-8")))


SECTIONS = {name: sections_of(path) for name, path in PAGES.items()}


def lines() -> Iterator[tuple[Path, str, str]]:
    """Path, ``path:line`` and text of every line that may cite."""
    for path in CITING:
        if path.suffix in TEXTS and path.is_file() and path != Path(__file__):
            signs = _PERHAPS_IN_CODE if path.suffix == ".py" else _PERHAPS
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if any(sign in line for sign in signs):
                    yield path, f"{path.relative_to(ROOT)}:{number}", line


def broken(path: Path, line: str) -> Iterator[str]:
    """What is wrong with the citations of ``line``, which stands in ``path``."""
    for name, numbers in _CITATION.findall(line):
        missing = set(re.findall(_NUMBER, numbers)) - SECTIONS.get(name, set())
        if missing:
            yield f"{name} has no section {', '.join(sorted(missing))}"
    yield from (f"no known failure {found}" for found in _FAILURE.findall(line) if found not in entries())
    yield from (f"no page docs/{found}" for found in _PATH.findall(line) if not (ROOT / "docs" / found).exists())
    forms = UNKNOWN_FORMS | (UNKNOWN_IN_CODE if path.suffix == ".py" else {})
    yield from (f"{form}: {match.group()!r}" for form, sign in forms.items() if (match := sign.search(line)))
    if path.parent == REFERENCE:
        for numbers in _OWN_SECTION.findall(line):
            missing = set(re.findall(_NUMBER, numbers)) - SECTIONS[path.name]
            if missing:
                yield f"this page has no section {', '.join(sorted(missing))}"


def test_every_citation_leads_to_a_heading() -> None:
    assert [f"{where}: {fault}" for path, where, line in lines() for fault in broken(path, line)] == []


def test_rules_of_the_strict_modem_name_sections() -> None:
    rules = [value for rules in vars(strict_rules).values() if isinstance(rules, tuple) for value in rules]
    cited = {rule.section for rule in rules if isinstance(rule, strict_rules.Rule)}
    assert cited and cited <= SECTIONS["modem-protocol.md"]


@pytest.mark.parametrize(
    "line",
    [
        "# modem-protocol.md 4.5 and board-and-repl.md 5.1, 5.4",
        "# the flows modem-protocol.md 5.2 to 5.5; from 1.20.1 on",
        "# board-and-repl.md 4: from 1.20 on; design.md 4",
        "# known failure ``modem-silent``",
    ],
)
def test_good_citations(line: str) -> None:
    assert list(broken(Path("x.py"), line)) == []


@pytest.mark.parametrize(
    "line",
    [
        "# modem-protocol.md 4.15",
        "# modem-protocol.md 4.5, 9.9",
        "# modem-protocoll.md 4.5",
        "# modem-protocol 4.5",
        "# failure-catalogue: modem-silent",
        "# reference/modem-protocol.md 4.5",
        "# board-and-repl.md, section 3.6",
        '# repl-stack.md "Syntax levels"',
        "# failure-catalogue.md probe F1",
        "# repl-stack.md, what it says of pyserial",
        "# modem-protocol.md 5.2 step 5",
        "# (reference 6.3, step 2)",
        "# FIPY-REF 4.5",
        "# the pause of before (2.1)",
        "# Flow 5.3 from step 1",
        "# step 10 of 5.2",
        "#: 6.5 ",
        "#: start and stop (1)",
        "# known failure ``modem-silly``",
        "# docs/reference/modem.md",
    ],
)
def test_bad_citations(line: str) -> None:
    assert list(broken(Path("x.py"), line))
