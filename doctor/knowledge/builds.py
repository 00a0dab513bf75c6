"""Which build the modem runs, which one the file holds and which ones are boot loaders, wherever a paste says so."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from doctor.knowledge.our_lines import our_lines
from doctor.knowledge.paste import Paste

RADIOS = CAT_M1, NB_IOT = "LR5", "LR6"
_MOST = 40  #: builds of one paste whose part is known
_MOST_LOOKED_AT = 400
_BEFORE_CHARS = 48  #: how far back the words that tell the part of a build are looked for

#: Public builds of the SQN3330 and those that came with boards (modem-protocol.md 7).
_RADIO = {
    **dict.fromkeys((33080, 33988, 36417, 38638, 39529, 41065, 43818, 46470, 48829, 50523), CAT_M1),
    **dict.fromkeys((35351, 36571, 37365, 37781, 38729, 40343, 41019, 46262, 48939), NB_IOT),
}
PAIR_BUILD = 48829  #: comes as two files
BETWEEN_BUILD = 39529  #: what runs between the two files of 48829 (modem-protocol.md 7)
_BY_NAME = {"LR5": CAT_M1, "LR6": NB_IOT, "CATM1": CAT_M1, "NB1": NB_IOT}
_TOLD = re.compile(r"LR[56](?=\.\d\.\d\.\d-\Z)|(?:CATM1|NB1)(?=[-_]\Z)", re.I)
_NUMBER = re.compile(r"(?<![\d.])(\d{5})(?!\d)(-[12])?(?![\d.]*\d)")
_FILE = re.compile(r"[\w./-]{0,60}\.dup\b", re.I)
_COPY = (
    r"boot[ -]?loaders?|\[BOOTROM[0-2]\*?\]"
    r"|(?:first|erste[rn]?|primera?|premi[eè]re?|eerste) (?:copy|kopie|copia|copie)\b"
    r"|(?:copy|slot|kopie|copia|copie) ?#?(?:[0-2]|zero|null|cero|zéro|nul)\b"
)
#: The number of a boot loader stands in the same clause, before or behind these words, and no file or software between.
_LOADER = re.compile(
    rf"(?:{_COPY})(?:(?!\d{{5}}|software|firmware|modem|LR[56]|CATM1|NB1|\bflash|\bup(?:dat|grad)|\bto\b|\bauf\b)"
    r"(?:[^\n.;,?!]|\.(?=\d)|[,?](?= (?:it|that|es|das|c|er)(?:.s|st| is| ist| es|est)? )))*\Z",
    re.I,
)
_LOADER_BEHIND = re.compile(
    r"\]?[\"') ]{1,3}(?:(?:in|as|is|at|for|of|im|als|en|dans|bei|beim|the|its|my|der|den|dem|el|la|le|de|het|old"
    rf"|first|very|erste[nrm]?|primer|premier|eerste|factory|alten?|alter) ){{0,3}}(?:{_COPY})",
    re.I,
)
_STAR = re.compile(r"\d ?\*|\b(?:star|stern|estrella|étoile|ster)\w*\b", re.I)
_BASE = re.compile(
    r"upgdiff[_ ]\Z|\b(?:diff\w*|diferenci\w+|différentiel\w*|verschil\w*)\W[^\n.;,?!\d]{0,24}"
    r"\b(?:from|von|de|desde|van|depuis|base) \Z"
    r"|\b(?:diff\w*|verschil\w*)\W{1,3}(?:(?:file|image|datei|bestand)\W{1,3})?\Z",
    re.I,
)
#: What has a number of five digits too.
_OF_ANOTHER = re.compile(
    r"\b(?:order|tickets?|invoice|customers?|cases?|phone|serial|article|tracking|post|zip|thread|topic|bestell\w*"
    r"|kunden\w*"
    r"|rechnung\w*|telefon\w*|serien\w*|artikel\w*|plz|pedido|factura|tel[eé]fono|commande|facture|client\w*"
    r"|factuur|klant\w*)\b(?:[ -]?(?:no\.?|nr\.?|numbers?|nummern?|n[uú]mero|num[eé]ro|id|is|ist|was|es|est|of|von"
    r"|de|:|#))"
    r"{0,4}[ :#]{0,2}\Z|(?<!\w)#\Z|[€$£] ?\Z",
    re.I,
)
_DIFF_NAME = re.compile(r"[-_]to[-_]\d{5}", re.I)
_TARGET = re.compile(
    r"\d{5}[-_]to[-_]\Z|upgdiff[_ ]\d{5} to \Z"
    r"|\b(?:diff|verschil)[^\n\d]{0,24}\d{5} ?(?:[-=]>|→|to|auf|nach|vers|naar|a) ?\Z",
    re.I,
)
_TARGET_BEHIND = re.compile(r"(?:[-_ ]to[-_ ]| ?(?:[-=]>|→|to|auf|nach|naar|vers|a|à) ?)(\d{5})(?!\d)", re.I)
#: Behind these an image is named that a plan sends after the one before.
_NEXT = re.compile(
    r"\b(?:then|afterwards|puis|ensuite|dann|danach|luego|despu[eé]s|daarna)\W{1,3}(?:[\w.-]{1,20}\W{1,3}){0,5}\Z", re.I
)
#: A number in front of these is that of a file.
_FILE_BEHIND = re.compile(
    r" (?:auf|on|onto|over|en|sur|op) (?:\w{1,7} )?(?:modem|gpy|fipy|board|module?n?|placa|carte|bord)s?"
    r" (?:with|mit|con|avec|met|at|running) \d{5}\b"
    r"|(?:-[12])?[ '\"`*-]{1,2}(?:marked|labell?ed|listed|offered|(?:for|to|zum) download|files?|images?"
    r"|pair|zips?|package|archives?|datei(?:en)?|abbild|paar|paket|archivos?|imágenes|fichiers?|paire|paquet|bestand(?:en)?"
    r"|pakket|(?:over|über|encima de|par-dessus)(?! (?:the )?(?:air|lte|usb|uart|serial)))\b",
    re.I,
)
#: Parts: an image; one by the form of its name; runs, as a tool prints it; runs, in words; a boot loader.
_IMAGE_PART, _NAMED, _PRINTED, _SAID, _LOADER_PART = "image", "named", "printed", "said", "loader"
#: Owned as a file, as the words behind it say: it runs only if nothing else does.
_OWNED = "owned"
#: In a question, and nothing tells the part: it is what the reader means to flash, if nothing else is.
_ASKED = "asked"
_QUESTION = re.compile(r"[^\n?.!]{0,120}\?")
_MODEM = re.compile(
    r"\[FFF\] {1,4}(?:BUILD)?\d\.\d\.\d\.\d[ -]\[?\Z|\bLR[56]\.\d\.\d\.\d-\Z|\bSoftware\b\W{0,12}"
    r"(?:(?!(?:not|nicht|no|pas|niet|to|image|from)\b)[a-z]{1,8}\W{1,3}){0,2}"
    r"(?:(?:BUILD)?\d\.\d\.\d\.\d[ -])?\[?\Z",
    re.I,
)
#: What a text says of now counts as what a tool prints.
_NOW = re.compile(
    r"\b(?:now|jetzt|ahora|maintenant|nu)\W{1,3}(?:(?:it|is|says|shows|on|at|runs|es|ist|sagt|zeigt|dice|dit"
    r"|affiche|zegt"
    r"|toont|build|version)\W{1,3}){0,3}\Z",
    re.I,
)
_CANNOT = re.compile(
    r"[^\n?.!]{0,40}\b(?:can ?not|can.t|(?:kann|darf|geht) nicht|no (?:se )?puede|ne peut|kan niet|brick\w*|kills?"
    r"|reject\w*|refus\w*)\b",
    re.I,
)
#: Said behind a number: that it is in the modem.
_RUNS_BEHIND = re.compile(
    r"\]?[\"')]{0,2}[ ,]{1,2}(?:(?:is|was|ist|war|es|est|currently|already|still|now|schon|noch|jetzt)\W{1,3}){0,2}"
    r"(?:running|runs|ran|installed|on it\b|(?:in|on|im|auf|en|dans|sur|op) (?:(?:my|the|this|meinem|dem|mi|el|mon|le"
    r"|mijn|de|het)\W{1,3})?(?:modem|gpy|fipy|board|module?n?|placa|carte|bord)\b|läuft|drauf|drin|installiert"
    r"|instalad[oa]|corriendo|installée?|tourne|draaide?|geïnstalleerd|erop|since (?:delivery|new|the factory)"
    r"|from (?:the )?factory|ab werk|de fábrica|d.usine|af fabriek)\b",
    re.I,
)
#: In front of it: that it is to come there, or is asked about.
_TO_COME = re.compile(
    r"\b(?:put|get|bring|flash\w*|load|install|send|try|want|can|could|should|may|must|will|would|spiel\w*|mach\w*"
    r"|bekomm\w*|kann|soll|darf|muss|poner|pongo|meter|quiero|mettre|veux|zetten|zet|wil|to|auf|until|before|if|wenn"
    r"|si)"
    r"\b[^.;,?!]{0,30}\Z",
    re.I,
)
#: A number in front of these is that of an image that is to be sent first.
_FIRST_BEHIND = re.compile(r"[\"')]{0,2} (?:first|zuerst|primero|d'abord|eerst)\b", re.I)
#: Of a number that is compared, it is not told that it runs.
_COMPARED = re.compile(
    r"\W{1,2}(?:newer|older|better|neuer|älter|besser|más|plus|nieuwer|ouder"
    r"|(?:(?:is|was|ist|sei|es|est|sea|soit) )?(?:possible|allowed|permitted|möglich|erlaubt|posible|permitido|permis"
    r"|mogelijk|toegestaan))\b",
    re.I,
)
#: A rule names such a number: "48829 cannot follow 41019".
_RULED = re.compile(r"\]?[\"')]{0,2} (?:can ?not|can't|must not|may not) (?:follow|go|be (?:sent|flashed|put))\b", re.I)
#: Behind these a build is only wished for, though it is written as a tool prints it.
_WANTED = re.compile(
    r"\b(?:(?:st[ae]p|schritt|paso|étape) ?\d{1,2}|want(?:ed|s)?|wish(?:ed)?|goal|target|desired|required|needed"
    r"|gewünscht|wunsch|ziel|soll|möchte|objetivo"
    r"|dese\w+|quiero|meta|cible|objectif|souhait\w+|voulue?|voudrais|gewenste?|doel|wil)\W{1,3}"
    r"(?:(?:the|die|la|el|le|de|is|ist|es|est|version|versie|versión|build|firmware|software)\W{1,3}){0,3}"
    r"(?:LR[56]\.\d\.\d\.\d-|(?:BUILD)?\d\.\d\.\d\.\d[ -]\[?)?\Z",
    re.I,
)
_OWNED_BEHIND = re.compile(
    r"[^\n.,;?!]{0,60}?\b(?:(?:on|auf|en|sur|op|in|im|dans) (?:(?:the|my|der|die|meiner|meinem|dem|la|el|mi|le|ma"
    r"|mon|de|het|mijn) )?(?:sd|card|pc|laptop|disk|downloads?|karte|rechner|tarjeta|ordenador"
    r"|carte|disque|kaart|schijf)\b"
    r"|downloaded|heruntergeladen|descargad[oa]s?|téléchargée?s?|gedownload)",
    re.I,
)
_FILE_FORM = re.compile(r"(?:CATM1|NB1)[-_](?:5\.2-)?\Z", re.I)
_RUNS = re.compile(
    r"\b(?:current(?:ly)?|installed|have|has|had|got|on|runs?"
    r"|running|ran|over|über|encima de|follow|hatte|lief|ten[ií]a|avais|avait|draaide"
    r"|from|is|was|shows?|says?|reads?|m[oó]dem|GPy|FiPy|build|built|version|hab|habe|hat|hast|läuft|zeigt|mit|von"
    r"|aktuell|tengo|tiene|desde|con|actual|ai|depuis|heb|heeft|van|met|draait|huidige)"
    r"\W{1,3}(?:(?:the|build|version|firmware|software|still|only|Cat-?M1?|NB-?IoT|NB1|CATM1|a|der|die|la|el|le|de"
    r"|sagt|meldet|dice|muestra|dit|affiche|zegt|toont)"
    r"\W{1,3}){0,3}\Z",
    re.I,
)
_IMAGE = re.compile(
    r"\b(?:to|into|flash(?:ing|en|e|er|ear)?|install(?:ing|ieren|er)?|update|upgrade|planned|target|want"
    r"|new|load|send|take|use|try|(?:.d|would) like|need|prefer|möchte|will|wollte|brauche|quiero|quisiera"
    r"|necesito|voudrais|veux|wil|nodig|nach|auf|a|al|vers|naar|files?|images?|datei(?:en)?|archivos?|fichiers?"
    r"|bestand(?:en)?|put|mettre|mets|poner|pongo|cargar|charger|zetten|zet|spielen?|full)"
    r"\W{1,3}(?:(?:the|build|version|Cat-?M1?|NB-?IoT|NB1|CATM1|5\.2|firmware)\W{1,3}){0,3}\Z"
    r"|(?:[-=]>|→)\W{0,3}\Z|(?:CATM1|NB1)[-_](?:5\.2-)?\Z",
    re.I,
)
#: Behind these a build is told to have run before.
_WAS = re.compile(
    r"\b(?:before|previous(?:ly)?|formerly|earlier|had|was|avais|used to (?:run|have)|vorher|davor|zuvor|früher|hatte"
    r"|(?:coming|came) from|war|antes|anterior|ten[ií]a|avant|avait|auparavant|eerst|vroeger|voorheen)\b"
    r"[^\n.;?!\d]{0,24}"
    r"(?:(?:LR[56]|BUILD\d|\d)\.\d\.\d\.\d[ -]\[?)?\Z",
    re.I,
)
#: Behind these, or in front of those below, an image is told to have been sent.
_SENT = re.compile(
    r"(?<!be )\b(?:sent|flashed|used|applied|ran|geschickt|gesendet|geflasht|eingespielt|envi[eé]|mand[eé]|flashe[eé]"
    r"|enviado|mandado|flasheado|envoyée?|flashée?|gestuurd|verstuurd|verzonden|geflashed|mandato|inviato|enviei"
    r"|mandei)\b[^.;?!\n]{0,40}\Z",
    re.I,
)
_SENT_BEHIND = re.compile(
    r"(?:-[12]\b|[-_]to[-_]\d{5})?(?:\.dup)?\b[^.;?!\n]{0,24}\b(?:sent|geschickt|gesendet|geflasht|eingespielt|enviado|envoyé|gestuurd"
    r"|verstuurd|verzonden|geflashed)\b(?! (?:werden|wird|worden?|wordt)\b)",
    re.I,
)
_NOT_SENT = re.compile(
    r"\b(?:not|never|if|when|before|without|who|he|she|they|nicht|nie|noch|wenn|falls|bevor|er|sie|no|nunca|si|antes|pas"
    r"|jamais|avant|il|elle|niet|nooit|als|voordat|hij|zij|non|nao|não|will|soll|muss|wird|be|being)\b|n.t\b",
    re.I,
)
#: Behind these a number is what does not run.
_NOT = re.compile(
    r"(?:\b(?:not|never|nicht|keine?|pas|niet|geen|ne)|n.t|\bno) "
    r"(?:(?:run(?:ning)?|on|at|have|has|got|the|be|die|der|es|tiene|tengo|la|en|le|op|build|version) ){0,3}"
    r"(?:LR[56]\.\d\.\d\.\d-)?\Z",
    re.I,
)
#: The number of what a tool or a person calls the software.
_MODEM_BEHIND = re.compile(r"\] (?:as|is|in|under|als|como|comme) (?:the )?Software\b", re.I)
#: A number in front of these is where the way begins.
_WAY_BEHIND = re.compile(r"\W{0,3}(?:[-=]>|→|to|nach|auf|naar|vers|a|à)\W{1,3}(?:[A-Z\d-]{2,8}\W)?\d{5}\b", re.I)
_SENTENCE_MARK = re.compile(r"[?!\n;]|\.(?=\s)")
#: Beside a number that is also a boot loader's, these say that an image is meant.
_SENDING = re.compile(
    r"\.dup\b|CATM1|NB1|run\(|flash|install|instala|\bsend\b|\bload\b|downgrad|\bback\b|zurück|volver|retour"
    r"|revenir|terug",
    re.I,
)
#: In front of a number, as a modem's own list has it: ``6.0.0.0 [41019]``.
_VERSION = re.compile(r"(?:BUILD)?\d\.\d\.\d\.\d[ -]\[\Z", re.I)
_PARTS = ((_PRINTED, _MODEM), (_PRINTED, _NOW), (_SAID, _RUNS), (_IMAGE_PART, _IMAGE))


@dataclass(frozen=True)
class Build:
    """A build that runs, or an image.

    kind     the radio that it is for, ``LR5`` Cat-M1 or ``LR6`` NB-IoT; ``diff`` is a differential image, and its
             number is that of the build that it patches; ``loader`` is a boot loader, ``loader*`` the one that runs
    place    where the number stands in the text
    in_call  named where the updater is called, so that what stands behind is what came of it
    target   of a differential image: the build that it makes; 0 if nothing says so
    is_next  named as what comes after the image before it
    was      told to have run before
    was_sent an image that is told to have been sent
    """

    number: int
    kind: str
    place: int
    in_call: bool = False
    target: int = 0
    is_next: bool = False
    was: bool = False
    was_sent: bool = False

    @property
    def made(self) -> int:
        """The build that an image brings; 0 if a differential image does not tell."""
        return self.target if self.kind == "diff" else self.number

    def fits(self, pattern: str) -> bool:
        """Whether the expression fits the build, named with its radio."""
        return re.match(pattern, f"{_RADIO.get(self.number, self.kind)}-{self.number}") is not None

    def __str__(self) -> str:
        return f"{self.kind}-{self.number}" + (f"-to-{self.target}" if self.target else "")


@dataclass(frozen=True)
class BuildStep:
    """An image, and the build that ran when it was sent, or is meant to be; ``arrived``: it came to run."""

    runs: Build
    image: Build
    arrived: bool = False

    def holds(self, compare: str) -> bool:
        """Whether ``runs > image`` or ``runs != image`` was true before the image was sent; true if empty."""
        if not compare:
            return True
        if self.image.in_call and self.runs.place > self.image.place:
            return False
        _, sign, _ = compare.split()
        return self.runs.number > self.image.made if sign == ">" else self.runs.number != self.image.number

    @property
    def places(self) -> tuple[int, int]:
        """Where both stand in the text, the first one first."""
        first, last = sorted((self.runs.place, self.image.place))
        return first, last


@dataclass(frozen=True)
class Told:
    """What a paste tells of builds, each in the order of appearance.

    runs     what the modem runs, as tools print it; as it is said in words if nothing is printed
    images   what is sent, or meant to be
    loaders  its boot loaders
    said     what runs in words beside what a tool printed: it may be this modem or another
    lone     the build whose number is all of the text
    """

    runs: tuple[Build, ...] = ()
    images: tuple[Build, ...] = ()
    loaders: tuple[Build, ...] = ()
    said: tuple[Build, ...] = ()
    lone: Build | None = None

    @cached_property
    def steps(self) -> tuple[BuildStep, ...]:
        """Every image and boot loader with the build that ran before it; if none is told before it, the one behind."""
        others = (*self.images, *self.loaders) if self.runs else ()
        told = (BuildStep(self._runs_before(other), other, self._arrived(other)) for other in others)
        planned = ((self.before(image), image) for image in self.images)
        return (*told, *(BuildStep(before, image) for before, image in planned if before is not None))

    def before(self, image: Build) -> Build | None:
        """The image that a plan sends before this one, as the build that runs then; None if no plan says so."""
        earlier = [other for other in self.images if other.place < image.place and other.number != image.number]
        return earlier[-1] if image.is_next and earlier and earlier[-1].kind in RADIOS else None

    def _runs_before(self, image: Build) -> Build:
        """What ran when an image was sent: not what it brought, if the text tells of another build before that."""
        runs = self.runs[: max(bisect_left([build.place for build in self.runs], image.place), 1)]
        earlier = [build for build in runs if build.number != image.made] if len(runs) > 1 else []
        return earlier[-1] if earlier and image.kind in RADIOS else runs[-1]

    def _arrived(self, image: Build) -> bool:
        """Whether what an image brings runs behind it; a call, or another build before, shows that it was sent."""
        if image.kind == "diff" and image.was_sent and self.runs[-1].number == image.target:
            return True
        before = self._runs_before(image)
        was_sent = image.in_call or (before.place < image.place and before.number != image.made)
        behind = (build.number for build in self.runs if build.place > image.place)
        return image.kind not in ("loader", "loader*") and was_sent and image.made in behind

    @property
    def arrived(self) -> Build | None:
        """The build that runs last, if the text shows that it was sent and came to run."""
        if any(step.arrived and self.runs[-1].number == step.image.made for step in self.steps):
            return self.runs[-1]
        return None

    @property
    def rivals(self) -> tuple[Build, ...]:
        """Builds told to run beside the last one, with no flash to that one between: they may be another modem's."""
        if not self.runs:
            return ()
        last, loaders = self.runs[-1], {loader.number for loader in self.loaders}
        sent = [image.place for image in self.images if last.number in (image.number, image.target)]
        return tuple(
            build
            for build in (*self.runs, *(said for said in self.said if said.number not in loaders))
            if build.number != last.number and not any(build.place < place < last.place for place in sent)
        )

    @property
    def before_and_now(self) -> tuple[Build, Build] | None:
        """What ran before, as the text says, and what runs now; None if it does not tell both, of one radio."""
        every = sorted((*self.runs, *self.said), key=lambda build: build.place)
        before = [build for build in every if build.was][-1:]
        now = [build for build in self.runs if not build.was and not any(build.number == one.number for one in before)]
        return (before[0], now[-1]) if before and now and before[0].kind == now[-1].kind else None

    def may_run(self, pattern: str, *, surely: bool = False) -> bool:
        """Whether a build that the expression fits may run: one does, or nothing is told of what runs.

        surely  whether none may run that it does not fit
        """
        # The loader with the star comes with the software that runs, or before it.
        now = tuple(build for build in self.runs if not build.was)
        running = now or self.runs or tuple(build for build in self.loaders if build.kind == "loader*")
        if not pattern or not running:
            return True
        planned = (self.before(image) for image in self.images)
        return any(build is not None and build.fits(pattern) for build in (*running, *planned)) and not (
            surely and not all(build.fits(pattern) for build in self.rivals)
        )

    @property
    def left_over(self) -> tuple[Build, ...]:
        """Boot loaders of a build other than those that run: they say nothing of what the modem is."""
        running = {build.number for build in self.runs}
        return tuple(
            loader for loader in self.loaders if running and loader.number not in running and loader.kind == "loader"
        )


