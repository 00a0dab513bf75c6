"""Every refusal of the planner prints a next command that is another one, and following them comes to an end."""

from __future__ import annotations

import inspect
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from docs._build.modules import nodes_of
from doctor.sim.practice.image import make_practice_bootrom, make_practice_elf, make_practice_image, make_practice_part
from doctor.updater import rules, rules_loaders, rules_pair
from tests.test_errors import ids_in

from .terminal import PROGRAM, Said, Terminal

#: Commands that end a chain: nothing more is to be flashed, or only reading helps.
ENDS = ("open", "status")
ROUNDS = 5


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands for the files of a package, small."""
    folder = tmp_path_factory.mktemp("files")
    made = make_practice_image(folder, build=41065, size_bytes=60_000)
    made.rename(folder / "full.dup")
    (folder / "here").mkdir()
    (folder / "here" / "full.dup").write_bytes((folder / "full.dup").read_bytes())
    make_practice_image(folder, build=41019, radio="NB1", size_bytes=60_000).rename(folder / "nb1.dup")
    make_practice_image(folder, build=38638, size_bytes=60_000).rename(folder / "other.dup")
    for base in (33080, 39529):
        make_practice_image(folder, build=41065, base=base, size_bytes=60_000)
    for part in (1, 2):
        make_practice_part(folder, part, size_bytes=60_000)
    make_practice_elf(folder)
    make_practice_bootrom(folder)
    (folder / "alone").mkdir()
    make_practice_part(folder / "alone", 1, size_bytes=60_000)
    return folder


NAMES = {
    "full": "full.dup",
    "nb1": "nb1.dup",
    "other": "other.dup",
    "diff33080": "PRACTICE-upgdiff_33080-to-41065.dup",
    "diff39529": "PRACTICE-upgdiff_39529-to-41065.dup",
    "p1": "PRACTICE-CATM1-48829-1.dup",
    "p2": "PRACTICE-CATM1-48829-2.dup",
    "lone1": "alone/PRACTICE-CATM1-48829-1.dup",
    "elf": "PRACTICE-updater.elf",
    "bootrom": "PRACTICE-bootrom-41065.dup",
}
#: What the user finds for the names that a next command leaves to him.
FOUND = {
    "FULL-IMAGE.dup": "full",
    "CATM1-41065.dup": "full",
    "CATM1-38638.dup": "other",
    "upgdiff_33080-to-41065.dup": "diff33080",
    "updater.elf": "elf",
    "sqnsbrz.py": "bootrom",
}


@dataclass(frozen=True)
class Case:
    """A command that is refused. ``words`` name files by NAMES; ``refused`` is the id of the refusal."""

    refused: str
    words: str
    bench: str = "sqn3330"
    params: str = ""
    end: str = "flashed"


CASES = [
    Case("wrong-firmware-variant-chosen", "full other"),
    Case("files-swapped", "elf"),
    Case("files-swapped", "full --updater-elf full"),
    Case("files-swapped", "bootrom"),
    Case("recovery-bootrom-module-missing", "full --bootrom elf"),
    Case("recovery-bootrom-module-missing", "full --bootrom board"),
    Case("recovery-bootrom-module-missing", "full --updater-elf elf --bootrom board", params="build=33080"),
    Case("recovery-bootrom-module-missing", "full --updater-elf elf --bootrom elf", params="build=33080"),
    Case("recovery-bootrom-module-missing", "full --updater-elf elf --bootrom elf", "fipy", "build=33080"),
    Case("full-image-on-33080-needs-updater", "full", params="build=33080"),
    Case("full-image-on-33080-needs-updater", "full --bootrom bootrom", "fipy", "build=33080"),
    Case("33080-straight-to-48829", "p1 p2", params="build=33080"),
    Case("full-image-on-33080-needs-updater", "full --updater-elf elf", params="build=33080"),
    Case("full-image-on-33080-needs-updater", "other", params="build=33080"),
    Case("old-boot-loader", "other --updater-elf elf --bootrom bootrom", params="build=33080"),
    Case("old-boot-loader", "full", params="build=33988"),
    Case("old-boot-loader", "full", "fipy", "build=38638&bootloaders=33080*,NA,NA"),
    Case("old-boot-loader", "p1 p2", params="build=38638&bootloaders=33080*,NA,NA"),
    Case("old-boot-loader", "p1 p2", params="build=33988"),
    Case("old-boot-loader", "p1 p2"),
    Case("old-boot-loader", "p1 p2 --bootrom bootrom"),
    Case("nb1-first-on-factory-modem", "nb1", params="build=33080"),
    Case("nb1-to-48829-direct", "p1 p2", params="build=41019&radio=NB1"),
    Case("48829-doc-names-wrong-file", "p2 p1"),
    Case("48829-second-step-skipped", "p1"),
    Case("48829-second-step-skipped", "p2"),
    Case("48829-second-step-skipped", "p1 p1"),
    Case("48829-second-step-skipped", "lone1 full"),
    Case("48829-second-step-skipped", "p1 p2 --updater-elf elf", params="scenario=modem-ffh"),
    Case("modem-state-unknown", "p1 p2", params="scenario=modem-recovery"),
    Case("diff-with-updater-elf", "diff33080 --updater-elf elf", params="build=33080"),
    Case("diff-with-updater-elf", "diff33080 --updater-elf elf"),
    Case("diff-with-updater-elf", "diff39529 --updater-elf elf", params="build=33080"),
    Case("diff-with-updater-elf", "diff33080 --updater-elf elf", params="scenario=modem-ffh"),
    Case("diff-with-wrong-base", "diff33080"),
    Case("diff-with-wrong-base", "diff39529", params="build=33080"),
    Case("diff-with-wrong-base", "diff33080", params="scenario=modem-recovery"),
    Case("modem-in-ffh", "full", params="scenario=modem-ffh"),
    Case("modem-in-ffh", "diff33080", params="scenario=modem-ffh"),
    Case("modem-build-50523", "full", params="build=43818", end="open"),
    Case("wrong-firmware-variant-chosen", "nb1"),
    Case("wrong-firmware-variant-chosen", "full", params="build=41019&radio=NB1"),
    Case("modem-in-upgrade-mode", "full --method store", params="scenario=modem-recovery"),
    Case("48829-without-load-fff-false", "p1 p2 --method store", params="bootloaders=38638,38638,38638*"),
    Case("via-modem-meets-board", "full --via modem", "fipy"),
]


def _typed(words: str, files: Path) -> list[str]:
    return [str(files / NAMES[word]) if word in NAMES else word for word in words.split()]


def _next(said: Said) -> list[str]:
    """The one next command, wherever it is printed; the user fills in what is left to him."""
    if said.next:
        return said.next
    found = re.findall(rf"{PROGRAM} (flash .*)", said.out + said.err)
    return shlex.split(found[-1]) if found else []


def _filled(words: list[str], files: Path) -> list[str]:
    names = {word: str(files / NAMES[name]) for word, name in FOUND.items()}
    return ["38638" if word == "BUILD" else names.get(word, word) for word in words]


#: Refusals of doctor/updater/rules.py that are no case here, and why.
ELSEWHERE = {
    "modem-silent": "modem-answers fails first",
    "modem-in-data-mode": "modem-answers fails first",
    "stall-after-100-waiting": "modem-answers fails first",
    "modem-left-in-update-boot": "the job asks the modem once more by itself",
    "firmware-file-too-small-message": "firmware-is-whole fails first",
    "practice-image-on-real-port": "every port here is simulated; see tests/jobs/test_amended.py",
    "updater-elf-from-other-package": "needs a genuine file; see tests/updater/test_rules.py",
    "monarch2-too-old": "no command helps",
    "file-too-big-for-fff": "as 48829-without-load-fff-false, with a file of some MB",
}


def test_every_refusal_of_the_planner_is_a_case() -> None:
    modules = (rules, rules_loaders, rules_pair)
    known = {found for module in modules for found in ids_in(nodes_of(Path(inspect.getfile(module))))}
    assert known == {case.refused for case in CASES} & known | set(ELSEWHERE)


@pytest.mark.sampled(15)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.refused}:{case.words.replace(' ', '_')}:{case.params}")
def test_the_next_command_is_another_one_and_leads_to_an_end(
    terminal: Terminal, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    monkeypatch.chdir(files / "here")  # where the full image lies too, for a command that looks for one
    port = f"sim://{case.bench}?state={tmp_path / 'bench'}" + (f"&{case.params}" if case.params else "")
    via = ["--via", "modem"] if case.bench == "sqn3330" else []
    words = ["flash", *_typed(case.words, files), *via, "--port", port]
    said = terminal.type(*words, "--yes")
    assert said.code == 1 and f"open {case.refused}" in said.out + said.err
    failed = [words]
    for _ in range(ROUNDS):
        words = _filled(_next(said), files)
        assert words and words not in failed
        if words[0] in ENDS:
            break
        said = terminal.type(*words, *["--yes"] * (words[0] == "flash"))
        failed += [words] * bool(said.code)
        if said.code == 0 and words[0] == "flash":
            break
    assert ("flashed" if words[0] == "flash" and said.code == 0 else words[0]) == case.end
