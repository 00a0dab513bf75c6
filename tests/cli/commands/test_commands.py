"""What each command does and says when nothing goes wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from doctor import roster
from doctor.sim.scenarios import SCENARIOS
from doctor.sim.simurl import DEVICE_SCENARIOS
from tests.cli.terminal import Terminal


def test_check_as_json_is_one_document_with_every_finding(terminal: Terminal) -> None:
    said = terminal.type("check", "--port", "sim://fipy?scenario=html-scripts", "--json")
    document = said.document
    assert (said.code, document["exit"], document["error"]) == (1, 1, None)
    assert document["schema"] == "fipy-doctor/check/1"
    assert {finding["check"] for finding in document["findings"]} == {check.id for check in roster.builtin()}
    assert said.err == ""


def test_selected_checks_only(terminal: Terminal) -> None:
    said = terminal.type("check", "--port", "sim://fipy", "--select", "modem-answers,board-has-modem", "--json")
    assert {f["check"] for f in said.document["findings"]} == {"modem-answers", "board-has-modem"}


def test_ignored_check(terminal: Terminal) -> None:
    port = "sim://fipy?scenario=html-scripts"
    assert terminal.type("check", "--port", port, "--ignore", "board-scripts-match").code == 0


@pytest.mark.long
def test_quiet_says_nothing_meanwhile(terminal: Terminal, image: Path) -> None:
    said = terminal.type("flash", str(image), "--port", "sim://fipy", "--yes", "-q")
    assert said.code == 0
    assert said.err == ""


def test_verbose_shows_evidence(terminal: Terminal) -> None:
    assert "release: LR5.1.1.0-38638" in terminal.type("check", "--port", "sim://fipy", "-v").out


def test_flash_shows_plan_progress_and_proof(terminal: Terminal, image: Path) -> None:
    said = terminal.type("flash", str(image), "--port", "sim://fipy", "--yes")
    assert said.code == 0
    assert said.out.index("Plan, in short\n") < said.out.index("Flashed and proved")
    assert "runs now  LR5.1.1.0-41019 (build 41019)" in said.out
    assert "do not unplug" in said.err
    assert "100%  100,000 of 100,000 bytes" in said.err
    assert said.next == []
    assert "Done. One thing is left for your hands:\n  the board is still in mirror mode: press the reset" in said.out


def test_flash_as_json_holds_the_proof(terminal: Terminal, image: Path) -> None:
    document = terminal.type("flash", str(image), "--port", "sim://fipy", "--yes", "--json").document
    proof = document["proof"]
    assert (document["exit"], proof["holds"], proof["after"]["build"]) == (0, True, 41019)
    assert proof["sent_sha256"] == proof["received_sha256"] == document["plan"]["image"]["sha256"]


def test_flash_without_anybody_to_ask_is_refused(terminal: Terminal, image: Path) -> None:
    said = terminal.type("flash", str(image), "--port", "sim://fipy")
    assert said.code == 1
    assert "no terminal to ask" in said.out
    assert "with --yes" in said.out


def test_flash_refused_by_a_check_says_so_and_what_to_do(terminal: Terminal, image: Path) -> None:
    said = terminal.type("flash", str(image), "--port", "sim://fipy?scenario=autorun-updater", "--yes")
    assert said.code == 1
    assert "main.py starts an updater" in said.out and "Not flashed; nothing was sent to the modem." in said.out
    assert said.next[:2] == ["fix", "--disable-autorun"]


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("words", [("plan",), ("flash", "--dry-run"), ("flash", "--dry-run", "--yes")])
def test_rehearsal_sends_only_questions(
    terminal: Terminal, tmp_path: Path, image: Path, words: tuple[str, ...]
) -> None:
    port = f"sim://fipy?state={tmp_path / 'bench'}"
    assert terminal.type("check", "--port", port).code == 0
    before = modem_in(tmp_path / "bench")
    trace = tmp_path / "bytes.trace"
    said = terminal.type(*words, str(image), "--port", port, "--trace", str(trace))
    assert said.code == 0
    assert "send PRACTICE-CATM1-41019.dup" in said.out
    assert said.next == ["flash", str(image), "--port", port]
    assert modem_in(tmp_path / "bench") == before
    for word in (b"SMSTPU", b"SMSWBOOT=", b"CFUN", b"modem_upgrade_mode("):
        assert word not in tx_of(trace)


def test_plan_has_a_name_of_its_own_in_json(terminal: Terminal, image: Path) -> None:
    document = terminal.type("plan", str(image), "--port", "sim://fipy", "--json").document
    assert (document["schema"], document["proof"]) == ("fipy-doctor/plan/1", None)
    assert document["plan"]["steps"][-1]["step"] == "prove"


def test_trace_holds_both_directions(terminal: Terminal, tmp_path: Path) -> None:
    trace = tmp_path / "bytes.trace"
    assert terminal.type("check", "--port", "sim://fipy", "--trace", str(trace)).code == 0
    directions = {json.loads(line)["dir"] for line in trace.read_text("utf-8").splitlines()}
    assert {"rx", "tx"} <= directions


def test_dry_run_of_a_cure_changes_nothing(terminal: Terminal, tmp_path: Path) -> None:
    port = f"sim://fipy?scenario=autorun-updater&state={tmp_path / 'bench'}"
    said = terminal.type("fix", "--disable-autorun", "--dry-run", "--yes", "--port", port)
    assert said.code == 0
    assert "rename it to main.py.off" in said.out
    assert terminal.type("check", "--port", port).code == 1


def test_cure_without_anybody_to_ask_changes_nothing_and_says_how(terminal: Terminal, tmp_path: Path) -> None:
    port = f"sim://fipy?scenario=autorun-updater&state={tmp_path / 'bench'}"
    said = terminal.type("fix", "--disable-autorun", "--port", port)
    assert "add --yes to confirm this plan" in said.err
    assert "nothing was changed" in said.out
    assert terminal.type("check", "--port", port).code == 1


def test_a_named_cure_that_breaks_off_has_the_last_word(terminal: Terminal, tmp_path: Path) -> None:
    port = f"sim://fipy?scenario=autorun-updater&state={tmp_path / 'bench'}&files=dip@4"
    words = ("fix", "--reset-flash", "--put-back", "*", "--backup", str(tmp_path / "copies"), "--yes", "--port", port)
    said = terminal.type(*words)
    assert (said.code, said.next) == (1, [])
    assert f"--reset-flash --port '{port}' again" in said.out.split("boot-starts-no-updater")[-1]


def test_a_cure_that_cannot_be_done_keeps_its_plan(terminal: Terminal, tmp_path: Path) -> None:
    words = ("fix", "--reset-flash", "--put-back", "", "--backup", str(tmp_path), "--yes", "--port", "sim://fipy")
    document = terminal.type(*words, "--json").document
    assert "format the board's flash" in document["actions"][0]["plan"][1]
    assert "is called ''" in document["error"]["what"] or 'is called ""' in document["error"]["what"]


def test_a_plan_that_is_refused_has_not_failed(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "sqnsupgrade.py").write_bytes(b"<!DOCTYPE html><html></html>")
    said = terminal.type("fix", "--upload-scripts", "--scripts", str(tmp_path), "--yes", "--port", "sim://fipy")
    assert said.code != 0
    assert "upload-scripts: refused" in said.out


def test_fix_without_a_name_does_all_that_it_may(terminal: Terminal, tmp_path: Path) -> None:
    port = f"sim://fipy?scenario=autorun-updater,html-scripts,jumpers-fitted&state={tmp_path / 'bench'}"
    said = terminal.type("fix", "--yes", "--port", port, "--backup", str(tmp_path / "backup"), "--json")
    document = said.document
    done = {action["cure"]: action["done"] for action in document["actions"]}
    assert done == {"upload-scripts": True, "disable-autorun": True, "remove-jumpers": False}
    assert (said.code, document["findings"][0]["check"]) == (1, "jumpers-removed")
    assert (tmp_path / "backup" / "flash" / "main.py").read_bytes().startswith(b"import sqnsupgrade")


def test_checks_are_listed_and_explained(terminal: Terminal) -> None:
    listed = terminal.type("checks").out
    assert all(check.id in listed for check in roster.builtin())
    page = terminal.type("checks", "jumpers-removed").out
    assert "gates flashing" in page and "Cures:" in page
    assert terminal.type("checks", "--json").document["checks"][0]["id"]


def test_scenarios_are_listed_with_their_first_finding(terminal: Terminal) -> None:
    listed = terminal.type("sim", "--list").out
    assert all(name in listed for name in (*SCENARIOS, *DEVICE_SCENARIOS))
    assert "jumpers-removed: fail, expansion-rts-cts-jumpers" in listed
    assert len(terminal.type("sim", "--list", "--json").document["scenarios"]) == len(SCENARIOS)


def test_ports_are_listed(terminal: Terminal) -> None:
    assert terminal.type("ports").code == 0
    assert isinstance(terminal.type("ports", "--json").document["ports"], list)


def tx_of(trace: Path) -> bytes:
    lines = (json.loads(line) for line in trace.read_text("utf-8").splitlines())
    return b"".join(bytes.fromhex(line["hex"]) for line in lines if line["dir"] == "tx")


def modem_in(bench: Path) -> dict[str, object]:
    modem: dict[str, object] = json.loads((bench / "bench.json").read_text("utf-8"))["modem"]
    return modem


def test_a_cure_that_went_wrong_is_what_the_output_ends_with(terminal: Terminal, tmp_path: Path) -> None:
    words = ("fix", "-v", "--reset-flash", "--put-back", "nothere.py", "--backup", str(tmp_path), "--yes")
    said = terminal.type(*words, "--port", "sim://fipy")
    assert said.code == 2
    assert said.out.rstrip().splitlines()[-1] == "  (usage)"
    assert said.next == []


def test_a_risk_that_nobody_can_be_asked_about_is_told_without_the_question(terminal: Terminal, image: Path) -> None:
    said = terminal.type("flash", str(image), "--yes", "--via", "usb", "--port", "sim://fipy?scenario=modem-recovery")
    assert said.code == 1 and "the RTS and CTS jumpers could not be checked" in said.out
    assert "Have you looked" not in said.out and "\\n" not in said.out
