from __future__ import annotations

import os
import re
import runpy
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import doctor
import doctor.check  # it has the name of a call, which it does not hide
from doctor.errors import DoctorError, LinkError, UsageError
from doctor.events import Event, Progress
from doctor.jobs.flash import FlashPlan, FlashResult
from doctor.jobs.memory.journal import Journal
from doctor.sim.practice.image import make_practice_image
from tests.jobs.flashing import BUILD, small_image
from tests.jobs.test_status import at_work_elsewhere

PAGE = Path(__file__).parent.parent / "docs" / "api.md"
EXAMPLES = dict(re.findall(r'^```python title="(\w+\.py)"\n(.*?)^```$', PAGE.read_text("utf-8"), re.M | re.S))
SAYS = {
    "examine.py": "modem-answers - the modem does not answer at any speed\n",
    "flash.py": "LR5.1.1.0-41065\n",
    "why.py": "['smswboot-30-failed']\nDo not repeat it blindly",
}


@pytest.fixture
def port(tmp_path: Path) -> str:
    return f"sim://fipy?state={tmp_path / 'bench'}"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return small_image(tmp_path)


def yes(_plan: FlashPlan) -> bool:
    return True


#: The practice firmware has its whole size there.
LONG = {"flash.py": pytest.mark.long}


@pytest.mark.parametrize("name", [pytest.param(name, marks=LONG.get(name, ())) for name in EXAMPLES])
def test_the_programs_of_the_page_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if name in LONG:
        make_practice_image(tmp_path, build=41065)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("builtins.input", lambda _question: "yes")
    (tmp_path / name).write_text(EXAMPLES[name], encoding="utf-8")
    runpy.run_path(name, run_name="__main__")
    assert SAYS[name] in capsys.readouterr().out


def test_the_page_has_three_programs() -> None:
    assert EXAMPLES.keys() == SAYS.keys()


def test_importing_us_loads_nothing() -> None:
    code = "import sys, doctor; dir(doctor); print(*(n for n in sys.modules if n.startswith('doctor') or n == 'click'))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["doctor"]


def test_a_module_of_its_name_does_not_hide_a_call() -> None:
    assert "doctor.check" in sys.modules
    assert callable(doctor.check) and callable(doctor.explain)
    assert doctor.errors.DoctorError is DoctorError
    assert {"check", "errors", "flash", "plan", "status"} < set(dir(doctor))
    with pytest.raises(AttributeError, match="no attribute 'no_call'"):
        getattr(doctor, "no_call")  # noqa: B009


@pytest.mark.parametrize(
    ("given", "error_id"),
    [
        ({}, "usage"),
        ({"port": "sim://nix"}, "port-not-found"),
        ({"port": "replay://x.jsonl"}, "replay-only-reads"),
        ({"firmware": "none.dup"}, "file-unreadable"),
        ({"sd": "none.img"}, "file-unreadable"),
        ({"port": "sim://fipy", "carrier": "expansion9"}, "usage"),
        ({"port": "sim://fipy", "select": ["modem-answer"]}, "unknown-check"),
        ({"firmware": ("card:a.dup", "b.dup")}, "usage"),
    ],
    ids=str,
)
def test_wrong_use_is_an_error_in_plain_words(given: dict[str, Any], error_id: str) -> None:
    with pytest.raises(UsageError) as caught:
        doctor.check(**given)
    assert caught.value.id == error_id and caught.value.next
    assert "`" not in caught.value.what + caught.value.cause + caught.value.next


def test_a_flash_needs_one_yes(image: Path, port: str) -> None:
    for given in ({}, {"fingerprint": ""}, {"agree": yes, "fingerprint": "0" * 32}):
        with pytest.raises(UsageError, match="one yes"):
            doctor.flash(image, port=port, **given)


def refused(result: FlashResult) -> str:
    assert result.error is not None and not result.begun and result.proof is None
    assert Journal().entries() == []
    assert "`" not in result.error.next
    return result.error.id


@pytest.mark.parametrize("answer", [False, None, "yes", 1])
def test_nothing_but_true_agrees(image: Path, port: str, answer: Any) -> None:
    assert refused(doctor.flash(image, port=port, agree=lambda _plan: answer)) == "not-confirmed"