def told_in(paste: Paste) -> Told:
    """What a paste tells of builds."""
    parts: dict[str, list[Build]] = {
        part: [] for part in (_IMAGE_PART, _NAMED, _OWNED, _PRINTED, _SAID, _LOADER_PART, _ASKED)
    }
    if alone := _NUMBER.fullmatch(paste.text.strip()[:_BEFORE_CHARS]):
        number = int(alone[1])
        return Told(lone=Build(number, _RADIO[number], 0) if number in _RADIO else None)
    ours = our_lines(paste)
    for build, part in itertools.islice(_builds(paste.text), _MOST):
        # What we printed of a file is not what the reader means to flash.
        if part not in (_IMAGE_PART, _NAMED, _OWNED, _ASKED) or paste.index(build.place) not in ours:
            parts[part].append(build)
    parts[_IMAGE_PART] = parts[_IMAGE_PART] or parts[_ASKED]
    # "Why is there still a 33080?" asks about the boot loader in the block above.
    loaders = {loader.number for loader in parts[_LOADER_PART]} - {build.number for build in parts[_PRINTED]}
    parts[_IMAGE_PART] = [
        image for image in parts[_IMAGE_PART] if image.number not in loaders or _is_sent(image, paste.text)
    ]
    # Beside what a tool printed, what is called like a file is one; without, "I have CATM1-41065" tells what runs.
    for part, runs_known in ((_OWNED, parts[_PRINTED] or parts[_SAID]), (_NAMED, parts[_PRINTED])):
        as_what = _IMAGE_PART if runs_known else _SAID
        parts[as_what] = sorted([*parts[as_what], *parts[part]], key=lambda build: build.place)
    runs, said = parts[_PRINTED] or parts[_SAID], parts[_SAID] if parts[_PRINTED] else []
    return Told(tuple(runs), tuple(parts[_IMAGE_PART]), tuple(parts[_LOADER_PART]), tuple(said))


