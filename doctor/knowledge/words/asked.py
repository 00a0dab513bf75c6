"""What the reader asks in plain words: may I flash, do it again, erase, take the power away, which file, is it dead?

Each wants a do or a do not, a yes or a no. The expressions are without accents, as many people type.
"""

from __future__ import annotations

import re

from doctor.knowledge.accents import without_accents

FLASH, AGAIN, ERASE, GO, POWER = "flash", "again", "erase", "go", "power"
NEWER, DONE, DEAD, WORKED, HELPS = "newer", "done", "dead", "worked", "helps"
WHICH, TO_CATM1, TO_NB1 = "which", "to-catm1", "to-nb1"
MILD, FIRST, LONG, NEXT, BACK = "mild", "first", "long", "next", "back"

SENTENCE = re.compile(r"[^\n?!.]*(?:\.(?=\S)[^\n?!.]*)*[?!.]?")  #: a point inside a word ends none
_HOW = re.compile(
    r"\W*(?:(?:hi|hello|moin|hallo|hola|bonjour|and|und|y|et|en)\W+)?"
    r"(?:(?:can|could|kann|puede|peut|kan|weiss|sabe|sait|weet)\b[^?,]{0,30}?\b(?:tell|know|explain|sagen"
    r"|decir|dire|zeggen|me|mir|mij)?,? )?"
    r"(?:how|why|where|wie|warum|wo|como|donde|por que|comment|pourquoi|ou|hoe|waarom|waar)\b",
    re.I,
)
_WHAT = re.compile(
    r"\b(?:what(?:.s| is| are| does)|was (?:ist|soll|bedeutet)|que (?:es|significa)|qu.est-ce|wat is)\b", re.I
)
#: A question about what was done: whether it may be flashed is not asked.
_OF_THE_PAST = re.compile(r"\W*(?:did|has|have|was|were|hat|habe|wurde|ha|ai-je|a-t-\w+|heb|heeft)\b", re.I)
_MAY = re.compile(
    r"\b(?:(?:can|may|could|should|shall|must) (?:i|we|one|you)|(?:i|we) (?:must|should|have to)"
    r"|do i (?:need|have)|is (?:it|that|this) (?:ok|safe)"
    r"|(?:darf|kann|soll|muss) (?:ich|man)|(?:ich|man) (?:darf|kann|soll|muss)|puedo|debo|se puede"
    r"|puis-je|peut-on|(?:je|on) peux?t?|dois-je|faut-il|(?:mag|kan|moet|zal) (?:ik|je))\b",
    re.I,
)
_MEANWHILE = re.compile(r"\b(?:while|during|waehrend|mientras|durante|pendant|tijdens|terwijl)\b[^?!.,]*", re.I)
#: "Is that safe?" asks about what was said before.
_OF_THAT = re.compile(
    r"\b(?:that|this|it|ok|okay|safe|right|true|das|recht|sicher|eso|razon|seguro|ca|cela|dat|gelijk|veilig"
    r"|ide(?:a|e)|idee)"
    r"\b[^?]*\?",
    re.I,
)
_OF_A_LOOP = re.compile(r"\bboot[ -]?loop\w*\b[^?]*\?", re.I)  #: what the first finding says
#: How a question begins, whether or not a question mark ends it.
_BEGINS_A_QUESTION = re.compile(
    r"\W*(?:(?:so|and|or|but|und|oder|also|y|o|et|ou|en|of)\W{1,3})?"
    r"(?:(?:would|should|could|shall|can|may|must|do|did|does|is|are|was|has|have)(?:n.t)? (?:i|you|we|it|this|that"
    r"|there"
    r"|the|my|any(?:one|body)|some(?:one|body))"
    r"|(?:soll|kann|darf|muss|ist|sind|habe?|hat) (?:ich|man|das|es|die|der|mein\w*)|(?:dois|puis|est)-(?:je|ce)"
    r"|(?:moet|mag|kan) (?:ik|het|dat))\b",
    re.I,
)
_YES_OR_NO = re.compile(r"\b(?:yes (?:or|/) no|ja (?:oder|of) nein|ja of nee|si o no|oui ou non|y/n)\b", re.I)
#: Which file, or how to get from one firmware to another: asked or wished for in any sentence.
_WHICH = re.compile(
    r"\b(?:which|what) (?:\w+ ){0,2}?(?:one|file|image|firmware|build|version|package|dup)s?\b"
    r"(?! (?:is|are|was|it|does|do you|am|has|the) )"
    r"|\bwhat (?:do|should|must|can|shall) (?:i|we) (?:\w+ ){0,2}?(?:flash|take|send|install|use)"
    r"|\bhow (?:do|can|could|should|would|to)\b[^?.]{0,16}\b(?:get|go|come|switch|change|move|update|upgrade)\b"
    r"[^?.]{0,40}\b(?:to|from|back|on)\b"
    r"|\b(?:want|need|like)\b[^?.]{0,24}\b(?:newest|latest|most recent)"
    r"|\b(?:newer|something new|more recent) (?:\w+ ){0,2}?(?:than|image|file|firmware|build)"
    r"|\b(?:something|anything) newer|\b(?:quiero|necesito|busco)\b[^?.]{0,24}\b(?:mas (?:nuev|recient)|ultim)"
    r"|\b(?:veux|voudrais|cherche)\b[^?.]{0,24}\b(?:plus recent|dernier)"
    r"|\b(?:will|moechte|brauche|suche)\b[^?.]{0,24}\b(?:neueste|aktuellste)|\bwil\b[^?.]{0,24}\bnieuwste"
    r"|\b(?:anything|nothing|something) (?:else|except|but|other)\b|\bnichts? (?:anderes|ausser)\b|\bsonst nichts\b"
    r"|\bnada (?:mas )?que\b|\brien d.autre\b|\bniets anders\b|\betwas neueres|\balgo (?:mas )?nuevo"
    r"|\bquelque chose de plus recent"
    r"|\biets nieuwers"
    r"|\b(?:go|get|way|come)\b[^?.]{0,12}\bback\b|\b(?:go|get|switch|change) to (?:cat|nb|lte-?m)"
    r"|\bwelche[sr]?\b[^?.]{0,20}\b(?:datei|image|firmware|version|nehme|brauche|flashe)|\bwie komme ich\b"
    r"|\bwas muss ich\b[^?.]{0,20}\bflashen|\bzurueck (?:auf|zu|nach)\b"
    r"|\b(?:que|cual|cuales) (?:es )?(?:el |la )?(?:archivo|fichero|imagen|firmware|version)"
    r"|\bcual (?:uso|cojo|tomo|mando|flasheo|necesito)|\bcomo (?:paso|vuelvo|actualizo|cambio)|\bvolver a\b"
    r"|\b(?:quel(?:le)?s?|lequel|laquelle)\b[^?.]{0,16}(?:fichier|image|firmware|version|\?)"
    r"|\bcomment (?:passer|revenir|mettre)|\brevenir (?:a|en|au)\b"
    r"|\bwelke?\b[^?.]{0,20}\b(?:bestand|image|firmware|versie|moet)|\bhoe kom ik\b|\bterug naar\b",
    re.I,
)
_TOWARDS = (
    r"\b(?:to|want|wants|need|needs|has|have|only|for|on|auf|nach|zu|fuer|will|brauche|a|para|quiero|necesito|vers|pour"
    r"|en|veux|naar|voor|wil|back)\W{1,3}(?:(?:it|the|be|run|use|get|go|only|back|on|to|a|an|mit|le|la|el)\W{1,3}){0,3}"
)
#: The radio that is wished for, if any.
_RADIOS = {
    TO_CATM1: re.compile(_TOWARDS + r"(?:cat[- ]?m1?|lte-?m)\b", re.I),
    TO_NB1: re.compile(
        _TOWARDS + r"(?:nb[- ]?iot|nb1|narrow-?band)\b"
        r"|\bnb-?iot (?:is|ist|es|est)\b[^?.]{0,24}\b(?:only|all|einzige\w*|nur|unic[oa]|solo|seule?|enige)\b"
        r"|\b(?:only|nur|solo|seulement|alleen) (?:(?:have|has|get|find|offers?|haben|gibt es|hay|tiene|a"
        r"|heb) )?nb-?iot\b",
        re.I,
    ),
}
#: How long it takes, and what to do next: asked with words that begin no yes or no.
_LONG = re.compile(
    r"\bhow (?:much )?long(?:er)?\b|\bwhen (?:will|does|is) (?:it|this|the \w+) (?:be )?(?:over|done|finish\w*|end"
    r"|ready)"
    r"|\bwie lange?\b|\bwann ist (?:es|das|er) (?:fertig|vorbei)|\bcuanto (?:tiempo|tarda|dura|mas)|\bcombien de temps"
    r"|\bhoe ?lang\b",
    re.I,
)
_NEXT = re.compile(
    r"\b(?:what (?:now|next|first|(?:do|should|can|must|shall) i (?:do|try)|to do|would you (?:do|try))"
    r"|anything to do|where (?:do|should) i (?:start|begin)|which (?:step|one) (?:first|next|comes first)"
    r"|was (?:nun|jetzt|tun|mache? ich|kann ich (?:tun|machen)|soll ich (?:tun|machen))|wie (?:geht es|gehe ich) weiter"
    r"|womit (?:fange|soll) ich|que (?:hago|hacer|puedo hacer)|y ahora|por donde (?:empiezo|empezar)"
    r"|que (?:dois-je )?faire"
    r"|par ou commencer|et maintenant|wat (?:nu|moet ik (?:nu )?doen|kan ik (?:doen|proberen))|waar begin ik)\b",
    re.I,
)
#: What is installed or updated where no modem is flashed.
_OF_THE_PC = re.compile(
    r"\b(?:drivers?|treiber|controlador\w*|pilotes?|stuurprogramma|pyserial|python|librar(?:y|ies)|plugins?|extension"
    r"|pymakr|atom|vs ?code|thonny|mpremote|rshell|ampy|windows|mac ?os)\b",
    re.I,
)
_OF_THE_MODEM = re.compile(r"\b(?:re)?flash|\.dup\b|\bmodem|\d{5}", re.I)
_OF_SEVERAL = re.compile(
    r"\b(?:where|womit|con que|par ou|waar)\b[^?.]{0,20}\b(?:begin|start|anfangen|fange|empiezo|commencer|beginnen)"
    r"|\b(?:which|what) (?:\w+ ){0,4}(?:first|order|matters|counts)|\bin (?:which|what) order"
    r"|\bwelche\w*\b[^?.]{0,30}\b(?:zuerst|reihenfolge)"
    r"|\bcual(?:es)?\b[^?.]{0,30}\bprimero|\b(?:quel|quelle)\b[^?.]{0,30}\b(?:ordre|d.abord)"
    r"|\bwelke\b[^?.]{0,30}\b(?:eerst|volgorde)"
    r"|\b(?:two|three|four|several|many|zwei|drei|vier|mehrere|dos|tres|varios|deux|trois|plusieurs|twee|drie)"
    r" (?:\w+ )?(?:errors?|messages|problems|things|fehler|meldungen|errores|erreurs|fouten)\b",
    re.I,
)
#: Whether it can be undone.
_BACK = re.compile(
    r"\b(?:can|could|may|would|is|if|how)\b[^?.]{0,40}\b(?:(?:go|get|come|way|step|switch|change|flash) (?:it )?back"
    r"|return|undo|revert"
    r"|roll ?back|restore)\b(?![^?.]{0,20}\bboard\b)|\b(?:komm\w*|kann|geht|gibt|weg)\b[^?.]{0,30}\bzurueck\b"
    r"|\b(?:puedo|podria|se puede|hay)\b[^?.]{0,30}\b(?:volver|marcha atras|revertir)"
    r"|\b(?:puis-je|peut-on|je (?:peux|pourrai)|possible)\b[^?.]{0,30}\b(?:revenir|retour|restaurer)"
    r"|\b(?:kan|mag)\b[^?.]{0,30}\bterug\b",
    re.I,
)
#: Whether what somebody reads is right: the way, then, is asked for.
_RIGHT = re.compile(
    r"\b(?:tutorial|guide|readme|instructions?|recipe|procedure|order|plan|page|wiki|anleitung|reihenfolge|plan|guia"
    r"|orden"
    r"|tuto\w*|procedure|ordre|handleiding|volgorde)\b[^?]{0,40}\b(?:ok|okay|right|correct|valid|true|still|up to date"
    r"|current|outdated|wrong|richtig|korrekt|aktuell|gueltig|stimmt|veraltet|falsch|correct[oa]|valid[oa]|vigente"
    r"|bon(?:ne)?"
    r"|juste|valable|klopt|goed|verouderd)\b|\b(?:right|correct) order\b|\brichtige reihenfolge|\borden correcto"
    r"|\bbon ordre|\bjuiste volgorde"
    r"|\b(?:should|shall) i do (?:something|anything) else\b",
    re.I,
)
#: What a prompt listed, and what a tool said at length, is no word of the reader.
_LISTED = re.compile(r"\[[^\]\n]*\]|[\"\u201c\u201e\u00ab][^\"\u201c\u201d\u00bb\n]{30,}[\"\u201c\u201d\u00bb]")
_ABOUT = {
    WORKED: re.compile(
        r"\b(?:did|has|have|was|is)\b[^?]{0,60}\b(?:work(?:ed)?|succeed(?:ed)?|success\w*|fail(?:ed)?"
        r"|go(?:ne)? (?:through|wrong)|incomplete|only half|half[ -]?(?:done|work\w*|way)|complete(?:ly)?"
        r"|not (?:update|upgrade|take|stick))\b"
        r"|\b(?:geklappt|schief ?gegangen|fehlgeschlagen|gelungen|funcionado|fallado|funciono|fallo"
        r"|ha ido (?:bien|mal)|(?:a|est|a-t-\w+) (?:rate|marche|fonctionne|echoue|reussi)|gelukt|mislukt)\b",
        re.I,
    ),
    HELPS: re.compile(
        r"\b(?:does|will|would|could|can) (?:this|that|it|the) (?:\w+ ){0,3}(?:help|fix|cure|solve|mend|improve)\b"
        r"|\bwould you (?:re)?(?:flash|update|upgrade)\b|(?:flash|up(?:dat|grad)|firmware|41065)\w*[^?.]{0,30}\b(?:fix"
        r"|help|cure|solve|repair|mend)\w*\b"
        r"|\b(?:need to|have to|must i|must we) (?:re-?do|re-?flash|re-?install)\b"
        r"|\bmuss ich\b[^?.]{0,16}\b(?:neu|nochmal|erneut) (?:flash|aufspiel|install)"
        r"|\b(?:tengo que|hay que) (?:re-?flash|volver a flash)|\b(?:dois-je|faut-il) re-?flash"
        r"|\bmoet ik\b[^?.]{0,16}\b(?:opnieuw|weer) (?:flash|install)|flash\w*[^?.]{0,24}\b(?:hilf|beheb|repar|rett)\w*"
        r"|\bhilft\b[^?.]{0,24}flash|(?:flashear|actualizar)\w*[^?.]{0,24}\b(?:arregl|solucion|ayud)\w*"
        r"|\b(?:flasher|mettre a jour)[^?.]{0,24}\b(?:resou|aide|repar|regl)\w*|flashen[^?.]{0,24}\b(?:help|oploss)\w*",
        re.I,
    ),
    FLASH: re.compile(
        r"\b(?:put(?:ting)?|load|take|try)\b[^?.]{0,20}\d{5}|\bsend(?:en)?\b(?=[^?]*(?:\.dup\b|\d{5}))"
        r"|\b(?:re)?flash(?! (?:chip|memory|storage|file ?system))"
        r"|\bup(?:grad|dat)(?!er\.elf)|\binstall|\bsqnsupgrade(?!\.(?:info|version))|\brun\(|\bdowngrad"
        r"|\b(?:way|path|route|weg|camino|chemin|manera|moyen|manier) (?:from|to|von|nach|zu|de|desde|a|pour|van"
        r"|naar|om)\b"
        r"|\bgo(?:ing)? (?:lower|back|down|straight|directly)|\b(?:go|get) (?:\w+ ){0,2}to \d{5}|spielen\b"
        r"|\baktualisier"
        r"|\bflasche|\bactualiza|\binstala|mettre a jour|mise a jour|\bbijwerk|\.dup\b",
        re.I,
    ),
    AGAIN: re.compile(
        r"\b(?:again|once more|repeat|redo|retry|re-?run|re-?send|start(?:ing)? over"
        r"|restart (?:it|the (?:update|upgrade|flash|transfer))"
        r"|from (?:the )?(?:start|beginning|scratch|zero)|resume|go on|carry on|continue"
        r"|noch ?mal|nochmals|erneut|wiederhol\w*"
        r"|von vorne?|weitermachen|fortsetzen|otra vez|de nuevo|repetir|repito|empezar de cero|continuar|seguir"
        r"|encore une fois"
        r"|de nouveau|recommencer|relancer?|reprendre|continuer|refaire"
        r"|opnieuw|nog een keer|nogmaals|overnieuw|verder ?gaan)\b",
        re.I,
    ),
    ERASE: re.compile(
        r"\b(?:eras(?:e|ing)|wip(?:e|ing)|(?:re)?format(?:ting|ieren|ear|eo|er|teren)?|factory reset|loesch\w*"
        r"|plattmach\w*|borrar\w*|effacer|wissen)\b",
        re.I,
    ),
    GO: re.compile(
        r"\b(?:c.est|est-ce) (?:bon|correct|juste)\b|\bist das richtig|\b(?:esta|es) (?:bien|correcto)\b"
        r"|\bklopt (?:dat|het)\b"
        r"|\b(?:start|begin|(?:what|which|right|correct) order|anything (?:special|else)|what.s correct"
        r"|can i put|shall i|mach ich|go (?:ahead|for it)|good (?:to go|enough)|send (?:it|them|the|that|-)|load"
        r"|put (?:it|them|that|this) (?:on|in)|use (?:it|this|that)|(?:try|run|do|take) (?:it|this|that|them)"
        r"|straight in|save (?:it|the modem)|do (?:number|part|step)|close the (?:lid|laptop|terminal)"
        r"|go to (?:bed|sleep)|skip|press|reset"
        r"|welche\w* reihenfolge|que orden|quel ordre|welke volgorde|etwas (?:besonderes|beachten)"
        r"|algo (?:especial|mas)"
        r"|quelque chose de special|iets (?:speciaals|anders)|gehen|starten|loslegen|senden|schicken|laden"
        r"|draufmachen|weglassen|druecken"
        r"|hacerlo|pasar|empezar|enviar|cargar|lanzar|saltar\w*|lanzo|lanzar\w*|lance|lancer|on y va|passer"
        r"|y aller|envoyer|charger|sauter"
        r"|versturen|proberen|overslaan|beginnen)\b"
        r"|\b(?:ok|okay|safe|fine|in ordnung|sicher|seguro|sur|veilig)\b[^?]*\?",
        re.I,
    ),
    NEWER: re.compile(
        r"\b(?:newer|older|newest|latest|right update|up.to.date|nieuwer|ouder|nieuwste)\b|\b(?:neuer|aelter"
        r"|neueste)\w*"
        r"|\bmas (?:nuev|recient|antigu|viej)|\bplus (?:recent|ancien|vieu|nouv)",
        re.I,
    ),
    DEAD: re.compile(
        r"\b(?:los(?:e|ing|t)|perds?|verlier\w*|verloren|pierdo|verlies)\b[^?.]{0,30}\b(?:lte|modem)|\b(?:dead"
        r"|is (?:it|(?:the|my|this) (?:modem|board|gpy|fipy|one)) (?:now |really )?lost(?=\W*\?)"
        r"|bricked|brick|toast|broken|fried|killed|gone for good|(?:hardware|modem|chip"
        r"|board) (?:\w+ )?(?:gone|defective|damaged|faulty)|dying|(?:buy|need) (?:a )?new(?! (?:\w+ ){0,2}(?:sd|card"
        r"|cable|sim|antenna|battery|file|firmware|image|driver))"
        r"|tot|kaputt|bin it|throw it|wegwerfen|hinueber|zerstoert|im eimer|(?:ist|sind) (?:er|sie|es|das|der"
        r"|die)\b[^?.]{0,20}\b(?:hin|fertig|erledigt)(?=\W*\?)"
        r"|perdue?s?|gebrickt|muert[oa]|murio|rot[oa]|estropead[oa]|ladrillo|mort|morte|foutu|casse|grille|brique|dood"
        r"|kapot|stuk)\b"
        r"(?![^?]*\b(?:link|download|page|site|seite)\b)",
        re.I,
    ),
    FIRST: re.compile(
        r"\b(?:before|prior to|first|ahead of|vor(?:her)?|zuerst|bevor|erst|antes|primero|avant|d.abord"
        r"|voor(?:dat)?|eerst)\b"
        r"(?=[^?]*\?)",
        re.I,
    ),
    MILD: re.compile(
        r"\b(?:ignor\w+|harmless|dangerous|harmful|serious|bad(?: sign)?(?! (?:sd|card|cable|board|modem|sim|image"
        r"|file|download|usb))|worr(?:y|ied)|care about|normal(?:e|es|s)?"
        r"|leave (?:it|that|this)"
        r" (?:alone|as it is|be)|anything wrong|(?:any|a) problems?|expected|matters?|good now|all good"
        r"|schlimm|gefaehrlich|ignorieren|harmlos|bedenklich|egal|probleme?|grave|peligros[oa]|malo|problemas?"
        r"|preocup\w+|dangereux|inquiet\w+|problemes?|erg|gevaarlijk|negeren|normaal|probleem|zorgen)\b",
        re.I,
    ),
    DONE: re.compile(
        r"\b(?:somebody|someone|people|others?)\b[^.?!]{0,24}\b(?:did|done|managed)\b|\b(?:anyone|anybody"
        r"|ha[sd] someone|did someone|(?:jemand|alguien|quelqu.un|iemand)(?=[^?]*\?))\b"
        r"(?![^?]*\b(?:ide[ae]s?|idee|tips?|clue|hints?|advice|help|know|explain|Ahnung|Rat|consejo|conseil|raad"
        r"|weet|weiss)\b)",
        re.I,
    ),
    POWER: re.compile(
        r"\bstrom (?:weg|aus)\w*|\bpull or not|\bun ?plug|\bpull(?:ing)?\b"
        r"|\bdisconnect|\bpower(?:ing)?(?: it| the board)? (?:off|down|cycl)"
        r"|\bcut (?:the )?power|\b(?:switch|turn)(?:ing)?(?: \w+){0,3} off|\binterrupt|\babbrech"
        r"|\b(?:aus|ab)(?:zu)?(?:steck|zieh|schalt)|\bziehen|\bdesenchuf|\bdesconect|\bapag(?!on)|\bdebranch|\bcouper"
        r"|(?:restart|reboot|reinici\w+"
        r"|redemarrer|herstart\w*) (?:it|the (?:board|modem)|la placa|la carte|het bord)"
        r"|(?:Board|Modul|Modem)\b[^?.]{0,20}neu ?starten|\beteindre|\barreter"
        r"|\b(?:ctrl|control|strg)[- +]{0,3}c\b|\bkill (?:it|the)\b|\b(?:stop|abort|cancel|break) (?:it|this|the"
        r" (?:update|upgrade|transfer|script|flash\w*))|\bclose (?:the |this )?(?:window|terminal|tool|script)"
        r"|\bdoorknippen|\bparar(?:lo|la)\b|\bstoppen\b"
        r"|koppelen\b|\beruit|trekken\b|\beraf\b|\buit(?:schakel|zet)|\bafbreken",
        re.I,
    ),
}


