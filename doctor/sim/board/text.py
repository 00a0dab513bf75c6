"""Text that the module's chip and boot loader print before any Python runs.

Source: board-and-repl.md 3.1 (example from a public log).
"""

from __future__ import annotations

RESET_LINES = {
    "PWRON": "rst:0x1 (POWERON_RESET),boot:0x17 (SPI_FAST_FLASH_BOOT)",
    "HARD": "rst:0x7 (TG0WDT_SYS_RESET),boot:0x17 (SPI_FAST_FLASH_BOOT)",
    "WDT": "rst:0x7 (TG0WDT_SYS_RESET),boot:0x17 (SPI_FAST_FLASH_BOOT)",
    "PANIC": "rst:0xc (SW_CPU_RESET),boot:0x17 (SPI_FAST_FLASH_BOOT)",
}
"""First line of the ROM by reason; `machine.reset()` and Ctrl-F are watchdog resets too."""

_ROM = """ets Jun  8 2016 00:22:57

%s
configsip: 0, SPIWP:0xee
clk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00
mode:DIO, clock div:1
load:0x3fff8028,len:8
load:0x3fff8030,len:2140
ho 0 tail 12 room 4
load:0x4009fa00,len:19760
entry 0x400a05bc
"""

PANIC = """Guru Meditation Error: Core  1 panic'ed (LoadProhibited). Exception was unhandled.
Core 1 register dump:
PC      : 0x400f1a2c  PS      : 0x00060930  A0      : 0x800f1b40  A1      : 0x3ffd9c50
EXCVADDR: 0x00000000  LBEG    : 0x4009e2c0  LEND    : 0x4009e2cb  LCOUNT  : 0x00000000

Backtrace: 0x400f1a2c:0x3ffd9c50 0x400f1b3d:0x3ffd9c70

Rebooting...
"""

SOFT_REBOOT = "PYB: soft reboot\n"
HELP_LINE = 'Type "help()" for more information.\n'
WDT_LINE = "Starting the WDT on boot\n"
PYBYTES = "1.6.1"


def encoded(text: str) -> bytes:
    """The bytes of a text: UTF-8; other bytes stand in it as ``os.fsdecode`` puts them, and come out again."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def rom_text(reason: str) -> str:
    """What the chip's ROM prints after a reset; LF at line ends."""
    return _ROM % RESET_LINES[reason]
