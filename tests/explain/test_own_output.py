"""What the program wrote itself is known by its first line, and answered with what it says."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.check import Finding, Status
from doctor.cli.main import run
from doctor.clock import SystemClock
from doctor.engine import Report
from doctor.errors import Exit, LinkError
from doctor.events import CheckEnded
from doctor.jobs import explain as job
from doctor.jobs.explaining.advice import advice
from doctor.jobs.flashing.result import FlashResult
from doctor.jobs.memory.logbook import Logbook
from doctor.knowledge import explain
from doctor.link.trace import Trace
from doctor.report import as_json
from doctor.sim.practice.image import make_practice_image
from tests.plugged import BUILT_IN, plug_in

FAILED = Finding("card-is-fat", Status.FAIL, "exFAT", catalogue="sd-exfat-or-over-32gb")
PASSED = Finding("modem-answers", Status.PASS, "LTE() hangs, modem is dead, unplug it", catalogue="")


def report(command: str, exit_code: Exit, *findings: Finding) -> bytes:
    result = FlashResult(Report(findings))
    bench = Bench(BenchOptions())
    members = as_json.flash_members(result, bench)
    if command == "check":
        members = {**as_json.identity(bench), **as_json.report_members(result.report)}
    return as_json.text(as_json.document(command, exit_code, **members)).encode()


def test_a_report_without_failures_is_a_success_whatever_words_it_holds() -> None:
    explained = explain(report("check", Exit.OK, PASSED))
    assert explained.matches == () and explained.candidates == ()
    assert "nothing failed" in explained.says
    assert "flashed and proved" in explain(report("flash", Exit.OK, PASSED)).says


def test_a_report_with_a_failure_names_the_check_and_its_entry_only() -> None:
    explained = explain(report("check", Exit.FAILED, FAILED, PASSED))
    assert [match.id for match in explained.matches] == ["sd-exfat-or-over-32gb"]
    assert "card-is-fat" in explained.says


WARNED = replace(FAILED, check="jumpers-removed", status=Status.WARN, catalogue="expansion-rts-cts-jumpers")
#: What people paste with a document: what they typed, the prompts, the marks of a mail.
AROUND = (
    "user@laptop:~$ fipy-doctor check --json\n{}user@laptop:~$ ",
    "C:\\> fipy-doctor check --json\n\n{}",
    "On Monday Jane wrote:\n\n> {}\n",
    "```json\n{}```\n",
)


@pytest.mark.parametrize("around", AROUND)
def test_a_report_with_what_is_pasted_around_it_says_the_same(around: str) -> None:
    reported = report(
        "check", Exit.FAILED, FAILED, replace(PASSED, summary="main.py starts no updater"), WARNED
    ).decode()
    said = explain(around.format(reported.replace("\n", "\n> ") if "> {}" in around else reported).encode())
    assert [match.id for match in said.matches] == ["sd-exfat-or-over-32gb"]
    assert said.says == "This is the JSON of fipy-doctor check. These checks failed: card-is-fat."


def test_a_warning_in_a_report_that_was_cut_is_no_failure() -> None:
    reported = report("check", Exit.FAILED, FAILED, WARNED)
    for text in (reported[reported.index(b'"findings"') :], b"What is wrong with my card?\n" + reported):
        assert [match.id for match in explain(text).matches if match.how == "sign"] == ["sd-exfat-or-over-32gb"]


def test_another_log_beside_a_report_counts() -> None:
    said = explain(report("check", Exit.FAILED, FAILED) + b"OSError: AT+SMSWBOOT=3,0 failed!\n")
    assert {match.id for match in said.matches} == {"sd-exfat-or-over-32gb", "smswboot-30-failed"}


@pytest.mark.parametrize(
    ("state", "said"), [("proved", "flashed and proved"), ("unproved", "fipy-doctor status"), (None, "status")]
)
def test_a_journal_says_how_the_flash_stands(state: str | None, said: str) -> None:
    journal: dict[str, Any] = {
        "schema": "fipy-doctor/journal/1",
        "state": state,
        "step_text": "send the image",
        "error": {},
    }
    assert said in explain(json.dumps(journal, indent=1).encode()).says


def test_a_log_says_how_the_flash_ended(tmp_path: Path) -> None:
    log = Logbook(SystemClock(), tmp_path)
    assert log.path is not None
    log.line(f"log of this flash: {log.path}")
    log.line("AT+SMOD? -> 4 | OK")
    assert "BLOCK was not answered" in explain(log.path.read_bytes() + b"12:00:01  1.000 BLOCK was not answered\n").says
    log.line("flashed and proved: UE5.0.0.0d, LR5.1.1.0-41065")
    log.close()
    explained = explain(log.path.read_bytes())
    assert explained.matches == () and "flashed and proved, UE5.0.0.0d, LR5.1.1.0-41065" in explained.says


def test_the_log_of_a_check_says_what_failed_last_wherever_it_was_cut(tmp_path: Path) -> None:
    log = Logbook(SystemClock(), tmp_path, job="fix")
    log.line(f"log of this fix: {log.path}")
    for found in (FAILED, PASSED, replace(FAILED, check="dup-at-root", caused_by="card-is-fat")):
        log.hear(CheckEnded(found.check, found))
    assert log.path is not None
    text = log.path.read_text()
    assert [match.id for match in explain(text.encode()).matches] == ["sd-exfat-or-over-32gb"]
    assert "These checks failed: card-is-fat. It does not say how it ended." in explain(text.encode()).says
    for cut in range(0, len(text), 7):
        assert explain(text[:cut].encode()).says or cut < len("12:00:00      0.000 log of this fix: ")
    log.hear(CheckEnded(FAILED.check, replace(FAILED, status=Status.PASS)))
    log.ended(Exit.OK)
    assert explain(log.path.read_bytes()).says.endswith("a fix of fipy-doctor: nothing failed. This shows a success.")
    log.close()


def test_a_log_says_the_error_that_ended_it(tmp_path: Path) -> None:
    log = Logbook(SystemClock(), tmp_path, job="backup")
    log.line(f"log of this backup: {log.path}")
    log.ended(Exit.FAILED, LinkError("port-busy", "is in use", on="COM3", next="close it"))
    log.close()
    assert log.path is not None
    explained = explain(log.path.read_bytes())
    assert [match.id for match in explained.matches] == ["port-busy"]
    assert explained.says == "This is the log of a backup of fipy-doctor: is in use."


def test_a_trace_says_what_the_modem_said_last(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "t.jsonl")
    trace.opened(SystemClock(), "sim://fipy", 115200)
    for said in (b"AT+SMOD?\r\n4\r\nOK\r\n", b"AT+SMOD?\r\n2\r\nOK\r\nLR5.1.1.0-41065\r\nOK\r\n"):
        trace.received(said)
    trace.close()
    explained = explain((tmp_path / "t.jsonl").read_bytes())
    assert explained.matches == () and "LR5.1.1.0-41065" in explained.says


@pytest.mark.parametrize(
    "data", [b'{"schema": "fipy-doctor/check/1", ', b'{"schema": "fipy-doctor/check/1", "exit": []}']
)
def test_a_report_that_was_cut_or_changed_does_no_harm(data: bytes) -> None:
    assert explain(data).says


def test_what_is_no_file_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("AT+SMSWBOOT=3,0 failed!",), ("AT+SMSWBOOT=3,0", "failed!")):
        assert run(["explain", "--json", *words]) == 0
        (match,) = json.loads(capsys.readouterr().out)["matches"]
        assert match["id"] == "smswboot-30-failed"


@pytest.mark.parametrize("words", [("x\0y",), ("a" * 5_000,), ("\udcff\udcfe card",)])
def test_any_text_may_be_typed(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "--json", *words]) == 0


def test_a_missing_file_is_named_and_told_from_a_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "--json", "logs/none.log"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["on"] == "logs/none.log" and "quotes" in error["next"]


def test_nothing_found_says_what_to_run_next(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "The weather is fine."]) == 0
    assert "Run this next, with the board plugged in:\n  fipy-doctor\n" in capsys.readouterr().out


def test_a_guess_is_asked_and_gives_no_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "LTE() hangs"]) == 0
    text = capsys.readouterr().out
    assert "Is it one of these?" in text and "Do this now" not in text


INSTALLING = b"Sending 6160982 bytes: [####] 100%\nWaiting for modem to finish the update...\n"
ENODEV = b"OSError: [Errno 19] ENODEV\nonly unplugging helps\n"


@pytest.mark.parametrize(("text", "keep"), [(ENODEV + INSTALLING, True), (INSTALLING + ENODEV, False)])
def test_no_step_contradicts_another_and_the_end_of_the_paste_decides(text: bytes, keep: bool) -> None:
    (explained,) = job.explain_sources([("x", text)])
    assert len(explained.explanation.causes) == 2
    steps = advice(explained.explanation).steps
    assert any("unplug USB" in step for step in steps) is not keep
    assert steps[0].startswith("Leave board, cable, power and the window") is keep


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    run(list(words))
    return capsys.readouterr().out


@pytest.fixture
def practice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """A firmware image for the simulated modem, in the folder that the test runs in."""
    monkeypatch.chdir(tmp_path)
    shown(capsys, "sim", "--make-firmware", "PRACTICE-CATM1-41065.dup", "--build", "41065", "--radio", "CATM1")
    return "PRACTICE-CATM1-41065.dup"


#: As it was printed, from a narrow terminal, from a mail.
FORMS: list[Callable[[str], str]] = [
    lambda text: text,
    lambda text: "\n".join(
        line  # a command is never broken
        if "fipy-doctor" in line
        else textwrap.fill(line, 40, subsequent_indent="  " + " " * (len(line) - len(line.lstrip())))
        for line in text.splitlines()
    ),
    lambda text: "".join(f"> {line}" for line in text.splitlines(keepends=True)),
]


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("form", FORMS)
def test_what_a_check_printed_proves_what_it_names_and_nothing_else(
    form: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    good = explain(form(shown(capsys, "check", "--port", "sim://fipy")).encode())
    assert not [match.id for match in good.matches if match.how == "sign"]
    assert "passed" in good.says
    bad = explain(form(shown(capsys, "check", "--port", "sim://fipy?scenario=jumpers-fitted")).encode())
    assert [match.id for match in bad.matches] == ["expansion-rts-cts-jumpers"]
    assert not advice(bad).judged


@pytest.mark.long
def test_what_a_plan_and_a_flash_printed_is_no_failure(practice: str, capsys: pytest.CaptureFixture[str]) -> None:
    plan = shown(capsys, "plan", practice, "--via", "modem", "--port", "sim://sqn3330")
    flash = shown(capsys, "flash", practice, "--yes", "--via", "modem", "--port", "sim://sqn3330")
    for form in FORMS:
        planned = explain(form(plan).encode())
        assert not [match.id for match in planned.matches if match.how == "sign"]
        flashed = form(flash)
        found = explain(f"{flashed}\nCan I unplug it?\n".encode())
        assert not found.matches and found.says.startswith("This shows a success")
        assert advice(found).answers[-1].startswith("May the power go? Yes, if no other")
        again = explain(f"{flashed}\n   40%  2,493,792 of 6,160,982 bytes\nCan I unplug it?\n".encode())
        assert advice(again).answers[0].startswith("Do not interrupt it: no Ctrl-C, no reset, no power cut")


def test_what_another_tool_printed_beside_ours_counts(capsys: pytest.CaptureFixture[str]) -> None:
    ours = shown(capsys, "check", "--port", "sim://fipy")
    found = explain(f"{ours}\n>>> sqnsupgrade.run('/sd/x.dup')\nOSError: AT+SMSWBOOT=3,0 failed!\n".encode())
    assert found.matches[0].id == "smswboot-30-failed"


@pytest.mark.parametrize("form", FORMS)
def test_what_other_commands_printed_is_known_too(
    form: Callable[[str], str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    status = shown(capsys, "status", "--port", "sim://fipy")
    backup = shown(capsys, "backup", "copy", "--port", "sim://fipy")
    restore = shown(capsys, "restore", "copy", "--yes", "--port", "sim://fipy")
    for text, said in ((status, "status"), (backup, "backup"), (restore, "restore")):
        found = explain(form(text).encode())
        assert not found.matches and not found.candidates and f"`fipy-doctor {said}`" in found.says
    answer = shown(capsys, "explain", "OSError: [Errno 16] EBUSY")
    for once_more in (answer, FORMS[2](answer)):  # a word with hyphens is broken by textwrap only
        assert [match.id for match in explain(once_more.encode()).matches] == ["part-of-board-in-use"]


def test_the_answers_of_explain_are_no_questions_of_the_reader(capsys: pytest.CaptureFixture[str]) -> None:
    asked = "The modem runs LR5.1.1.0-33988. Will a flash fix that? Which file do I need?\nOSError: [Errno 16] EBUSY"
    answer = shown(capsys, "explain", asked)
    assert "Does a flash help? " in answer
    assert not explain(answer.encode()).reader.asks


#: A command whose print tells nothing of a modem, and what is said of it.
LISTS = {
    ("--help",): "a help page",
    ("flash", "--help"): "a help page",
    ("checks",): "a list of what fipy-doctor knows",
    ("open",): "a list of what fipy-doctor knows",
    ("open", "modem-silent"): "the page modem-silent of `fipy-doctor open`",
    ("cards",): "`fipy-doctor cards`",
    ("ports",): "`fipy-doctor ports`. It begins with /dev/ttyS0 no USB device",
    ("sim", "--list"): "`fipy-doctor sim --list`",
    ("sim", "--make-firmware", "."): "`fipy-doctor sim --make-firmware` wrote PRACTICE-CATM1-41065.dup",
    ("sim", "--hands", "pull-jumpers", "--port", "sim://fipy?state=bench"): "on a simulated bench: pull-jumpers",
    ("chekc",): "when it stopped: there is no command 'chekc'. It said what comes next: did you mean",
    ("--version",): "the version of fipy-doctor",
}


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize("words", LISTS)
def test_what_tells_nothing_of_a_modem_is_taken_for_no_failure(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("doctor.card.found.found_cards", list)
    plug_in(monkeypatch, BUILT_IN)
    run(list(words))
    captured = capsys.readouterr()
    printed = captured.out + captured.err
    for text in (printed, FORMS[2](printed)):
        found = explain(text.encode())
        assert LISTS[words] in found.says and not found.candidates
        assert {match.id for match in found.matches} <= {"pymakr-no-board-found"}
    other = explain(f"{printed}>>> sqnsupgrade.run('/sd/x.dup')\nOSError: AT+SMSWBOOT=3,0 failed!\n".encode())
    assert "smswboot-30-failed" in {match.id for match in other.matches}, "what stands behind it counts"


def test_a_served_bench_is_no_interrupted_flash() -> None:
    found = explain(
        b"sim://fipy is served here, until Ctrl-C:\n/dev/pts/1\nrfc2217://localhost:37089\n"
        b"Now, in another terminal: fipy-doctor check --port /dev/pts/1\nstopped\n"
    )
    assert "sim --listen` served a simulated bench, sim://fipy" in found.says and not found.candidates


@pytest.mark.parametrize("form", FORMS[::2])
def test_a_trace_says_which_checks_failed_and_what_runs(
    form: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = tmp_path / "t.jsonl"
    shown(capsys, "check", "--port", "sim://fipy?scenario=jumpers-fitted", "--trace", str(trace))
    raw = explain(trace.read_bytes())
    assert [match.id for match in raw.matches] == ["expansion-rts-cts-jumpers"]
    read = explain(form(shown(capsys, "trace", str(trace))).encode())
    for found in (raw, read):
        assert "it runs LR5.1.1.0-38638" in found.says and "failed: jumpers-removed." in found.says


def test_what_stopped_a_command_is_all_that_its_output_shows() -> None:
    printed = (
        "/dev/ttyUSB0: the modem fell silent at 40 %; the battery died while it was sending\n"
        "  cause: the power failed during the transfer\n"
        "  next:  plug it in again\n"
        "  more:  fipy-doctor open modem-fell-silent\n"
    )
    found = explain(printed.encode())
    assert [match.id for match in found.matches] == ["modem-fell-silent"]
    assert found.says.startswith(
        "This is what fipy-doctor printed when it stopped: /dev/ttyUSB0: the modem fell silent"
    )


@pytest.mark.parametrize(
    "cut", ["writing /flash/main.py, 33 bytes\nwriting /flash/lib/a.p", "reading /flash/boot.py, 28 bytes"]
)
def test_a_command_that_did_not_come_to_its_end_is_run_again(cut: str) -> None:
    found = explain(cut.encode())
    assert not found.matches and "run the same command again" in found.says


EVENT = b'{"schema": "fipy-doctor/event/1", "event": "check-started", "check": "card-is-fat"}\n'


def test_events_are_told_by_the_document_that_ends_them() -> None:
    document = json.dumps(json.loads(report("check", Exit.FAILED, FAILED))).encode()  # in one line, as it is printed
    ended = explain(EVENT + document)
    assert ended.says == explain(document).says
    assert [match.id for match in ended.matches] == ["sd-exfat-or-over-32gb"]
    assert "without the document that ends them" in explain(EVENT * 2).says


STARTS = "entry 0x400a05bc", "Pycom MicroPython 1.20.2.r4 [v1.11-708c53e]; FiPy with ESP32", ">>> "


@pytest.mark.long
@pytest.mark.parametrize(
    ("way", "says"), [("card", "flashed and proved, UE"), ("usb", "that it runs LR5.1.1.0-41065.")]
)
def test_a_trace_of_a_proved_flash_is_not_explained_by_our_own_code(
    way: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = tmp_path / "t.jsonl"
    image = "card:PRACTICE-CATM1-41065.dup" if way == "card" else make_practice_image(tmp_path, size_bytes=60_000)
    words = ("flash", str(image), "--port", "sim://fipy?fault=nack@3", "--via", way, "--yes", "--trace", str(trace))
    assert run([*words, "-q"]) == 0
    made = explain(trace.read_bytes())
    assert says in made.says
    assert not {"dup-path-enoent", "modem-in-upgrade-mode"} & {*made.candidates, *(match.id for match in made.matches)}


AS_READ = "> sent  < came\n     0.000  - trace of check by fipy-doctor 0.1.0, 2026-11-30 17:12 UTC\n"


@pytest.mark.parametrize("before", ["    18.110  < ", "12:00:01.123 > ", "[2026-11-30 12:00:01] ", ""])
@pytest.mark.parametrize(("lines", "silent"), [(STARTS, False), (STARTS[:1], True)])
def test_a_board_that_starts_behind_times_is_not_silent(before: str, lines: tuple[str, ...], silent: bool) -> None:
    said = explain(("I ran the firmware updater:\n" + "".join(f"{before}{line}\n" for line in lines)).encode())
    assert ("board-silent-after-update" in [match.id for match in said.matches]) is silent


def test_a_trace_as_people_read_it_is_known() -> None:
    assert explain(AS_READ.encode()).says.startswith("This is a trace of fipy-doctor")


#: What `fipy-doctor flash` and `plan` print (tests/snapshots hold them whole), from the place where each is cut.
PLAN = (
    "  image     PRACTICE-41065.dup, 6,160,982 bytes, SHA-256 65f9d61bdd4a90c0…\n"
    "  modem     SQN3330, mode application, runs LR5.1.1.0-38638, CATM1\n  result    build 41065, CATM1\n"
)
FLASH = (
    f"Plan, in short\n{PLAN}• reading the card\n"
    "• step 3 of 7: restart the modem into its updater (recovery) (about 10 s, at most 5 min)\n"
    "• step 4 of 7: send PRACTICE-41065.dup (6160982 bytes), which the modem writes while it arrives (about 3 min)\n"
    "   10%  631,008 of 6,160,982 bytes\n   20%  1,251,936 of 6,160,982 bytes\n"
)


@pytest.mark.parametrize("lines", [range(9), range(6), range(6, 9), range(8, 9), range(4)])
def test_a_screen_of_a_flash_that_is_cut_off_is_of_one_that_may_go_on(lines: range) -> None:
    found = explain("\n".join(FLASH.split("\n")[lines.start : lines.stop]).encode())
    assert found.says.startswith("This is what `fipy-doctor flash` printed")
    assert ("step 4 of 7: send PRACTICE-41065.dup." in found.says) == (6 in lines)
    assert advice(found).answers == (advice(found).answers[0],) and "Do not interrupt it" in advice(found).answers[0]


@pytest.mark.parametrize(
    "end",
    [
        "\nFlashed and proved\n  sent      6,160,982 bytes\n",
        "the modem fell silent at 20 %\n  now:   it waits\n  more:  fipy-doctor open modem-fell-silent\n",
    ],
)
def test_a_screen_of_a_flash_that_ended_says_how(end: str) -> None:
    found = explain((FLASH + end).encode())
    assert not found.reader.may_run
    assert found.says and "as far as" not in found.says


def test_a_plan_is_known_and_sent_nothing() -> None:
    found = explain(f"Plan\n{PLAN}  1. ask the modem 500 times (about 5 s, at most 8 min)\n".encode())
    assert found.says.startswith("This is a plan of fipy-doctor, which sent nothing: PRACTICE-41065.dup.")
    assert not found.matches and not found.candidates
