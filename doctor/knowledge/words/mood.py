"""What a sentence only thinks of: a quotation, a rule, a plan, a question. None of these is an event.

Sentences come in lower case without accents, as ``folded`` makes them.
"""

from __future__ import annotations

import re

_BEFORE_CHARS = 40  #: how far back the words that deny an idea are looked for
_CLAUSE_CHARS = 160
_RULE_CHARS = 400  #: as much of a sentence is looked at: a longer one is no sentence
_DENIED = re.compile(
    r"\b(?:not|never|without|if|unless|before i|no|only|(?<!due )to|must|(?:have|has|had) to|should|needs?|can|could"
    r"|may|might|would|want(?:ed)? to|about to|going to|tempted to|dare|nicht|nie|niemals|ohne|keine?[nrms]?|wenn|falls"
    r"|bevor|darf|kann|muss|soll|wuerde|moechte|nunca|sin|si|antes de"
    r"|puedo|puede|debo|hay que|quiero|voy a|pas|jamais|sans|avant (?:de|que)|peux|peut|dois|doit|faut|vais|voudrais"
    r"|niet|nooit|zonder|geen|als"
    r"|voordat|mag|kan|moet|zou)[^\w,;:]+(?:\w+[^\w,;:]+){0,2}\Z"
    r"|n't[^\w,;:]+(?:\w+[^\w,;:]+){0,2}\Z"
)
#: In front of a deed that a question only thinks of.
_PROPOSED = re.compile(
    r"(?:\b(?:(?:should|shall|can|may|must|could|do|would) (?:i|we|one)|(?:soll\w*|darf|kann|muss) (?:ich|man)"
    r"|debo|puedo|deberia|le doy|hay que|tengo que|(?:dois|puis|devrais)-je|je (?:peux|dois|fais|l[ea])|faut-il"
    r"|(?:zal|moet|mag|kan) (?:ik|je|men))\b[^.,;:!?]*|\b(?:je|on|o|ou|or|oder|of|y|et|lo|la)\W+|\u00bf\W*)\Z"
)
_SOURCE = (
    r"\b(?:readme|docs?|documentation|tutorial|guide|manual|instructions?|wiki|page|site|website|forum|thread|post|blog"
    r"|video|support|vendor|friend|colleague|somebody|someone|people|they"
    r"|anleitung|handbuch|doku|seite|beitrag|kollege|kumpel|hersteller|guia|manual|pagina|foro|hilo|soporte|amigo"
    r"|tuto\w*|notice|mode d'emploi|fil|ami|collegue|handleiding|pagina|vriend|collega)\b"
)
#: Behind these the reader tells of himself again.
_I = (
    r"\b(?:so|i|we|my|ich|wir|habe?|mein\w*|yo|he \w+d[oa]|mi|je|j|ai|mon|ik|heb|mijn|then|dann|but|aber|pero|mais"
    r"|maar)\b"
)
#: In front of what a text tells that the reader has before him, unless he says that he did so.
_REPORTED = re.compile(
    _SOURCE + r"(?:\W{1,3}\w+){0,6}?\W{1,3}"
    r"(?:says?|said|tells?|told|calls?|claims?|wrote|writes|recommends?|states?|reads|sagt\w*|schreibt|steht|stand"
    r"|meint|empfiehlt|behauptet|dice|pone|decia|recomienda|dit|disait|ecrit|conseille|zegt|zei|staat|stond|schrijft"
    r"|raadt)\b"
    rf"(?:(?!{_I})[^.;!?]){{0,90}}\Z"
    rf"|{_SOURCE}[^.:;!?]{{0,40}}:(?!//|\W{{1,3}}i\b)[^.;!?]{{0,140}}\Z"
    r"|\b(?:according to|laut|gemaess|segun|selon|d'apres|volgens)\b"
    rf"(?:(?!{_I})[^.;!?]){{0,90}}\Z"
)
_REPORTED_CHARS = 160
#: A rule: "if it hangs, power off" tells what to do, and of no deed.
_RULE = re.compile(
    r"\W{0,4}(?:\d{1,2}[.)]? )?(?:and |or |und |y |et |en )?"
    r"(?:if|when you|whenever|should it|falls|wenn|sobald|si (?!,)|cuando (?:se|te)|quand (?:vous|on)"
    r"|als (?:je|het|hij|de))\b"
)
_MINE = re.compile(r"\b(?:i|we|my|me|ich|wir|mein\w*|yo|mi|me|j'\w+|je|mon|ma|ik|mijn)\b")
#: Behind what is only weighed: "power off is fine".
_JUDGED = re.compile(
    r"[^.;!?]{0,24}?\b(?:would be|should be|is|are|was|be|s|waere?|ist|sei|es|seria|est|serait|zou|zijn)\b\W{1,3}"
    r"(?:\w+\W{1,2}){0,2}?(?:ok|okay|fine|safe|allowed|harmless|no problem|recommended|in ordnung|erlaubt|unbedenklich"
    r"|sicher|harmlos|egal|empfohlen|seguro|permitid\w|inofensiv\w|sur|permis|sans danger|veilig|toegestaan"
    r"|onschadelijk)\b"
)
#: What befell the modem of another.
_OF_ANOTHER = re.compile(
    r"\b(?:his|her|their|(?:friend|colleague|somebody|someone|neighbou?r|user|guy)'?s) (?:\w+ )?"
    r"(?:modem|board|module|fipy|gpy|device|one)\b"
    r"|\b(?:modem|board|fipy|gpy)\b[^.;!?]{0,12}\b(?:von (?:einem|meinem) (?:\w+ )?(?:freund|kollegen|bekannten)"
    r"|eines (?:freundes|kollegen)|de (?:un|mi) (?:amigo|companero|colega)|(?:d'un|de mon) (?:ami|collegue)"
    r"|van (?:een|mijn) (?:vriend|collega))\b"
)
#: How a question begins that asks whether something is so.
_ASKS_WHETHER = re.compile(
    r"\W{0,4}(?:(?:so|and|or|but|und|oder|also|y|o|et|ou|en|of|hi|hello|hallo)\W{1,3})?"
    r"(?:is|are|am|was|were|did|does|do|has|have|ist|sind|bin|war|hat|habe|es|esta|estoy|ha|he|est-ce|ai-je|suis-je"
    r"|is|zit|heeft|heb)\b"
)
_INVERTED = re.compile(r"\b(?:est|sont|a-t|ont|suis|ai)-(?:ils?|elles?|on|je|ce)\b")  #: "le modem est-il en panne ?"
#: What a question presupposes: "is it normal that it stands at 8 %?"
_GIVEN = re.compile(
    r"\b(?:that|dass|das|que|dat|when|while|after|since|because|if|weil|nach|seit|porque|depuis|na)\b|[,:;(]"
)


