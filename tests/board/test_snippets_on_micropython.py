from __future__ import annotations

import base64

import pytest

from doctor.board import bridge, snippets_bootrom, snippets_card, snippets_modem
from doctor.board.repl import tagged
from doctor.board.sdcard import Stage, _view

from .micropython import needs_micropython, run

pytestmark = [pytest.mark.micropython, needs_micropython]


def values(lines: list[str]) -> list[object]:
    return tagged("\n".join(lines))


def test_tunnel_writes_and_brings_the_answer_back_in_one_call() -> None:
    at = base64.b64encode(b"AT\r\n").decode()
    lines = run(
        snippets_modem.tunnel_open(921_600),
        snippets_modem.tunnel_exchange(at, 1024, 40),
        snippets_modem.tunnel_exchange("", 1024, 4),
        snippets_modem.tunnel_set_baud(115_200),
        snippets_modem.TUNNEL_CLOSE,
    )
    answers = values(lines)
    assert base64.b64decode(str(answers[1])) == b"\r\nOK\r\n"
    assert answers[2] == ""
    assert "('UART', 1, 921600, ('P20', 'P18', 'P19', 'P17'))" in lines[-1]
    assert "('UART', 1, 115200, ('P20', 'P18', 'P19', 'P17'))" in lines[-1]
    assert lines[-1].endswith("('deinit',)]")


def test_jumper_snippets_never_drive_a_pin_high() -> None:
    lines = run(snippets_modem.JUMPERS_BEGIN, snippets_modem.jumpers_read("down"), snippets_modem.jumpers_read("up"))
    assert values(lines) == [True, [0, 1], [1, 1]]
    assert "('Pin', 'P19', 1" not in lines[-1]
    assert "('Pin', 'P20', 1" not in lines[-1]


def test_card_is_listed_two_levels_deep_and_unmounted() -> None:
    before = "_Os.umount = lambda self, w: log.append(('umount', w))\n"
    lines = run(snippets_card.look(), before=before)
    view = _view(values(lines)[0])  # type: ignore[arg-type]
    assert [(e.path, e.is_dir, e.size_bytes) for e in view.listed or ()] == [
        ("/sd/sd", True, 7),
        ("/sd/sd/x.dup", False, 7),
        ("/sd/A.txt", False, 7),
    ]
    assert view.free_bytes == 100 * 1024
    assert "[('mount', '/sd'), ('umount', '/sd'), ('sd.deinit',)]" in lines[-1]


def test_old_firmware_unmounts_by_its_own_name() -> None:
    before = "_Os.unmount = lambda self, w: log.append(('unmount', w))\n"
    assert "('unmount', '/sd'), ('sd.deinit',)" in run(snippets_card.look(), before=before)[-1]


def test_mounted_card_is_left_mounted() -> None:
    lines = run(snippets_card.look(), before="_Os.tree['/'] = ['flash', 'sd']\n")
    assert _view(values(lines)[0]).mount_point == "/sd"  # type: ignore[arg-type]
    assert lines[-1] == "LOG []"


def test_dead_card_fails_at_sd() -> None:
    view = _view(values(run(snippets_card.look(), before="SD.broken = True\n"))[0])  # type: ignore[arg-type]
    assert view.stage is Stage.SD
    assert "the requested operation failed" in view.error


def test_card_without_fat_fails_at_the_listing() -> None:
    before = "del _Os.tree['/sd']\n_Os.umount = lambda self, w: log.append(('umount', w))\n"
    view = _view(values(run(snippets_card.look(), before=before))[0])  # type: ignore[arg-type]
    assert view.stage is Stage.LIST
    assert view.listed is None


def test_snippets_leave_no_names_behind() -> None:
    before = "_Os.umount = lambda self, w: None\n"
    lines = run(snippets_card.look(), "print(sorted(n for n in globals() if n.startswith('_fd')))", before=before)
    assert "[]" in lines


def test_bridge_copies_both_ways_and_gives_the_prompt_back_when_idle() -> None:
    code = bridge.bridge().replace(str(bridge.IDLE_LIMIT_MIN * 60_000), "5")
    before = "UART.answer = b'AT\\r\\n'\n"
    lines = run(code, before=before)
    assert values(lines) == ["mirror"]
    assert lines[-1].count("('write', b'AT\\r\\n')") == 1
    assert "('write', b'\\r\\nOK\\r\\n')" in lines[-1]
    assert lines[-1].endswith("('dupterm', False)]")


def test_boot_rom_is_read_in_pieces() -> None:
    cut = values(run("_fd_b = bytes(range(250)) * 4", snippets_bootrom.piece(10, 900, 384), snippets_bootrom.CLOSE))
    assert b"".join(base64.b64decode(str(part)) for part in cut[:-1]) == (bytes(range(250)) * 4)[10:910]
