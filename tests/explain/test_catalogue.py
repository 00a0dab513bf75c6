from __future__ import annotations

import re
import sys
from pathlib import Path

from doctor import roster
from doctor.cli.main import COMMANDS
from doctor.knowledge import entries
from doctor.knowledge.accents import each_way
from doctor.knowledge.catalogue import ENTRY_KEYS, HERE, SIGN_KEYS, sources
from doctor.remedies import DoableCure, cures

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

INDEX = [line.split() for line in (Path(__file__).parent / "reference_index.txt").read_text("utf-8").splitlines()[1:]]
TABLES = {
    p.stem.replace("_", "-"): tomllib.loads(p.read_text(encoding="utf-8"))
    for p in sorted(Path(str(HERE)).glob("*.toml"))
}
#: Entries that public reports asked for after the reference was written.
LATER = {
    "board-erase-spares-modem",
    "board-flash-full",
    "board-flash-read-only",
    "sd-card-full",
    "rshell-fetch-resets-board",
    "prompt-waits-for-rest",
    "48829-from-41065",
    "updater-elf-not-needed",
    "card-read-only-on-pc",
    "tool-file-not-found",
    "33080-to-another-cat-m1",
    "board-bootloader-no-answer",
    "board-crashed-once",
    "board-flash-damaged",
    "board-silent-after-update",
    "boot-loader-left-over",
    "build-cannot-be-had-again",
    "editor-cannot-open-port",
    "image-older-than-installed",
    "modem-answers-empty",
    "modem-firmware-crashed",
    "modem-of-another-maker",
    "monarch2-family",
    "no-raw-prompt",
    "part-of-board-in-use",
    "pymakr-project-file-damaged",
    "radio-is-not-switched",
    "sd-never-mounted",
}
PLANNED = ("status", "backup", "restore")  #: commands of docs/design.md that come with other issues
EXPRESSIONS = ("match", "after", "before", "not_after", "not_before", "with_", "without")


def test_every_entry_of_the_reference_is_there() -> None:
    assert len(INDEX) == 188
    known = {entry.id for entry in entries().values() if entry.area != "ours"}
    assert {row[0] for row in INDEX} | LATER == known


def test_area_and_severity_are_those_of_the_reference() -> None:
    assert [[row[0], entries()[row[0]].area, entries()[row[0]].blocks] for row in INDEX] == INDEX


def test_reading_entry_by_entry_gives_what_the_whole_files_hold() -> None:
    whole = {entry_id: table for tables in TABLES.values() for entry_id, table in tables.items()}
    assert set(whole) == set(sources())
    for entry_id, table in whole.items():
        signs = table.get("signs", [])
        assert [list(has) for has in sources()[entry_id].has] == [
            [each_way(part) for part in sign["has"]] for sign in signs
        ]
        assert tomllib.loads(sources()[entry_id].text) == {entry_id: table}


def test_tables_hold_known_keys_only() -> None:
    for tables in TABLES.values():
        for table in tables.values():
            assert set(table) <= ENTRY_KEYS
            assert all(set(sign) <= SIGN_KEYS for sign in table.get("signs", ()))


def test_fields_are_sound() -> None:
    for entry in entries().values():
        assert 15 <= len(entry.title) <= 120 and not entry.title.endswith((".", "…")), entry.id
        assert entry.blocks in ("yes", "no", "maybe"), entry.id
        assert entry.family in ("", "any", "sqn3330", "monarch2", "other"), entry.id
        assert entry.evidence in ("thread", "code", "knowledge"), entry.id
        assert entry.brick_risk and entry.shows and entry.means and entry.words, entry.id
        assert entry.causes and entry.cure and all(len(step) > 10 for step in entry.cure), entry.id


def test_ids_that_an_entry_names_exist() -> None:
    for entry in entries().values():
        named = {*entry.related, *entry.explains, *(other for sign in entry.signs for other in sign.unless_id)}
        assert named <= set(entries()), entry.id
        assert entry.id not in named
        assert not set(entry.related) & set(entry.explains), entry.id


def test_neighbours_know_of_each_other() -> None:
    for entry in entries().values():
        for other in entry.related:
            known = entries()[other]
            assert entry.id in (*known.related, *known.explains), (entry.id, other)


def test_nothing_is_its_own_cause_by_a_detour() -> None:
    def reached(start: str, path: tuple[str, ...]) -> None:
        for after in entries()[start].explains:
            assert after not in path, (*path, after)
            reached(after, (*path, after))

    for entry_id in entries():
        reached(entry_id, (entry_id,))


def test_checks_and_entries_agree_on_who_finds_what() -> None:
    finds = {check.id: set(check.finds) for check in roster.builtin()}
    named = {check_id: {e.id for e in entries().values() if check_id in e.found_by} for check_id in finds}
    assert named == finds
    # "flash" itself refuses if the line or the power supply is not steady: no check can know before.
    assert {check_id for entry in entries().values() for check_id in entry.found_by} <= {*finds, "flash"}


def test_signs_can_be_searched_for() -> None:
    for entry, sign in ((each, sign) for each in entries().values() for sign in each.signs):
        assert sign.has and all(part and part == part.lower() for part in sign.has), entry.id
        assert 0.5 <= sign.sure <= 1, entry.id
        assert sign.side in ("", "board", "pc"), entry.id
        for name in EXPRESSIONS:
            re.compile(getattr(sign, name), re.IGNORECASE | re.MULTILINE)


def test_cures_name_commands_that_exist_and_no_probe_codes() -> None:
    flags = {cure.id for cure in cures().by_id.values() if isinstance(cure, DoableCure)}
    for step in (step for entry in entries().values() for step in entry.cure):
        assert not re.search(r"(?<![-\w])(?:F[1-4]|S[1-5]|B[1-5]|D[1-5]|M[0-6]|W2)\b", step)
        assert set(re.findall(r"`fipy-doctor ([a-z]+)", step)) <= {*COMMANDS, *PLANNED}
        assert set(re.findall(r"fipy-doctor fix --([a-z-]+)", step)) <= flags
