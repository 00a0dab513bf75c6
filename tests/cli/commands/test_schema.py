"""The schemas that the program prints describe what its commands write."""

from __future__ import annotations

import json

from doctor.cli.main import COMMANDS
from doctor.report.schema import documents
from tests import shapes
from tests.cli.terminal import Terminal


def test_each_command_has_one_that_is_whole_in_itself(terminal: Terminal) -> None:
    assert set(documents()) == {*COMMANDS, "event", "fipy-doctor", "fleet", "show-config"}
    for name in documents():
        said = terminal.type("schema", name)
        whole = json.loads(said.out)
        assert whole["$id"] == f"urn:fipy-doctor:{name}:1"
        assert whole["$defs"]["common"]["$id"] in said.out


def test_they_refuse_what_no_command_writes(terminal: Terminal) -> None:
    document = terminal.type("checks", "--json").document
    assert shapes.faults(document) == []
    assert shapes.faults({**document, "more": 1}) and shapes.faults({**document, "exit": "0"})
    document["tool"]["more"] = 1
    assert shapes.faults(document)
    del document["checks"]
    assert any("'checks' is a required property" in fault for fault in shapes.faults(document))


def test_a_mistyped_name_is_answered_with_the_nearest(terminal: Terminal) -> None:
    assert terminal.type("schema", "flashes").err.count("did you mean flash?") == 1


def test_what_comes_next_is_in_the_document_as_on_the_screen(terminal: Terminal) -> None:
    words = ("check", "--port", "sim://fipy?scenario=jumpers-fitted")
    shown, written = terminal.type(*words), terminal.type(*words, "--json").document
    assert written["next"]["run"] == ["fipy-doctor", *shown.next]
    assert all(step in " ".join(shown.out.split()) for step in written["next"]["do"])
    assert (written["board"]["name"], written["modem"]["mode"]) == ("FiPy", "application")
    (remedy,) = (r for f in written["findings"] for r in f["remedies"] if r["id"] == "remove-jumpers")
    assert remedy["title"] and remedy["steps"] and remedy["command"] is None
