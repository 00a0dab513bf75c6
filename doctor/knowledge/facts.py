"""Facts that stand in a paste beside its errors: board, release, builds, files, port, and how far it came."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

from doctor.knowledge.builds import Told, told_in
from doctor.knowledge.catalogue import Entry
from doctor.knowledge.failed_calls import FailedCall, failed_calls
from doctor.knowledge.paste import Paste
from doctor.knowledge.session import proved_by

_MOST = 8  #: facts of one kind that are worth showing

#: Kind: fixed parts in lower case, one of which must be there (searching for those is quick), and the expression.
_PATTERNS: dict[str, tuple[tuple[str, ...], re.Pattern[str]]] = {
    "board": (
        ("with esp32", "with firmware", "sysname="),
        re.compile(r"\b(FiPy|GPy|G01|LoPy4?|WiPy|SiPy) with (?:ESP32|firmware)|sysname='(\w+)'"),
    ),
    "release": (
        ("release=", "micropython", "firmware version"),
        re.compile(
            r"release='([\w.]{3,20})'|Pycom MicroPython (\d[\w.]{2,18})|with firmware version (\d[\w.]{2,18})"
            r"|MicroPython (v1\.8\.6-\d+-[0-9a-f]+)"
        ),
    ),
    "modem": (("lr5.", "lr6."), re.compile(r"\b(LR\d\.\d\.\d\.\d-\d{5})\b")),
    "monarch2": (("lr8.",), re.compile(r"\bLR8\.\d\.\d{1,2}\.\d{1,2}-(\d{5})\b(?!\.)")),
    "monarch2-was": (
        ("8.",),
        re.compile(
            r"\b(?i:was|before|had|vorher|war|antes|avant|eerst)\W{1,3}(?:it \w{2,4} )?(?:LR)?8\.\d\.\d{1,2}\.\d{1,2}"
            r"-(\d{5})\b"
        ),
    ),
    "build": (
        ("lr5.", "lr6.", "bootloader0"),
        re.compile(r"\bLR\d\.\d\.\d\.\d-(\d{5})\b|Bootloader0[^\n]{0,40}\[(\d{5})\]"),
    ),
    "updater": (("firmware updater [",), re.compile(r"SQN3330 firmware updater \[(1\.\d\.\d)\]")),
    "files": ((".dup", ".elf"), re.compile(r"(?<![\w.+-])([\w.+-]{1,80}\.(?:dup|elf)(?:\.\w{2,4})?)\b", re.IGNORECASE)),
    "port": (("com", "/dev/"), re.compile(r"\b(COM\d{1,3})\b|(/dev/(?:tty|cu)[\w.\-]{1,40})")),
    "progress": (("%",), re.compile(r"\][ ]+(\d{1,3})%")),
    "error": (("[errno ",), re.compile(r"\[Errno \d{1,3}\] (E[A-Z]{2,12})\b")),
    "mode": (
        ("smod?", "modem state"),
        re.compile(r"SMOD\?[^\n]{0,40}?\n?[^\n\d]{0,8}(?<![\d.])(\d)\b(?!\) |\.?\d)|[Mm]odem state: (\d)"),
    ),
}
#: What a modem's tools, a modem or its files print that is of one family only.
_BLOCK_OF_SQN3330 = r"SQN3330|Bootloader[012]\*? {0,4}:"
_VERSION_OF_SQN3330 = r"\bLR[56]\.\d"
_PRINTED_BY_MONARCH2 = r"\bUE8\.\d|LR8\.\d|\+SQNMODEACTIVE: ?\d"
#: What names the family of a modem.
_FAMILIES = {
    "sqn3330": re.compile(rf"{_BLOCK_OF_SQN3330}|(?i:\b(?:fipy|gpy)\b(?!-doctor))|\bG01\b"),
    "monarch2": re.compile(rf"{_PRINTED_BY_MONARCH2}|\bGM02|Monarch ?2\b|\bWalter\b"),
}
#: Where both are named: what is printed is no question of words, and a board's name beside it is one.
_SHOWN_FAMILIES = {
    "sqn3330": re.compile(f"{_BLOCK_OF_SQN3330}|{_VERSION_OF_SQN3330}"),
    "monarch2": re.compile(_PRINTED_BY_MONARCH2),
}
#: Where none is named: what may be only said or typed, the first that stands there.
_SAID_FAMILIES = {
    "sqn3330": re.compile(f"{_VERSION_OF_SQN3330}|SMSWBOOT"),
    "monarch2": re.compile("SQNMODEACTIVE"),
}
#: A file that is told to be missing, or not to be used: the words in front of its name, and behind it.
_NO_FILE_BEFORE = re.compile(
    r"\b(?:no|without(?: an?y?)?|lack(?:s|ing)?|(?:do|have|has|did)(?:n.t| ?not)(?: (?:have|got|get|find))?|missing"
    r"|kein|ohne"
    r"|fehlt|sin|no (?:tengo|hay|encuentro)|falta|sans|pas|manque|zonder|geen|ontbreekt)"
    r"\W{1,3}(?:(?:the|an?|any|my|our|den|die|das|eine?|mir|el|un|ning[uú]n|le|l|het|een|de|d)\W{1,3}){0,2}\Z",
    re.I,
)
_NO_FILE_BEHIND = re.compile(
    r"[\"'`)]{0,2},? (?:(?:is|are|was|has|went|seems|I|we|he|ich|wir|hab\w*|ist|je|ne|n|l|ai|est|lo|la|el|yo|ik|heb"
    r"|hij|die|unfortunately|sadly|still"
    r"|leider|noch|auch|mir|malheureusement|helaas|nog|ook|desgraciadamente|por desgracia|,)\W{1,3}){0,5}"
    r"(?:missing|gone|lost|absent|not (?:there|here|in|on|available|found)|nowhere|(?:do|have|did|could)(?:n.t"
    r"| ?not) (?:have|got|get|find)|have not|haven.t|don.t have"
    r"|nicht(?! (?:n[öo]tig|gebraucht|verwend|mitgeben|erforderlich))|fehlt|no (?:lo |la )?(?:tengo|está|aparece"
    r"|encuentro)|falta|(?:ai|est|trouve|est) pas|pas\b|manque|niet(?! nodig)|ontbreekt)",
    re.I,
)
_FILE_WORDS_CHARS = 60  #: how far from a file's name the words that say so are looked for
#: Cellular modems of other makers. Bare names of makers tell nothing: a Pytrack has a GPS of Quectel.
_OTHER_MAKER = re.compile(
    r"\b(?:SIM[ -]?[5789]\d{2,3}[A-Z]{0,2}(?!\d)|A76\d\d[A-Z]?|BG(?:77|9[56]|600)|BC(?:6[068]|9[25])\b"
    r"|E[CG](?:2[015]|9[15])\b|(?:SARA|LARA|TOBY|LENA)-|MKR ?(?:NB|GSM|1[45]00)|nRF91\d\d|ME[39]10|HL7[68]\d\d"
    r"|EXS[68]2|L610|ALT1250|E3372)",
    re.I,
)
#: No card is in the board, the reader says; and a call that speaks to one all the same.
_NO_CARD = re.compile(
    r"\b(?:no|without(?: an?| any)?) (?:micro ?)?(?:sd|card)(?:[ -]?cards?)? (?:is |was |are )?"
    r"(?:inserted|present|fitted|plugged|in(?: it| there| the slot)?\b|at all|here|involved|attached|used)"
    r"|\b(?:have|has|use|using|got|with) no (?:micro ?)?sd\b"
    r"|\b(?:don.t|doesn.t|didn.t) (?:have|use) (?:an? |any )?(?:micro ?)?sd\b"
    r"|\bkeine (?:sd|karte|speicherkarte)[^\n.]{0,12} (?:drin|gesteckt|eingesteckt|eingelegt|vorhanden|da\b)"
    r"|\bohne sd|\bhabe keine (?:sd|karte)|\b(?:no (?:tengo|hay|uso|lleva)|sin) (?:ninguna )?(?:tarjeta|sd)\b"
    r"|\b(?:pas|aucune|sans) (?:de )?carte (?:micro ?)?sd|\b(?:geen|zonder) (?:micro ?)?sd",
    re.I,
)
_CARD_CALL = re.compile(r"\bSD\(\)")
_ONLY_LAST = ("progress", "mode")
_OLD_BANNER = re.compile(r"firmware updater >>>|Entering recovery mode")
_AUGUST = re.compile(r"0 to Retry or 1 to Resume|Bootrom updated successfully")
_WHOLE_CHARS = 50_000  #: pastes below are searched whole
_MOST_LOOKED_AT = 60  #: occurrences of one fixed part in longer ones
_PLACES = (
    *dict.fromkeys(part for parts, _ in _PATTERNS.values() for part in parts),
    "firmware updater >>>",
    "entering recovery mode",
    "1 to resume",
    "bootrom updated",
)
_CPYTHON = re.compile(
    r"^Python [23]\.\d+\.\d+ |^[A-Z]:\\[^\n]*>|File \"(?:[A-Z]:|/home/|/usr/)"
    r"|^[\w.-]{1,40}@[\w.-]{1,40}:\S{0,80}[$#] "
    r"|site-packages|Running on (?:linux|win|darwin|mac)"
)
_BOARD = re.compile(r"with ESP32|^Pycom MicroPython|/flash/|rst:0x|>>> (?:FiPy|GPy|G01) with firmware|Connected to COM")


@dataclass(frozen=True)
class Facts:
    """What a paste says of its bench: by kind (``board``, ``release``, ``files`` …), in the order of appearance.

    no_card  no SD card is in the board, and nothing asks for one
    failed   errors that are only a number, with the medium that each came from
    proved   states that printed lines prove (session.py): no entry stands that contradicts them
    """

    by_kind: dict[str, tuple[str, ...]]
    builds: Told = field(default_factory=Told)
    no_card: bool = False
    failed: tuple[FailedCall, ...] = ()
    proved: frozenset[str] = frozenset()

    @property
    def family(self) -> str:
        """The modem's family, ``sqn3330``, ``monarch2`` or ``other`` (another maker's); empty if it is not clear."""
        found = self.by_kind.get("family", ())
        return found[0] if len(found) == 1 else ""

    @property
    def monarch2_builds(self) -> tuple[int, int] | None:
        """Builds of a Monarch 2 before and now, as it prints them in this order; None if it prints not two."""
        found, was = self.by_kind.get("monarch2", ()), self.by_kind.get("monarch2-was", ())
        now = [build for build in found if build not in was]
        if was and now:
            return int(was[-1]), int(now[-1])
        return (int(found[0]), int(found[-1])) if len(found) > 1 else None

    @property
    def names_monarch2(self) -> bool:
        """Whether a Monarch 2 is named: no file of a FiPy or GPy is for one."""
        return "monarch2" in self.by_kind.get("family", ())

    def allow(self, known: Entry) -> bool:
        """Whether nothing that printed lines prove contradicts an entry."""
        return self.proved.isdisjoint(known.not_beside)

    @property
    def generation(self) -> str:
        """The updater's generation as the reference counts them; empty if unknown."""
        return (self.by_kind.get("generation") or ("",))[0]


