"""What failed at the prompt and went well later is no fault any more; what fails behind it, or still, is."""

from __future__ import annotations

import pytest

from doctor.knowledge import explain
from doctor.knowledge.explanation import MENDED

NO_CARD = ">>> os.mount(sd, '/sd')\nOSError: [Errno 19] ENODEV\n"
MOUNTED = ">>> os.mount(sd, '/sd')\n>>> os.listdir('/sd')\n['CATM1-41065.dup']\n"
DAMAGED = "lfs.c:1071:error: Corrupted dir pair at {0x0, 0x1}\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{NO_CARD}>>> sd = SD()\n{MOUNTED}can I flash it now?",
        f"{DAMAGED}>>> os.fsformat('/flash')\n>>> os.listdir('/flash')\n['main.py', 'boot.py']\nis it good now?",
    ],
)
def test_what_went_well_in_the_end_is_mended(text: str) -> None:
    found = explain(text.encode())
    assert (found.says, found.matches) == (MENDED, ())


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (f"{NO_CARD}{MOUNTED}>>> open('/sd/x.dup','rb').read(10)\nOSError: [Errno 5] EIO\n", ""),
        (f"{NO_CARD}{MOUNTED}but after a reset the same again", ""),
        (f"{MOUNTED}{NO_CARD}", ""),
        (f"{DAMAGED}>>> os.fsformat('/flash')\n", "board-flash-damaged"),
        (
            f"{DAMAGED}>>> os.fsformat('/flash')\n>>> os.listdir('/flash')\nOSError: [Errno 5] EIO\n",
            "board-flash-damaged",
        ),
        (
            ">>> sqnsupgrade.run('/sd/CATM1-41065.dup')\nOSError: AT+SMSWBOOT=3,0 failed!\n"
            ">>> sqnsupgrade.run('/sd/CATM1-41065.dup')\nAttempting AT wakeup...\n",
            "smswboot-30-failed",
        ),
    ],
)
def test_what_fails_in_the_end_is_not(text: str, first: str) -> None:
    found = explain(text.encode())
    assert found.says != MENDED and found.matches
    assert first in ("", found.matches[0].id)
