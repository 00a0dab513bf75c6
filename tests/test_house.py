"""The house of docs/design.md: which room may name which."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from docs._build.modules import arrows, circles, imports_of, module_of, nodes_of, product
from tests.conftest import READERS

ROOT = Path(__file__).parent.parent
SOURCES = product(ROOT)


@cache
def imports() -> dict[str, set[str]]:
    return {module_of(path, ROOT): set(imports_of(path, ROOT)) for path in SOURCES}


def inside(name: str, *rooms: str) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def modules_with(so: Callable[[ast.AST], bool], *, but: tuple[str, ...] = ()) -> set[str]:
    """The modules outside the rooms ``but`` that have a node of which ``so`` is true."""
    return {
        module_of(path, ROOT)
        for path in SOURCES
        if not inside(module_of(path, ROOT), *but) and any(map(so, nodes_of(path)))
    }


def dotted(node: ast.AST) -> tuple[str, str]:
    """Both names of ``module.name``; two empty ones if it is something else."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.value.id, node.attr
    return "", ""


#: room: what it must not name. From design.md 2.
FORBIDDEN = {
    "doctor.sim": ("doctor.updater",),
    "doctor.knowledge": ("doctor", "checks"),
    "doctor.engine": ("doctor.cli", "doctor.report", "doctor.jobs", "doctor.remedies", "doctor.sim"),
    "doctor.jobs": ("doctor.cli", "doctor.report", "doctor.sim", "doctor.fleet", "rich", "click"),
    "doctor.fleet": ("doctor.cli", "doctor.report", "doctor.sim", "doctor.bench", "doctor.link.link", "rich", "click"),
    "doctor.report": ("doctor.cli", "doctor.sim"),
    "doctor.remedies": ("doctor.cli", "doctor.report", "doctor.jobs", "doctor.engine", "checks", "rich", "click"),
    "checks": ("doctor.cli", "doctor.report", "doctor.jobs", "doctor.engine", "doctor.sim", "checks", "rich", "click"),
    "doctor.bench": ("doctor.cli", "doctor.report", "doctor.jobs", "doctor.engine", "doctor.remedies", "doctor.sim"),
    "doctor.board": ("doctor.bench", "doctor.engine", "doctor.jobs", "doctor.card", "doctor.sim", "checks"),
    "doctor.fat": ("doctor.bench", "doctor.engine", "doctor.board", "doctor.card", "doctor.sim", "doctor.jobs"),
    "doctor.card": ("doctor.bench", "doctor.engine", "doctor.jobs", "doctor.board", "doctor.sim", "doctor.updater"),
    "doctor.firmware": ("doctor.bench", "doctor.engine", "doctor.board", "doctor.card", "doctor.sim", "doctor.jobs"),
    "doctor.modem": ("doctor.bench", "doctor.engine", "doctor.jobs", "doctor.board", "doctor.card", "doctor.sim"),
    "doctor.link": (
        "doctor.bench",
        "doctor.engine",
        "doctor.board",
        "doctor.card",
        "doctor.updater",
    ),
}


#: Folders that may hold more than twenty modules, and why.
CROWDED = {
    "doctor.updater": "the board imports it flat",
}
MOST_MODULES = 20


def test_no_folder_is_crowded() -> None:
    folders = Counter(path.parent for path in SOURCES if path.name != "__init__.py")
    crowded = {".".join(folder.relative_to(ROOT).parts) for folder, count in folders.items() if count > MOST_MODULES}
    assert crowded == CROWDED.keys()


#: What may lie at the top of a checkout.
TOP = {
    *(
        ".ci",
        ".github",
        ".gitignore",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "SECURITY.md",
    ),
    *("checks", "docs", "doctor", "mkdocs.yml", "pyproject.toml", "tests"),
}


def test_the_top_level_stays_as_it_was_ordered() -> None:
    told = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if told.returncode:
        pytest.skip("git is not installed, or this is no checkout")
    assert {name.split("/")[0] for name in told.stdout.splitlines()} <= TOP


