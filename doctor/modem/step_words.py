"""Why each step of a flash is taken, and what could go wrong in it, in words for the user."""

from __future__ import annotations

from dataclasses import dataclass, replace

from doctor.updater.plan import BOOTROM
from doctor.updater.shapes import STORE, Step


@dataclass(frozen=True)
class StepWords:
    """``why`` it is done; ``risk``: what could go wrong, and how one notices; ``back``: how one would get back."""

    why: str
    risk: str
    back: str


_AGAIN = "run the same command again: it begins with the step that fits the modem's mode"

_WORDS: dict[str, StepWords] = {
    "soak": StepWords(
        "a bad cable, a weak USB port or a fitted jumper is found now, and not in the middle of the transfer",
        "one damaged answer in 500 stops the flash here",
        "nothing was changed",
    ),
    "prepare": StepWords(
        "a modem whose radio works is busy and draws much current",
        "it may not answer; then it stops here",
        "",  # depends on what runs in the modem: the step itself says it
    ),
    "switch": StepWords(
        "running firmware cannot replace itself: a small updater in the modem does",
        "the modem may refuse (it is asked several times, in two ways), or come back at another speed",
        "its old firmware is started again (AT+SMSWBOOT=1,1)",
    ),
    "ffh": StepWords(
        "the vendor's way from 33080 to a full image is through updater.elf, which the boot ROM loads",
        "from here on only updater.elf brings it back; a power failure does no harm here",
        "the same command again, with --updater-elf",
    ),
    "speed": StepWords(
        "the boot ROM starts at 115200 baud, but mirror mode can only use 921600; so the board does this first",
        "it may not answer for a minute after power-on",
        "nothing is written yet: run `fipy-doctor status`, which says how to continue",
    ),
    "load": StepWords(
        "the boot ROM itself cannot write firmware; this program in the modem's memory can",
        "it may not start if it is from another package; nothing is written to flash yet",
        "without power the modem is in its boot ROM again: run `fipy-doctor status`, which says how to continue",
    ),
    "transfer": StepWords(
        "this is the firmware",
        "near 7 to 10 % and at 99 % it does not move for minutes: that is normal; a loose cable or lost power stops it",
        "the modem waits in its updater, without firmware: " + _AGAIN,
    ),
    "transfer-store": StepWords(
        "small files are kept whole before anything is written, which is the safest way",
        "some modems cannot keep it: then it stays at 0 % and is stopped after 5 minutes",
        "the old firmware is untouched; run the same command again, or with --method on-the-fly",
    ),
    "transfer-bootrom": StepWords(
        "the vendor's tool sends a boot ROM before it enters the boot ROM; you gave it (--bootrom)",
        "the modem's own boot image is written; the power must stay on",
        "there is none if power fails now",
    ),
    "transfer-bootrom-store": StepWords(
        "the vendor's tool renews copy 0 of the boot loader last of all; you asked for it (--bootrom)",
        "the modem keeps the whole file before it writes copy 0; the power must stay on until it has started again",
        "the firmware runs, and the same command again sends the boot ROM alone",
    ),
    "deploy": StepWords(
        "the modem checks and installs what it received; it says nothing for minutes",
        "losing power now is how modems die; a failure is reported with its name",
        "after a reported failure: send the file again; after lost power there may be none",
    ),
    "return": StepWords(
        "only firmware that starts by itself counts",
        "it may not start; then the modem is in its updater or boot ROM, and this program says which",
        _AGAIN,
    ),
    "between": StepWords(
        "the second file fits only the result of the first; several modems died between the two",
        "if the modem reports something else, the second file is not sent",
        "do not unplug, press no reset; run the same command again",
    ),
    "prove": StepWords(
        "what the modem reports is compared with what the file promised",
        "it may report another build: then the flash is not called a success",
        _AGAIN,
    ),
    "prove-loaders": StepWords(
        "what the modem reports about copy 0 afterwards decides",
        "it may still report [33080]: then the flash is not called a success",
        "the firmware runs, and the same command again sends the boot ROM alone",
    ),
}


def words(step: Step) -> StepWords:
    """The words for one step of a plan."""
    if step.do == "transfer" and step.image == BOOTROM:
        return _WORDS["transfer-bootrom-store" if step.method == STORE else "transfer-bootrom"]
    if step.do == "transfer" and step.method == STORE:
        return _WORDS["transfer-store"]
    if step.do in ("prepare", "switch") and not step.may_unplug:  # between the two files of 48829
        return replace(_WORDS[step.do], back=_WORDS["between"].back)
    if step.do == "prepare":
        return replace(_WORDS[step.do], back=step.way_back)
    return _WORDS[step.do]
