"""Cure ``stop-program``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.board import first_contact
from doctor.board.at_work import in_the_way
from doctor.board.board import RECONNECT_S
from doctor.board.first_contact import AT_PROMPT
from doctor.board.repl import LISTEN_MS, Repl, behind_lines
from doctor.board.storage import files
from doctor.check import Finding
from doctor.errors import BoardError, UpdaterAtWork
from doctor.remedies.cure import CureContext, DoableCure
from doctor.remedies.switched_off import name_off, switch_off

if TYPE_CHECKING:
    from doctor.bench import Bench

MAY_BE_A_PROGRAM = (first_contact.Seen.PROGRAM, first_contact.Seen.BOOT_TEXT, first_contact.Seen.SILENCE)
LINES = 40  #: that the board prints to show whether a thread prints into them
MAIN = "/flash/main.py"


class StopProgram(DoableCure):
    """Stop the program that runs on the board.

    By Ctrl-C; if that does not help, or if its threads still print at the prompt, by a restart that leaves out boot.py
    and main.py (safe boot, from 1.16 on). An input that was not ended gets Ctrl-C, and nothing else.
    """

    id = "stop-program"

    def plan(self, bench: Bench, finding: Finding | None, context: CureContext) -> tuple[str, ...]:
        """Nothing if a quiet prompt answers, or if no board does.

        Raises BoardError if an updater is at work, or for a device that is none of ours.
        """
        bench.refuse_foreign()
        seen = bench.contact.seen
        if seen is first_contact.Seen.UPDATER:
            raise in_the_way(bench.contact.text, bench.link.name)
        if seen is first_contact.Seen.PASTE:
            return ("send Ctrl-C to the prompt that waits for the rest of an input, which throws that input away",)
        if seen not in MAY_BE_A_PROGRAM and not (seen in AT_PROMPT and _thread_prints(bench)):
            return ()
        return (
            "send Ctrl-C to the program that runs on the board",
            "if that does not stop it, or its threads still print at the prompt: send Ctrl-F, which restarts the board "
            "without boot.py and main.py",
            "(say no if an update of the modem was started on the board and may still run: this would interrupt it)",
        )

    def do(self, bench: Bench, finding: Finding | None, context: CureContext) -> str:
        """Stop it and see a prompt. Raises BoardError if neither way helps."""
        planned = bench.contact.seen
        bench.forget_board()
        contact = first_contact.contact(bench.link, may_interrupt=True)
        if contact.seen is first_contact.Seen.UPDATER:
            raise in_the_way(contact.text, bench.link.name)
        if contact.foreign is not None:
            raise contact.foreign.refused(bench.link.name, "Ctrl-C was sent to it, and no more")
        if planned is first_contact.Seen.PASTE:
            return self._cancelled(bench, contact.seen)
        how = "the program was stopped; the prompt answers"
        if contact.seen not in AT_PROMPT or _thread_prints(bench):
            context.say("Ctrl-C does not stop all of it; restarting the board without its programs")
            self._restart(bench)
            how = "Ctrl-C did not stop all of the program; the board was restarted without it (safe boot)"
        return f"{how}; {self._and_main_py(bench, context)}"

    def _cancelled(self, bench: Bench, seen: first_contact.Seen) -> str:
        """What became of an unfinished input; the plan had Ctrl-C only. Raises BoardError if no prompt answers."""
        if seen in AT_PROMPT:
            return "the unfinished input was thrown away; the prompt answers"
        raise BoardError(
            "repl-answers",
            "Ctrl-C does not bring the prompt back",
            on=bench.link.name,
            cause="no board is at this port, or its program prints what looks like a prompt",
            next="hold the Safe Boot button (P12 to 3V3) while you press reset, then run "
            f"{bench.options.command('check')}",
        )

    def _restart(self, bench: Bench) -> None:
        """Restart the board into safe boot, and see a quiet prompt. Raises BoardError if there is none."""
        bench.forget_board()
        Repl(bench.link).restart_safe()
        bench.link.reconnect(RECONNECT_S)
        seen = first_contact.contact(bench.link).seen
        prints = seen in AT_PROMPT and _thread_prints(bench)
        if seen not in AT_PROMPT or (prints and seen is not first_contact.Seen.SAFE_BOOT):  # it did not restart
            raise BoardError(
                "main-py-blocks-repl",
                "neither Ctrl-C nor Ctrl-F stops the program",
                on=bench.link.name,
                cause="firmware older than 1.16, which knows no Ctrl-F; or no board answers at this port",
                next="hold the Safe Boot button (P12 to 3V3) while you press reset, then run "
                f"{bench.options.command('check')}",
            )
        if prints:
            raise BoardError(
                "repl-answers",
                "something still prints into the board's answers, though no program of the board was started",
                on=bench.link.name,
                cause="the board's firmware prints lines of its own, or another program uses the port",
                next="close other programs that use the port; if that changes nothing, update the board's firmware",
            )

    def _and_main_py(self, bench: Bench, context: CureContext) -> str:
        """Offer to keep main.py from starting it again."""
        try:
            source = files.read(bench.board, MAIN)
        except BoardError:
            return "what started it was not found"
        lines = [line.strip() for line in source.decode("utf-8", errors="replace").splitlines()]
        if not any(line and not line.startswith("#") for line in lines):
            return "main.py does not start it"
        target = name_off(bench.board, MAIN)
        if not context.ask(f"{MAIN} starts a program at every reset. Rename it to {target}?"):
            return (
                "main.py starts it again at the next reset; to prevent that, rename it at the prompt: "
                f"import os; os.rename('{MAIN}', '{target}')"
            )
        target, kept = switch_off(bench.board, MAIN, context.backup)
        return f"{MAIN} is now {target}, and a copy is at {kept}"


def _thread_prints(bench: Bench) -> bool:
    """Whether something prints into the lines that our own code prints at the prompt, or spoils it.

    Raises UpdaterAtWork if that is an updater.
    """
    try:
        if not bench.board.repl.run(behind_lines(LINES, "")).strip():
            return False
    except UpdaterAtWork:
        raise
    except BoardError:
        pass
    Repl(bench.link).look_for_updater(LISTEN_MS)
    return True
