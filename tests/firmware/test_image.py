from __future__ import annotations

import gzip
import io
import os
import struct
import zipfile
from pathlib import Path

import pytest

from doctor.errors import UsageError
from doctor.firmware.image import FirmwareImage, Verdict, examine, examine_bytes
from tests.firmware import made

FULL = "CATM1-77777.dup"  # a build without a known size


def look(data: bytes, name: str = FULL) -> FirmwareImage:
    return examine_bytes(data, Path(name))


def worst(image: FirmwareImage) -> str:
    assert image.verdict is Verdict.DAMAGED
    return image.problems[0].catalogue


def test_whole_bundle_is_verified_and_tells_what_it_is() -> None:
    image = look(made.full_image(), "CATM1-41065.dup")
    assert image.verdict is Verdict.VERIFIED
    assert (image.kind, image.family, image.promised_build, image.radio) == ("full", "SQN3330", 41065, "CATM1")
    assert (image.promised_release, image.from_content) == ("LR5.1.1.0-41065", True)
    assert [container.magic for container in image.containers] == ["PACK", "UPGR", "UPGR", "UPGR"]
    assert all(container.checked for container in image.containers)


@pytest.mark.parametrize("signature", [1, 4])
def test_both_checksums_verify(signature: int) -> None:
    assert look(made.full_image(signature=signature)).verdict is Verdict.VERIFIED


@pytest.mark.long
@pytest.mark.parametrize("signature", [1, 4])
def test_every_flipped_bit_is_found(signature: int) -> None:
    whole = made.full_image(signature=signature)
    missed = []
    for place in range(len(whole)):
        bit = 1 << (place % 8) if place > 200 else 0
        for mask in [bit] if bit else [1 << n for n in range(8)]:
            damaged = bytearray(whole)
            damaged[place] ^= mask
            if look(bytes(damaged)).verdict is not Verdict.DAMAGED:
                missed.append((place, mask))
    assert missed == []


def test_every_cut_is_found() -> None:
    whole = made.full_image()
    assert [size for size in range(len(whole)) if look(whole[:size]).verdict is not Verdict.DAMAGED] == []


def test_something_behind_the_end_is_found() -> None:
    assert worst(look(made.full_image() + b"\x00")) == "firmware-file-truncated"


def test_bundle_must_be_alone() -> None:
    image = look(made.full_image() + made.upgrade(2, b"x" * 100))
    assert "PACK" in image.problems[0].text
    assert worst(image) == "firmware-file-truncated"


def test_several_upgrade_packages_without_a_bundle_are_fine() -> None:
    image = look(made.upgrade(8, b"u" * 200) + made.upgrade(2, b"x 5.1.1.0 [77777]" + b"m" * 200))
    assert (image.verdict, image.kind, image.promised_build) == (Verdict.VERIFIED, "full", 77777)


def test_version_1_and_2_headers_verify() -> None:
    data = made.container_v1(b"SFFF", b"x" * 301) + made.container(b"SUFF", b"y" * 300, version=2, signature=1)
    assert look(data).verdict is Verdict.VERIFIED


@pytest.mark.parametrize("place", [4, 6, 9, 12, 17, 20, 100])
def test_version_1_finds_a_flipped_bit(place: int) -> None:
    data = bytearray(made.container_v1(b"SFFF", b"x" * 301))
    data[place] ^= 4
    assert look(bytes(data)).verdict is Verdict.DAMAGED


@pytest.mark.parametrize("signature", [2, 3])
def test_signed_with_a_key_is_unverifiable(signature: int) -> None:
    image = look(made.container(b"SFFF", b"SQN3330" + b"x" * 300, signature=signature))
    assert (image.verdict, image.kind, image.problems) == (Verdict.UNVERIFIABLE, "full", ())


def test_unsigned_is_unverifiable() -> None:
    assert look(made.container(b"SFFF", b"x" * 300, signature=0)).verdict is Verdict.UNVERIFIABLE


def test_parts_of_a_key_signed_bundle_are_still_checked() -> None:
    inner = bytearray(made.upgrade(2, b"x" * 300))
    inner[100] ^= 1
    assert worst(look(made.container(b"PACK", bytes(inner), signature=3))) == "firmware-file-truncated"


def test_unknown_magic_is_unverifiable_even_where_a_checksum_agrees() -> None:
    assert look(made.container(b"WXYZ", b"x" * 300)).verdict is Verdict.UNVERIFIABLE


def test_unknown_magic_with_a_wrong_checksum_is_damaged() -> None:
    assert worst(look(made.container(b"WXYZ", b"x" * 300)[:-1] + b"!")) == "firmware-file-truncated"


