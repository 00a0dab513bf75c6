"""Stub modules without hardware behind them: sys, time, json, hashes and what else board code imports."""

from __future__ import annotations

import binascii
import collections
import hashlib
import io
import json
import time
import zlib
from functools import partial
from types import ModuleType
from typing import Any

from doctor.sim.board.errors import ERRNO_NAMES, IMPOSSIBLE, BoardOSError
from doctor.sim.board.importer import BoardModule
from doctor.sim.board.vm import Vm
from doctor.sim.numbers import simulation_proof

HASH_US_PER_BYTE = 0.3
"""SHA-256 in the ESP32's hardware, with the copying around it."""


def module(name: str, **members: Any) -> ModuleType:
    """A stub module with these members."""
    made = BoardModule(name)
    vars(made).clear()
    vars(made).update({"__name__": name, **members})
    return made


def make_sys(vm: Vm) -> ModuleType:
    """`sys`."""
    era = vm.board.era
    numbers = (1, 11, 0) if era.since("1.20.1") else (1, 9, 4) if era.vfs else (1, 8, 6)

    def leave(code: object = 0) -> None:
        raise SystemExit(code)

    def print_exception(error: BaseException, file: Any = None) -> None:
        (file or _Stdout(vm)).write(vm.traceback(error))

    return module(
        "sys",
        path=vm.importer.path,
        modules=vm.importer.loaded,
        argv=[],
        platform=vm.board.kind,
        version="3.4.0",
        version_info=(3, 4, 0),
        implementation=_Implementation("micropython", numbers),
        byteorder="little",
        maxsize=0x7FFFFFFF,
        stdin=_Stdin(vm),
        stdout=_Stdout(vm),
        stderr=_Stdout(vm),
        exit=leave,
        print_exception=print_exception,
    )


_Implementation = collections.namedtuple("_Implementation", "name version")


class _Stdout:
    def __init__(self, vm: Vm) -> None:
        self._vm = vm

    def write(self, text: str | bytes) -> int:
        shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        self._vm.board.write_console(shown)
        return len(text)


class _Stdin:
    def __init__(self, vm: Vm) -> None:
        self._vm = vm

    def read(self, count: int = 1) -> str:
        return self._taken(max(1, count)).decode("utf-8", "replace")

    def _taken(self, size: int) -> bytes:
        rx = self._vm.board.uart0.rx
        out = bytearray()
        while len(out) < size:
            while not rx:
                self._vm.wait(60_000, lambda: bool(rx))
            out += self._vm.board.uart0.take(size - len(out))
        return bytes(out).replace(b"\r", b"\n")  # as its driver does

    def readinto(self, buffer: bytearray, most: int | None = None) -> int:
        size = len(buffer) if most is None else min(most, len(buffer))
        buffer[:size] = self._taken(size)
        return size

    def readline(self) -> str:
        out = ""
        while not out.endswith(("\r", "\n")):
            out += self.read(1)
        return out