#: What every room says in the same words, and what reads tables, texts and JSON; they name nothing of ours themselves.
LEAVES = (
    *("doctor.text.power_off", "doctor.text.command", "doctor.data", "doctor.documents.foreign_json"),
    "doctor.documents.trace_lines",
    *("doctor.computer", "doctor.own_process"),
)


def test_leaves_stand_on_nothing_of_ours_but_leaves() -> None:
    for leaf in LEAVES:
        assert not [name for name in imports()[leaf] if inside(name, "doctor", "checks") and not inside(name, *LEAVES)]


#: Who asks by itself which system it runs on. All others ask doctor/computer.py, so that a test can say another one.
ASKS_FOR_THE_SYSTEM = {
    "doctor.computer": "the room itself",
    "doctor.updater.board_hw": "runs on the board",
    "doctor.updater.board_run": "runs on the board",
}


def test_the_system_is_asked_for_in_one_place() -> None:
    asking = modules_with(lambda node: dotted(node) in {("sys", "platform"), ("os", "name")})
    assert asking == ASKS_FOR_THE_SYSTEM.keys()
    assert not [module for module, names in imports().items() if {"sys.platform", "os.name"} & names]


#: Folders of tests that are no room of the product, and why.
NO_ROOMS = {
    "benchmarks": "measures, and judges nothing",
    "docs": "the pages in docs/, and docs/_build, which makes the others",
    "explain": "doctor/knowledge, doctor/jobs/explain.py and explaining/, measured on one collection of pastes",
    "fuzz": "every parser of what others wrote, whatever its room; make fuzz",
    "kill_boards": "make kill-boards",
    "loaders": "one table of boot loaders, played with the planner and with whole flashes",
    "matrix": "make matrix",
    "mutation": "make mutation",
    "packaged": "the wheel and the one file, built and tried as people get them; make wheel-test, make binary",
    "peers": "software that others wrote, against the whole bench; make peers",
    "updater/strict": "a modem that forgives nothing, written for the core alone",
}
#: Tests at the top that are not of one module at the top of doctor/, and why.
OF_THE_HOUSE = {
    "test_gate_stays_closed": "roster, engine and flash together",
    "test_house": "which room may name which",
    "test_scenarios_checked": "each scenario through all checks",
}


def test_each_check_has_its_test() -> None:
    checks = {path.stem for path in ROOT.glob("checks/[!_]*.py")}
    tests = {path.stem.removeprefix("test_") for path in ROOT.glob("tests/checks/test_*.py")}
    assert not checks - tests, "a check without tests/checks/test_NAME.py"
    assert not [name for name in tests - checks if not name.startswith(tuple(checks))], "named after no check"


def test_tests_lie_in_the_rooms_of_what_they_test() -> None:
    folders = {path.parent.relative_to(ROOT / "tests").as_posix() for path in ROOT.glob("tests/*/**/*.py")}
    rooms = {folder for folder in folders if (ROOT / "doctor" / folder).is_dir()} | {"checks"}
    assert folders - rooms == NO_ROOMS.keys()
    alone = {path.stem for path in ROOT.glob("tests/test_*.py")}
    modules = {f"test_{path.stem}" for path in ROOT.glob("doctor/*.py")}
    assert alone - modules == OF_THE_HOUSE.keys()


@pytest.mark.parametrize("room", FORBIDDEN)
def test_arrows_run_downwards(room: str) -> None:
    broken = [
        f"{module} -> {name}"
        for module, names in imports().items()
        if inside(module, room)
        for name in names
        if inside(name, *FORBIDDEN[room])
        and not (room != "checks" and inside(name, room))
        and not inside(name, *LEAVES)
    ]
    assert not broken


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert not circles(arrows(ROOT))
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [{"a", "b", "c"}]


def test_core_stands_on_nothing_of_ours() -> None:
    for module, names in imports().items():
        if inside(module, "doctor.updater"):
            assert all(inside(n, "doctor.updater") for n in names if inside(n, "doctor", "checks")), module


@pytest.mark.parametrize("library", ["rich", "click"])
def test_only_the_talking_rooms_know_colours(library: str) -> None:
    for module, names in imports().items():
        if not inside(module, "doctor.cli", "doctor.report"):
            assert not [n for n in names if inside(n, library)], module


