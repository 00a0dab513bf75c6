"""What an error says that is only a number, where no known failure has its line."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.knowledge.explanation import Explanation
from doctor.knowledge.failed_calls import CARD, COMPUTER, FLASH, NET, PORT, UART, FailedCall

_MOST = 2
#: What a medium leaves out, and what to look at there.
_FROM = {
    CARD: "It came from the SD card, not from the modem: `os.listdir('/sd')` on the board shows whether it is mounted.",
    FLASH: "It came from the board's own flash (/flash): neither the SD card nor the modem has a part in it.",
    NET: "It came from a network call of a program: see that LTE or Wi-Fi is attached. A flash does not mend it.",
    UART: "It came from a part of the board (UART, pins, LTE): see who else uses it.",
    PORT: "It came from the computer's port: `fipy-doctor ports` says which there are and who holds them.",
    COMPUTER: "It came from a file of the computer: neither board nor modem has a part in it.",
    "": "Which call it came from tells what failed: a path under /sd is the card, /flash the board's own memory, "
    "/dev/… or COM… the computer's port.",
}


def what_the_numbers_say(explanation: Explanation) -> Iterator[str]:
    """For each error with a number that no finding shows: its name, what it says, and where it came from."""
    if explanation.causes or explanation.says:
        return
    told = dict[str, FailedCall]()
    for call in explanation.facts.failed:
        told.setdefault(call.meaning.name, call)
    for call in list(told.values())[:_MOST]:
        yield f"Error {call.meaning.number} is {call.meaning.name}: {call.meaning.says}. {_FROM[call.medium]}"
