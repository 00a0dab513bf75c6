"""A trial: which board it is of, and how its steps stand, read from what they left."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from doctor.documents.trace_lines import Line
from doctor.errors import DoctorError, UsageError
from doctor.jobs.open_points import NO, OPEN, SEEN, YES, answers
from doctor.jobs.trial import Stage, Trial, member, steps
from doctor.report.wire import rows

IDS = {"port": "COM3", "board": "aabb", "imei": "1"}
LOG = """12:00:00      0.000 log of this flash: x
12:00:01      1.000 AT+SMSWBOOT? -> +SMSWBOOT: FFF | OK
12:00:02      2.000 AT+SMSWBOOT=3,1 -> ERROR
12:00:03      3.000 +SYSFFH
12:00:04      4.000 step load: load the updater
12:00:05      5.000 AT+SMOD? -> 1 | OK
12:00:06      6.000 AT+SMUPGRADE? -> +SMUPGRADE: failed to verify | OK
"""
NACK = bytes.fromhex("747361667f010000000000020000 0000")


def as_read(lines: Iterable[Line]) -> Iterator[str]:
    return (row.text for row in rows(lines))


def left(trial: Trial, number: int, *, imei: str | None = "1", **members: Any) -> dict[str, Any]:
    """What a step leaves."""
    step = steps()[number]
    document = {"schema": f"fipy-doctor/{step.run[0]}/1", "exit": 0, "modem": {"imei": imei}, "proof": {}, **members}
    trial.file(step, ".json").write_text(json.dumps(document))
    return document


def stages(trial: Trial) -> list[str]:
    return [one.stage.value for one in trial.standings()]


def test_a_board_is_known_again_by_any_id_and_without_one_by_its_port(tmp_path: Path) -> None:
    first = Trial(IDS, tmp_path).board
    assert Trial({"port": "COM4", "board": "aabb"}, tmp_path).board == first, "in another port"
    assert Trial({"port": "COM4", "imei": "1"}, tmp_path).board == first, "by its modem"
    assert Trial({"port": "COM4"}, tmp_path).board == first, "in mirror mode it says nothing, and was there last"
    other = Trial({"port": "COM4", "board": "ccdd", "imei": "2"}, tmp_path).board
    assert other != first, "another one in the same port"
    (tmp_path / f"{first}.json").write_text('{"board": ["aabb"')
    assert Trial({"port": "COM5", "board": "ccdd"}, tmp_path).board == other, "a file that was cut harms no other"


@pytest.mark.parametrize("later", ["bbbb", "bbbc", "bbbd", "bbbe"])  # whose files come before or behind
def test_a_board_without_ids_is_the_one_that_was_in_its_port_last(tmp_path: Path, later: str) -> None:
    first = Trial({"port": "COM4", "board": "aabb"}, tmp_path).board
    assert Trial({"port": "COM4", "board": later}, tmp_path).board == Trial({"port": "COM4"}, tmp_path).board
    assert Trial({"port": "COM4", "board": "aabb"}, tmp_path).board == Trial({"port": "COM4"}, tmp_path).board == first


def test_what_is_left_out_does_not_hold_up_the_trial_however_it_ended(tmp_path: Path) -> None:
    trial = Trial(IDS, tmp_path)
    left(trial, 0)
    left(trial, 1, exit=1)
    trial.file(steps()[2], ".jsonl").write_text("")
    for step in ("look", "thorough", "card"):
        trial.skip(step)
    assert stages(trial)[:4] == ["done", "skipped", "skipped", "due"]


def test_other_files_in_its_folder_are_no_boards(tmp_path: Path) -> None:
    (tmp_path / "holiday-pics.json").write_text('{"port": "COM3"}')
    assert Trial({"port": "COM3"}, tmp_path).board != "holiday-pics"


def test_one_step_after_the_other(tmp_path: Path) -> None:
    trial = Trial(IDS, tmp_path)
    assert stages(trial) == ["due", *["later"] * 5]
    left(trial, 0)
    assert stages(trial)[:3] == ["done", "due", "later"]
    left(trial, 1, exit=1)
    assert stages(trial)[:3] == ["done", "failed", "later"]
    left(trial, 1, exit=1, error={"id": "not-confirmed"})
    assert stages(trial)[:3] == ["done", "due", "later"], "nobody said yes, and nothing was done"
    left(trial, 1)
    trial.skip("card")
    left(trial, 3)
    assert stages(trial) == ["done", "done", "skipped", "done", "due", "later"]
    left(trial, 4, proof=None)
    assert stages(trial)[4] == "failed", "nothing was flashed: the build ran already"
    left(trial, 4, proof={"holds": True})
    assert stages(trial)[4:] == ["done", "due"]
    with pytest.raises(UsageError, match="no step 'moon'"):
        trial.skip("moon")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "fipy-doctor/check/1", "exit": 0}', "\0" * 99])
def test_a_step_that_was_killed_or_whose_document_is_none_was_interrupted(tmp_path: Path, text: str) -> None:
    trial = Trial(IDS, tmp_path)
    for number in range(4):
        left(trial, number)
    trial.file(steps()[4], ".jsonl").write_text('{"t": 0.0, "dir": "tr')
    trial.file(steps()[4], ".json").write_text(text)
    assert stages(trial)[4:] == ["interrupted", "later"]


def test_what_another_board_left_is_not_taken_for_this_one(tmp_path: Path) -> None:
    trial = Trial(IDS, tmp_path)
    left(trial, 0, imei="1")
    left(trial, 1, imei=None)
    assert stages(trial)[1] == "done", "a modem that did not say its IMEI"
    left(trial, 1, imei="2")
    assert stages(trial)[:3] == ["done", "other-board", "later"]
    assert all(answer.step != "thorough" for answer in answers(trial, trial.standings(), as_read))


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DoctorError, match="cannot be written") as caught:
        Trial(IDS, tmp_path / "file")
    assert caught.value.id == "trial-not-writable"


def test_a_folder_that_only_root_may_read_is_said_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> Iterator[Path]:  # tests may run as root, whom no mode stops
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "glob", refused)
    with pytest.raises(DoctorError, match="Permission denied; no step was begun"):
        Trial(IDS, tmp_path)


def test_what_was_seen_settles_the_open_points_and_what_is_missing_settles_none(tmp_path: Path) -> None:
    trial = Trial(IDS, tmp_path)
    log, trace = tmp_path / "flash.log", trial.file(steps()[5], ".jsonl")
    log.write_text(LOG)
    lines = [{"t": 0.0, "dir": "open"}, {"t": 1.0, "dir": "rx", "hex": NACK.hex()}]
    trace.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"t": 2.0, "dir": "rx", "he')
    elf = {"check": "updater-image-is-elf", "evidence": {"machine": "nds32", "byte_order": "little"}}
    before, after = {"boot_loaders": "33080*", "build": 33080}, {"after": {"boot_loaders": "33080,41065*"}}
    left(trial, 5, log=str(log), findings=[elf, 7], plan={"before": before}, proof=after)

    def told() -> dict[str, tuple[str, str]]:
        return {answer.point.id: (answer.verdict, answer.saw) for answer in answers(trial, trial.standings(), as_read)}

    whole = told()
    assert whole["boot-switch-reply"] == (YES, "+SMSWBOOT: FFF | OK")
    assert whole["switch-reply"] == (NO, "ERROR")
    assert whole["updater-mode"] == (SEEN, "1")
    assert whole["boot-rom-says-that-it-is-up"] == (SEEN, "3.000 +SYSFFH")
    assert whole["failure-words"] == (SEEN, "failed to verify")
    assert whole["refused-frames"][0] == SEEN and "nack unknown" in whole["refused-frames"][1]
    assert whole["updater-byte-order"][1].endswith("machine: nds32; updater-image-is-elf.byte_order: little")
    assert "33080*" in whole["image-goes-to-a-copy"][1] and "41065*" in whole["image-goes-to-a-copy"][1]
    assert whole["store-on-33080"][0] == OPEN, "only a differential shows it"
    trace.unlink()
    assert told()["refused-frames"] == (OPEN, "not shown by full") and told()["switch-reply"] == (NO, "ERROR")
    log.unlink()
    assert told()["switch-reply"] == (OPEN, "not shown by full") and told()["updater-byte-order"][0] == SEEN


def test_a_document_that_anybody_changed_says_nothing_where_it_makes_no_sense() -> None:
    worse: tuple[dict[str, Any], ...] = (
        {},
        {"findings": 7},
        {"findings": [7, {"check": []}]},
        {"plan": {"before": []}},
    )
    for evil in worse:
        assert member(evil, "plan.before.build") is None and member(evil, "evidence.port-opens.port") is None


def test_an_image_goes_to_the_step_that_takes_it(tmp_path: Path) -> None:
    from doctor.sim.practice.image import make_practice_image

    full = make_practice_image(tmp_path, build=41065, size_bytes=100_000)
    differential = make_practice_image(tmp_path, build=41065, size_bytes=50_000, base=38638)
    trial = Trial(IDS, tmp_path)
    fit = {step.id: trial.command(step, (full, differential), "COM3").firmware for step in steps()}
    assert fit["look"] == fit["card"] == () and fit["plan"] == (full,)
    assert (fit["differential"], fit["full"]) == ((differential,), (full,))
    assert trial.command(steps()[5], (differential,), None).firmware == ()
    assert stages(trial)[0] == Stage.DUE.value
