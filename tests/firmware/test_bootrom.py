from __future__ import annotations

import base64
import hashlib
import struct
import zlib
from pathlib import Path

import pytest

from doctor.errors import FirmwareError, UsageError
from doctor.firmware import bootrom
from doctor.firmware.bootrom import extract, load_bootrom
from doctor.firmware.checksums import fletcher32
from doctor.sim.practice.image import make_practice_bootrom, make_practice_image

DESCRIPTION = b"bootrom upgrade package\0"


def package(words: bytes = b"PYCOM SQN3330 FiPy", *, description: bytes = DESCRIPTION, signature: int = 1) -> bytes:
    body = words.ljust(400, b"\xa5")
    toob = b"toob" + struct.pack("<II", 0, 1) + b"sbpk" + struct.pack(">III", 300, 60, 40) + body
    header = struct.pack("<4sHHIHHH", b"UPGR", 3, 0, len(toob), signature, 4, len(description))
    whole = header + description + toob
    check = fletcher32(whole, "big") if signature == 1 else zlib.crc32(whole)
    return whole + struct.pack("<I", check)


GOOD = package()


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(bootrom.BUILD_OF_SHA256, hashlib.sha256(GOOD).hexdigest(), 41065)


def sqnsbr(data: bytes) -> str:
    return f"import binascii\nclass bootrom:\n    BOOTROM = binascii.a2b_base64({base64.b64encode(data)!r})\n"


def sqnsbrz(data: bytes) -> str:
    text = base64.b64encode(zlib.compress(data))
    return f"class bootrom:\n    BOOTROM = uzlib.decompress(ubinascii.a2b_base64({text!r}))\n"


@pytest.mark.parametrize("script", [sqnsbr, sqnsbrz])
def test_package_comes_out_of_a_script(script: object, known: None, tmp_path: Path) -> None:
    path = tmp_path / "sqnsbr.py"
    path.write_text(script(GOOD))  # type: ignore[operator]
    found = load_bootrom(path)
    assert (found.data, found.build, found.family) == (GOOD, 41065, "SQN3330")


def test_container_itself(known: None, tmp_path: Path) -> None:
    path = tmp_path / "bootrom.dup"
    path.write_bytes(GOOD)
    assert load_bootrom(path).sha256 == hashlib.sha256(GOOD).hexdigest()


def test_nothing_of_the_script_runs(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    source = f"open({str(mark)!r}, 'w')\n" + sqnsbr(GOOD)
    assert extract(source.encode()) == GOOD
    assert not mark.exists()


@pytest.mark.parametrize(
    "source",
    [
        "x = 1",
        "BOOTROM = b''\nBOOTROM = b''",
        "BOOTROM = open('x').read()",
        "BOOTROM = eval('1')",
        "BOOTROM = [1]",
        "BOOTROM = base64.b64decode(name)",
        "BOOTROM = zlib.decompress(b'no zlib')",
        "BOOTROM = a(b(c(d(e(b'')))))",
        "<html>",
        "\0",
        "(" * 5000,
    ],
)
def test_anything_cleverer_is_refused(source: str) -> None:
    with pytest.raises(FirmwareError):
        extract(source.encode())


def test_bomb_is_refused() -> None:
    text = base64.b64encode(zlib.compress(bytes(bootrom.MAX_BYTES + 1)))
    with pytest.raises(FirmwareError, match="1 MiB"):
        extract(f"BOOTROM = zlib.decompress(a2b_base64({text!r}))".encode())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (GOOD, "unknown"),
        (package(b"OTHER VENDOR SQN3330"), "another board"),
        (package(b"PYCOM alone"), "another board"),
        (package(description=b"updater upgrade package\0"), "not a boot ROM"),
        (package(signature=4), "signed"),
        (GOOD[:-1], "is"),
        (GOOD[:200] + b"\0" + GOOD[201:], ""),
    ],
)
def test_what_must_not_be_sent(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "bootrom.dup"
    path.write_bytes(data)
    with pytest.raises(FirmwareError) as caught:
        load_bootrom(path)
    assert words in caught.value.what


def test_practice_package(tmp_path: Path) -> None:
    found = load_bootrom(make_practice_bootrom(tmp_path))
    assert (found.family, found.build) == ("practice", 41065)
    with pytest.raises(FirmwareError):
        load_bootrom(make_practice_image(tmp_path, size_bytes=5000))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        load_bootrom(tmp_path / "none.py")