def test_simulator_is_met_only_at_its_doors() -> None:
    for module, names in imports().items():
        if not inside(module, "doctor.sim", "doctor.cli.commands.sim"):
            assert not [n for n in names if inside(n, "doctor.sim")], module


#: Who may ask whether our simulator is behind a port, and why.
ASKS_WHETHER_SIMULATED = {
    "doctor.bench": "the practice-image rule: Bench.simulated",
    "doctor.report.practice": "the notes on practising",
    "doctor.link.port_url": "the value that knows: nobody else reads a URL",
}
#: Who may ask Bench.simulated: those that hand the rule to the planner.
RULES_ON_PRACTICE = ("doctor.jobs.flashing.plan", "doctor.jobs.find_firmware", "checks.step_is_safe")


def asks_what_a_url_says(node: ast.AST) -> bool:
    """Whether ``node`` looks into the text of a port URL, or asks a port whether it is simulated."""
    match node:
        case ast.Attribute(attr="is_simulated"):
            return True
        case ast.Call(func=ast.Attribute(attr="startswith"), args=[ast.Constant(str() as said), *_]):
            return said.startswith("sim:")
        case ast.Compare(left=ast.Constant("sim" | "sim://" | "state=")):
            return True
        case ast.Compare(comparators=[ast.Constant("sim" | "sim://")]):
            return True
    return False


def test_nobody_asks_whether_a_port_is_simulated_but_for_the_practice_image_and_the_notes() -> None:
    asking = modules_with(asks_what_a_url_says, but=("doctor.sim", "doctor.cli.commands.sim"))
    assert asking == ASKS_WHETHER_SIMULATED.keys()
    rule = modules_with(
        lambda node: isinstance(node, ast.Attribute) and node.attr == "simulated", but=("doctor.sim", "doctor.updater")
    )
    assert rule == set(RULES_ON_PRACTICE)


#: Who asks the computer for the time, and why. All others get their clock handed in.
ASKS_FOR_THE_TIME = {
    "doctor.clock": "the clocks themselves",
    "doctor.fat.claim": "waits a moment for another process to let go of a card",
}


def test_clocks_are_handed_in() -> None:
    words = {"now", "utcnow", "today", "monotonic", "time", "perf_counter", "sleep"}
    calls = {(module, word) for module in ("datetime", "time", "date") for word in words}
    asking = modules_with(
        lambda node: isinstance(node, ast.Call) and dotted(node.func) in calls,
        but=("doctor.sim", "doctor.updater", "doctor.board.snippets"),
    )
    assert asking == ASKS_FOR_THE_TIME.keys()


#: Who makes or changes files of this computer without doctor/documents/json_file.py, and why.
WRITES_FILES = {
    "doctor.documents.json_file": "the room itself",
    "doctor.card.target": "images of cards: the copy of one has its rights, and others may have to read it",
    "doctor.card.reformat.image": "a new image of a card, made by the simulator and tests",
    "doctor.card.reformat.backup": "the whole card, into a file of open_ours",
    "doctor.card.drives.raw_posix": "opens devices, which are there",
    "doctor.card.drives.raw_windows": "opens devices, which are there",
    "doctor.fat.claim": "opens to lock, and writes nothing",
    "doctor.cli.stdio": "standard streams that the shell closed",
    "doctor.card.pyfat_child": "the pipe to its parent",
}


def makes_a_file(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name("os"), attr="open")):
            return True
        case ast.Call(
            func=ast.Attribute(attr="write_bytes" | "write_text" | "mkdir" | "touch" | "makedirs" | "mkstemp")
        ):
            return True
        case ast.Call(func=ast.Attribute(attr="open") | ast.Name("open"), args=args):
            return any(isinstance(arg, ast.Constant) and set(str(arg.value)) & set("wxa+") for arg in args)
    return False


def test_files_of_this_computer_are_made_in_one_place() -> None:
    rooms = ("doctor.sim", "doctor.updater", "doctor.board.snippets", "doctor.cli.commands.sim")
    assert modules_with(makes_a_file, but=rooms) == WRITES_FILES.keys()