#: "Step 1 is 33988, yes?" asks whether to flash that.
_CONFIRMED = re.compile(
    r"(?<![\w-])(?:3[3-9]|4\d|50)\d{3}\b[^?!]{0,20}(?:\?\s*)?\b(?:yes|right|correct|ok|okay|isn't it|oder"
    r"|richtig|stimmt.?s"
    r"|verdad|cierto|no es|n.est-ce pas|non|toch|klopt)\s*\?",
    re.I,
)


def asked(prose: str) -> tuple[str, ...]:
    """What the sentences of a description ask: the kinds above, in their order."""
    prose = _LISTED.sub(" ", without_accents(prose))
    found, before = _kinds(prose) if _YES_OR_NO.search(prose) else set[str](), ""
    for sentence in filter(str.strip, SENTENCE.findall(prose)):
        if _HOW.match(sentence) or _OF_A_LOOP.search(sentence):
            pass
        elif _is_question(sentence) or _MAY.search(sentence):
            kinds = _kinds(sentence)
            if kinds <= {GO} and _OF_THAT.search(sentence):
                kinds = _kinds(before) or kinds
            found |= kinds - {FLASH} if WORKED in kinds or _OF_THE_PAST.match(sentence) else kinds
        before = sentence
    if not found and _CONFIRMED.search(prose):
        found = {FLASH}
    found |= {kind for kind, words in ((LONG, _LONG), (NEXT, _NEXT)) if words.search(prose)}
    asking = list(filter(_is_question, SENTENCE.findall(prose)))
    wished = (kind for kind, words in _RADIOS.items() if words.search(prose))
    return (
        *(kind for kind in (*_ABOUT, LONG, NEXT) if kind in found),
        *((BACK,) if any(map(_BACK.search, asking)) else ()),
        *((WHICH,) if _WHICH.search(prose) or any(map(_RIGHT.search, asking)) else ()),
        *wished,
    )


