from __future__ import annotations

import pytest

from doctor.board.autorun import Starter, find_starters, named_main


@pytest.mark.parametrize(
    "source",
    [
        "import sqnsupgrade\nsqnsupgrade.run('/sd/x.dup', 921600)\n",
        "import sqnsupgrade as s\ns.run('/sd/x.dup')\n",
        "from sqnsupgrade import run\nrun('/sd/x.dup')\n",
        "from sqnsupgrade import *\nrun('/sd/x.dup')\n",
        "import time\nimport_module('sqnsupgrade').run('x')\n",
        "import time\nexec('import sqnsupgrade; sqnsupgrade.run(1)')\n",
        "from network import LTE\nLTE.modem_upgrade_mode()\n",
        "import sqnsupgrade\nsqnsupgrade.uart(True)\n",
    ],
)
def test_updater_call_is_found_on_its_line(source: str) -> None:
    starts = [s for s in find_starters(source) if s.starts]
    assert [s.line for s in starts] == [2]
    assert starts[0].text == source.splitlines()[1]


@pytest.mark.parametrize(
    "source",
    ["", "print('hello')\n", "# sqnsupgrade.run('/sd/x.dup')\n", "x = 'sqnsupgrade.run() is run by hand'\n"],
)
def test_harmless_script_starts_nothing(source: str) -> None:
    assert find_starters(source) == ()


def test_import_alone_loads_but_does_not_start() -> None:
    assert find_starters("import sqnsupgrade\n") == (Starter(1, "import sqnsupgrade", False),)


def test_version_question_does_not_start() -> None:
    assert not any(s.starts for s in find_starters("import sqnsupgrade\nsqnsupgrade.info()\n"))


def test_unparseable_script_is_searched_as_text() -> None:
    source = "print \u201chello\u201d\nsqnsupgrade.run(\u2018/sd/x.dup\u2019)\n# sqnsupgrade.run()\n"
    assert [(s.line, s.starts) for s in find_starters(source)] == [(2, True)]


def test_nul_bytes_do_not_break_the_search() -> None:
    assert find_starters("\x00\nsqnsupgrade.run(1)\n")[0].line == 2


def test_named_main_is_read() -> None:
    assert named_main("import machine\nmachine.main('app.py')  # instead\n") == "app.py"
    assert named_main("# machine.main('app.py')\n") is None
