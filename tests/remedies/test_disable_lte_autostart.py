from __future__ import annotations

from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.errors import BoardError
from doctor.remedies.cure import CureContext
from doctor.remedies.disable_lte_autostart import DisableLteAutostart

CONTEXT = CureContext(print, lambda question: False, Path())


def test_setting_is_changed_once_and_outlives_a_reset() -> None:
    with Bench(BenchOptions(port="sim://fipy?release=1.20.2.r4")) as bench:
        cure = DisableLteAutostart()
        assert len(cure.plan(bench, None, CONTEXT)) == 1
        cure.do(bench, None, CONTEXT)
        bench.board.reset_safe()
        bench.board.repl.enter()
        assert cure.plan(bench, None, CONTEXT) == ()


def test_release_without_the_setting_says_so() -> None:
    with (
        Bench(BenchOptions(port="sim://fipy?release=1.17.3.b1")) as bench,
        pytest.raises(BoardError, match="has no setting"),
    ):
        DisableLteAutostart().plan(bench, None, CONTEXT)
