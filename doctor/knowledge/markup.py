"""What a terminal, a web page, a mail, a logger or an editor put around lines of a paste, taken off again."""

from __future__ import annotations

import re

#: Also as other programs show the colours of a terminal, or what is left of them when a mark that nobody sees is lost.
_ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])"
    r"|(?:\^\[|\\x1b|\\033)?\[\d{1,3}(?:;\d{1,3}){0,4}m"
)
_ENTITY = re.compile(r"&(?:gt|lt|quot|amp|nbsp|#39|#x27);")
_TAG = re.compile(r"</?(?:p|pre|code|div|span|li|ul|ol|blockquote|strong|em|tt|td|tr|table|tbody)(?: [^<>\n]{0,300})?>")
#: An answer that Python shows in quotation marks: what ends its lines runs into the name that begins the next one.
_ESCAPED_END = re.compile(r"\\[nr](?=[A-Z]{2,4}\d|Software\b|Boot(?:loader|rom))")
_LOG_BEGINS = re.compile(r"^[=~]{10,60} PuTTY log [\d.: ]{10,40}[=~]{10,60}$", re.MULTILINE)  #: names no open program
_LINE_ENDS_OF_PAGES = ("<br>", "<br/>", "<br />", "</p>", "</div>", "</li>", "</pre>")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")  #: one of them makes every character of a text take four bytes

_QUOTES = r"(?:>(?!>) ?)"  #: of a mail; three of them are the prompt of the board
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,:]\d{1,6})?"
#: As terminal programs and syslog put it before each line. The log of a flash of ours begins otherwise.
_TIME = (
    rf"(?:\[?(?:\d{{4}}[-/.]\d\d[-/.]\d\d[ T])?{_CLOCK}(?:Z|[+-]\d\d:?\d\d)?\]?(?::| ->)?"
    r"(?: (?! *\d{1,9}\.\d{3} )|$)"
    rf"|[A-Z][a-z]{{2}} [ \d]\d {_CLOCK} [\w.-]{{1,60}} [\w.-]{{1,40}}(?:\[\d{{1,9}}\])?:(?: |$))"
)
_MARGIN = re.compile(rf"^(?:{_QUOTES}{{1,60}}{_TIME}?|{_TIME})", re.MULTILINE)
#: A block that is indented as a whole: one step of it, and a line without it.
_STEPS = tuple(
    (re.compile(f"^{step}", re.MULTILINE), re.compile(rf"^(?!{step})[^\S\n]*\S", re.MULTILINE))
    for step in (" {4}", r"\t")
)


def in_lines(text: str) -> str:
    """The same text, in which the lines of a saved web page end as others do."""
    if "<" in text:
        for mark in _LINE_ENDS_OF_PAGES:
            text = text.replace(f"{mark}\n", "\n").replace(mark, "\n")
    return text


def indent(text: str) -> re.Pattern[str] | None:
    """What every line of a text begins with that is indented as a whole; None if it is not."""
    return next((step for step, without in _STEPS if step.match(text) and not without.search(text)), None)


def without(text: str, indented: re.Pattern[str] | None = None) -> str:
    """Some lines of a text without what others put around them; ``indented`` is what ``indent`` says of the whole."""
    if indented is not None:
        text = indented.sub("", text)
    if "\x1b" in text or "[" in text:
        text = _ANSI.sub("", text)
    if "\\" in text:
        text = _ESCAPED_END.sub(r"\g<0> ", text)
    if "<" in text:
        text = _TAG.sub("", text)
    if "&" in text and _ENTITY.search(text):
        import html  # its table of entities is large, and few pastes are saved web pages

        text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    text = _LOG_BEGINS.sub("", _MARGIN.sub("", text))
    if text.isascii():
        return text
    return _BEYOND_BMP.sub("\ufffd", _INVISIBLE.sub("", text.replace("…", "...")))