def asks_for_an_order(prose: str) -> bool:
    """Whether the reader has several errors before him, and asks which one counts."""
    return _OF_SEVERAL.search(without_accents(prose)) is not None


def _is_question(sentence: str) -> bool:
    return sentence.rstrip().endswith("?") or _BEGINS_A_QUESTION.match(sentence) is not None


def questions(prose: str) -> str:
    """The sentences of a description that ask something, whatever it is."""
    sentences = SENTENCE.findall(without_accents(prose))
    return " ".join(s for s in sentences if _is_question(s) or _HOW.match(s) or _WHAT.search(s))


def _kinds(sentence: str) -> set[str]:
    """What one sentence asks; a flash in a question about the power, or about others, is only what it is about."""
    sentence = _MEANWHILE.sub(" ", sentence)
    kinds = {kind for kind, about in _ABOUT.items() if about.search(sentence)}
    if _OF_THE_PC.search(sentence) and not _OF_THE_MODEM.search(sentence):
        kinds -= {FLASH, GO}
    if FIRST in kinds and not kinds & {FLASH, GO, HELPS}:
        kinds -= {FIRST}
    if FIRST in kinds:
        kinds -= {HELPS}
    if POWER in kinds:
        kinds -= {DEAD, GO, MILD}
    if kinds & {POWER, DONE, DEAD, AGAIN, ERASE, HELPS}:
        kinds -= {FLASH}
    if kinds - {GO, MILD}:
        return kinds - {GO, MILD}
    return kinds - {GO} if MILD in kinds else kinds