def facts_of(paste: Paste) -> Facts:
    """Read the facts of a paste."""
    found: dict[str, tuple[str, ...]] = {}
    text = _near(paste, _PLACES)
    lowered = paste.lowered if text is paste.text else text.lower()
    for kind, (parts, pattern) in _PATTERNS.items():
        if not any(part in lowered for part in parts):
            continue
        values = dict.fromkeys(next(filter(None, hit.groups()), "") for hit in pattern.finditer(text))
        if kind == "files":
            values = {name: None for name in values if not _is_missing(name, text)}
        if values:
            found[kind] = tuple(values)[-1:] if kind in _ONLY_LAST else tuple(values)[:_MOST]
    families = _named(_FAMILIES, text)
    if maker := _of_another_maker(text, families):
        families, found["maker"] = ("other",), (maker,)
    if len(families) > 1 and _named(_SHOWN_FAMILIES, text) == ("monarch2",):
        families = ("monarch2",)
    families = families or _named(_SAID_FAMILIES, text)[:1]
    if families:
        found["family"] = families
    generation = _generation(text, found.get("updater", ()))
    if generation:
        found["generation"] = (generation,)
    no_card = _NO_CARD.search(text) is not None and not _CARD_CALL.search(text)
    builds = told_in(paste)
    if kept := _not_only_meant(found.pop("modem", ()), builds):
        found["modem"] = kept
    return Facts(found, builds, no_card, failed_calls(paste), proved_by(paste))


