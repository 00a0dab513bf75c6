"""What a paste tells of another time: yesterday's errors, those that are solved, and a story that follows the log.

The expressions are without accents, as many people type.
"""

from __future__ import annotations

import re
from collections import deque

from doctor.knowledge.accents import without_accents
from doctor.knowledge.our_lines import our_lines, tells_of_work, under_way
from doctor.knowledge.paste import Paste
from doctor.knowledge.words import mood, said
from doctor.knowledge.words.asked import POWER, asked
from doctor.knowledge.words.describe import folded

_MOST_LINES = 400  #: a story is short; in a longer paste these words are parts of logs
_BEGIN = r"^\W{0,4}(?:(?:and|und|y|et|en)\s)?(?:day|tag|dia|jour|dag)?\W?\d{0,2}\W{0,3}"
_BEFORE = re.compile(
    _BEGIN
    + r"(?:yesterday|last (?:night|week|month|year)|earlier|previously|at first|gestern|letzte \w+|zuerst|frueher"
    r"|ayer|la semana pasada|antes|primero|hier|la semaine derniere|avant|d.abord|gisteren|vorige \w+|eerst"
    r"|eerder)\b",
    re.I,
)
_NOW = re.compile(
    _BEGIN + r"(?:now|today|tonight|this (?:morning|evening)|jetzt|heute|nun|ahora|hoy|maintenant|aujourd.hui"
    r"|ce (?:matin|soir)|nu|vandaag|vanochtend)\b",
    re.I,
)
_SOLVED = re.compile(
    r"(?:[a-z]{2}\W{1,3}(ok)|\b(?:solved|fixed|gone|works? now|erledigt|geloest|behoben|resuelto|arreglado|solucionado"
    r"|resolu|regle|opgelost|verholpen|(?:was|is) (?:ok|fine|good) (?:after that|afterwards|again|then|now)"
    r"|(?:ist|war|ging) (?:danach|wieder|dann) (?:gut|ok|in ordnung))"
    r"(?: (?:w/|with|by|via|mit|durch|con|avec|par|met|door) ?[^\n.]{1,40}| ?\([^()\n]{1,40}\))?)\W{0,3}$"
)
_ARROW = re.compile(r"[-=]>|→")
_ARROW_FIRST = re.compile(r"\s{0,8}(?:[-=]{1,2}>|→)")
_SOLVED_FIRST = re.compile(
    _ARROW_FIRST.pattern
    + r" ?(?:it |that )?(?:is |was |got |ist |es )?(?:solved|fixed|gone|erledigt|geloest|behoben|resuelto"
    r"|arreglado|solucionado|resolu|regle|opgelost|verholpen)\b(?![^\n]*\?)",
    re.I,
)
_ITEM = re.compile(r"\s{0,8}(?:\(?\d{1,2}[.)]|[*•-]) ")  #: how an item of a list begins
_LEADS = re.compile(r"[-=]>|→|[,;:(]")
_STORY = re.compile(
    r"^\W{0,4}(?:history|background|what (?:I did|happened)(?: before)?|before (?:that|this)|the story|vorgeschichte"
    r"|vorher|was (?:ich gemacht habe|vorher geschah)|historia|antecedentes|lo que hice|historique|avant cela"
    r"|ce que j.ai fait|voorgeschiedenis|wat ik (?:deed|gedaan heb)|daarvoor)\b",
    re.I,
)

