"""An error line is judged with what stands around it: tool, direction, sizes, how often, what went before."""

from __future__ import annotations

import pytest

from doctor.jobs.explaining.advice import advice
from doctor.knowledge import explain

FIRST = [
    (
        "rshell> cp /flash/main.py .\ntimed out or error in transfer to remote: b''\nand it restarts",
        "rshell-fetch-resets-board",
    ),
    ("with rshell I copy from the board to my PC and it reboots, to the board works fine", "rshell-fetch-resets-board"),
    ("rshell: timed out or error in transfer to remote while cp main.py /flash", "no-raw-prompt"),
    (
        "*** transfer aborted after 8192 of 24331 bytes: sqnsupgrade.py\ncan I start the upgrade?",
        "pymakr-upload-failed",
    ),
    ("put lib/sqnscodec.py: wrote 4096/9120 bytes, Write timeout", "pymakr-upload-failed"),
    ("ftp of CATM1-41065.dup to the board stopped at 3100 of 6200 kB: connection lost. use it?", "ftp-truncated-file"),
    (
        "abort() was called at PC 0x4012 on core 1\ndanach normal der Prompt. Ist das eine Bootschleife?",
        "board-crashed-once",
    ),
    ("my board reboots over and over, the banner comes every 2 seconds", "boot-loop"),
    (
        "AT+SMOD? -> 4\nOSError: Couldn't connect to Modem (modem_state=recovery). Perform a modem firmware update.",
        "modem-in-upgrade-mode",
    ),
]
#: What a question or a text without a deed may not make certain.
UNPROVEN = [
    "entry 0x400a05bc\nand nothing more, no prompt",
    "Is it in a boot loop?\nGuru Meditation Error: Core 1 panic'ed\n>>>",
    "the board keeps rebooting",
]


@pytest.mark.parametrize(("text", "first"), FIRST, ids=[f"{n}-{first}" for n, (_, first) in enumerate(FIRST)])
def test_the_same_line_means_what_its_surroundings_say(text: str, first: str) -> None:
    assert [match.id for match in explain(text.encode()).causes][:1] == [first]


@pytest.mark.parametrize("text", UNPROVEN)
def test_nothing_is_certain_without_a_ground_in_the_text(text: str) -> None:
    assert "certain" not in {match.confidence for match in explain(text.encode()).matches}


def test_one_crash_is_no_loop_though_the_question_names_one() -> None:
    text = (
        "Guru Meditation Error: Core 0 panic'ed (StoreProhibited)\nRebooting...\n>>>\nboot loop?? should I erase all?"
    )
    found = explain(text.encode())
    assert "boot-loop" not in {match.id for match in found.matches}
    assert "No" in " ".join(advice(found).answers)


@pytest.mark.parametrize(
    "other", ["OSError: [Errno 1] EPERM at os.mount", "all 7 jumpers of the FiPy's expansion board are on, modem"]
)
def test_other_errors_do_not_hide_a_transfer_that_stands_still(other: str) -> None:
    found = explain(
        f"Sending 5996938 bytes...  99%\nhangs for 12 minutes. before that: {other}. Pull the plug?".encode()
    )
    assert found.matches[0].id == "stall-7-10-or-99-percent"
    assert advice(found).steps[0].startswith(("Wait, with the power on", "Leave board, cable, power"))
    assert "umount" not in advice(found).steps[0]


def test_a_whole_upload_is_none_that_broke_off() -> None:
    assert not explain(b"only 12 files: sqnsupgrade.py 28711/28711 bytes, fine?").matches
