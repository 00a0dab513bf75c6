"""Which boards a watch has met: known by themselves and not by their port, and none is flashed twice unasked."""

from __future__ import annotations

from typing import Any

import pytest

from doctor.fleet.boards import Board
from doctor.fleet.outcome import Outcome, worst
from doctor.fleet.tally import Tally, Who
from doctor.text.command import Command

HERE, THERE = Board("COM7", "serial Py1"), Board("COM9", "serial Py2")
A, B, SILENT = Who("30aea4000001", "350000000000001"), Who("30aea4000002", "350000000000002"), Who()
ALONE = Command("flash", port="COM7")


def ended(board: Board, code: int, *, sent: bool = False, **members: Any) -> Outcome:
    return Outcome(board, code, {"error": None, **members}, sent)


def proved(board: Board) -> Outcome:
    return ended(board, 0, sent=True, proof={"holds": True})


def flashed(tally: Tally, board: Board, who: Who, outcome: Outcome) -> None:
    assert tally.refusal(board, who, ALONE) is None
    tally.begin(board, who)
    tally.end(board, who, outcome, flashed=True)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (A, A, True),
        (A, B, False),
        (A, Who(A.board), True),
        (A, Who("", A.imei), True),
        (A, Who(B.board, A.imei), False),  # a modem's number that two boards say: the boards are two
        (Who(A.board), Who("", A.imei), False),
        (SILENT, SILENT, False),
    ],
)
def test_a_board_is_known_by_its_own_number_first(one: Who, other: Who, same: bool) -> None:
    assert one.is_same(other) is other.is_same(one) is same


def test_what_a_document_says_of_it() -> None:
    said = {"board": {"unique_id": A.board}, "modem": {"imei": A.imei}}
    assert Who.of(said) == A and Who.of({"board": {"unique_id": None}, "modem": None}) == Who.of({"died": ""}) == SILENT


def test_no_board_is_flashed_twice_in_whatever_port_it_is() -> None:
    tally = Tally(None)
    flashed(tally, HERE, A, proved(HERE))
    again = tally.refusal(THERE, A, ALONE)
    assert again is not None and "has flashed it at COM7" in again.what and str(ALONE) in again.next
    assert tally.refusal(HERE, B, ALONE) is None  # another module in the same carrier
    tally.begin(HERE, B)
    meanwhile = tally.refusal(THERE, B, ALONE)
    assert meanwhile is not None and "is flashing it at COM7" in meanwhile.what
    assert Tally(None, again=True).refusal(HERE, A, ALONE) is None


def test_one_that_drops_out_in_the_middle_is_not_begun_again_but_if_asked() -> None:
    for again in (False, True):
        tally = Tally(None, again=again)
        flashed(tally, HERE, A, ended(HERE, 3, sent=True))
        assert (tally.refusal(HERE, A, ALONE) is None) is again


def test_one_that_was_refused_is_flashed_when_its_owner_has_mended_it() -> None:
    tally = Tally(None)
    tally.end(HERE, A, ended(HERE, 1))
    assert tally.words == "1 refused" and worst(tally.outcomes) == 1
    flashed(tally, THERE, A, proved(THERE))
    assert tally.words == "1 flashed and proved" and worst(tally.outcomes) == 0


def test_a_plan_that_was_another_one_at_its_turn_sent_nothing_and_closes_nothing() -> None:
    tally = Tally(None)
    flashed(tally, HERE, A, ended(HERE, 1))
    flashed(tally, HERE, A, proved(HERE))
    assert tally.words == "1 flashed and proved"


def test_how_a_flash_ended_is_not_forgotten_when_the_board_comes_back() -> None:
    tally = Tally(None)
    flashed(tally, HERE, A, ended(HERE, 3, sent=True))
    tally.end(THERE, A, ended(THERE, 1))
    assert worst(tally.outcomes) == 3 and tally.words == "1 not proved"
    flashed(tally, HERE, B, proved(HERE))
    tally.end(HERE, B, ended(HERE, 1))
    tally.end(HERE, B, ended(HERE, 0))
    assert tally.words == "1 flashed and proved, 1 not proved"
    tally.end(THERE, A, ended(THERE, 0))  # somebody flashed it by hand: it runs that build
    assert worst(tally.outcomes) == 0 and tally.words == "1 flashed and proved, 1 nothing to do"


def test_a_flash_that_goes_on_is_not_ended_by_what_its_board_says_at_another_port() -> None:
    tally = Tally(1)
    tally.begin(HERE, A)
    tally.end(THERE, A, ended(THERE, 1))
    assert (tally.outcomes, tally.is_full) == ([], False)
    tally.end(HERE, A, proved(HERE), flashed=True)
    assert tally.is_full and tally.words == "1 flashed and proved (of 1)"


def test_what_did_not_say_who_it_is_was_the_board_that_said_it_afterwards() -> None:
    tally = Tally(None)
    silent = ended(HERE, 1)
    tally.end(HERE, SILENT, silent)
    tally.end(THERE, SILENT, ended(THERE, 1))
    tally.end(HERE, SILENT, ended(HERE, 1))
    assert tally.words == "2 refused"
    flashed(tally, HERE, A, proved(HERE))
    assert tally.words == "1 flashed and proved, 1 refused" and tally.unnamed == [silent]


def test_no_more_than_so_many_are_flashed_or_counted() -> None:
    tally = Tally(2)
    assert (tally.words, tally.has_room) == ("no board yet (of 2)", True)
    tally.begin(HERE, A)
    tally.end(THERE, B, ended(THERE, 1))
    assert (tally.has_room, tally.is_full) == (False, False)
    third = Who("30aea4000003")
    more = tally.refusal(THERE, third, ALONE)
    assert more is not None and "one more than the 2 boards of --boards" in more.what
    tally.end(THERE, third, ended(THERE, 1))
    flashed(tally, THERE, B, proved(THERE))  # one of the two: mended, and plugged in again
    tally.end(HERE, A, proved(HERE), flashed=True)
    assert tally.is_full and tally.words == "2 flashed and proved (of 2)"


@pytest.mark.parametrize(("there", "counted"), [([THERE], 1), ([HERE, THERE], 2), (None, 2)])
def test_one_that_was_pulled_out_in_the_middle_and_comes_back_silent_is_no_board_more(
    there: list[Board] | None, counted: int
) -> None:
    tally = Tally(2)
    flashed(tally, HERE, A, ended(HERE, 3, sent=True))
    tally.end(THERE, SILENT, ended(THERE, 1), there=there)
    assert len(tally.outcomes) == counted and tally.is_full is (counted == 2)
    assert [outcome.board for outcome in tally.unnamed] == [THERE] * (2 - counted)
