"""JSON: texts without marks, data as they are."""

from __future__ import annotations

import json

from doctor.errors import CardError, Exit
from doctor.report import as_json
from doctor.text.command import Command

PATH = "/media/anna/`fipy-doctor check`.dup"


def test_texts_lose_their_marks_and_data_keep_their_backticks() -> None:
    error = CardError("card-is-fat", "cannot be read", on=PATH, next="run `fipy-doctor check`")
    card = {"path": PATH, "plan": as_json.said(["see `AT+SMOD?`"])}
    document = as_json.document("cards", Exit.FAILED, error, cards=[card])
    read = json.loads(as_json.text(document, Command("", port="COM3", via="modem")))
    assert read["error"]["next"] == "run fipy-doctor check --port COM3 --via modem"
    assert (read["error"]["on"], read["cards"]) == (PATH, [{"path": PATH, "plan": ["see AT+SMOD?"]}])