def _builds(text: str) -> Iterator[tuple[Build, str]]:
    """Builds whose part is known, and that part."""
    for found in itertools.islice(_NUMBER.finditer(text), _MOST_LOOKED_AT):
        number, before = int(found[1]), text[max(0, found.start() - _BEFORE_CHARS) : found.start()]
        if _TARGET.search(before) or _NOT.search(before) or _OF_ANOTHER.search(before):
            continue
        is_base = _BASE.search(before) is not None or _DIFF_NAME.match(text, found.end()) is not None
        is_file = is_base or _FILE.match(text, found.end()) is not None
        if not is_file and (loader := _loader(number, before, text, found.end())):
            yield Build(number, loader, found.start()), _LOADER_PART
            continue
        # "The file 33080 to 41065": the image that a way begins with is named by its base.
        is_way = _IMAGE.search(before) is not None and _WAY_BEHIND.match(text, found.end()) is not None
        is_base = is_base or is_way
        kind = "diff" if is_base else _radio(number, before)
        part = _IMAGE_PART if is_file or is_base else _part(number, before, text, found.end())
        if kind and part:
            target = _TARGET_BEHIND.match(text, found.end()) if is_base else None
            is_next = _NEXT.search(before) is not None
            yield (
                Build(
                    number,
                    kind,
                    found.start(),
                    "run(" in before,
                    int(target[1]) if target else 0,
                    is_next,
                    _WAS.search(before) is not None,
                    part == _IMAGE_PART and _was_sent(before, text, found.end()),
                ),
                part,
            )