def is_thought(sentence: str, start: int, end: int) -> bool:
    """Whether what stands there is denied, reported, a rule, weighed or asked about, so that it is not told as so."""
    first_word = sentence[start:end].partition(" ")[0]
    before = sentence[max(start - _BEFORE_CHARS, 0) : start]
    reported = sentence[max(start - _REPORTED_CHARS, 0) : start]
    if _REPORTED.search(reported) or _REPORTED.search(f"{reported}{first_word} "):
        return True
    if _DENIED.search(before) is not None or ("?" in sentence[start:] and _PROPOSED.search(before) is not None):
        return True
    return (
        is_rule(sentence)
        or _OF_ANOTHER.search(sentence) is not None
        or _is_weighed(sentence, start, end)
        or _is_asked(sentence, start)
    )


def is_rule(sentence: str) -> bool:
    """Whether a sentence says what is to be done in a case, and tells nothing of its writer."""
    begin = _RULE.match(sentence)
    return begin is not None and _MINE.search(sentence[:_RULE_CHARS], begin.end()) is None


def is_instruction(sentence: str) -> bool:
    """Whether a sentence as a whole is a rule, what somebody else says, or another's story."""
    told = (_REPORTED.search(sentence.rstrip(" .!")), _OF_ANOTHER.search(sentence))
    return is_rule(sentence) or any(told)


def _is_weighed(sentence: str, start: int, end: int) -> bool:
    clause = re.split(r"[.;,!?]", sentence[max(start - _CLAUSE_CHARS, 0) : end])[-1]
    return _MINE.search(clause) is None and _JUDGED.match(sentence, end) is not None


def _is_asked(sentence: str, start: int) -> bool:
    if not sentence.endswith("?", 0, len(sentence.rstrip())):
        return False
    begin = _ASKS_WHETHER.match(sentence) or _INVERTED.search(sentence[:_RULE_CHARS])
    if begin is None or not begin.end() <= start <= _RULE_CHARS:
        return False
    return _GIVEN.search(sentence, begin.end(), start) is None


def is_quoted(sentence: str, start: int) -> bool:
    """Whether what stands there is in quotation marks: somebody else's words."""
    marks = sum(sentence.count(mark, max(start - _RULE_CHARS, 0), start) for mark in '"\u201c\u201d\u201e\u00ab\u00bb')
    return marks % 2 == 1
