"""What a flash refuses before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import serial

from doctor import roster
from doctor.bench import Bench, BenchOptions
from doctor.errors import UsageError
from doctor.jobs.flash import FlashRequest, FlashResult, flash
from doctor.link.link import Link, open_link
from doctor.link.port_url import PortUrl
from doctor.sim.board.modules import table
from doctor.sim.modem.modem import Modem
from tests.link import devices
from tests.link.wire import Wire

from .flashing import User, flashed, small_image

NEVER = ("firmware-is-whole", "updater-image-is-elf", "step-is-safe", "modem-answers", "boot-starts-no-updater")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return small_image(tmp_path)


@dataclass
class OnBoard:
    """A flash at a board that does not look simulated."""

    result: FlashResult
    modem: Modem
    user: User


def at_a_board(
    image: Path, monkeypatch: pytest.MonkeyPatch, *, token: bool, changes_baud: bool = True, url: str = "sim://fipy"
) -> OnBoard:
    user = User()
    if not token:
        monkeypatch.delitem(table._PLAIN, "fipy_doctor_sim")
    name = PortUrl.read("/dev/ttyACM7" if changes_baud else "socket://localhost:7")
    link = Link(open_link(PortUrl.read(url)).serial, name, rts=True)
    with Bench(BenchOptions(port=name.text, firmware=(image,)), link=link) as bench:
        result = flash(bench, FlashRequest(), consent=user)
        return OnBoard(result, bench.link.serial.bench.modem, user)


def test_practice_image_is_refused_at_a_board_that_does_not_prove_itself(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = at_a_board(image, monkeypatch, token=False)
    assert done.result.exit_code == 1
    assert done.result.error is not None and "practice" in str(done.result.error).lower()
    assert (done.modem.received, done.modem.mode) == ([], "application")


def test_practice_image_goes_to_a_board_that_answers_the_token(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert at_a_board(image, monkeypatch, token=True).result.exit_code == 0


def test_practice_image_is_refused_at_a_bare_modem_without_the_token(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire: list[Wire] = []

    def open_wire(*_: object, **__: object) -> Wire:
        wire.append(devices.modem(921600))
        return wire[-1]

    monkeypatch.setattr(serial, "serial_for_url", open_wire)
    monkeypatch.setattr(Wire, "open", lambda self: None, raising=False)
    monkeypatch.setattr(Wire, "dtr", True, raising=False)
    with Bench(BenchOptions(port="/dev/ttyUSB7", firmware=(image,), via_modem=True)) as bench:
        result = flash(bench, FlashRequest("modem"), consent=User())
    assert result.exit_code == 1
    assert result.error is not None and "practice" in str(result.error).lower()
    assert b"SMSTPU" not in wire[0].written


def test_usb_is_refused_on_a_link_without_speeds_before_the_board_mirrors(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = at_a_board(image, monkeypatch, token=True, changes_baud=False)
    assert done.result.exit_code == 1
    assert done.result.error is not None and done.result.error.id == "mirror-no-answer"
    assert done.modem.received == []
    assert not done.result.advice


@pytest.mark.parametrize("check_id", NEVER)
def test_five_checks_are_never_overridden(image: Path, check_id: str) -> None:
    with (
        Bench(BenchOptions(port="sim://fipy", firmware=(image,))) as bench,
        pytest.raises(UsageError, match="can never be overridden"),
    ):
        flash(bench, FlashRequest(override=frozenset({check_id})), consent=User())


def test_no_other_check_refuses_it() -> None:
    assert {check.id for check in roster.builtin() if not check.overridable} == set(NEVER)


def test_a_failed_check_stands_in_the_way_until_it_is_overridden(image: Path) -> None:
    url = "sim://fipy?scenario=html-scripts"
    assert flashed(image, User(), url=url).result.exit_code == 1
    over = FlashRequest(override=frozenset({"board-scripts-match"}))
    assert flashed(image, User(), url=url, request=over).result.exit_code == 0


def test_a_declined_plan_sends_nothing(image: Path) -> None:
    done = flashed(image, User(yes=False))
    assert done.result.exit_code == 1
    assert (done.sim.modem.received, done.mode) == ([], "application")


def test_jumpers_that_could_not_be_examined_are_asked_about(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = at_a_board(image, monkeypatch, token=True, url="sim://fipy?scenario=modem-recovery")
    assert done.user.consents == ["jumpers-removed"]  # practice goes as reality does
