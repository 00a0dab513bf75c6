r"""The failure catalogue as data, and the matcher behind ``explain``. Imports nothing of ours but text/power_off.py.

One TOML file an area; each entry is a table named by its catalogue id:

title        one line: what is wrong
blocks       whether it blocks flashing: yes, no, maybe
brick_risk   whether it can brick the modem, and when
evidence     thread (seen in public), code (derived from source), knowledge (of the platform)
family       of the modem that it is about, ``sqn3330``, ``monarch2`` or ``any``; without it the area tells
runs         expression for the builds that the modem must run, as builds.py writes them; not read if another is told
harmless     true if nothing is wrong although it looks so
under_way    true if the modem is at work as long as nothing stands below it: then nothing else comes first
shows        what the user sees, the fixed parts quoted
means        what is going on
causes       ranked
cure         what to do, step by step: what harms nothing first. A step that takes power away begins with the words
             ``{power off}`` (doctor/text/power_off.py), which ask first whether a flash began lately
ruled_out    for each step of the cure, an expression: where the paste shows it, the step is not told
not_beside   states of session.py that contradict it: where printed lines prove one of them, the entry does not stand
found_by     the checks that find it before flashing
explains     entries that follow from this one: if both are found, this one is the cause
related      neighbours that are easily confused with it
words        words for descriptions that quote no error line

and below it any number of signs, each a table ``[[id.signs]]``:

has          fixed parts in lower case, all of them somewhere in the paste; ``a|b`` is one or the other; written on
             one line (the file is searched for them before it is parsed)
match        regular expression over the normalised lines, may span several; without it the first part of ``has``
after, before          must match within ``within`` lines above, below; ``not_after`` and ``not_before`` must not
within       lines, 40 if nothing is said
with, without          must, must not match anywhere in the paste
side         ``board`` or ``pc``: whose console it must be, if that is known
generation   generations of the updater that print it, if that is known
raw          look at the lines with their typographic quotes
most         so many occurrences at most
image        instead of ``match``: expression for an image that is sent or meant to be, as builds.py writes it
             (``LR5-41065``, ``diff-33080``), or for a boot loader (``loader-33080``); ``runs`` for the build that
             runs before; ``compare`` then of these two
runs         without ``image``: that build runs, and the reader asks about another; then it decides alone
compare      ``"a > b"`` or ``"a != b"`` of numbers that ``match`` names, as ``(?P<a>\d{5})``
unless_id    not if one of these entries was found
side_note    true of the board at large: worth little beside other matches
sure         0 to 1

An error that is only a number is judged by errnos.txt, with the medium that it came from (failed_calls.py): that
also takes away the signs of another medium.

What is told in words alone, such as a power cut half way, has no such signs but the rules of said.txt (said.py).
"""

from __future__ import annotations

from doctor.knowledge.catalogue import Entry, Sign, entries, entry
from doctor.knowledge.explanation import Explanation, explain
from doctor.knowledge.order import Match

__all__ = ["Entry", "Explanation", "Match", "Sign", "entries", "entry", "explain"]