def make_time(vm: Vm) -> ModuleType:
    """`utime`."""
    world = vm.board.world

    def seconds() -> int:
        return vm.board.clock_starts_s + int(world.now_ms // 1000)

    def localtime(when: float | None = None) -> tuple[int, ...]:
        return time.gmtime(seconds() if when is None else when)[:8]

    def sleep_ms(amount: float) -> None:
        vm.wait(amount)

    def ticks_ms() -> int:
        vm.charge(10)
        return int(world.now_ms) & 0x3FFFFFFF

    def ticks_us() -> int:
        vm.charge(10)
        return int(world.now_ms * 1000) & 0x3FFFFFFF

    return module(
        "utime",
        time=seconds,
        localtime=localtime,
        gmtime=localtime,
        sleep=lambda amount: sleep_ms(amount * 1000),
        sleep_ms=sleep_ms,
        sleep_us=vm.charge,
        ticks_ms=ticks_ms,
        ticks_us=ticks_us,
        ticks_cpu=ticks_us,
        ticks_diff=lambda new, old: ((new - old + 0x20000000) & 0x3FFFFFFF) - 0x20000000,
        ticks_add=lambda ticks, delta: (ticks + delta) & 0x3FFFFFFF,
    )


def make_gc(_vm: Vm) -> ModuleType:
    """`gc`."""
    return module(
        "gc",
        collect=lambda: 0,
        enable=lambda: None,
        disable=lambda: None,
        isenabled=lambda: True,
        mem_free=lambda: 2_500_000,
        mem_alloc=lambda: 60_000,
    )


def make_json(_vm: Vm) -> ModuleType:
    """`ujson`."""

    def plain(value: object) -> object:
        if isinstance(value, (bytes, bytearray)):
            return bytes(value).decode("utf-8", "replace")
        return str(value)

    def dumps(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, default=plain)

    def loads(text: str | bytes) -> Any:
        try:
            return json.loads(text)
        except ValueError:
            raise ValueError("syntax error in JSON") from None

    def dump(value: object, stream: Any) -> None:
        stream.write(dumps(value))

    return module("ujson", dumps=dumps, loads=loads, dump=dump, load=lambda stream: loads(stream.read()))


def make_binascii(_vm: Vm) -> ModuleType:
    """`ubinascii`; no crc_hqx there."""

    def a2b_base64(text: str | bytes) -> bytes:
        try:
            return binascii.a2b_base64(text)
        except binascii.Error:
            raise ValueError("incorrect padding") from None

    def hexlify(data: bytes, separator: str | bytes | None = None) -> bytes:
        if separator is None:
            return binascii.hexlify(data)
        return binascii.hexlify(data, separator if isinstance(separator, bytes) else separator.encode())

    def unhexlify(text: str | bytes) -> bytes:
        try:
            return binascii.unhexlify(text)
        except binascii.Error:
            raise ValueError("odd-length string" if len(text) % 2 else "non-hex digit found") from None

    return module(
        "ubinascii",
        a2b_base64=a2b_base64,
        b2a_base64=lambda data: binascii.b2a_base64(bytes(data)),
        hexlify=hexlify,
        unhexlify=unhexlify,
        crc32=binascii.crc32,
    )


def make_zlib(_vm: Vm) -> ModuleType:
    """`uzlib`: streams of zlib, or of bare deflate if wbits is negative."""

    def decompress(data: bytes, wbits: int = 0, _bufsize: int = 0) -> bytes:
        try:
            return zlib.decompress(data, wbits or zlib.MAX_WBITS)
        except zlib.error:
            raise ValueError(-3) from None

    return module("uzlib", decompress=decompress)


def make_hashlib(vm: Vm) -> ModuleType:
    """`uhashlib`: objects with update and digest only."""

    names = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
    return module("uhashlib", **{name: partial(_Hash, vm, name) for name in names})


class _Hash:
    def __init__(self, vm: Vm, name: str, data: bytes | str = b"") -> None:
        self._vm = vm
        self._hash = hashlib.new(name, usedforsecurity=False)
        self.update(data)

    def update(self, data: bytes | str) -> None:  # MicroPython's str gives its bytes to whoever takes a buffer
        self._hash.update(data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data)
        self._vm.charge(len(data) * HASH_US_PER_BYTE)

    def digest(self) -> bytes:
        return self._hash.digest()


def make_micropython(vm: Vm) -> ModuleType:
    """`micropython`; `kbd_intr` only if the release has it."""
    members: dict[str, Any] = {
        "const": lambda value: value,
        "opt_level": lambda *level: 0,
        "mem_info": lambda *verbose: vm.board.write_console(
            "stack: 704 out of 7168\nGC: total: 2561344, used: 60000\n"
        ),
        "alloc_emergency_exception_buf": lambda size: None,
        "heap_lock": lambda: None,
        "heap_unlock": lambda: None,
    }

    def kbd_intr(interrupt: int, reset: int | None = None) -> None:
        vm.board.interrupt_char = interrupt
        if reset is not None:
            vm.board.reset_char = reset

    if vm.board.era.has_kbd_intr:
        members["kbd_intr"] = kbd_intr
    return module("micropython", **members)


def make_io(vm: Vm) -> ModuleType:
    """`uio`."""
    return module("uio", StringIO=io.StringIO, BytesIO=io.BytesIO, open=vm.builtins["open"])


def make_errno(_vm: Vm) -> ModuleType:
    """`uerrno`."""
    return module("uerrno", errorcode=dict(ERRNO_NAMES), **{name: number for number, name in ERRNO_NAMES.items()})


def make_random(vm: Vm) -> ModuleType:
    """`urandom`."""
    rng = vm.board.world.rng
    return module("urandom", getrandbits=rng.getrandbits, randint=rng.randint, random=rng.random)


def make_token(_vm: Vm) -> ModuleType:
    """`fipy_doctor_sim`: proves that this board is simulated; no real board has it."""
    return module("fipy_doctor_sim", answer=simulation_proof)


def make_pycom(vm: Vm) -> ModuleType:
    """`pycom`: the LED, the store of numbers, and settings of the config block, which outlive power."""
    settings = vm.board.settings

    def setting(name: str) -> Any:
        def get_or_set(value: object = None) -> object:
            if value is None:
                return settings[name]
            settings[name] = type(settings[name])(value)
            return None

        return get_or_set

    def rgbled(_colour: int) -> None:
        if vm.board.heartbeat:
            raise BoardOSError(IMPOSSIBLE)

    def heartbeat(enable: bool | None = None) -> bool | None:
        if enable is None:
            return vm.board.heartbeat
        vm.board.heartbeat = bool(enable)
        return None

    names = ["wifi_on_boot", "wdt_on_boot", "wdt_on_boot_timeout", "heartbeat_on_boot"]
    if vm.board.era.has_upgrade_mode:
        names.append("lte_modem_en_on_boot")
    if vm.board.pybytes:
        names.append("pybytes_on_boot")
    nvs = vm.board.nvs
    return module(
        "pycom",
        rgbled=rgbled,
        heartbeat=heartbeat,
        nvs_set=lambda key, value: nvs.__setitem__(key, value),
        nvs_get=lambda key, default=None: nvs.get(key, default),
        nvs_erase=lambda key: nvs.pop(key, None),
        nvs_erase_all=lambda: nvs.clear(),
        **{name: setting(name) for name in names},
    )
