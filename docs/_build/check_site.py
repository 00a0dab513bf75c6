"""Looks at the built site: every link leads somewhere, every anchor exists, nothing is loaded from elsewhere.

python -m docs._build.check_site site
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: Attributes by which a page loads something, by tag. An ``a`` may lead anywhere.
LOADS = {"script": "src", "img": "src", "source": "srcset", "iframe": "src", "object": "data", "video": "src"}
LOADING_RELS = {"stylesheet", "icon", "preload", "preconnect", "dns-prefetch", "modulepreload", "manifest"}
_ELSEWHERE = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])(?:https?:)?//""")


class _Page(HTMLParser):
    """Links, anchors and loaded things of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in LOADS and LOADS[tag] in given:
            self.loaded.append(given[LOADS[tag]])
        if tag == "link" and LOADING_RELS & set(given.get("rel", "").split()):
            self.loaded.append(given.get("href", ""))


def problems(site: Path) -> list[str]:
    """What is wrong with the site, one line each."""
    pages = {}
    for path in sorted(site.rglob("*.html")):
        pages[path] = page = _Page()
        page.feed(path.read_text(encoding="utf-8"))
    found = []
    for path, page in pages.items():
        if path.name == "404.html":  # its links are absolute: a server shows it for any address
            continue
        for target in (*page.links, *page.loaded):
            wrong = _wrong(target, path, site, pages)
            if wrong:
                found.append(f"{path.relative_to(site)}: {target}: {wrong}")
        found += [f"{path.relative_to(site)}: loads {t} from elsewhere" for t in page.loaded if _is_elsewhere(t)]
    for path in sorted([*site.rglob("*.css"), *site.rglob("*.svg"), *pages]):
        if _ELSEWHERE.search(path.read_text(encoding="utf-8")):
            found.append(f"{path.relative_to(site)}: loads a font, a style or a picture from elsewhere")
    return found


def _is_elsewhere(target: str) -> bool:
    return bool(urlsplit(target).netloc)


def _wrong(target: str, page: Path, site: Path, pages: dict[Path, _Page]) -> str:
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return ""
    path = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if path.is_dir():
        path /= "index.html"
    if not path.is_relative_to(site):
        return "leads out of the site"
    if not path.exists():
        return "is not there"
    if parts.fragment and path in pages and unquote(parts.fragment) not in pages[path].anchors | {"__top"}:
        return "has no such anchor"
    return ""


def main() -> int:
    """Print what is wrong; 1 if something is."""
    site = Path(sys.argv[1]).resolve()
    found = problems(site)
    for line in found:
        print(line)
    pages = sum(1 for _ in site.rglob("*.html"))
    print(f"{pages} pages, {len(found)} problems")
    return 1 if found or not pages else 0


if __name__ == "__main__":
    sys.exit(main())
