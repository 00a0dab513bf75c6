r"""Raw devices as cards: ``/dev/sdX``, ``/dev/mmcblkN``, ``/dev/diskN``, ``\\.\PhysicalDriveN``, and their partitions.

Reads and writes reach a device in whole sectors only, as Windows and macOS demand. Writing needs the device for us
alone, and passes the hard stops of ``device_guard`` however it was asked for.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from doctor.as_root import with_sudo
from doctor.card.drives.find import find_drive
from doctor.card.drives.guard import Identity, assess
from doctor.card.drives.raw import RawDevice
from doctor.card.drives.raw_posix import PosixDevice
from doctor.computer import is_mac, is_windows
from doctor.errors import CardError, UsageError
from doctor.fat.source import SECTOR_BYTES, FileSource
from doctor.text.command import marked

_WINDOWS_DRIVE = re.compile(r"[\\/]{2}[.?][\\/]PhysicalDrive\d+[\\/]?", re.IGNORECASE)
_MAC_BUFFERED = re.compile(r"/dev/(disk\d+(s\d+)?)")
_MAC_RAW = re.compile(r"/dev/rdisk\d+(s\d+)?")


def is_device(path: Path) -> bool:
    """Whether a path names a disk device; nothing is opened."""
    text = str(path)
    if _WINDOWS_DRIVE.fullmatch(text):
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISBLK(mode) or bool(stat.S_ISCHR(mode) and _MAC_RAW.fullmatch(text))


def device_name(path: Path) -> str:
    r"""The name of a device as its system wants it; pathlib puts a backslash behind ``\\.\PhysicalDrive1``."""
    text = str(path)
    if _WINDOWS_DRIVE.fullmatch(text):
        return "\\\\.\\PhysicalDrive" + re.sub(r"\D", "", text)
    return text


def whole_device(path: Path) -> str:
    """The disk that a device is a partition of; empty for a whole disk. Nothing is opened."""
    name = Path(device_name(path)).name
    if (mac := re.fullmatch(r"r?(disk\d+)s\d+", name)) is not None:
        return f"/dev/{mac[1]}"
    node = Path("/sys/class/block") / Path(device_name(path)).resolve().name
    return f"/dev/{node.resolve().parent.name}" if (node / "partition").exists() else ""


def open_source(path: Path) -> FileSource | DeviceSource:
    """An image file or a device, for reading. Raises UsageError if there is none, CardError if it is refused."""
    return DeviceSource(path) if is_device(path) else FileSource(path)


class DeviceSource(AbstractContextManager["DeviceSource"]):
    """A device opened for reading; a context manager. Raises CardError if it cannot be opened.

    size_bytes    of the device
    sector_bytes  the unit of reading and writing

    raw  an open device; for tests, which bring their own
    """

    def __init__(self, path: Path, raw: RawDevice | None = None) -> None:
        self.name = device_name(path)
        self._raw = raw or _open_raw(self.name, writing=False)
        self.size_bytes, self.sector_bytes = self._raw.size_bytes, self._raw.sector_bytes
        if self.size_bytes <= 0:
            self._raw.close()
            raise CardError(
                "sd-object-init-fails",
                "has no size: there is no card in the reader",
                on=self.name,
                next="put the card in and run the command again",
            )

    def fileno(self) -> int:
        """The descriptor, for a child process."""
        return self._raw.fileno()

    def read_at(self, offset: int, length: int) -> bytes:
        """Exactly ``length`` bytes at ``offset``. Raises CardError if they are not all there."""
        if offset < 0 or offset + length > self.size_bytes:
            raise self._unreadable(offset, length, "the device ends before that")
        unit = self.sector_bytes
        first = offset // unit * unit
        end = -(-(offset + length) // unit) * unit
        parts: list[bytes] = []
        at = first
        while at < end:
            try:
                part = self._raw.read(at, end - at)
            except OSError as err:
                raise self._unreadable(at, end - at, f"the system reports: {err.strerror}") from err
            if not part:
                raise self._unreadable(at, end - at, "the device returned nothing: the card was taken out")
            parts.append(part)
            at += len(part)
        whole = parts[0] if len(parts) == 1 else b"".join(parts)
        return whole if len(whole) == length else whole[offset - first : offset - first + length]

    def _unreadable(self, offset: int, length: int, cause: str) -> CardError:
        return CardError(
            "sd-read-error-mid-flash",
            f"cannot read {length} bytes at sector {offset // SECTOR_BYTES}",
            on=self.name,
            cause=cause,
            next="put the card in again; if it happens again, use another card",
        )

    def close(self) -> None:
        """Close the device."""
        self._raw.close()

    def __exit__(self, *_error: object) -> None:
        self.close()


class DeviceTarget(DeviceSource):
    """A device opened for reading and writing, for nobody but us."""

    def __init__(self, path: Path, raw: RawDevice | None = None, volumes: tuple[str, ...] = ()) -> None:
        super().__init__(path, raw or _open_raw(device_name(path), writing=True, volumes=volumes))

    def write_at(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Write all of ``data``. Raises ValueError outside the device, CardError if it refuses."""
        if offset < 0 or offset + len(data) > self.size_bytes:
            raise ValueError(f"{offset}+{len(data)} is outside {self.name}")
        unit = self.sector_bytes
        first = offset // unit * unit
        end = -(-(offset + len(data)) // unit) * unit
        if (first, end) != (offset, offset + len(data)):
            whole = bytearray(self.read_at(first, end - first))
            whole[offset - first : offset - first + len(data)] = data
            data = whole
        left = memoryview(data)
        try:
            while left:
                taken = self._raw.write(first, left)
                if taken <= 0:
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
                first += taken
                left = left[taken:]
        except OSError as err:
            raise self._unwritable(first, err) from err

    def _unwritable(self, offset: int, err: OSError) -> CardError:
        locked = err.errno in (errno.EROFS, errno.EPERM, errno.EACCES)
        return CardError(
            "write-protected-or-unsafe-eject",
            f"cannot be written at sector {offset // SECTOR_BYTES}: {err.strerror}",
            on=self.name,
            cause="the lock switch of the card's adapter is on" if locked else "the card was taken out, or is worn out",
            next="put the card in again",
        )

    def sync(self) -> None:
        """Return when everything written lies on the card. Raises CardError."""
        try:
            self._raw.sync()
        except OSError as err:
            raise self._unwritable(0, err) from err

    def settle(self) -> None:
        """Everything on the card, nothing remembered by the system, its partition table looked at again."""
        self.sync()
        self._raw.forget()
        self._raw.reread_table()

    def forget(self) -> None:
        """Reading asks the card from now on, not what the system remembers of it."""
        self.sync()
        self._raw.forget()

    def __enter__(self) -> DeviceTarget:
        return self


@contextmanager
def open_for_writing(path: Path, *, expected: Identity | None = None) -> Iterator[DeviceTarget]:
    """A device for writing, after its hard stops were looked at again. Raises CardError.

    expected  what it was when the plan was made; a card that was changed after that is refused
    """
    drive = find_drive(device_name(path))
    stops = assess(drive).hard
    if stops:
        raise CardError("card-is-fat", f"must not be written: {stops[0]}", on=device_name(path))
    target = DeviceTarget(path, volumes=tuple(part.opens for part in drive.parts if part.opens))
    with target:
        now = Identity.of(drive)
        if target.size_bytes != drive.size_bytes or (expected is not None and now != expected):
            raise CardError(
                "sd-swapped-while-mounted",
                "is not the card for which the plan was made; nothing was changed",
                on=device_name(path),
                next="run the same command again and read the new plan",
            )
        yield target


def _open_raw(name: str, *, writing: bool, volumes: tuple[str, ...] = ()) -> RawDevice:
    try:
        if is_windows():
            from doctor.card.drives.raw_windows import WindowsDevice

            return WindowsDevice(name, writing=writing, volumes=volumes)
        mac = _MAC_BUFFERED.fullmatch(name) if is_mac() else None
        return PosixDevice(f"/dev/r{mac[1]}" if mac else name, writing=writing)
    except FileNotFoundError as err:
        raise UsageError("card-is-fat", "there is no such device", on=name, next="run `fipy-doctor cards`") from err
    except OSError as err:
        raise _refused(name, err, writing=writing) from err


def _refused(name: str, err: OSError, *, writing: bool) -> CardError:
    no_card = getattr(errno, "ENOMEDIUM", -1)
    if err.errno in (no_card, errno.ENXIO):
        return CardError(
            "sd-object-init-fails",
            "there is no card in the reader",
            on=name,
            next="put the card in and run the command again",
        )
    if err.errno in (errno.EACCES, errno.EPERM):
        return _forbidden(name)
    if err.errno == errno.EBUSY:
        used = ("a program uses a file on it", "close what shows or uses the card, then run the same command again")
        cause, step = used if is_windows() else ("it is mounted", "unmount it first")
        return CardError("card-is-fat", "is in use", on=name, cause=cause, next=step)
    if err.errno == errno.EROFS and writing:
        return CardError(
            "write-protected-or-unsafe-eject",
            "is write-protected",
            on=name,
            cause="the lock switch of the card's adapter",
            next="slide the lock switch and put the card in again",
        )
    return CardError("card-is-fat", f"cannot be opened: {err.strerror}", on=name, next="run `fipy-doctor cards`")


def _forbidden(name: str) -> CardError:
    cause, folder = "only the administrator may open raw devices", "give the folder where the card is mounted"
    if is_windows():
        needed = f"{folder}; or start the terminal as administrator and run the same command there"
    elif os.geteuid() == 0:
        cause, needed = "not even root may: this is a container, or another guard of the system forbids it", folder
    else:
        needed = f"{folder}; or run the same command as root: {marked(with_sudo())}"
    return CardError("card-is-fat", "may not be opened", on=name, cause=cause, next=needed)
