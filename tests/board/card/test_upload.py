from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.board.board import Board
from doctor.board.card.upload import Listeners, bring_to_card
from doctor.errors import BoardError, Stopped
from doctor.firmware.image import FirmwareImage, examine
from doctor.sim.practice.image import make_practice_image
from doctor.sim.served.wifi import WifiListener

DRAFT = ".fd-new"


@pytest.fixture(scope="module")
def listener() -> Iterator[WifiListener]:
    with WifiListener("sim://fipy?speed=200", tcp_port=None, pty=False) as served:
        yield served
    assert served.error is None


@pytest.fixture(scope="module")
def board(listener: WifiListener) -> Iterator[Board]:
    with Bench(BenchOptions(port=listener.telnet_name)) as bench:
        yield bench.board


@pytest.fixture
def image(tmp_path: Path, request: pytest.FixtureRequest) -> FirmwareImage:
    """Another one for each test: the card is the same for all."""
    build = 42000 + int(hashlib.sha256(request.node.name.encode()).hexdigest()[:3], 16)
    return examine(make_practice_image(tmp_path, build=build, size_bytes=8_000 + build % 1000))


@dataclass
class Heard:
    steps: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    sent: list[tuple[int, int]] = field(default_factory=list)

    def listeners(self) -> Listeners:
        return Listeners(self.steps.append, self.notices.append, lambda done, total: self.sent.append((done, total)))


def on_card(listener: WifiListener) -> dict[str, bytes]:
    volume = listener.serial.bench.card.mount()
    return {e.name: volume.read("/" + e.name) for e in volume.listdir("/") if not e.is_dir and e.size_bytes < 100_000}


def test_by_ftp_under_its_own_name_once_it_is_proved(
    listener: WifiListener, board: Board, image: FirmwareImage
) -> None:
    heard = Heard()
    listener.ftp.log.clear()
    assert bring_to_card(board, image, heard.listeners()) == f"/sd/{image.path.name}"
    assert on_card(listener)[image.path.name] == image.path.read_bytes()
    assert list(on_card(listener)) == [image.path.name]
    assert f"STOR /sd/{image.path.name}.fd-new" in listener.ftp.log and not heard.notices
    assert heard.sent[-1] == (image.size_bytes, image.size_bytes)
    listener.ftp.log.clear()
    assert bring_to_card(board, image, heard.listeners()) == f"/sd/{image.path.name}"
    assert not listener.ftp.log  # it lies there


def test_copy_that_ended_early_leaves_nothing(listener: WifiListener, board: Board, image: FirmwareImage) -> None:
    before = set(on_card(listener))
    listener.ftp.keeps_bytes = 3_000
    try:
        with pytest.raises(BoardError, match=r"after 3,000 of 8,\d+ bytes") as caught:
            bring_to_card(board, image, Listeners())
    finally:
        listener.ftp.keeps_bytes = None
    assert caught.value.id == "ftp-truncated-file"
    assert set(on_card(listener)) == before


def test_bytes_that_the_card_gives_back_wrong_are_not_kept(
    listener: WifiListener, board: Board, image: FirmwareImage
) -> None:
    before = set(on_card(listener))
    other = replace(image, sha256="0" * 64)
    with pytest.raises(BoardError, match="differs from what was sent") as caught:
        bring_to_card(board, other, Listeners())
    assert caught.value.id == "sd-socket-contact" and set(on_card(listener)) == before


def test_stopping_in_the_middle_leaves_nothing(listener: WifiListener, board: Board, image: FirmwareImage) -> None:
    before = set(on_card(listener))

    def stop(done: int, total: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        bring_to_card(board, image, Listeners(sent=stop))
    assert set(on_card(listener)) == before
    bring_to_card(board, image, Listeners())  # the server is free again


def test_silent_server_means_the_repl_and_a_notice(listener: WifiListener, board: Board, image: FirmwareImage) -> None:
    heard = Heard()
    listener.ftp.dead = True
    try:
        bring_to_card(board, image, heard.listeners(), answer_s=0.05)
    finally:
        listener.ftp.dead = False
    assert "no answer in 0.05 s" in heard.notices[0] and "slower" in heard.notices[0]
    assert on_card(listener)[image.path.name] == image.path.read_bytes()
    assert heard.sent[-1] == (image.size_bytes, image.size_bytes)


def test_file_of_that_name_with_other_bytes_is_kept(listener: WifiListener, board: Board, image: FirmwareImage) -> None:
    other = b"x" * image.size_bytes
    listener.serial.bench.card.mount().write("/" + image.path.name, other)
    heard = Heard()
    bring_to_card(board, image, heard.listeners())
    assert on_card(listener)[image.path.name + ".old"] == other
    assert on_card(listener)[image.path.name] == image.path.read_bytes()
    assert ".old" in heard.notices[0]


def test_full_card_is_told_before_anything_is_written(
    listener: WifiListener, board: Board, image: FirmwareImage
) -> None:
    listener.ftp.log.clear()
    with pytest.raises(BoardError, match="bytes free, the image needs"):
        bring_to_card(board, replace(image, size_bytes=1 << 30), Listeners())
    assert not listener.ftp.log
