"""The walk over containers at its borders: what begins one, how deep they lie, what a package says it is for."""

from __future__ import annotations

import struct

import pytest

from doctor.firmware import caba
from doctor.firmware.caba import walk
from tests.firmware import made

PARTITION = struct.pack("<I", 2)


def head(magic: bytes, version: int) -> bytes:
    """The twelve bytes that every container begins with, and nothing behind them."""
    return struct.pack("<4sHHI", magic, version, 0, 100)


@pytest.mark.parametrize(
    ("data", "is_one"),
    [
        (b"", False),
        (b"hello", False),
        (b"UPGR", True),
        (b"UPGR1234567", True),
        (head(b"none", 0), False),
        (head(b"none", 2), True),
        (head(b"none", 3), True),
        (head(b"UPGR", 9), True),
        (head(b"none", 4), False),
    ],
)
def test_a_file_that_begins_like_a_container_is_a_damaged_one_and_no_other_is(data: bytes, is_one: bool) -> None:
    found = walk(data)
    assert found.containers == ()
    assert bool(found.problems) is is_one


@pytest.mark.parametrize(("data", "partition"), [(PARTITION[:3], None), (PARTITION, 2), (PARTITION + b"x", 2)])
def test_a_package_says_its_partition_in_its_first_four_bytes(data: bytes, partition: int | None) -> None:
    (container,) = walk(made.container(b"UPGR", data)).containers
    assert container.partition == partition


def test_a_boot_package_is_for_no_partition() -> None:
    """Its data begins with ``toob`` instead (modem-protocol.md 6.2)."""
    (container,) = walk(made.container(b"UPGR", made.boot_package())).containers
    assert container.partition is None


@pytest.mark.parametrize("head_bytes", [16, 18])
def test_a_header_alone_is_a_whole_container(head_bytes: int) -> None:
    """No description, no data, no signature: modem-protocol.md 6.1 has no least size."""
    data = struct.pack("<4sHHIHHH", b"DIFF", 2 if head_bytes == 16 else 3, 0, 0, 0, 0, 0)[:head_bytes]
    found = walk(data)
    assert [one.end for one in found.containers] == [head_bytes]
    assert not found.problems


@pytest.mark.parametrize(("bundles", "refused"), [(1, False), (3, False), (4, True)])
def test_bundles_lie_in_bundles_three_deep_and_no_deeper(bundles: int, refused: bool) -> None:
    data = made.container(b"DIFF", b"x" * 300)
    for _ in range(bundles):
        data = made.container(b"PACK", data)
    assert any("deep" in problem.text for problem in walk(data).problems) is refused


def only_problem(data: bytes) -> str:
    (problem,) = walk(data).problems
    return problem.text


#: modem-protocol.md 6.1, and PRAC, which is ours. Those of three letters may end in NUL or in a blank.
MAGICS = b"PACK UPGR PRAC SFFF SUFF DIFF RASR TEST FILE PSIA RFIL SUPG".split() + [
    word + filled for word in (b"CRC", b"OTP", b"SIR") for filled in (b"\0", b" ")
]


@pytest.mark.parametrize("magic", MAGICS)
def test_what_the_modem_calls_a_container_is_one_wherever_it_lies(magic: bytes) -> None:
    inner = made.container(magic, b"" if magic == b"PACK" else b"\2\0\0\0" + bytes(20))
    found = walk(made.container(b"PACK", inner))
    assert [one.depth for one in found.containers] == [0, 1]
    assert not any("no container where one belongs" in problem.text for problem in found.problems)


def test_no_other_magic_is_known() -> None:
    assert set(MAGICS) == caba.KNOWN_MAGICS


def test_a_wrong_checksum_names_its_container_by_what_it_says_of_itself() -> None:
    data = bytearray(made.container(b"DIFF", b"x" * 300, text="d" * 60))
    data[-10] ^= 1
    assert only_problem(bytes(data)).startswith(f"has a wrong checksum over its DIFF container ({'d' * 37}...): ")
    data = bytearray(made.container(b"DIFF", b"x" * 300, text="d" * 40))
    data[-10] ^= 1
    assert f"container ({'d' * 40}): " in only_problem(bytes(data))
    data = bytearray(made.container(b"DIFF", b"x" * 300))
    data[-10] ^= 1
    assert only_problem(bytes(data)).startswith("has a wrong checksum over its DIFF container: ")
    assert not walk(bytes(data)).containers[0].checked


