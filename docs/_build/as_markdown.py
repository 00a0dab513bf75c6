"""Pages and commands as Markdown for the site."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping

import click

from doctor.cli.help_page import HelpedCommand
from doctor.cli.main import cli
from doctor.links import Kind
from doctor.report.page import Page, Section, named_ids
from doctor.text.command import PROGRAM

Link = Callable[[str], str]
"""An id to a Markdown link."""


def link_between(pages: Mapping[str, Page], here: Kind | None) -> Link:
    """Makes links to pages, seen from a page of the folder ``here`` (None: from the top)."""

    def link(page_id: str) -> str:
        kind = pages[page_id].kind
        folder = "" if kind is here else f"{kind.value}/" if here is None else f"../{kind.value}/"
        return f"[{page_id}]({folder}{page_id}.md)"

    return link


def page(shown: Page, pages: Mapping[str, Page]) -> str:
    """The whole page."""
    write = _Writer(pages, shown.kind, shown.id)
    lines = ["---", f"tags: {json.dumps([shown.words])}", "---", ""] if shown.words else []
    lines += [f"# {write.prose(shown.title, linked=False)}", "", f"`{shown.id}`{{ .id }}", ""]
    lines += ['<div class="facts" data-search-exclude markdown>', ""]
    for name, value in shown.facts:
        lines += [name, f":   {write.prose(value)}", ""]
    lines += ["</div>", ""]
    for section in shown.sections:
        lines += write.section(section)
    lines += [f"In a terminal: `fipy-doctor open {shown.id}`", "{ .elsewhere }", ""]
    return "\n".join(lines)


def index(title: str, text: str, pages: Iterable[Page], all_pages: Mapping[str, Page], kind: Kind) -> str:
    """A page that lists ``pages`` by area (known failures) or in one list."""
    write = _Writer(all_pages, kind, None)
    lines = [f"# {title}", "", text, ""]
    area = ""
    for shown in pages:
        mine = dict(shown.facts).get("area", "")
        if mine != area:
            lines += ["", f"## {mine}", ""]
            area = mine
        lines += [write.link(shown.id), f":   {write.prose(shown.title, linked=False)}", ""]
    return "\n".join(lines)


class _Writer:
    """Writes texts of one page: knows where its links start, and which ids need none."""

    def __init__(self, pages: Mapping[str, Page], here: Kind | None, own: str | None) -> None:
        self._ids = [page_id for page_id in pages if page_id != own]
        self.link = link_between(pages, here)

    def section(self, section: Section) -> list[str]:
        """Heading, paragraphs, list."""
        lines = [f"## {section.heading}", ""]
        for paragraph in section.text:
            lines += [self.prose(paragraph), ""]
        for number, item in enumerate(section.items, 1):
            mark = f"{number}." if section.numbered and len(section.items) > 1 else "-"
            lines.append(f"{mark} {self.prose(item)}")
        if section.drawing:
            lines += ["```text", *section.drawing, "```"]
        return [*lines, ""]

    def prose(self, text: str, *, linked: bool = True) -> str:
        """Plain text with code in backticks, every other character standing for itself, known ids as links."""
        parts = text.split("`")
        if len(parts) % 2 == 0:  # a backtick without its other half
            return self._plain(text.replace("`", "'"), linked)
        return "".join(f"`{part}`" if n % 2 else self._plain(part, linked) for n, part in enumerate(parts) if part)

    def _plain(self, text: str, linked: bool) -> str:
        ids = self._ids if linked else []
        return "".join(self.link(piece) if known else escaped(piece) for piece, known in named_ids(text, ids))


_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "{": "&#123;"}


def escaped(text: str) -> str:
    """``text`` for Markdown, without any markup of its own."""
    text = re.sub(r"[&<>{]|([\\*_\[\]|#~^])", lambda c: f"\\{c[1]}" if c[1] else _ENTITIES[c[0]], text)
    text = re.sub(r"^(\d+)([.)])", r"\1\\\2", text)
    return re.sub(r"(https?):", r"\1&#58;", text)


#: What people look for who do not know that a command does it, for the search.
_LOOKED_FOR = {
    "backup": "save copy keep my files of the board",
    "fix": "format reformat sd card repair cure mend stop program",
    "flash": "how to upgrade update the modem firmware",
    "restore": "restore my files put back backup",
    "sim": "practise practice try without a board without hardware simulator simulated",
    "status": "was it interrupted resume continue is it done",
}


def context_of(verb: str) -> click.Context:
    """What a command is parsed in when somebody types it. Raises KeyError."""
    above = click.Context(cli, info_name=PROGRAM, **cli.context_settings)
    what = cli.get_command(above, verb)
    if what is None:
        raise KeyError(verb)
    return click.Context(what, info_name=verb, parent=above)


def command(verb: str, pages: Mapping[str, Page]) -> str:
    """The page of one command: what ``--help`` says, the examples first."""
    context = context_of(verb)
    what = context.command
    assert isinstance(what, HelpedCommand)
    write = _Writer(pages, Kind.COMMAND, None)
    usage = " ".join([context.command_path, *what.collect_usage_pieces(context)])
    lines = ["---", f"tags: {json.dumps([_LOOKED_FOR[verb]])}", "---", ""] if verb in _LOOKED_FOR else []
    lines += [f"# {context.command_path}", "", f"`{usage}`", ""]
    for paragraph in re.split(r"\n\s*\n", (what.help or "").strip()):
        lines += [write.prose(" ".join(paragraph.split())), ""]
    lines += ["## Examples", "", "```bash", *(f"{PROGRAM} {words}" for words in what.examples), "```", ""]
    for heading, options in what.headed(context).items():
        lines += [f"## {heading}", ""]
        for option in options:
            lines += _option(option, context, write)
    return "\n".join(lines)


def _option(option: click.Option, context: click.Context, write: _Writer) -> list[str]:
    names = ", ".join(option.opts)
    if not option.is_flag:
        names += f" {option.make_metavar(context)}"
    more = [" May be given several times."] if option.multiple else []
    if option.envvar:
        more.append(f" Also from `{option.envvar}`.")
    return [f"`{names}`", f":   {write.prose(option.help or '')}{''.join(more)}", ""]
