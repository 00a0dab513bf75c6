"""The board's REPL: friendly, raw and paste mode, byte for byte. There is no raw-paste in any Pycom release.

Source: board-and-repl.md 3.2, 3.3.
"""

from __future__ import annotations

from doctor.sim.board.hardware import Hardware
from doctor.sim.board.syntax import wants_more
from doctor.sim.board.vm import Vm

CTRL_A, CTRL_B, CTRL_C, CTRL_D, CTRL_E = 1, 2, 3, 4, 5
RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n"
PASTE_BANNER = b"\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== "
_RAW_KEYS = frozenset((CTRL_A, CTRL_B, CTRL_C, CTRL_D))
_PASTE_KEYS = frozenset((CTRL_C, CTRL_D))
_ESCAPE, _DELETE, _BACKSPACE, _TAB, _RETURN = 0x1B, 0x7F, 0x08, 0x09, 0x0D
_INDENT = "    "

LINE_LIMIT_BYTES = 256 * 1024
"""The interpreter runs out of memory far before."""


class Repl:
    """The prompt of one interpreter life. ``run`` returns when a soft reset was asked for."""

    def __init__(self, board: Hardware, vm: Vm) -> None:
        self._board = board
        self._vm = vm

    def run(self, *, greet: bool) -> None:
        """Serve the prompt until a soft reset. ``greet``: begin with the banner."""
        while True:
            serve = self._raw if self._board.raw_mode else self._friendly
            if serve(greet=greet):
                return
            greet = True

    # -- raw --------------------------------------------------------------------------------------------------

    def _raw(self, *, greet: bool) -> bool:
        """True: soft reset; False: back to friendly mode."""
        if greet:
            self._board.write_raw(RAW_BANNER)
            self._board.write_raw(b">")
        line = bytearray()
        while True:
            key = self._until(_RAW_KEYS, line)
            if key == CTRL_A:
                self._board.write_raw(RAW_BANNER + b">")
                line.clear()
            elif key == CTRL_B:
                self._board.write_raw(b"\r\n")
                self._board.raw_mode = False
                return False
            elif key == CTRL_C:
                line.clear()
            else:
                self._board.write_raw(b"OK")
                if not line:
                    self._board.write_raw(b"\r\n")
                    return True
                self._run_raw(bytes(line))
                line.clear()
                if self._vm.exit_asked:
                    return True
                self._board.write_raw(b">")

    def _run_raw(self, line: bytes) -> None:
        error = self._board.run_code(lambda: self._vm.execute(_source(line)))
        self._board.write_raw(b"\x04")
        if error is not None:
            self._board.write_console(self._vm.traceback(error))
        self._board.write_raw(b"\x04")

    def _until(self, keys: frozenset[int], line: bytearray) -> int:
        """Add what comes to ``line`` until one of ``keys`` comes, and return that."""
        while True:
            received = self._board.console_input()
            for index, byte in enumerate(() if keys.isdisjoint(received) else received):
                if byte in keys:
                    line += received[:index]
                    del received[: index + 1]
                    return byte
            if len(line) < LINE_LIMIT_BYTES:
                line += received
            received.clear()

    # -- friendly ---------------------------------------------------------------------------------------------

    def _friendly(self, *, greet: bool) -> bool:
        """True: soft reset; False: change to raw mode."""
        if greet:
            self._board.greet()
        prompted = not greet
        while True:
            key, line = self._statement(prompted)
            prompted = False
            if key == CTRL_A:
                self._board.write_raw(b"\r\n")
                self._board.raw_mode = True
                return False
            if key == CTRL_B:
                self._board.write_raw(b"\r\n")
                self._board.greet()
            elif key == CTRL_D:
                if self._board.ignores_ctrl_d:
                    continue
                self._board.write_raw(b"\r\n")
                return True
            elif key == CTRL_E:
                self._paste()
            elif key == _RETURN and line.strip():
                self._show_result(line, interactive=True)
            if self._vm.exit_asked:
                return True

    def _show_result(self, line: str, *, interactive: bool) -> None:
        error = self._board.run_code(lambda: self._vm.execute(line, interactive=interactive))
        if error is not None:
            self._board.write_console(self._vm.traceback(error))

    def _statement(self, prompted: bool) -> tuple[int, str]:
        """Read one statement, with its further lines; (the key that ended it, text)."""
        line, prompt, indent = "", "" if prompted else ">>> ", ""
        while True:
            key, more = self._line(prompt, indent)
            if key == CTRL_C:
                self._board.write_raw(b"\r\n")
                return key, ""
            line += more
            if key != _RETURN or not wants_more(line):
                return key, line
            line += "\n"
            prompt, indent = "... ", _indent_after(line)

    def _line(self, prompt: str, typed: str) -> tuple[int, str]:
        """Edit one line: (CR or the control character that ended it, text)."""
        board = self._board
        board.write_raw((prompt + typed).encode())
        line, fresh_indent = bytearray(typed.encode()), bool(typed)
        while True:
            received = board.console_input()
            byte = received.pop(0)
            if byte == CTRL_C or (CTRL_A <= byte <= CTRL_E and not line):
                return byte, ""
            if byte == _RETURN:
                board.write_raw(b"\r\n")
                return byte, "" if fresh_indent else _source(bytes(line))
            if byte in (_BACKSPACE, _DELETE):
                count = len(_INDENT) if line.endswith(_INDENT.encode()) and not line.strip() else 1
                count = min(count, len(line))
                if count:
                    del line[len(line) - count :]
                    board.write_raw(b"\b" * count + b"\x1b[K")
            elif byte == _TAB:
                line += _INDENT.encode()
                board.write_raw(_INDENT.encode())
            elif byte == _ESCAPE:
                self._skip_escape()
            elif byte >= 0x20:
                line.append(byte)
                board.write_raw(bytes([byte]))
                fresh_indent = False
            fresh_indent = fresh_indent and byte not in (_BACKSPACE, _DELETE, _TAB)

    def _skip_escape(self) -> None:
        """Arrow keys and the like: ESC [ … letter."""
        if self._board.console_input().pop(0) != ord("["):
            return
        while not chr(self._board.console_input().pop(0)).isalpha():
            pass

    def _paste(self) -> None:
        self._board.write_raw(PASTE_BANNER)
        text = bytearray()
        while True:
            byte = self._board.console_input().pop(0)
            if byte in _PASTE_KEYS:
                self._board.write_raw(b"\r\n")
                break
            text.append(0x0A if byte == _RETURN else byte)
            self._board.write_raw(b"\r\n=== " if byte == _RETURN else bytes([byte]))
        if byte == CTRL_D:
            self._show_result(_source(bytes(text)), interactive=False)


def _source(raw: bytes) -> str:
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").decode("utf-8", "replace")


def _indent_after(text: str) -> str:
    """The spaces that the prompt types by itself on a line that goes on."""
    last = text.rstrip("\n").rpartition("\n")[2]
    if not last.strip():
        return ""
    levels = (len(last) - len(last.lstrip(" "))) // len(_INDENT) + last.endswith(":")
    return _INDENT * levels
