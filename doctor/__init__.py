"""fipy-doctor: examines, cures and flashes the LTE modem of Pycom FiPy and GPy boards.

For other programs it is ``check``, ``plan``, ``flash``, ``status`` and ``explain`` (doctor/api.py, docs/api.md), loaded
when they are first asked for: ``fipy-doctor --version`` needs none of them.
"""

import sys
from types import ModuleType

__version__ = "0.2.0"
IS_FIPY_DOCTOR = True  #: another package on PyPI has our name, and its files may lie in the place of ours

TYPE_CHECKING = False
if TYPE_CHECKING:
    from doctor import errors as errors
    from doctor.api import check as check
    from doctor.api import explain as explain
    from doctor.api import flash as flash
    from doctor.api import plan as plan
    from doctor.api import status as status

_CALLS = ("check", "explain", "flash", "plan", "status")
__all__ = ["__version__", "check", "errors", "explain", "flash", "plan", "status"]


class _Package(ModuleType):
    """This package. A module that has the name of a call, as doctor/check.py has, does not hide the call once loaded.

    ``from doctor.check import Check`` never asks for the attribute.
    """

    def __getattr__(self, name: str) -> object:
        from importlib import import_module

        if name == "errors":
            return import_module("doctor.errors")
        if name not in _CALLS:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        vars(self)[name] = getattr(import_module("doctor.api"), name)
        return vars(self)[name]

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _CALLS and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})


sys.modules[__name__].__class__ = _Package
