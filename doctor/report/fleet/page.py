"""The document of many boards as one HTML file: a table of all, then what each board's own report says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from doctor.report import elements, run_html
from doctor.report.elements import Html, element
from doctor.report.fleet.documents import told
from doctor.text.escape import counted


def page(document: dict[str, Any]) -> str:
    """The whole file."""
    boards = document.get("boards") or []
    at_work = sum(bool(board.get("running")) for board in boards)
    well = sum(board["exit_code"] == 0 and not board.get("running") for board in boards)
    verdict = f"{well} of {counted(len(boards), 'board')} in order" if boards else "The command failed"
    verdict += f", {at_work} being flashed" if at_work else ""
    at = document["at"][:16].replace("T", " ")
    command = document.get("of", "")
    return elements.document(
        f"fipy-doctor {command}: {verdict}",
        element("h1", verdict, class_="good" if document["exit"] == 0 else "bad"),
        run_html.lead(document),
        element("p", f"fipy-doctor {document['tool']['version']} {command}, {at} UTC", class_="soft"),
        run_html.next_step(document),
        element("h2", "The boards"),
        element("table", [_row(number, board) for number, board in enumerate(boards, 1)]),
        [part for number, board in enumerate(boards, 1) for part in _board(number, board)],
    )


def _row(number: int, board: dict[str, Any]) -> Html:
    mark = run_html.mark("pass" if board["exit_code"] == 0 else "fail")
    link = Html(f'<a href="#board{number}">{elements.joined(_called(board))}</a>')
    return element("tr", element("th", mark, link, scope="row"), element("td", told(board)))


def _board(number: int, board: dict[str, Any]) -> Iterable[Html]:
    yield element("h2", _called(board), id=f"board{number}")
    yield element("p", element("strong", told(board)))
    yield from run_html.of_one(board)


def _called(board: dict[str, Any]) -> str:
    return f"{board['port']} ({board['name']})" if board["name"] else str(board["port"])