#: How far a transfer has come, as a tool shows it, and in words of a sentence that is about one.
_PROGRESS = re.compile(
    r"\]\s{1,4}\d{1,3}%|(?:flash|transfer|send|sent|up(?:grad|dat)|upload|uebertrag|sende|aktualisier|envia|envoi"
    r"|transf|mise a jour|actualiz"
    r"|verzend|verstur|overdracht|bijwerk|\.dup|\bbar\b|balken|\bbarra\b|\bbarre\b|\bbalk\b|progress|fortschritt"
    r"|counter|zaehler)(?:[^\n%.?!]|\.(?=\w)){0,80}?\d{1,3} ?(?:%|percent|prozent"
    r"|por ciento|procent)"
    r"|\d{1,3} ?(?:%|percent|prozent|por ciento|procent)(?:[^\n%.?!]|\.(?=\w)){0,60}?(?:flash|transfer|sent"
    r"|up(?:grad|dat)|upload|uebertrag|gesendet|envia|envoy|verzonden)"
    r"|Waiting for (?:modem to finish|updater to load)|DO NOT DISCONNECT POWER",
    re.I,
)
#: The reader watches it.
_GOES_ON = re.compile(
    r"\b(?:as (?:I|we) (?:write|type|speak)|right now|at (?:the|this) moment|currently|just started|going on"
    r"|under way|in progress"
    r"|still (?:running|going|sending|moving|counting|flashing|on)|(?:is|it.s|are) (?:still )?(?:running|sending"
    r"|transferring|counting|flashing)"
    r"|laeuft|im moment|momentan|waehrend ich|gerade (?:bei|dabei|am|erst)|eben gestartet|zaehlt (?:noch|weiter)"
    r"|ahora mismo|en este momento|sigue\b(?! (?:viv|sin|igual|muert|con vida))|mientras escribo"
    r"|esta (?:enviando|transfiriendo|corriendo|flasheando)"
    r"|acabo de (?:empezar|lanzar)"
    r"|en cours|en ce moment|pendant que j|ca tourne|continue (?:a|de)|viens de lancer"
    r"|op dit moment|loopt (?:nog|nu)|is (?:nu|nog) bezig|nu bezig|terwijl ik|net gestart)",
    re.I,
)
#: It is over, one way or the other.
_ENDED = re.compile(
    r"^\W{0,3}>>> ?|(?<![\w-])\w{0,40}(?:Error|Exception)\b(?!-)|Traceback|(?<!-)\bfailed\b|\baborting\b"
    r"|\brst:0x|Brownout|Could not detect your modem|\+SMUPGRADE: ?(?:fail|success)"
    r"|\b(?:stopped|aborted|died|crashed|broke|ended|quit|finished|completed) (?:at|with|there|off|by|after"
    r"|yesterday|fine)|successfully"
    r"|\babbruch\b|\bbricht\b|\bbreaks? off|\b(?:fails?|aborts?) at\b|se corta\b|s.arrete a\b"
    r"|breekt af|\bbrach\b|\bcorte (?:con|la|el)\b"
    r"|abgebrochen|haengengeblieben|ist (?:fertig|durch)|se (?:cort|par|detuv"
    r"|interrumpi)o|termino"
    r"|s.est (?:arret|coup|interrompu)|afgebroken|gestopt|brak af",
    re.I | re.M,
)
#: It has not begun: figures are those of an instruction.
_NOT_BEGUN = re.compile(
    r"\bplanning (?:to|the|my|it|this)\b|\babout to (?:start|begin|flash|run)\b(?! (?:over|again))"
    r"|(?:\bnot|n.t|\bnever) (?:yet |been |ever )?(?:started|begun|flashed|updated|upgraded)\b|\bout of the box\b"
    r"|\bbrand[ -]new\b|\bnoch nie (?:\w+ )?(?:geflasht|aktualisiert|upgedatet)|\bnunca (?:he |se ha )?(?:flash"
    r"|actuali)"
    r"|\bjamais (?:ete )?(?:flash|mis a jour)|\bnog nooit (?:\w+ )?(?:geflasht|bijgewerkt|geupdate)"
    r"|\bnoch (?:nicht|nichts) (?:gestartet|angefangen|begonnen|geflasht)"
    r"|\b(?:nothing|no (?:update|upgrade|flash|transfer)) (?:has been|was|is) (?:\w+ )?(?:started|begun|flashed|updated"
    r"|upgraded|sent|running)\b"
    r"|\b(?:todavia|aun) no (?:he )?(?:empez|lanz|flash)"
    r"|\bpas encore (?:commence|lance|flash)|\bnog (?:niet|niks) (?:gestart|begonnen|geflasht)",
    re.I,
)
#: What somebody sees who has begun: a bar, or how long it stands; and what else may not have begun.
_HAS_BEGUN = re.compile(
    r"\]\s{1,4}\d{1,3}%|\d ?(?:min|h\b|hours?\b|hrs?\b|std|stund|uur|horas?\b|heures?\b|s\b|sec)|\b(?:since|seit|desde"
    r"|depuis|sinds|ages|half an|hour|stunde|minut\w*|rato)\b|\b(?:second|other|next|zweite\w*|segund\w+|otr[oa]"
    r"|deuxieme|autre|tweede|andere\w*)\b|\B-2\b",
    re.I,
)
#: Ideas of said.txt.
_LEFT_RUNNING, _TO_STOP = "left-running", "to-stop"
_SAID_TO_RUN, _WAITED_FOR, _OF_THE_POWER, _POWER_LOST = "runs-now", "waits", "plug", "power-lost"
_TRANSFER, _UNDER_WAY, _AMID, _ENDED_WELL = "transfer", "under-way", "amid", "over"
_BREAKS_OFF = (_POWER_LOST, "stopped", "reset", "slept")
#: Another program that did not get in, and what was before: that ends no transfer.
_SHUT_OUT = re.compile(
    r"^[^\n]*(?:\b(?:before (?:it|that|this|then)|earlier|davor|vorher|zuvor|antes|avant (?:ca|cela)|daarvoor|eerder)\b"
    r"|failed to (?:access|connect)|could not (?:open|connect|enter)|port is not open"
    r"|(?:upload|safe ?boot) failed|in use by|access (?:is )?denied|resource busy|raw repl)[^\n]*$|^Traceback[^\n]*$",
    re.I | re.M,
)
_LOOKED_AT_CHARS = 20_000  #: the end of a paste: what goes on stands there
_BEFORE_CHARS, _BEHIND_CHARS = 400, 2_000  #: what belongs to the last figure of a transfer
_NOT_OF_A_TRANSFER = re.compile(
    r"batter|akku|accu|bater|lipo|charg|\blade|humid|feucht|signal|packet|cpu|free\b|frei\b|libre|rabatt"
    r"|(?<![\d.])0 ?%",
    re.I,
)
_FIGURE = re.compile(r"\d{1,3} ?(?:%|per ?cent|prozent|por ?ciento|procent|pour ?cent)", re.I)
#: How full a battery is, which tells nothing of a transfer.
_BATTERYS_FIGURE = re.compile(
    r"(?P<battery>(?:batter|akku|accu|bater|lipo)\w{0,10}:?"
    r"(?: (?:was|is|at|on|only|just|still|about|around|low|war|ist|bei|auf|nur|noch"
    rf"|estaba|esta|al|solo|etait|est|a|seulement|stond|staat|op|nog|maar|sta|ai|esta|e)){{0,4}}) {_FIGURE.pattern}",
    re.I,
)
_MOST_FIGURES = 20  #: of those without a word of a transfer beside them
_OVER = re.compile("successfully updated|flashed and proved", re.I)
#: Said behind a success: another transfer, or a modem that keeps silent.
_AGAIN = re.compile(
    r"\.dup\b|\b(?:sent|send(?:ing)?|start(?:ed|ing)?|began|begun|going|running|flashing|again|second|another|next"
    r"|black|blank|silent|nothing|nichts|schwarz|gestart\w*|laeuft|zweite\w*|sende\w*|geschickt|begonnen|nochmal"
    r"|nada|negr[oa]|empe[cz]\w+|envi\w+|segund\w+|otr[oa]|rien|noir|lanc\w+|envoy\w+|deuxieme|seconde|encore"
    r"|niets|zwart|tweede|gestuurd|verzond\w*|opnieuw|bezig)\b",
    re.I,
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s|\n")


def unfinished(paste: Paste, prose: str) -> bool:
    """Whether the reader tells how far a transfer came, or behind a success of another transfer."""
    if any(_tells_a_figure(sentence) for sentence in _SENTENCE_END.split(prose)):
        return True
    ours, start = our_lines(paste), max(len(paste.text) - _LOOKED_AT_CHARS, 0)
    last = next(iter(deque(_OVER.finditer(paste.text, start), maxlen=1)), None)
    if last is None:
        return False
    first = paste.index(last.end())
    rest = [(at, paste.line(at)) for at in range(first + 1, len(paste.numbers))]
    if any(at in ours and tells_of_work(line) for at, line in rest):
        return True
    lines = (paste.text[last.end() :].split("\n", 1)[0], *(line for at, line in rest if at not in ours))
    behind = (sentence for line in lines for sentence in _SENTENCE_END.split(without_accents(line)))
    return any(_AGAIN.search(sentence) for sentence in behind if not sentence.rstrip().endswith("?"))


def _tells_a_figure(sentence: str) -> bool:
    """Whether a sentence tells how far a transfer came, and not what to do at such a figure."""
    return _is_of_a_transfer(sentence) and not mood.is_instruction(folded(sentence))


def not_begun(text: str) -> bool:
    """Whether the reader says that he has not begun, and tells of nothing that only who has begun can see."""
    text = without_accents(text)
    return _NOT_BEGUN.search(text) is not None and not _HAS_BEGUN.search(text)


def runs_again(prose: str) -> bool:
    """Whether the sentences say that the modem names a build since, whatever was broken off before."""
    return said.told_at(prose, "runs-again") is not None


def runs_now(paste: Paste) -> bool:
    """Whether a transfer goes on while the reader writes: words of now, alone or around its last figure."""
    text = _without_batteries(paste.text[-_LOOKED_AT_CHARS:])
    said_at = said.told_at(text, _SAID_TO_RUN)
    if said_at is not None and not _has_ended("\n".join(text.split("\n")[said_at + 1 :])):
        return True
    last = _last_of_a_transfer(text)
    if last is None or said.told_at(_from_line_of(last), _POWER_LOST) is not None:
        return False
    return _GOES_ON.search(text[max(last.start() - _BEFORE_CHARS, 0) : last.end() + _BEHIND_CHARS]) is not None


def tells_of_a_transfer(text: str) -> bool:
    """Whether sentences tell of a transfer to the modem that is under way, and of nothing that ended it."""
    text = _without_batteries(text)
    told = _said(text, _AMID) or (_said(text, _TRANSFER) and _said(text, _UNDER_WAY))
    of_the_board = _said(text, said.OF_THE_BOARD) and not _said(text, said.OF_THE_MODEM)
    if not told or of_the_board or not_begun(text) or _has_ended(text) or _OVER.search(text):
        return False
    return not any(_said(text, idea) for idea in (*_BREAKS_OFF, _ENDED_WELL))


def may_run(paste: Paste) -> bool:
    """Whether a transfer may go on: left running, waited for or asked about at its last figure.

    Nothing broke it off, and nothing tells that it ended.
    """
    if under_way(paste) is not None:
        return True
    text = _without_batteries(paste.text[-_LOOKED_AT_CHARS:])
    left_at = said.told_at(text, _LEFT_RUNNING)
    if left_at is not None and not _has_ended("\n".join(text.split("\n")[left_at:])):
        return True
    if _asked_at_a_figure(text):
        return True
    last = None if not_begun(text) else _last_of_a_transfer(text)
    if last is None or all(said.told_at(_from_line_of(last), idea) is None for idea in (_WAITED_FOR, _OF_THE_POWER)):
        return False
    return all(said.told_at(_from_line_of(last), idea) is None for idea in _BREAKS_OFF)


def _asked_at_a_figure(text: str) -> bool:
    """Whether somebody asks about the power, or whether to stop, at a figure, and nothing broke it off or ended it."""
    sentences = _SENTENCE_END.split(text[-_BEHIND_CHARS:])
    questions = [sentence for sentence in sentences if sentence.rstrip().endswith("?")]
    at_figure = any(_is_of_a_transfer(one) and (_said(one, _OF_THE_POWER) or POWER in asked(one)) for one in questions)
    # Only what runs is stopped, whatever has that figure.
    stops = any(_said(one, _TO_STOP) for one in questions) and any(map(_FIGURE.search, sentences))
    ended = _has_ended(text) or any(_said(text, idea) for idea in _BREAKS_OFF)
    return (at_figure or stops) and not ended


def _is_of_a_transfer(sentence: str) -> bool:
    return _FIGURE.search(sentence) is not None and not _NOT_OF_A_TRANSFER.search(sentence)


def without_charge(text: str) -> str:
    """A text without how full a battery is; what befell the battery stays."""
    return _BATTERYS_FIGURE.sub(r"\g<battery>", without_accents(text))


def _without_batteries(text: str) -> str:
    return _BATTERYS_FIGURE.sub("", without_accents(text))


def _said(text: str, idea: str) -> bool:
    return said.told_at(text, idea) is not None


def _from_line_of(last: re.Match[str]) -> str:
    """The line of a transfer's last figure and what follows: what that line says behind it is of the reader, too."""
    text = last.string
    return text[text.rfind("\n", 0, last.start()) + 1 : last.end() + _BEHIND_CHARS]


def _last_of_a_transfer(text: str) -> re.Match[str] | None:
    """The last figure or wait of a transfer, if nothing ends that transfer behind."""
    last = next(iter(deque(_PROGRESS.finditer(text), maxlen=1)), None)
    if last is None and not _said(_own_words(text[-_BEHIND_CHARS:]), _ENDED_WELL):
        last = _last_told_figure(text)
    if last is None or _NOT_OF_A_TRANSFER.search(last[0]):
        return None
    return None if _has_ended(last[0] + text[last.end() : last.end() + _BEHIND_CHARS]) else last


def _last_told_figure(text: str) -> re.Match[str] | None:
    """The last figure in a sentence that tells how far something came, whatever the sentence calls it."""
    figures = deque(_FIGURE.finditer(text), maxlen=_MOST_FIGURES)
    return next((figure for figure in reversed(figures) if _tells_a_figure(_sentence_around(figure))), None)


def _own_words(text: str) -> str:
    """The sentences that are no rule and nobody else's, a line each."""
    return "\n".join(one for one in _SENTENCE_END.split(text) if not mood.is_instruction(folded(one)))


def _sentence_around(figure: re.Match[str]) -> str:
    """The sentence that holds a figure."""
    text = figure.string[max(figure.start() - _BEFORE_CHARS, 0) : figure.end() + _BEFORE_CHARS]
    place = min(figure.start(), _BEFORE_CHARS)
    ends = [0, *(end.end() for end in _SENTENCE_END.finditer(text)), len(text)]
    first = max(end for end in ends if end <= place)
    return text[first : next(end for end in ends if end > place)]


def _has_ended(behind: str) -> bool:
    return _ENDED.search(_SHUT_OUT.sub("", behind)) is not None


def over(paste: Paste) -> frozenset[int]:
    """Numbers of the lines that tell of what is over: before "now", and what is said to be solved."""
    lines = _lines(paste)
    solved = {
        number for index, line in enumerate(lines) if _is_solved(line) for number in _what_is_solved(lines, index)
    }
    before = next((index for index, line in enumerate(lines) if _BEFORE.match(line)), None)
    now = next((index for index in reversed(range(len(lines))) if _NOW.match(lines[index])), None)
    past = range(before, now) if before is not None and now is not None else ()
    return frozenset(paste.numbers[index] for index in {*solved, *past})


def _is_solved(line: str) -> bool:
    found = _SOLVED.search(line, max(len(line) - 60, 0))
    if _SOLVED_FIRST.match(line):
        return True
    return found is not None and (_ARROW if found[1] else _LEADS).search(line) is not None


def _what_is_solved(lines: list[str], index: int) -> range:
    """The line that says so; behind an arrow at its begin also the lines above it, from the begin of their item."""
    first = index
    while _ARROW_FIRST.match(lines[index]) and first and lines[first - 1].strip() and not _ITEM.match(lines[first]):
        first -= 1
    return range(first, index + 1)


def story_from(paste: Paste) -> int:
    """Number of the line from which the paste tells what came before its log; 0 if it does not."""
    lines = _lines(paste)
    return next((paste.numbers[index] for index, line in enumerate(lines) if index and _STORY.match(line)), 0)


def _lines(paste: Paste) -> list[str]:
    return [without_accents(line[:300]) for line in paste.lines] if len(paste.numbers) <= _MOST_LINES else []
