"""The wheel in a fresh venv: its contents, the program, the pages of API and pytest plug-in, its neighbours."""

from __future__ import annotations

import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

from tests.packaged.building import ROOT, Place, Words, need, told
from tests.packaged.program import IMAGE, Program

#: Five lines of a user, as mypy --strict reads them with what the wheel says of its types.
FIVE_LINES = """\
import doctor

report = doctor.check(port="sim://fipy", select=["modem-answers"])
code: int = report.exit_code
print(code, [finding.summary for finding in report.failed])
"""
#: PyPI's package doctor, and one that brings a module Checks; both are older than the Pythons that we run on.
NEIGHBOUR = "doctor==3.13.7"
CHECKS = "Checks==0.2"
#: The ways in, which lie beside the package.
STARTS = ("_fipy_doctor.py", "_fipy_doctor_pytest.py")


def try_wheel(folder: Path) -> None:
    """Build it in ``folder`` and try all of it. Raises Wrong at the first thing that is not right."""
    place = Place(folder)
    told("sdist, and the wheel that it builds", lambda: build(place))
    (wheel,) = folder.glob("*.whl")
    told("contents", lambda: look_inside(place, wheel))
    programs = place.venv("venv", wheel, "pytest")
    told("the program's own dependencies fit", lambda: place.run([programs / "python", "-m", "pip", "check"]))
    Program(place, [programs / "fipy-doctor"]).play()
    told("the man page", lambda: look_up(programs))
    told("completion in bash", lambda: complete(place, programs))
    told("the page of the API", lambda: run_page(place, programs))
    told("the page of the pytest plug-in", lambda: run_fixtures(place, programs))
    told("five lines of a user, by mypy --strict", lambda: read_types(place, programs))
    told("a foreign package checks beside it", lambda: stand_beside_checks(place, programs))
    told("PyPI's package doctor in its place", lambda: stand_beside_doctor(place, programs, wheel))


def build(place: Place) -> None:
    """The sdist, and the wheel out of the sdist: what a distribution builds from it is the same."""
    place.run([sys.executable, "-m", "build", "--outdir", place.folder, ROOT])
    place.run(
        [
            sys.executable,
            "-m",
            "twine",
            "check",
            "--strict",
            *place.folder.glob("*.whl"),
            *place.folder.glob("*.tar.gz"),
        ]
    )


def look_inside(place: Place, wheel: Path) -> None:
    """One package and the start of its command; all data, no tests, no docs; all of ours, byte for byte."""
    place.run([sys.executable, "-m", "check_wheel_contents", wheel])
    with zipfile.ZipFile(wheel) as opened:
        inside = {info.filename: info for info in opened.infolist()}
        tops = {name.split("/")[0] for name in inside}
        packages = {top for top in tops if not re.search(r"\.(dist-info|data)$", top)}
        need(
            packages == {"doctor", *STARTS},
            f"at the top of the wheel lie {sorted(packages)}",
        )
        need(any(name.endswith("share/man/man1/fipy-doctor.1") for name in inside), "there is no man page")
        for path in _ours():
            name = _in_wheel(path)
            need(name in inside, f"{name} is missing in the wheel")
            need(opened.read(name) == path.read_bytes(), f"{name} is not what lies in the checkout")
        known = {_in_wheel(path) for path in _ours()}
        extra = [name for name in inside if name.startswith("doctor/") and name not in known]
        need(not extra, f"the wheel holds what is not kept: {extra[:5]}")


def _ours() -> list[Path]:
    """The files of the product, without what Python and editors leave beside them."""
    found = [path for room in ("doctor", "checks") for path in (ROOT / room).rglob("*") if path.is_file()]
    return [path for path in found if "__pycache__" not in path.parts and path.suffix != ".pyc"]


def _in_wheel(path: Path) -> str:
    name = path.relative_to(ROOT).as_posix()
    return re.sub(r"^doctor/start/", "", re.sub(r"^checks/", "doctor/_checks/", name))


def look_up(programs: Path) -> None:
    """The man page that was made while the wheel was built."""
    man = programs.parent / "share" / "man" / "man1" / "fipy-doctor.1"
    need(man.exists() and r"\-\-reformat\-sd" in man.read_text("ascii"), "the wheel brings no man page")


