"""The board's interpreter: runs board code with CPython, in the board's own world of builtins, modules and time.

Board code sees only stub modules and files of the simulated board; every statement costs virtual time, so that endless
loops let others run and Ctrl-C reaches them.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Callable, Mapping
from functools import partial
from types import CodeType, ModuleType
from typing import Any

from doctor.sim.board.errors import board_repr, exception_builtins, traceback_text
from doctor.sim.board.hardware import Hardware
from doctor.sim.board.importer import Importer
from doctor.sim.board.syntax import SHOW, TICK, compile_board
from doctor.sim.board.vfs import Vfs
from doctor.sim.world import ProcessKilled

STATEMENT_US = 20
"""Virtual time of one statement: an ESP32 at 160 MHz does some 50 000 simple MicroPython statements a second."""

SLICE_US = 1000
"""Board code lets others run after so much work."""


_COPIED = (
    "abs", "all", "any", "bin", "bool", "bytearray", "bytes", "callable", "chr", "classmethod", "complex", "delattr",
    "dict", "dir", "divmod", "enumerate", "filter", "float", "frozenset", "getattr", "hasattr", "hash", "hex", "id",
    "int", "isinstance", "issubclass", "iter", "len", "list", "map", "max", "memoryview", "min", "next", "object",
    "oct", "ord", "pow", "property", "range", "reversed", "round", "set", "setattr", "slice", "sorted",
    "staticmethod", "str", "sum", "super", "tuple", "type", "zip", "globals", "locals", "NotImplemented", "Ellipsis",
    "__build_class__",
)  # fmt: skip
"""Builtins that are CPython's own."""


