"""The simulated FiPy or GPy: its hardware, and the Python that boots and runs on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from doctor.sim.board.hardware import Hardware
from doctor.sim.board.lte import make_network
from doctor.sim.board.modules.table import stub_modules
from doctor.sim.board.repl import Repl
from doctor.sim.board.text import SOFT_REBOOT, WDT_LINE, rom_text
from doctor.sim.board.uart import REPL_BAUD
from doctor.sim.board.vm import Vm

BOOTLOADER_MS = 350
"""ROM text to the boot loader's end."""
STARTUP_MS = 1200
"""From there to boot.py: mounting, radio, tasks; a prompt after about 2 s (board-and-repl.md 3.4)."""


class BoardSim(Hardware):
    """One module on a carrier board; ``vm`` is the life that its interpreter leads now."""

    def reset_ram(self) -> None:
        """As ``Hardware``, the interpreter's heap too."""
        super().reset_ram()
        self._new_vm()

    def interrupt(self) -> None:
        """As ``Hardware``."""
        self.vm.interrupt()

    def boot(self, reason: str) -> None:
        """As ``Hardware``."""
        self.write_console(rom_text(reason))
        self.process.wait(BOOTLOADER_MS)
        self.flash.prepare()
        safe, self.safe_boot = self.safe_boot, False
        self.process.wait(STARTUP_MS)
        if self.settings["wdt_on_boot"]:
            if self.era.since("1.18.0") and not self.era.vfs:
                self.write_console(WDT_LINE)
            self.feed_wdt(self.settings["wdt_on_boot_timeout"])
        self.mode = "run"
        self.runs_programs = not safe
        if not safe:
            self._run_file("boot.py")
            self._run_file(self.main_file)
        self._prompts(greet=True)

    def wake(self, mode: str, mounted: list[str]) -> None:
        """Go on in ``mode`` without a boot, or with one if it is ``boot``: the second half of a restore."""
        lives: dict[str, Callable[[], None]] = {
            "boot": lambda: self.boot("PWRON"),
            "run": lambda: self._wake_at_prompt(mounted),
            "mirror": lambda: self.enter_mirror(dead=False),
            "dead": lambda: self.enter_mirror(dead=True),
            "hung": self.hang,
        }
        self.begin(lives[mode])

    def _wake_at_prompt(self, mounted: list[str]) -> None:
        self.mode = "run"
        for name in mounted:
            if self.card.blocks is not None:
                self.vm.vfs.mount(self.card, "/" + name)
        self._prompts(greet=False)

    def _prompts(self, *, greet: bool) -> NoReturn:
        """One interpreter life after another, parted by soft resets."""
        while True:
            Repl(self, self.vm).run(greet=greet)
            greet = True
            self.write_console(SOFT_REBOOT)
            self.reset_cause = "SOFT"
            self.process.wait(STARTUP_MS / 4)
            self._new_vm()
            self.runs_programs = True
            self._run_file("boot.py")
            if not self.raw_mode:
                self._run_file(self.main_file)

    def _new_vm(self) -> None:
        self.dupterm = True
        self.interrupt_char, self.reset_char = 3, 6
        if self.uart0.baud != REPL_BAUD:
            self.uart0.setup(REPL_BAUD)
        self.vm = Vm(self, {**stub_modules(), "network": make_network})

    def _run_file(self, name: str) -> None:
        if not self.vm.vfs.is_file(name):
            return
        error = self.run_code(lambda: self.vm.execute(self.vm.vfs.read_text(name), name))
        if error is not None:
            self.write_console(self.vm.traceback(error))
        self.vm.exit_asked = False