def signed(kind: int, length: int, description: bytes = b"") -> bytes:
    """A container with a signature of that type and length."""
    size = 40
    return (
        struct.pack("<4sHHIHHH", b"DIFF", 3, 0, size, kind, length, len(description))
        + description
        + bytes(size)
        + b"\xa5" * length
    )


@pytest.mark.parametrize(
    ("kind", "length", "known"),
    [
        *((0, 0, True), (0, 1, False)),
        *((2, 63, False), (2, 64, True), (2, 72, True)),
        *((3, 255, False), (3, 256, True), (3, 257, False)),
        *((1, 5, False), (4, 3, False), (5, 4, False)),
    ],
)
def test_a_signature_that_only_the_maker_can_check_is_no_checksum(kind: int, length: int, known: bool) -> None:
    found = walk(signed(kind, length))
    assert [one.checked for one in found.containers] == [False]
    assert ("which does not exist" in " ".join(problem.text for problem in found.problems)) != known


@pytest.mark.parametrize(
    ("description", "sound"),
    [
        (b"text\0", True),
        (b"text", False),
        (b"text\x1f\0", False),
        (b"text\x7f\0", False),
        (b"text ~\0", True),
        (b"", True),
    ],
)
def test_a_description_that_is_not_text_shows_that_bytes_have_changed(description: bytes, sound: bool) -> None:
    problems = [problem.text for problem in walk(signed(0, 0, description)).problems]
    assert ("not text" in " ".join(problems)) != sound
    whole = made.container(b"DIFF", b"x" * 40)
    assert not walk(whole).problems


@pytest.mark.parametrize("cut", [1, 11, 12, 15, 17, 60])
def test_a_container_that_ends_early_says_how_much_is_missing(cut: int) -> None:
    whole = made.container(b"DIFF", b"x" * 40)
    (problem,) = walk(made.container(b"PACK", whole[:cut])).problems
    words = (
        "left where a container header belongs" if cut < 12 else "middle of a container header" if cut < 18 else "needs"
    )
    assert words in problem.text
    assert problem.offset == 18


@pytest.mark.parametrize("version", [1, 2, 3])
def test_each_version_of_a_header_is_read_to_its_end(version: int) -> None:
    data = b"\2\0\0\0" + bytes(40)
    one = made.container_v1(b"DIFF", data) if version == 1 else made.container(b"DIFF", data, version=version)
    (found,) = walk(one).containers
    assert (found.checked, found.end, found.data_size, found.version) == (True, len(one), 44, version)
    assert found.signature_type == (-1 if version == 1 else 4)
    assert not walk(one).problems


@pytest.mark.parametrize(("place", "what"), [(30, "data"), (5, "header")])
def test_version_1_has_a_checksum_of_its_data_and_of_its_header(place: int, what: str) -> None:
    whole = bytearray(made.container_v1(b"DIFF", bytes(40)))
    whole[6 if what == "header" else place] ^= 1  # the flags, which mean nothing
    assert only_problem(bytes(whole)).startswith(f"has a wrong {what} checksum in its DIFF container")
    assert not walk(bytes(whole)).containers[0].checked


def test_nothing_stands_beside_a_bundle() -> None:
    bundle, other = made.container(b"PACK", made.container(b"DIFF", b"x" * 9)), made.container(b"DIFF", b"y" * 9)
    (problem,) = walk(other + bundle).problems
    assert "must be alone" in problem.text and problem.offset == len(other)
    assert not walk(other + other).problems
    assert not walk(made.container(b"PACK", bundle + other)).problems


def test_an_empty_bundle_is_damage() -> None:
    assert only_problem(made.container(b"PACK", b"")) == "holds an empty bundle (PACK)"


@pytest.mark.parametrize(("count", "refused"), [(64, False), (65, True)])
def test_no_file_holds_more_than_64_containers(count: int, refused: bool) -> None:
    found = walk(made.container(b"DIFF", b"") * count)
    assert ("more than 64" in " ".join(problem.text for problem in found.problems)) is refused
    assert len(found.containers) == 64