#: Who reads JSON without doctor/documents/foreign_json.py, and why.
READS_JSON = {
    "doctor.documents.foreign_json": "the reader",
    "doctor.report.schema": "the schemas, which lie in the package",
    "doctor.updater.side_file": "the board runs it too, with nothing of ours but the core",
    "doctor.sim.board.modules.misc": "is MicroPython's own reader",
    "doctor.data.labgrid_places": "runs in labgrid's Python, with nothing of ours",
}


def test_json_of_others_is_read_in_one_place() -> None:
    readers = {("json", name) for name in ("load", "loads", "JSONDecoder")}
    reading = modules_with(lambda node: dotted(node) in readers)
    assert reading == READS_JSON.keys()
    assert not [module for module, names in imports().items() if any(name.startswith("json.") for name in names)]


def test_the_url_of_a_port_is_read_in_one_place() -> None:
    for module, names in imports().items():
        if not inside(module, "doctor.sim", "doctor.link.port_url", "doctor.link.telnet_url", "doctor.text.command"):
            assert not [name for name in names if inside(name, "urllib")], module


#: Who makes a file that was no used medium, by file and function, and why. All others begin in tests/card/media.py.
NOT_USED_MEDIA = {
    ("tests/card/media.py", "used"): "the room itself: the kind of medium is chosen here, and large files have a hole",
    ("tests/card/images.py", "mkfs_fat"): "the one door to mkfs.fat: it formats what media.used made",
    ("tests/card/used_cards.py", "made"): "media.used without a hole; mkfs.fat is told where the volume begins",
    ("tests/card/images.py", "volume_of"): "a part of an image, copied with its holes",
    ("tests/card/test_format.py", "test_what_cannot_be_on_a_card_is_refused"): "make_card itself, which refuses",
    (
        "tests/card/test_format.py",
        "test_a_new_image_is_what_formatting_a_used_card_makes",
    ): "make_card beside a used card",
    ("tests/card/test_format.py", "test_existing_file_is_not_overwritten"): "make_card itself, which refuses",
    ("tests/checks/test_card_is_fat.py", "test_blank_card_fails"): "a blank card is what it is about",
    ("tests/benchmarks/card.py", "measure"): "sparse images of up to 64 GB, compared with tools that make the same",
    ("tests/benchmarks/card.py", "_Peers"): "mkfs.fat as a peer, timed on such an image",
    ("tests/benchmarks/checked.py", "rows"): "a sparse image, of which the reads are counted",
    ("tests/benchmarks/growth.py", "_card"): "sparse images of up to 64 GB",
}
CARD_ROOMS = ("doctor.card", "tests.card", "doctor.sim.card.image", "doctor.sim.card.blocks")


def is_zeros(node: ast.expr) -> bool:
    """Whether an expression is bytes(NUMBER), b"\0" * NUMBER, or a sum with one of them."""
    match node:
        case ast.Call(func=ast.Name("bytes"), args=[ast.Constant(int()) | ast.Name() | ast.BinOp()]):
            return True
        case ast.Call(func=ast.Attribute(attr="ljust" | "rjust"), args=[_, *_]):
            return True
        case ast.BinOp(left, ast.Mult(), right):
            return any(isinstance(each, ast.Constant) and each.value in (b"\0", b"\xff") for each in (left, right))
        case ast.BinOp(left, ast.Add(), right):
            return is_zeros(left) or is_zeros(right)
    return False