def test_signature_type_that_does_not_exist() -> None:
    data = bytearray(made.container(b"SFFF", b"x" * 300))
    struct.pack_into("<H", data, 12, 9)
    assert "signature type 9" in look(bytes(data)).problems[0].text


def test_boot_package_lengths() -> None:
    good = made.container(b"UPGR", made.boot_package(), text="bootrom upgrade package", signature=1)
    bad = made.container(b"UPGR", made.boot_package() + b"!", text="bootrom upgrade package", signature=1)
    assert (look(good, "boot.dup").verdict, look(good, "boot.dup").kind) == (Verdict.VERIFIED, "bootrom")
    assert "boot package" in look(bad).problems[0].text


def test_image_sum_is_checked_under_a_right_container_sum() -> None:
    bad_image = bytearray(made.slim_image(b"x" * 300))
    bad_image[-1] ^= 1
    image = look(made.container(b"UPGR", struct.pack("<I", 2) + bytes(bad_image)))
    assert "FFF!" in image.problems[0].text
    assert worst(image) == "firmware-file-truncated"


def test_image_part_past_the_end() -> None:
    body = b"IELF" + struct.pack("<II", 12, 4000) + b"x" * 300
    assert "past its end" in look(made.upgrade(2, body)).problems[0].text


def test_bare_image() -> None:
    whole = made.slim_image(b"x" * 300)
    assert look(whole).verdict is Verdict.VERIFIED
    assert worst(look(whole[:-5])) == "firmware-file-truncated"


def test_lengths_that_lie() -> None:
    head = struct.pack("<4sHHIHHH", b"PACK", 3, 0, 0xFFFFFFFF, 4, 0xFFFF, 0xFFFF)
    assert worst(look(head + bytes(range(200)))) == "firmware-file-truncated"


def test_bundles_in_bundles_end() -> None:
    data = made.upgrade(2, b"x" * 100)
    for _ in range(30):
        data = made.container(b"PACK", data)
    assert "deep" in look(data).problems[0].text


def test_very_many_containers_end() -> None:
    assert "more than" in look(made.container(b"TEST", b"") * 3000).problems[0].text


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("CATM1-41065.dup", made.full_image())
    return out.getvalue()


PAGE = b"\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>"
WRONG = {
    "page": (PAGE, "error-page-saved-as-dup"),
    "long page": (PAGE + b" " * 9000, "error-page-saved-as-dup"),
    "401": (b"401 Unauthorized" + b"\n" * 150, "error-page-saved-as-dup"),
    "xml": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "error-page-saved-as-dup"),
    "json": (b'{"message": "Not Found", "status": "404"}', "error-page-saved-as-dup"),
    "utf-16": ("<html>".encode("utf-16") * 40, "error-page-saved-as-dup"),
    "text": (b"the firmware is on the other stick, ask me\n" * 9, "error-page-saved-as-dup"),
    "zip": (zipped(), "firmware-still-zipped"),
    "gzip": (gzip.compress(made.full_image()), "firmware-still-zipped"),
    "rar": (b"Rar!\x1a\x07\x00" + bytes(range(256)), "firmware-still-zipped"),
    "appledouble": (b"\x00\x05\x16\x07\x00\x02\x00\x00" + bytes(4088), "appledouble-companion"),
    "elf": (made.elf(), "files-swapped"),
    "empty": (b"", "firmware-file-too-small-message"),
    "tiny": (b"\x01\x80\x00", "firmware-file-too-small-message"),
    "never written": (bytes(6_160_982), "firmware-file-truncated"),
    "noise": (bytes(range(256)) * 20, "firmware-file-truncated"),
}


@pytest.mark.parametrize("what", WRONG)
def test_something_else_than_firmware(what: str) -> None:
    data, catalogue = WRONG[what]
    assert worst(look(data)) == catalogue


def test_swapped_updater_is_told_by_kind() -> None:
    assert look(made.elf(), "CATM1-41065.dup").kind == "updater-elf"


def test_control_characters_of_a_page_are_escaped() -> None:
    text = look(b"<html>\x1b[31m\x07evil").problems[0].text
    assert "\x1b" not in text
    assert "\\x1b[31m" in text


def test_unknown_format_of_the_known_size_is_unverifiable() -> None:
    data = bytes(range(256)) * 1627  # 416 512
    image = look(data[:416_448], "CATM1-5.2-48829-1.dup")
    assert (image.verdict, image.kind, image.size_known) == (Verdict.UNVERIFIABLE, "pair-1", True)