def _not_only_meant(versions: tuple[str, ...], builds: Told) -> tuple[str, ...]:
    """Without versions that the text only wishes for, if it says what runs."""
    meant = {image.number for image in builds.images} - {build.number for build in builds.runs}
    return tuple(version for version in versions if not builds.runs or int(version[-5:]) not in meant)


def _is_missing(name: str, text: str) -> bool:
    """Whether the text says, at any place, that this file is not at hand."""
    places = (found.span() for found in re.finditer(rf"(?<![\w.+-]){re.escape(name)}\b", text))
    return any(
        _NO_FILE_BEFORE.search(text[max(start - _FILE_WORDS_CHARS, 0) : start])
        or _NO_FILE_BEHIND.match(text[end : end + _FILE_WORDS_CHARS])
        for start, end in itertools.islice(places, _MOST_LOOKED_AT)
    )


def _of_another_maker(text: str, families: tuple[str, ...]) -> str:
    """The modem of another maker that the text is about; "" if it is about one of Sequans, or none is named.

    Who names his own modem and then a GPy speaks of another's: only what a modem prints of itself weighs more.
    """
    maker = _OTHER_MAKER.search(text)
    if maker is None or _named(_SHOWN_FAMILIES, text) or "monarch2" in families:
        return ""
    ours = _FAMILIES["sqn3330"].search(text)
    return maker[0] if ours is None or maker.start() < ours.start() else ""