def _was_sent(before: str, text: str, end: int) -> bool:
    """Whether the words of its clause tell of an image, between ``before`` and what stands at ``end``, as sent."""
    clause = _SENTENCE_MARK.split(before)[-1]
    behind = _SENT_BEHIND.match(text, end)
    if _NOT_SENT.search(clause) or (behind is not None and _NOT_SENT.search(behind[0])):
        return False
    return behind is not None or _SENT.search(clause) is not None


def _is_sent(image: Build, text: str) -> bool:
    """Whether the words around the number of an image, in its sentence, are those of a file, or of sending one."""
    before = _SENTENCE_MARK.split(text[max(0, image.place - _BEFORE_CHARS) : image.place])[-1]
    behind = _SENTENCE_MARK.split(text[image.place : image.place + _BEFORE_CHARS])[0]
    return image.kind == "diff" or _SENDING.search(before + behind) is not None


def _part(number: int, before: str, text: str, end: int) -> str:
    """What the words around a number say that it is; empty if they do not tell."""
    if number in _RADIO and _FILE_BEHIND.match(text, end):
        return _IMAGE_PART
    if number in _RADIO and _RUNS_BEHIND.match(text, end) and not _TO_COME.search(before):
        return _SAID
    if _WANTED.search(before):
        return _IMAGE_PART
    if _MODEM_BEHIND.match(text, end):
        return _PRINTED
    bare = _VERSION.sub("", before)
    part = next((part for part, words in _PARTS if words.search(before) or words.search(bare)), "")
    if part == _SAID and (_COMPARED.match(text, end) or _RULED.match(text, end)):
        return _ASKED
    if part == _SAID and _FILE_FORM.search(before):
        return _NAMED
    if part == _SAID and (text[end - 2] == "-" or _OWNED_BEHIND.match(text, end)):  # one file of a pair, or any file
        return _OWNED
    if not part and number in _RADIO and (text[end - 2] == "-" or _FIRST_BEHIND.match(text, end)):
        return _IMAGE_PART
    if part or number not in _RADIO:
        return part
    if _WAY_BEHIND.match(text, end):
        return _SAID
    return _ASKED if _QUESTION.match(text, end) or _CANNOT.match(text, end) else ""


def _loader(number: int, before: str, text: str, end: int) -> str:
    """Which kind of boot loader this number is; empty if it is not one."""
    found = _LOADER.search(before)
    if found is None and (number not in _RADIO or not _LOADER_BEHIND.match(text, end)):
        return ""
    return "loader*" if found is not None and _STAR.search(found[0]) else "loader"


def _radio(number: int, before: str) -> str:
    """The radio of a build, known by its number or by what stands in front of it; empty if neither tells."""
    told = _TOLD.search(before)
    return _RADIO.get(number) or (_BY_NAME[told[0].upper()] if told else "")
