from __future__ import annotations

import pytest

from doctor.board import (
    boot_scripts,
    bridge,
    onboard,
    snippets,
    snippets_bootrom,
    snippets_card,
    snippets_modem,
    snippets_pins,
)
from tests.syntax_gate import violations

SNIPPETS = {
    "tunnel-open": snippets_modem.tunnel_open(921_600),
    "tunnel-exchange": snippets_modem.tunnel_exchange("QVQNCg==", 1024, 40),
    "tunnel-set-baud": snippets_modem.tunnel_set_baud(115_200),
    "tunnel-close": snippets_modem.TUNNEL_CLOSE,
    "tunnel-reconnect": snippets_modem.TUNNEL_RECONNECT,
    "jumpers-begin": snippets_modem.JUMPERS_BEGIN,
    "jumpers-read": snippets_modem.jumpers_read("up"),
    "jumpers-pulses": snippets_pins.JUMPERS_PULSES,
    "wdt-later": snippets_modem.WDT_LATER % 1000,
    "lte-started": snippets_modem.LTE_STARTED,
    "lte-try": snippets_modem.LTE_TRY,
    "mirror": snippets_modem.MIRROR,
    "mirror-b1": snippets_modem.MIRROR_B1,
    "bridge": bridge.bridge(),
    "card-look": snippets_card.look(),
    "card-hash": snippets_card.sha256("/sd/caf\u00e9.dup"),
    "card-head": snippets_card.head("/sd/x.dup", 1536),
    "lte-not-at-boot": snippets_modem.LTE_NOT_AT_BOOT,
    "make-folder": snippets.make_folder(onboard.FOLDER),
    "hashes": snippets.hashes(onboard.FOLDER),
    "format-flash": snippets.FORMAT_FLASH,
    "onboard-order": onboard.Order("/sd/caf\u00e9.dup", image=("caf\u00e9.dup", "full", "CATM1", 1, 0, "x")).code(),
    "bootrom-open": snippets_bootrom.OPEN,
    "bootrom-piece": snippets_bootrom.piece(0, 9216, 384),
    "bootrom-close": snippets_bootrom.CLOSE,
    "boot-search": boot_scripts._search("/flash/main.py"),
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_snippet_keeps_to_the_boards_python(name: str) -> None:
    assert violations(SNIPPETS[name]) == []


@pytest.mark.parametrize("name", SNIPPETS)
def test_snippet_is_printable_ascii(name: str) -> None:
    assert all(char == "\n" or " " <= char <= "~" for char in SNIPPETS[name])


@pytest.mark.parametrize("name", [n for n in SNIPPETS if n not in ("lte-try", "mirror-b1")])
def test_snippet_never_makes_an_lte_object(name: str) -> None:
    assert "LTE()" not in SNIPPETS[name]