def test_another_plan_than_the_one_that_was_read_is_refused(tmp_path: Path, port: str) -> None:
    image = small_image(tmp_path)
    planned = doctor.plan(image, port=port)
    again = doctor.plan(image, port=port)
    assert planned.plan is not None and again.plan is not None
    assert planned.plan.fingerprint == again.plan.fingerprint
    make_practice_image(tmp_path, build=BUILD, size_bytes=100_001)
    for given in ({}, {"accept": ["same-build"]}, {"via": "card"}):
        other = doctor.flash(image, port=port, fingerprint=planned.plan.fingerprint, **given)
        assert refused(other)


def test_a_risk_that_the_plan_does_not_cover_is_named(image: Path) -> None:
    unsure = doctor.flash(image, port="sim://fipy?scenario=modem-recovery", agree=yes, via="usb")
    assert unsure.error is not None and "accept=['jumpers-removed']" in unsure.error.next
    assert refused(unsure) == "jumpers-removed"
    radio = make_practice_image(image.parent, radio="NB1", build=41019, size_bytes=100_000)
    assert refused(doctor.flash(radio, port="sim://fipy", agree=yes))


def test_a_flash_in_a_thread_touches_no_signal_and_prints_nothing(
    image: Path, port: str, capfd: pytest.CaptureFixture[str]
) -> None:
    names = [number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None))]
    before = [signal.getsignal(number) for number in names]
    seen: list[bool] = []
    ended: list[FlashResult] = []

    def hear(event: Event) -> None:
        if isinstance(event, Progress):
            seen.append([signal.getsignal(number) for number in names] == before)

    def work() -> None:
        ended.append(doctor.flash(image, port=port, agree=yes, listen=hear))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert ended[0].error is None and ended[0].proof is not None and ended[0].proof.holds
    assert seen and all(seen)
    assert capfd.readouterr() == ("", "")
    assert doctor.status(port=port).settled


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal to send")
def test_ctrl_c_in_the_transfer_asks_and_the_signals_come_back(image: Path, port: str) -> None:
    before = signal.getsignal(signal.SIGINT)
    asked: list[bool] = []

    def press(event: Event) -> None:
        if isinstance(event, Progress) and not asked and 0 < event.done_bytes < event.total_bytes:
            signal.raise_signal(signal.SIGINT)

    def stop() -> bool:
        asked.append(True)
        return True

    result = doctor.flash(image, port=port, agree=yes, stop=stop, listen=press, via="usb")
    assert asked and result.begun and result.error is not None and int(result.exit_code) == 3
    assert signal.getsignal(signal.SIGINT) is before


def test_a_port_over_which_another_run_flashes_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serial.Serial.open", lambda _port: pytest.fail("a port was opened"))
    with at_work_elsewhere("/dev/ttyNOPE7"):
        with pytest.raises(LinkError) as caught:
            doctor.check(port="/dev/ttyNOPE7")
        assert caught.value.id == "flash-under-way"
        assert doctor.status(port="/dev/ttyNOPE7").running


WRONG: dict[str, dict[str, Any]] = {
    "no text": {"port": Path("/dev/ttyACM0")},
    "no way to a modem": {"via": "ubs"},
    "no method": {"method": "onthefly"},
    "a risk that nobody knows": {"accept": ["jumper-removed"]},
    "one risk for a list of them": {"accept": "jumpers-removed"},
    "one check for a list of them": {"override": "jumpers-removed"},
    "no number": {"deadline_s": float("nan")},
    "no time": {"deadline_s": 0},
    "more time than a float holds": {"deadline_s": 10**400},
    "a port with a NUL": {"port": "/dev/tty\0"},
    "a host with a NUL": {"port": "telnet://a\0b"},
    "a port with half a surrogate": {"port": "/dev/tty\ud800"},
}


@pytest.mark.parametrize("given", WRONG.values(), ids=WRONG)
def test_a_flash_takes_no_word_that_it_does_not_know(given: dict[str, Any], image: Path, tmp_path: Path) -> None:
    """What was left out silently, a flash went on without."""
    port = f"sim://fipy?state={tmp_path / 'bench'}"
    with pytest.raises(UsageError) as told:
        doctor.flash(image, **{"port": port, "agree": yes, **given})
    assert told.value.next and not (tmp_path / "bench").exists()


def test_text_that_no_file_holds_is_explained_too() -> None:
    (match,) = doctor.explain("\ud800 AT+SMSWBOOT=3,0 failed! \udcff").explanation.matches
    assert match.id == "smswboot-30-failed"


def test_one_check_is_not_a_list_of_letters() -> None:
    with pytest.raises(UsageError, match="'modem-answers' is text"):
        doctor.check(port="sim://fipy", select="modem-answers")
