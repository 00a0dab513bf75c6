"""`import` on the board: frozen modules, then files in the folders of sys.path.

Source: board-and-repl.md 2.3: the entry '' matches frozen names before any file; frozen names have no prefix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

from doctor.sim.board.hardware import Hardware
from doctor.sim.board.syntax import compile_board
from doctor.sim.board.vfs import Vfs

SYS_PATH = ("", "/flash", "/flash/lib")


class BoardModule(ModuleType):
    """A module object whose complaint about a missing attribute is MicroPython's."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"'module' object has no attribute '{name}'")

    def __repr__(self) -> str:
        return f"<module '{self.__name__}'>"


class Importer:
    """The import system of one interpreter life.

    new_namespace  makes the globals of a module by its name
    builtin        makers of the stub modules by name; each is made once, on first use
    """

    def __init__(
        self,
        board: Hardware,
        vfs: Vfs,
        new_namespace: Callable[[str], dict[str, Any]],
        builtin: Mapping[str, Callable[[], ModuleType]],
    ) -> None:
        self._board = board
        self._vfs = vfs
        self._new_namespace = new_namespace
        self._makers = builtin
        self._made: dict[str, ModuleType] = {}
        self.loaded: dict[str, ModuleType] = {}
        """`sys.modules`."""
        self.path: list[str] = list(SYS_PATH)
        """`sys.path`."""

    def builtin_module(self, name: str) -> Any:
        """A stub module. Raises KeyError if this release has none of that name."""
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def import_(
        self,
        name: str,
        space: Mapping[str, Any] | None = None,
        local: Mapping[str, Any] | None = None,
        wanted: Sequence[str] | None = None,
        level: int = 0,
    ) -> ModuleType:
        """The board's ``__import__``. Raises ImportError, or what the module's code raises."""
        if level:
            name = self._absolute(name, space or {}, level)
        top, module = self._load_chain(name)
        if not wanted:
            return top
        for attribute in wanted:
            if attribute != "*" and attribute not in vars(module):
                self._load_attribute(module, attribute)
        return module

    def _absolute(self, name: str, space: Mapping[str, Any], level: int) -> str:
        parts = str(space.get("__name__", "")).split(".")
        if "__path__" in space:
            level -= 1
        base = parts[: len(parts) - level] if level else parts
        if not base:
            raise ImportError("cannot perform relative import")
        return ".".join([*base, name] if name else base)

    def _load_attribute(self, module: ModuleType, attribute: str) -> None:
        if "__path__" in vars(module):
            try:
                self._load_chain(f"{module.__name__}.{attribute}")
                return
            except ImportError as error:
                if str(error) != f"no module named '{module.__name__}.{attribute}'":
                    raise
        raise ImportError(f"cannot import name {attribute}")

    def _load_chain(self, name: str) -> tuple[ModuleType, ModuleType]:
        done, *below = name.split(".")
        top = module = self._load(done, None)
        for part in below:
            done += "." + part
            parent, module = module, self._load(done, module)
            setattr(parent, part, module)
        return top, module

    def _load(self, name: str, parent: ModuleType | None) -> ModuleType:
        if name in self.loaded:
            return self.loaded[name]
        if parent is None and name in self._makers:
            made: ModuleType = self.builtin_module(name)
            return made
        last = name.rpartition(".")[2]
        folders = self.path if parent is None else list(getattr(parent, "__path__", ()))
        for folder in folders:
            stem = f"{folder}/{last}" if folder else last
            frozen = self._board.frozen.get(stem)
            if frozen is not None:
                return self._run(name, stem + ".py", frozen, None)
            if self._vfs.is_dir(stem):
                init = f"{stem}/__init__.py"
                source = self._vfs.read_text(init) if self._vfs.is_file(init) else ""
                return self._run(name, init, source, stem)
            if self._vfs.is_file(stem + ".py"):
                return self._run(name, stem + ".py", self._vfs.read_text(stem + ".py"), None)
        raise ImportError(f"no module named '{name}'")

    def _run(self, name: str, filename: str, source: str, package_path: str | None) -> ModuleType:
        module = BoardModule(name)
        vars(module).clear()
        vars(module).update(self._new_namespace(name))
        vars(module)["__file__"] = filename
        if package_path is not None:
            vars(module)["__path__"] = [package_path]
        self.loaded[name] = module
        try:
            exec(compile_board(source, filename, self._board.era), vars(module))
        except BaseException:
            self.loaded.pop(name, None)
            raise
        return module
