"""Somebody flashes, unplugs, resets, swaps cards and kills us in any order: what is said is true, and a way leads on.

``FIPY_DOCTOR_ANY_ORDER=100`` plays other stories, and so many (make fuzz, .ci/nightly).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

pytest.importorskip("hypothesis", reason="hypothesis is not installed")

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from docs._build.counts import keep
from doctor.sim.bench import SimBench
from doctor.sim.modem.modem import Modem
from doctor.sim.world import close_all_worlds
from doctor.updater import soak
from tests.matrix.flows import IMAGE, SOAK_COUNT, make_files
from tests.matrix.follow import next_step
from tests.matrix.play import _modes, type_in, work_by_hand

STORIES = int(os.environ.get("FIPY_DOCTOR_ANY_ORDER", "0"))
OTHER = "PRACTICE-CATM1-39529.dup"
CUT = "cut-short.dup"  # the copy of a file that was interrupted
BUILDS = {IMAGE: 41065, OTHER: 39529}
#: Steps that a person has to follow at most, from anywhere, until the modem runs what they want.
MOST_STEPS = 10
#: A whole flash takes so many virtual seconds; what strikes then strikes in the middle of it.
moments = st.integers(0, 200)


class Person(RuleBasedStateMachine):
    """One bench that is kept, and all that a person may do to it."""

    files: Path
    folder: Path
    looks = 0  #: how often it was asked whether what is said is true, in all stories

    def __init__(self) -> None:
        super().__init__()
        self.story: list[str] = []
        self.bench = self.folder / "bench"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.bench.mkdir(parents=True)
        os.environ["FIPY_DOCTOR_STATE_DIR"] = str(self.folder / "state")
        self.has_board = False
        self.proved = 0

    @initialize(kind=st.sampled_from(["sqn3330", "fipy"]), battery=st.booleans())
    def bring(self, kind: str, battery: bool) -> None:
        self.has_board = kind == "fipy"
        self.port = f"sim://{kind}?state={self.bench}"
        more = "&battery=fitted" if battery and self.has_board else ""
        bench = SimBench.from_url(f"sim://{kind}?build=38638{more}&state={self.bench}")
        if self.has_board:
            bench.hands.take_card_out()
        bench.release()

    @property
    def words(self) -> tuple[str, ...]:
        return ("--port", self.port, *(() if self.has_board else ("--via", "modem")))

    @rule(name=st.sampled_from([IMAGE, OTHER, CUT]))
    def flash(self, name: str) -> None:
        self.flashed(name, self.type_in("flash", str(self.files / name), *self.words)[1])

    @rule(name=st.sampled_from([IMAGE, OTHER]), at_s=moments)
    def flash_and_unplug(self, name: str, at_s: int) -> None:
        with striking(at_s, lambda bench: bench.hands.unplug()):
            self.flashed(name, self.type_in("flash", str(self.files / name), *self.words)[1])
        self.hand("plug-in")

    @rule(name=st.sampled_from([IMAGE, OTHER]), at_s=moments)
    def flash_and_kill(self, name: str, at_s: int) -> None:
        """Kill -9, as it is: in a process of its own."""
        self.story.append(f"-- killed {at_s} s after it began: flash {name}")
        self.proved = 0
        child = os.fork()
        if not child:
            try:
                with striking(at_s, lambda bench: os.kill(os.getpid(), signal.SIGKILL)):
                    os._exit(type_in(("flash", str(self.files / name), *self.words))[1])
            finally:
                os._exit(99)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code != 99, "the child broke"
        if code != -signal.SIGKILL:
            self.flashed(name, code)

    @precondition(lambda self: self.has_board)
    @rule()
    def press_reset(self) -> None:
        self.hand("press-reset")

    @rule()
    def take_power_off(self) -> None:
        self.hand("power-cycle")

    @precondition(lambda self: self.has_board)
    @rule()
    def swap_the_card(self) -> None:
        self.hand("take-card-out")
        self.type_in("sim", "--copy-to-card", str(self.files / OTHER), "--port", self.port)

    @rule()
    def check(self) -> None:
        _, told = self.told("check")
        answers = next((one for one in told["findings"] if one["check"] == "modem-answers"), None)
        if answers is not None and answers["status"] == "pass":
            assert "application" in _modes(self.modem())

    @invariant()
    def what_is_said_is_true(self) -> None:
        Person.looks += 1
        code, told = self.told("status")
        modem = self.modem()
        journal = told["journal"] or {}
        assert told["error"] is None or told["error"]["id"] != "internal", told["error"]
        if told["modem"] is not None:
            assert told["modem"]["mode"] in _modes(modem), (told["modem"], _modes(modem))
            if told["modem"]["mode"] == "application" and told["modem"]["build"]:
                assert told["modem"]["build"] == modem.build
        if code == 0:
            assert modem.mode == "application" and modem.flash.whole, (modem.mode, modem.flash)
            if journal.get("state") in ("running", "unproved"):
                assert modem.build == journal["options"]["promised_build"]
        else:
            assert told["onward"] or (told["error"] or {}).get("next"), "no next step"
        if self.proved:
            assert modem.build == self.proved, "a flash was called proved"

    def teardown(self) -> None:
        """From wherever the story has led, what is printed leads to a modem that runs what was wanted."""
        try:
            if hasattr(self, "port"):
                self.follow_to_the_end()
        except BaseException:
            print("\n".join(self.story))
            raise
        finally:
            close_all_worlds()

    def follow_to_the_end(self) -> None:
        command: tuple[str, ...] = ("status", *self.words)
        for _ in range(MOST_STEPS):
            printed, code = self.type_in(*command)
            modem = self.modem()
            if modem.is_dead:
                assert code, "a dead modem is a success"
                return
            if command[0] == "flash" and code == 0:
                assert modem.mode == "application" and modem.build in BUILDS.values() and modem.flash.whole
                return
            if command[0] == "status" and code == 0:
                command = ("flash", str(self.files / IMAGE), *self.words)
                continue
            step = next_step(printed, command, self.files, "38638")
            assert step, "no next step is named"
            for words in step.typed_hands:
                self.type_in(*words)
            work_by_hand(self.port, step.hands, self.story)
            command = step.command or command
        raise AssertionError(f"not flashed after {MOST_STEPS} steps")

    # -- what they do it with

    def type_in(self, *words: str) -> tuple[str, int]:
        printed, code = type_in(words)
        self.story += [f"$ fipy-doctor {' '.join(words)}  -> {code}", printed]
        assert "fipy-doctor itself failed" not in printed
        return printed, code

    def told(self, command: str) -> tuple[int, dict[str, Any]]:
        printed, code = self.type_in(command, *self.words, "--json")
        told: dict[str, Any] = json.loads(printed)
        return code, told

    def hand(self, what: str) -> None:
        work_by_hand(self.port, [what], self.story)

    def flashed(self, name: str, code: int) -> None:
        if name == CUT:
            assert code == 1, "a file that was cut short was not refused"
        else:
            self.proved = BUILDS[name] if code == 0 else 0

    def modem(self) -> Modem:
        bench = SimBench.from_url(self.port)
        bench.release()
        return bench.modem


@contextmanager
def striking(at_s: int, strike: Callable[[SimBench], None]) -> Iterator[None]:
    """Whatever opens a bench meanwhile: ``strike`` comes so many virtual seconds later."""
    from_url = SimBench.from_url

    def made(url: str) -> SimBench:
        bench = from_url(url)
        bench.world.at(at_s * 1000.0, lambda: strike(bench))
        return bench

    with patch.object(SimBench, "from_url", made):
        yield


@pytest.mark.long
def test_in_any_order_what_is_said_is_true_and_there_is_a_way_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soak.soak, "__defaults__", (SOAK_COUNT, False))
    make_files(tmp_path, large=False)
    (tmp_path / CUT).write_bytes((tmp_path / IMAGE).read_bytes()[:20_000])
    monkeypatch.setattr(Person, "files", tmp_path, raising=False)
    monkeypatch.setattr(Person, "folder", tmp_path / "person", raising=False)
    began = time.monotonic()
    run_state_machine_as_test(
        Person,
        settings=settings(
            max_examples=STORIES or 3,
            stateful_step_count=12 if STORIES else 4,
            deadline=None,
            derandomize=not STORIES,
            database=None,
            phases=[Phase.generate],  # the story says what happened; making it shorter takes minutes
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
    if STORIES:
        keep("fuzz-stories", stories=STORIES, steps=Person.looks, seconds=round(time.monotonic() - began))