def makes_a_clean_medium(call: ast.Call) -> bool:
    """Whether a call gives a file its size, or fills a whole one with nothing."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    words = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
    if name in ("tool", "run", "check_call", "Popen") and {"mkfs.fat", "truncate", "fallocate", "dd"} & set(words):
        return True
    if name in ("truncate", "posix_fallocate", "set_size", "make_card") and call.args:
        return True
    return name in ("write_bytes", "Memory", "StrictDevice") and any(is_zeros(arg) for arg in call.args)


def clean_media(tree: ast.AST) -> Iterator[str]:
    """Names of the functions and classes that make one."""
    for top in ast.iter_child_nodes(tree):
        if any(makes_a_clean_medium(node) for node in ast.walk(top) if isinstance(node, ast.Call)):
            yield getattr(top, "name", "")


@pytest.mark.long
def test_no_test_makes_a_card_of_zeros() -> None:
    found = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in sorted(ROOT.glob("tests/**/*.py"))
        if any(inside(name, *CARD_ROOMS) for name in imports_of(path, ROOT))
        for name in clean_media(nodes_of(path)[0])
    }
    assert not found - NOT_USED_MEDIA.keys(), "begin with tests/card/media.py, which makes used media"
    assert not NOT_USED_MEDIA.keys() - found, "an exception that nobody needs any more"


@pytest.mark.parametrize(
    "line",
    [
        "path.write_bytes(bytes(SMALL))",
        "path.write_bytes(b'<html>' + bytes(9000))",
        "path.write_bytes(b'\\0' * 512)",
        "path.write_bytes(b'noise'.ljust(SMALL, b'd'))",
        "file.truncate(32 * MIB)",
        "Memory(bytes(8192))",
        "make_card(path, SMALL)",
        "tool('mkfs.fat', '-C', path, '8192')",
    ],
)
def test_a_card_of_zeros_would_be_seen(line: str) -> None:
    assert list(clean_media(ast.parse(f"def test_x():\n    {line}"))) == ["test_x"]


#: The board's console is its wire to the PC: what runs there speaks by printing.
SPEAKS_BY_PRINTING = ("doctor.cli", "doctor.sim", "doctor.__main__", "doctor.updater.board_console")


def test_nothing_below_the_command_line_prints() -> None:
    for path in SOURCES:
        if not inside(module_of(path, ROOT), *SPEAKS_BY_PRINTING):
            calls = [n for n in nodes_of(path) if isinstance(n, ast.Call)]
            assert not [c.lineno for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"], path


def test_what_make_test_leaves_out_is_played_by_ci() -> None:
    expression = (ROOT / "pyproject.toml").read_text("utf-8").partition("-m '")[2].partition("'")[0]
    left_out = re.findall(r"\bnot (\w+)", expression)
    played = [line for name in ("run", "nightly") for line in (ROOT / ".ci" / name).read_text("utf-8").splitlines()]
    assert "long" in left_out
    assert [mark for mark in left_out if not {f"make {mark}", f"make test-{mark}"} & set(played)] == []


def test_a_run_of_tests_by_their_file_says_which_of_them() -> None:
    """Without -m it would leave out what make test leaves out, and a file with nothing else ends in an error."""
    lines = [line for name in ("Makefile", ".ci/run", ".ci/nightly") for line in (ROOT / name).read_text().splitlines()]
    by_file = [line for line in lines if re.search(r"pytest .*\btests/", line)]
    assert len(by_file) > 3
    assert [line for line in by_file if not re.search(r"pytest .*-m ", line)] == []


#: Names of files that stand for others, or that a test makes.
MADE_UP = {"tests/checks/test_NAME.py", "docs/fipy-doctor.md"}


def test_a_file_of_the_house_that_is_named_is_there() -> None:
    """In sources and runs; pages have links, and tests/docs makes pages of its own."""
    named = re.compile(r"(?<![\w/.])(?:doctor|tests|docs|checks)/[\w./-]+\.(?:py|toml|md)\b")
    runs = [ROOT / name for name in ("Makefile", "pyproject.toml", "CONTRIBUTING.md", ".ci/run", ".ci/nightly")]
    tests = [path for path in ROOT.glob("tests/**/*.py") if path.parent != ROOT / "tests" / "docs"]
    found = {name for path in (*SOURCES, *tests, *runs) for name in named.findall(path.read_text("utf-8"))}
    assert {name for name in found if not (ROOT / name).exists()} == MADE_UP


def test_what_reads_the_sources_does_so_in_one_process() -> None:
    """Each further process would parse them all again, which takes some seconds."""
    reading = {"docs._build.modules.nodes_of", "tests.board.snippets.scan"}
    likely = re.compile(r"\b(?:nodes_of|scan)\b")  # parsing all tests would take seconds as well
    tests = (path for path in ROOT.glob("tests/**/test_*.py") if likely.search(path.read_text("utf-8")))
    found = (path for path in tests if reading & set(imports_of(path, ROOT)))
    assert {path.relative_to(ROOT).as_posix() for path in found} == set(READERS)
