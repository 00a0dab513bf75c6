"""Errors that are only a number: one number means another thing on the card, on the board's flash and at a port."""

from __future__ import annotations

import errno

import pytest

from doctor.knowledge import explain
from doctor.knowledge.catalogue import sources
from doctor.knowledge.errnos import meanings
from tests.explain.test_public import printed

#: What was done, and the entry that comes first.
MEANT = [
    (">>> f = open('/flash/lib/a.py','w')\nOSError: [Errno 30] EROFS", "board-flash-read-only"),
    ("OSError: 30\nbei open('/flash/config.json','w')", "board-flash-read-only"),
    (">>> f = open('/sd/a.csv','w')\nOSError: 30", "sd-never-mounted"),
    (">>> os.listdir('/flash')\nOSError: [Errno 19] ENODEV", "board-flash-damaged"),
    (">>> os.listdir('/sd')\nOSError: [Errno 19] ENODEV", "sd-mount-no-fat"),
    ("OSError: [Errno 28] ENOSPC when my logger writes to /sd/log.csv", "sd-card-full"),
    ("the logger writes to /flash/log.csv: OSError: 28", "board-flash-full"),
    ("SD() on the pysense says OSError: [Errno 110] ETIMEDOUT", "sd-object-init-fails"),
    ("hi, mount says\nOSError: [Errno 16] EBUSY\nwhen I run it twice", "sd-already-mounted"),
    ("uart = UART(1, 921600)\nOSError: 16", "part-of-board-in-use"),
    ("OSError: 2\nopen('/sd/CATM1-38638.dup') but it is on the card", "dup-path-enoent"),
    ("f.write(line) OSError: 5, the file is on the sd card", "sd-read-error-mid-flash"),
    ("OSError: 5 for open('/flash/main.py')", "board-flash-damaged"),
]
#: What no entry has; what is said of it all the same, and what may not be named.
SAID = [
    ("os.remove('/flash/old.py') gives OSError: [Errno 13] EACCES", "Error 13 is EACCES", "board's own flash"),
    (">>> os.rename('/sd/a:b', '/sd/c')\nOSError: 22", "Error 22 is EINVAL", "SD card"),
    (">>> s.connect(addr)\nOSError: 113", "Error 113 is EHOSTUNREACH", "network call"),
]


@pytest.mark.parametrize(("text", "first"), MEANT, ids=[first for _, first in MEANT])
def test_a_number_means_what_it_means_where_it_came_from(text: str, first: str) -> None:
    found = explain(text.encode())
    assert [match.id for match in found.causes][:1] == [first]
    assert not found.unsure


@pytest.mark.parametrize(("text", "number", "medium"), SAID)
def test_a_number_that_no_entry_has_is_told_in_words(text: str, number: str, medium: str) -> None:
    assert number in printed(text)
    assert medium in printed(text)
    assert not explain(text.encode()).matches
    assert not explain(text.encode()).candidates


def test_a_listing_of_the_boards_flash_says_nothing_of_a_card() -> None:
    text = ">>> os.listdir('/flash')\nOSError: [Errno 19] ENODEV"
    assert "card" not in " ".join(match.entry.area for match in explain(text.encode()).matches)


def test_nothing_of_a_bare_number_is_certain_before_a_mount_was_tried() -> None:
    for text in (">>> os.listdir('/sd')\nOSError: 19", "OSError: [Errno 1] EPERM\n/sd"):
        assert "certain" not in [match.confidence for match in explain(text.encode()).matches], text


def test_the_table_has_the_numbers_of_linux_and_entries_that_exist() -> None:
    for number, meaning in meanings().items():
        assert errno.errorcode[number].replace("ENOTSUP", "EOPNOTSUPP") == meaning.name or number not in errno.errorcode
        assert {row[2] for row in meaning.rows} <= set(sources())