class Vm:
    """One life of the interpreter: from a reset, hard or soft, to the next."""

    def __init__(self, board: Hardware, modules: Mapping[str, Callable[[Vm], ModuleType]]) -> None:
        self.board = board
        self.vfs = Vfs(board, self.charge)
        self.interrupted = False
        """Ctrl-C came; the next statement or interruptible wait raises KeyboardInterrupt."""
        self.exit_asked = False
        self._sleeping = False
        self._owed_us = 0.0
        self.builtins = self._make_builtins()
        makers = {name: partial(make, self) for name, make in modules.items()}
        self.importer = Importer(board, self.vfs, self.new_namespace, makers)
        self.builtins["__import__"] = self.importer.import_
        self.main = self.new_namespace("__main__")

    # -- time -------------------------------------------------------------------------------------------------

    def tick(self) -> bool:
        """Called by every statement: its time, and the place where Ctrl-C and the end of the world come in."""
        owed_us = self._owed_us + STATEMENT_US
        self._owed_us = owed_us
        if owed_us >= SLICE_US or self.interrupted or self.board.process.killed:
            self.wait(0)
        return True

    def charge(self, microseconds: float) -> None:
        """A C function took this long."""
        self._owed_us += microseconds
        if self._owed_us >= SLICE_US:
            self.wait(0)

    def wait(self, ms: float, until: Callable[[], object] | None = None) -> bool:
        """Let virtual time pass until ``until()`` holds or ``ms`` are over; False for the latter.

        Raises KeyboardInterrupt if Ctrl-C came.
        """
        owed_ms, self._owed_us = self._owed_us / 1000, 0.0
        met = False
        if until is not None:
            met = self.board.process.wait_until(lambda: self.interrupted or until(), ms + owed_ms)
        elif not self.interrupted:
            self._sleeping = True
            try:
                self.board.process.wait(ms + owed_ms)  # without a predicate: the world may skip empty time cheaply
            finally:
                self._sleeping = False
        if self.interrupted:
            self.interrupted = False
            raise KeyboardInterrupt
        return met

    def interrupt(self) -> None:
        """Ctrl-C came in while code runs."""
        if self._sleeping:
            self.board.process.raise_in(KeyboardInterrupt())
        else:
            self.interrupted = True

    # -- running ----------------------------------------------------------------------------------------------

    def execute(self, source: str, filename: str = "<stdin>", *, interactive: bool = False) -> BaseException | None:
        """Run code in ``__main__``; the exception that ended it, if any. SystemExit sets ``exit_asked`` instead."""
        error: BaseException | None = None
        try:
            code = compile_board(source, filename, self.board.era, interactive=interactive)
            exec(code, self.main)
            self.wait(0)
        except ProcessKilled:
            raise
        except SystemExit:
            self.exit_asked = True
        except BaseException as raised:
            error = raised
        self.interrupted = False
        return error

    def traceback(self, error: BaseException) -> str:
        """The text of a traceback, LF at line ends."""
        return traceback_text(error, self.builtins)

    def new_namespace(self, name: str) -> dict[str, Any]:
        """Globals for a piece of board code."""
        return {"__name__": name, "__builtins__": self.builtins}

    # -- builtins ---------------------------------------------------------------------------------------------

    def _make_builtins(self) -> dict[str, Any]:
        own: dict[str, Any] = {name: getattr(builtins, name) for name in _COPIED}
        own.update(exception_builtins())
        own[TICK] = self.tick
        own[SHOW] = self._show
        own["repr"] = board_repr
        own["print"] = self._print
        own["open"] = self._open
        own["input"] = self._input
        own["exec"] = self._exec
        own["eval"] = self._eval
        own["compile"] = self._compile
        own["execfile"] = self._execfile
        own["help"] = self._help
        return own

    def _show(self, value: object) -> None:
        if value is not None:
            self.main["_"] = value
            self.board.write_console(board_repr(value) + "\n")

    def _print(self, *values: object, **keywords: Any) -> None:
        separator, end = keywords.pop("sep", " "), keywords.pop("end", "\n")
        target = keywords.pop("file", None)
        if keywords:
            raise TypeError("extra keyword arguments given")
        text = str(separator).join(str(value) for value in values) + str(end)
        if target is not None:
            target.write(text)
        else:
            self.board.write_console(self.board.file_faults.printed(text, threads=self.board.runs_programs))

    def _open(self, path: str, mode: str = "r", **_keywords: Any) -> object:
        return self.vfs.open(path, mode)

    def _input(self, prompt: str = "") -> str:
        self.board.write_console(str(prompt))
        line = self.importer.builtin_module("sys").stdin.readline()
        return str(line).rstrip("\r\n")

    def _help(self, *_about: object) -> None:
        self.board.write_console("Welcome to MicroPython!\nFor online docs please visit http://docs.pycom.io\n")

    def _caller(self, given: dict[str, Any] | None) -> dict[str, Any]:
        namespace = sys._getframe(2).f_globals if given is None else given
        namespace.setdefault("__builtins__", self.builtins)
        return namespace

    def _exec(self, code: str | CodeType, space: dict[str, Any] | None = None, local: Any = None) -> None:
        space = self._caller(space)
        compiled = code if isinstance(code, CodeType) else compile_board(code, "<string>", self.board.era)
        exec(compiled, space, space if local is None else local)

    def _eval(self, code: str | CodeType, space: dict[str, Any] | None = None, local: Any = None) -> object:
        space = self._caller(space)
        compiled = code if isinstance(code, CodeType) else self._compile(code, "<string>", "eval")
        return eval(compiled, space, space if local is None else local)

    def _compile(self, source: str, filename: str, mode: str) -> CodeType:
        if mode != "eval":
            return compile_board(source, filename, self.board.era, interactive=mode == "single")
        compile_board(f"({source.strip()}\n)", filename, self.board.era)  # for its refusals
        return compile(ast.parse(source.strip(), filename, "eval"), filename, "eval", dont_inherit=True)

    def _execfile(self, path: str) -> None:
        source = self.vfs.read_text(path)
        exec(compile_board(source, path, self.board.era), self.main)