def test_unknown_format_of_another_size_is_damaged() -> None:
    assert worst(look(bytes(range(256)) * 3000, "CATM1-41065.dup")) == "firmware-file-truncated"


def test_known_size_that_differs_is_a_warning() -> None:
    image = look(made.container(b"SFFF", b"x" * 300, signature=3), "CATM1-41065.dup")
    assert image.verdict is Verdict.UNVERIFIABLE
    assert "6160982" in image.warnings[0].text


def test_differential_by_name() -> None:
    image = look(made.container(b"SFFF", b"x" * 300, signature=3), "upgdiff_33080-to-41065.dup")
    assert (image.kind, image.base, image.promised_build, image.radio) == ("diff", 33080, 41065, "CATM1")


def test_differential_by_content() -> None:
    image = look(made.container(b"PACK", made.container(b"DIFF", b"x" * 300)))
    assert (image.kind, image.base) == ("diff", None)
    assert image.warnings[0].catalogue == "wrong-firmware-variant-chosen"


def test_content_wins_over_the_name() -> None:
    image = look(made.full_image(b"6.0.0.0 [41019]"), "CATM1-77777.dup")
    assert (image.promised_build, image.radio) == (41019, "NB1")
    assert "77777" in image.warnings[0].text


def test_image_of_another_modem_in_disguise() -> None:
    image = look(made.full_image(b"8.0.5.13 [59577]", b"GM02S SQN34x0"), FULL)
    assert image.family == "MONARCH2"
    assert image.warnings[0].catalogue == "wrong-firmware-variant-chosen"


def test_names_of_both_families_decide_nothing() -> None:
    assert look(made.full_image(words=b"GM02S SQN3330"), "x.dup").family == "unknown"


def test_hidden_extension_is_a_warning() -> None:
    image = look(made.full_image(), "CATM1-41065.dup.txt")
    assert image.verdict is Verdict.VERIFIED
    assert "hidden-double-extension" in [problem.catalogue for problem in image.warnings]


def test_practice_image() -> None:
    image = look(made.practice_image(), "PRACTICE-CATM1-41065.dup")
    assert (image.verdict, image.kind, image.family) == (Verdict.VERIFIED, "practice", "practice")
    assert (image.promised_build, image.promised_release, image.radio) == (41065, "LR5.1.1.0-41065", "CATM1")


def test_practice_image_under_another_name_stays_one() -> None:
    assert look(made.practice_image(), "CATM1-41065.dup").family == "practice"


def test_practice_name_over_other_content_stays_in_the_simulator() -> None:
    image = look(made.full_image(), "PRACTICE-CATM1-41065.dup")
    assert (image.kind, image.family) == ("practice", "practice")
    assert image.warnings != ()


def test_practice_image_in_a_bundle_is_no_firmware() -> None:
    assert look(made.container(b"PACK", made.practice_image())).kind == "practice"
    assert look(made.container(b"PACK", made.practice_image())).verdict is Verdict.DAMAGED


@pytest.mark.parametrize("lines", ["PRACTISE\nbuild=1\n", "PRACTICE\nradio=CATM1\n", "PRACTICE\nbuild=many\n"])
def test_practice_image_without_its_lines(lines: str) -> None:
    assert look(made.practice_image(lines), "PRACTICE-x.dup").verdict is Verdict.DAMAGED


def test_practice_image_with_another_signature() -> None:
    assert look(made.practice_image(signature=3)).verdict is Verdict.DAMAGED


def test_practice_images_of_the_simulator() -> None:
    practice = pytest.importorskip("doctor.sim.practice.image")
    full = look(practice.practice_image("NB1", 41019), practice.practice_name("NB1", 41019))
    diff = look(practice.practice_image("CATM1", 41065, base=38638), practice.practice_name("CATM1", 41065, 38638))
    assert (full.verdict, full.radio, full.promised_build, full.base) == (Verdict.VERIFIED, "NB1", 41019, None)
    assert (diff.verdict, diff.kind, diff.base, diff.problems) == (Verdict.VERIFIED, "practice", 38638, ())


def test_examine_reads_a_file(tmp_path: Path) -> None:
    path = tmp_path / FULL
    path.write_bytes(made.full_image())
    assert examine(path).verdict is Verdict.VERIFIED
    assert examine(path).size_bytes == len(made.full_image())


def test_missing_file_and_folder_are_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        examine(tmp_path / "none.dup")
    with pytest.raises(UsageError, match="folder"):
        examine(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / FULL)
    with pytest.raises(UsageError, match="regular"):
        examine(tmp_path / FULL)