#: As bash itself asks, after what a user puts into ~/.bashrc.
ASK_BASH = """\
eval "$(fipy-doctor completion bash)"
COMP_LINE="fipy-doctor open modem-si"; COMP_POINT=${#COMP_LINE}
COMP_WORDS=(fipy-doctor open modem-si); COMP_CWORD=2
_fipy_doctor_completion fipy-doctor modem-si open
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(place: Place, programs: Path) -> None:
    """The installed command completes an id in a real bash; the other shells get a text."""
    for shell in ("zsh", "fish", "powershell"):
        need(len(place.run([programs / "fipy-doctor", "completion", shell])) > 100, f"no completion for {shell}")
    bash = shutil.which("bash")
    need(bash, "bash is not installed")
    path = os.pathsep.join((str(programs), place.environ["PATH"]))
    said = place.run([str(bash), "-c", ASK_BASH], PATH=path)
    need("modem-silent" in said.split(), f"bash completes to {said!r}")


def run_page(place: Place, programs: Path) -> None:
    """The three programs of docs/api.md, with nothing but what is installed."""
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    examples = re.findall(r'^```python title="(\w+\.py)"\n(.*?)^```$', page, re.M | re.S)
    need(len(examples) == 3, "docs/api.md does not have three programs")
    shutil.rmtree(place.folder / "bench", ignore_errors=True)
    need((place.folder / IMAGE).exists(), "no practice image was made")
    said = {}
    for name, text in examples:
        (place.folder / name).write_text(text, encoding="utf-8")
        said[name] = place.run([programs / "python", name], stdin="yes\n")
    need("modem-answers - " in said["examine.py"], said["examine.py"])
    need("LR5.1.1.0-41065" in said["flash.py"], said["flash.py"])
    need("smswboot-30-failed" in said["why.py"], said["why.py"])


def run_fixtures(place: Place, programs: Path) -> None:
    """The test file of docs/pytest.md, found by pytest through the entry point."""
    page = (ROOT / "docs" / "pytest.md").read_text("utf-8")
    ((name, text),) = re.findall(r'^```python title="(test_\w+\.py)"\n(.*?)^```$', page, re.M | re.S)
    (place.folder / name).write_text(text, encoding="utf-8")
    command = [programs / "python", "-m", "pytest", "-q", "-W", "error", "--strict-markers", name]
    need("3 passed, 1 skipped" in place.run(command), "the fixtures do not work")
    need("4 passed" in place.run([*command, "--fipy-port", "sim://gpy"]), "fipy_board does not work")


def read_types(place: Place, programs: Path) -> None:
    """mypy comes from the venv of the checkout, and reads what is installed in the other."""
    lines = place.folder / "five.py"
    lines.write_text(FIVE_LINES)
    wrong = place.folder / "wrong.py"
    wrong.write_text("import doctor\n\ndoctor.check(port=25)\ndoctor.no_such_call()\n")
    other = ("--cache-dir", "types", "--python-executable", programs / "python")
    mypy: Words = [sys.executable, "-m", "mypy", "--strict", *other]
    place.run([*mypy, lines])
    said = place.run([*mypy, wrong], code=1)
    need("arg-type" in said and "attr-defined" in said, f"mypy finds nothing wrong: {said}")
    place.run([programs / "python", lines])


def stand_beside_checks(place: Place, programs: Path) -> None:
    """Neither an installed module Checks nor a folder checks in the way changes what is examined."""
    place.run([programs / "python", "-m", "pip", "install", "-q", "--no-deps", CHECKS])
    (place.folder / "checks").mkdir()
    (place.folder / "checks" / "__init__.py").write_text("raise SystemExit(0)\n")
    program = Program(place, [programs / "fipy-doctor"])
    program.says("10 checks passed", "check", "--port", "sim://fipy")
    module = Program(place, [programs / "python", "-m", "doctor"])
    module.says("modem-silent", "check", "--port", "sim://fipy?scenario=modem-silent", code=1)
    shutil.rmtree(place.folder / "checks")


def stand_beside_doctor(place: Place, programs: Path, wheel: Path) -> None:
    """In both orders, and after theirs is gone: one sentence and no flash, or all of ours."""
    pip: Words = [programs / "python", "-m", "pip"]
    flash = ("flash", IMAGE, "--port", "sim://fipy?state=beside", "--yes")
    program = Program(place, [programs / "fipy-doctor"])
    module = Program(place, [programs / "python", "-m", "doctor"])
    (place.folder / "test_beside.py").write_text("def test_own(): pass\n\n\ndef test_bench(fipy_bench): pass\n")
    tests = Program(place, [programs / "python", "-m", "pytest", "-q", "test_beside.py"])

    def refuses() -> None:
        said = program(*flash, code=1)
        need(said.startswith("fipy-doctor: the package doctor in "), said)
        need(len(said.splitlines()) == 3 and "Traceback" not in said, said)
        module(*flash, code=1)
        need(not (place.folder / "beside").exists(), "a bench was opened")
        said = tests(code=1)
        need("1 passed, 1 error" in said and "the package doctor in " in said and "Traceback" not in said, said)

    def works() -> None:
        for way in (program, module):
            way.says("10 checks passed", "check", "--port", "sim://fipy")
        need("2 passed" in tests(), "the plug-in does not run")

    # As a wheel: the setup.py of old pips copies nothing over files that are newer, and then all of ours stay.
    place.run([*pip, "install", "-q", "--no-deps", "--use-pep517", NEIGHBOUR])
    refuses()
    place.run([*pip, "install", "-q", "--no-deps", "--force-reinstall", wheel])
    works()
    place.run([*pip, "uninstall", "-qy", "doctor"])
    refuses()
    need(module(*flash, code=1).startswith("fipy-doctor: the package doctor in "), "the module does not tell it")
