"""The table of stub modules: what `import` finds without a file."""

from __future__ import annotations

import array
import collections
import math
import re
import struct
from collections.abc import Callable
from types import ModuleType

from doctor.sim.board.modules import misc as misc
from doctor.sim.board.modules.machine import make_machine
from doctor.sim.board.modules.os import make_os
from doctor.sim.board.vm import Vm

Maker = Callable[[Vm], ModuleType]


def _same(name: str, source: ModuleType, members: str) -> Maker:
    """A module that has these members as they are on the PC."""
    return lambda _vm: misc.module(name, **{member: getattr(source, member) for member in members.split()})


_WITH_U: dict[str, Maker] = {
    "os": make_os,
    "time": misc.make_time,
    "json": misc.make_json,
    "binascii": misc.make_binascii,
    "hashlib": misc.make_hashlib,
    "zlib": misc.make_zlib,
    "struct": _same("ustruct", struct, "calcsize pack unpack pack_into unpack_from"),
    "collections": _same("ucollections", collections, "namedtuple OrderedDict"),
    "io": misc.make_io,
    "re": _same("ure", re, "compile match search"),
    "errno": misc.make_errno,
    "random": misc.make_random,
}
"""Found with and without the u in front."""

_PLAIN: dict[str, Maker] = {
    "sys": misc.make_sys,
    "gc": misc.make_gc,
    "array": _same("array", array, "array"),
    "math": _same("math", math, "ceil floor sqrt log exp pow sin cos tan pi e fabs trunc"),
    "micropython": misc.make_micropython,
    "machine": make_machine,
    "pycom": misc.make_pycom,
    "fipy_doctor_sim": misc.make_token,
}


def stub_modules() -> dict[str, Maker]:
    """Makers by module name."""
    return {**_PLAIN, **_WITH_U, **{f"u{name}": maker for name, maker in _WITH_U.items()}}
