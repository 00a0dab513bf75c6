"""What a question is about: the part of the bench that the reader suspects, or thinks that he needs.

The expressions are without accents, as many people type.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from doctor.knowledge.accents import without_accents
from doctor.knowledge.words.asked import POWER, SENTENCE, asked

UPDATER_ELF, DRIVER, CARD, SIM, ANTENNA, CABLE, SUPPLY, JUMPERS = (
    *("updater.elf", "driver", "card", "SIM card", "antenna", "cable or port", "power supply", "jumpers"),
)
MODEM, BOARD, FILE, SCRIPTS = "modem", "board", "file", "scripts"

#: What each is called in five languages.
_CALLED = {
    UPDATER_ELF: r"updater\.elf|\.elf\b|\belf\b",
    DRIVER: r"\b(?:usb[- ]?)?(?:drivers?|treibern?|controlador(?:es)?|pilotes?|stuurprogramma\w*)\b",
    SIM: r"\bsim(?:[- ]?(?:cards?|karte\w*|kaart|tarjeta))?\b|\b(?:tarjeta|carte) sim\b",
    CARD: r"\b(?:micro ?)?sd(?:[- ]?(?:cards?|karten?|kaart\w*))?\b|\b(?:memory )?(?<!sim[ -])cards?\b(?! reader)"
    r"|\bspeicherkarten?\b"
    r"|\btarjeta\b(?! sim)|\bcarte (?:sd|memoire)\b|\bkaart\w*\b|\b(?<!sim)karte\b",
    ANTENNA: r"\bantenn?[ae]\w*",
    CABLE: r"\b(?:usb[- ]?)?(?:cables?|kabels?|cordon)\b|\b(?:usb[- ]?)?(?:sockets?|ports?|hubs?)\b|\bbuchse|\bpoort\b",
    SUPPLY: r"\b(?:power )?suppl(?:y|ies)|\bbatter(?:y|ies|ie|ia)\b|\bakkus?\b|\blipo\b|\bnetzteil\w*|\bstromversorgung"
    r"|\balimenta\w+|\bvoeding\w*|\bspannung\b|\bbrown ?out",
    JUMPERS: r"\bjumpers?\b|\b(?:steck)?bruecken\b|\bpuentes?\b|\bcavaliers?\b|\brts\b|\bcts\b",
    SCRIPTS: r"\bsqnsupgrade\b|\b(?:upgrade|update|pycom(?:'s)?) scripts?\b",
    FILE: r"\b(?:firmware[- ]?)?(?:files?|datei(?:en)?|images?|downloads?|archivo|fichero|imagen|fichier|bestand)\b"
    r"|\.dup\b",
    BOARD: r"\b(?:boards?|esp32|placa|carte(?! (?:sd|sim|memoire))|bord)\b",
    MODEM: r"\bmodems?\b",
}
_NAMES = {thing: re.compile(names, re.I) for thing, names in _CALLED.items()}
_BUYS = re.compile(
    r"\b(?:buy|purchase|(?:need|get|order) (?:a |another )?new|replace|kaufen|neue[nrs]?\b[^?]{0,20}\b(?:besorgen"
    r"|bestellen)|comprar"
    r"|acheter|remplacer|kopen|vervangen)\b",
    re.I,
)
_SUSPECTS = re.compile(
    r"\b(?:from (?:the|my)|because of|due to|fault|reason|culprit|to blame|cause[sd]?|guilty|broken|defective|faulty"
    r"|bad|problem with"
    r"|schuld|liegt (?:es|das)|kommt (?:es|das)|defekt|kaputt|culpa|motivo|causa|por (?:el|la|los)|estropead[oa]"
    r"|a cause|faute|raison|vient (?:de|du)|defectueu\w+|ligt (?:het|dat)|komt (?:het|dat)|schuldig|oorzaak)\b"
    r"|^\W*(?:(?:so|or|and|but|oder|und|o|ou|of|en)\W+)?(?:is|are|was|could|can|might) (?:it|this"
    r"|that) (?:be )?(?:just |only )?"
    r"(?:the|a|my)\b|^\W*(?:ist (?:es|das) (?:die|der|das|mein\w*)|es (?:la|el|mi)|est-ce (?:la|le|ma|mon|que c'est)"
    r"|is (?:het|dat) (?:de|het|mijn))\b",
    re.I,
)
_NEEDS = re.compile(
    r"\b(?:needs?|needed|required?|necessary|must (?:i|we) (?:use|have|install|buy|get|give|add|put)"
    r"|have to (?:use|install|buy|get|give|add)|(?:should|shall) i (?:use|install|buy|get|add)|buy|with or without"
    r"|brauch\w{0,2}|benoetig\w*|noetig|notwendig|kaufen|(?:muss|soll) ich\b[^?]{0,40}\b(?:installieren|mitgeben"
    r"|nehmen)"
    r"|necesit\w+|necesari\w+|hace falta|(?:tengo que|debo) (?:instalar|comprar|usar)|comprar"
    r"|besoin|necessaire|(?:faut-il|il (?:me )?faut|dois-je)\b|acheter|nodig|(?:moet ik)\b[^?]{0,40}\b(?:installeren"
    r"|kopen|gebruiken)|kopen)\b",
    re.I,
)
_OF_THAT = re.compile(
    r"\W*(?:(?:so|and|but|und|aber|y|pero|et|en|maar)\W{1,3})?(?:(?:does|is|was) (?:that|this|it)|(?:gilt|stimmt|ist"
    r"|trifft) das"
    r"|es (?:eso )?(?:verdad|cierto)|vale eso|est-ce vrai|c.est vrai|klopt (?:dat|het)|is dat (?:waar|zo)|geldt dat"
    r"|(?:true|right|really|correct|richtig|echt|verdad|vrai))\b[^?]{0,40}\?",
    re.I,
)
_NEAR_CHARS = 30
_COMMAND = re.compile(r"AT\+?\w*\?|^\s*>>>", re.I)  #: a question to the modem is none of the reader


def suspected(prose: str) -> tuple[str, ...]:
    """The parts that the reader asks about as the reason."""
    # Whether a cable may be pulled is no question whether it is the reason.
    questions = "\n".join(one for one in SENTENCE.findall(prose) if POWER not in asked(one))
    return tuple(dict.fromkeys(_named(questions, _SUSPECTS)))


def needed(prose: str) -> tuple[str, ...]:
    """The parts of which the reader asks whether he needs them."""
    return tuple(dict.fromkeys(_named(prose, _NEEDS)))


def bought(prose: str) -> tuple[str, ...]:
    """The parts of which the reader asks whether he has to buy new ones."""
    return tuple(dict.fromkeys(_named(prose, _BUYS)))


def _named(prose: str, asks: re.Pattern[str]) -> Iterator[str]:
    before = ""
    for sentence in SENTENCE.findall(without_accents(prose)):
        if not sentence.strip():
            continue
        if sentence.endswith("?") and not _COMMAND.search(sentence):
            own = list(_near(sentence, asks, len(sentence)))
            # "Does that hold for me?" asks about what was said before, as far as it stands near those words.
            yield from own or (_near(before, asks, _NEAR_CHARS) if _OF_THAT.match(sentence) else ())
        before = sentence


def _near(sentence: str, asks: re.Pattern[str], reach: int) -> Iterator[str]:
    """The parts that stand within so many characters of the words that ask."""
    for found in itertools.islice(asks.finditer(sentence), 1):
        near = sentence[max(found.start() - reach, 0) : found.end() + reach]
        yield from (thing for thing, names in _NAMES.items() if names.search(near))


def is_about(thing: str, text: str) -> bool:
    """Whether a text of ours speaks of this part."""
    return _NAMES[thing].search(text) is not None
