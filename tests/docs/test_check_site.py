from __future__ import annotations

from pathlib import Path

import pytest

from docs._build.check_site import problems

GOOD = '<h1 id="top">x</h1><a href="sub/b.html#part">b</a><a href="https://example.org">out</a><img src="p.svg">'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "index.html").write_text(GOOD)
    (tmp_path / "sub" / "b.html").write_text('<h2 id="part">y</h2><a href="../index.html#top">up</a>')
    (tmp_path / "p.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"></svg>')
    return tmp_path


def test_good_site(site: Path) -> None:
    assert problems(site) == []


@pytest.mark.parametrize(
    "html, said",
    [
        ('<a href="gone.html">x</a>', "is not there"),
        ('<a href="sub/b.html#gone">x</a>', "no such anchor"),
        ('<a href="../../etc/passwd">x</a>', "leads out of the site"),
        ('<script src="https://unpkg.com/x"></script>', "from elsewhere"),
        ('<link rel="stylesheet" href="//fonts.example/css">', "from elsewhere"),
        ("<style>@font-face{src:url(https://cdn.example/f.woff)}</style>", "from elsewhere"),
    ],
)
def test_what_is_wrong_is_told(site: Path, html: str, said: str) -> None:
    (site / "index.html").write_text(GOOD + html)
    (found,) = problems(site)
    assert found.startswith("index.html") and said in found


def test_picture_that_loads_a_font(site: Path) -> None:
    (site / "p.svg").write_text('<svg><style>@font-face{src:url("https://cdn.example/f")}</style></svg>')
    assert "p.svg" in problems(site)[0]
