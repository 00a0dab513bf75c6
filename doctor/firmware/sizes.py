"""Sizes of firmware files as public logs show them (failure-catalogue.md 4): for warnings, never for proof."""

from __future__ import annotations

from doctor.firmware.names import FirmwareName

#: Full images by build, in bytes.
FULL_BYTES = {
    33988: 5_665_583,
    35351: 4_560_505,
    37365: 5_050_226,
    37781: 5_258_127,
    38638: 5_996_938,
    41065: 6_160_982,
    41019: 5_835_531,
}
#: First file of the 48829 pair: one report only.
PART_BYTES = {(48829, 1): 416_448}
#: Differential images by (from, to), in bytes.
DIFF_BYTES = {(33080, 41065): 1_658_508, (33080, 41019): 2_533_108}
#: Differential images whose size is known only roughly.
ROUGH_DIFF_BYTES = {(33080, 39529): 1_200_000, (38638, 39529): 452_000}
#: How far a roughly known size may be off: "about 1.2 M" may be counted in thousands or in 1024s.
ROUGH_SHARE = 0.08

#: Genuine files of the sibling modem, by release: the one that PyPI's pysequansutils carries.
MONARCH2_BYTES = {59577: 7_020_424}

#: RAM-loaded updater.elf: size in bytes -> the packages it came with.
UPDATER_ELF_PACKAGES = {306_076: "the packages of 2018", 371_307: "the packages of 2020"}


def known_size(name: FirmwareName) -> tuple[int, bool] | None:
    """(bytes, exact) that public logs give for a file of this name, None if they give none."""
    if name.build is None or name.practice:
        return None
    if name.differential:
        if name.base is None:
            return None
        pair = (name.base, name.build)
        if pair in DIFF_BYTES:
            return DIFF_BYTES[pair], True
        return (ROUGH_DIFF_BYTES[pair], False) if pair in ROUGH_DIFF_BYTES else None
    table = MONARCH2_BYTES if name.family == "MONARCH2" else FULL_BYTES
    size = PART_BYTES.get((name.build, name.part)) if name.part else table.get(name.build)
    return None if size is None else (size, True)


def agrees(size_bytes: int, known: tuple[int, bool]) -> bool:
    """Whether a file's size is the known one, or near enough to one that is known only roughly."""
    expected, exact = known
    return size_bytes == expected if exact else abs(size_bytes - expected) <= expected * ROUGH_SHARE