def _named(families: dict[str, re.Pattern[str]], text: str) -> tuple[str, ...]:
    return tuple(family for family, told in families.items() if told.search(text))


def _near(paste: Paste, parts: tuple[str, ...]) -> str:
    """The lines on which facts can stand, and those after them; of a short paste all."""
    if len(paste.text) < _WHOLE_CHARS:
        return paste.text
    wanted: set[int] = set()
    for part in parts:
        at, times = paste.lowered.find(part), 0
        while at >= 0 and times < _MOST_LOOKED_AT:
            index = paste.index(at)
            wanted |= {index, index + 1}
            times += 1
            at = paste.lowered.find(part, at + 200)
        at = paste.lowered.rfind(part)
        if at >= 0:
            wanted |= {paste.index(at), paste.index(at) + 1}
    return "\n".join(paste.slice(index, index + 1) for index in sorted(wanted))


def _generation(text: str, versions: tuple[str, ...]) -> str:
    if versions:
        return versions[-1]
    if _AUGUST.search(text):
        return "2018-08"
    return "2018-03" if _OLD_BANNER.search(text) else ""


def side_of(paste: Paste, index: int) -> str:
    """Whose console the line belongs to: ``board``, ``pc`` or empty if nothing tells."""
    for at in range(index, max(index - 400, -1), -1):
        line = paste.line(at)
        if _BOARD.search(line):
            return "board"
        if _CPYTHON.search(line):
            return "pc"
    return ""
