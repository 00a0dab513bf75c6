"""Why a port cannot be opened: turns what the system said into a LinkError with its cause and cure."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doctor.computer import is_linux, is_mac, is_windows
from doctor.errors import LinkError, UsageError
from doctor.link.choice import likely, list_of, nothing_plugged_in
from doctor.link.holders import Holder, modemmanager_running, who_holds
from doctor.link.port_url import PortUrl, real_device
from doctor.link.ports import PortInfo, list_ports
from doctor.text.command import marked, quoted
from doctor.text.nearest import nearest
from doctor.text.power_off import UNPLUG

if TYPE_CHECKING:
    from grp import struct_group

#: Lets whoever sits at the computer open the ports of carrier boards (systemd: 70-uaccess, so a number below).
UDEV_RULE = Path(__file__).parent.parent / "data" / "60-fipy-doctor.rules"
_NOT_SERIAL = (errno.ENOTTY, errno.EINVAL, errno.EISDIR, errno.EIO)
_BUSY = (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK)
_HUNG_UP = (errno.EPIPE, errno.ECONNRESET, errno.ECONNABORTED)
_ABSENT = (errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.ENOTDIR)


#: Behind an address it cannot be seen which program it is.
_LET_IT_END = (
    "wait until the other program has ended (a fipy-doctor may be flashing: leave it alone), then run the command again"
)


def explain(err: Exception, url: PortUrl) -> LinkError | UsageError:
    """The LinkError for an exception that opening ``url`` raised; UsageError if the URL asks the impossible."""
    device = url.device
    if not device:
        return _remote(err, url)
    number, text = _errno_of(err), str(err)
    if number in _ABSENT or "FileNotFoundError" in text:
        return _absent(device)
    if number in (errno.EACCES, errno.EPERM) or "PermissionError" in text or "Permission denied" in text:
        # Windows says "Access is denied" for a port that another program has open.
        return _busy(device) if is_windows() else _denied(device)
    if number in _BUSY:
        return _busy(device)
    if number in _NOT_SERIAL or "Could not configure port" in text:
        return _not_serial(device)
    return LinkError(
        "port-opens",
        "the port cannot be opened",
        on=device,
        cause=text,
        next=f"{UNPLUG}, wait 10 s, plug in again and run `fipy-doctor ports`",
    )


def exclude_others(port: Any, url: PortUrl) -> None:
    """Make a second opening fail, and find out whether there was a first. Raises LinkError port-busy.

    pySerial's lock is seen by programs that lock too; a console that does not would take half of our bytes.
    """
    device = url.device
    descriptor = getattr(port, "fd", None)
    if not device or not isinstance(descriptor, int) or _is_pty(device):
        return  # a pty is held open by the program that serves it
    holder = who_holds(device)
    if holder is not None:
        raise _busy(device, holder)
    _set_exclusive(descriptor, True)


def include_others(port: Any) -> None:
    """Undo ``exclude_others`` before closing: the mark outlives us if another still has the device open."""
    descriptor = getattr(port, "fd", None)
    if isinstance(descriptor, int):
        _set_exclusive(descriptor, False)


def _set_exclusive(descriptor: int, exclusive: bool) -> None:
    if is_windows():
        return
    import fcntl
    import termios

    with contextlib.suppress(OSError):
        fcntl.ioctl(descriptor, termios.TIOCEXCL if exclusive else termios.TIOCNXCL)


def _is_pty(device: str) -> bool:
    return real_device(device).startswith(("/dev/pts/", "/dev/ttys"))  # the second is macOS


def _errno_of(err: Exception) -> int | None:
    number = getattr(err, "errno", None)
    if isinstance(number, int):
        return number
    if err.args and isinstance(err.args[0], int):  # termios.error carries (errno, text)
        return err.args[0]
    found = re.search(r"\[Errno (\d+)\]|\((\d+), ", str(err))
    return int(found.group(1) or found.group(2)) if found else None


def _remote(err: Exception, port: PortUrl) -> LinkError | UsageError:
    url, text = port.text, str(err)
    if port.scheme == "hwgrep":
        there = _listing(list_ports())
        return LinkError("port-not-found", "no port matches", on=url, cause=there, next="`fipy-doctor ports`")
    if _errno_of(err) in _BUSY and port.kept_in is not None:  # which only runs of this program open
        return _by_ours(url, who_holds(str(port.kept_in.resolve() / "lock")))
    if _errno_of(err) in _HUNG_UP or "socket error" in text:
        return LinkError(
            "port-busy",
            "the server at this address accepted the connection and closed it at once",
            on=url,
            cause="another program uses its port",
            next=_LET_IT_END,
        )
    if _errno_of(err) == errno.EROFS:  # state=DIR of a simulated bench
        return UsageError(
            "state-not-writable",
            "the simulated bench cannot be kept",
            on=url,
            cause=text.rpartition("could not open port ")[2].removeprefix(f"{url}: "),
            next="name another folder after state=, one that you may write to and that has 70 MB of room",
        )
    if "for option 'control'" in text:  # pySerial's words if the server rejects it, or says nothing to it
        return LinkError(
            "port-opens",
            "the server at this address answers, but does not confirm a setting of its port",
            on=url,
            cause=f"{text}; a port that has no RTS, such as a pseudo terminal, cannot confirm how RTS is used",
            next=f"run the command again with ign_set_control at the end of the address: {_with_option(url)}",
        )
    if "RFC2217" in text or "for option " in text:
        return LinkError(
            "port-busy",
            "something answers at this address, but does not offer its port",
            on=url,
            cause="another program is connected there, its speed cannot be set, or it is not an RFC 2217 server",
            next=f"{_LET_IT_END}; if its settings forbid other speeds, allow 115200 and 921600 baud there; if it is "
            "not an RFC 2217 server, use socket:// with the same address",
        )
    if _errno_of(err) in _ABSENT:  # of a kept bench
        return LinkError(
            "port-not-found",
            "this port does not exist now",
            on=url,
            cause="the board is not plugged in, and has no other power",
            next="plug the board in, then run the same command again",
        )
    refused = "refused" in text or _errno_of(err) == errno.ECONNREFUSED
    return LinkError(
        "port-not-found",
        "nobody answers at this address",
        on=url,
        cause="nothing listens there" if refused else text,
        next="start the server (`fipy-doctor sim --listen`, ser2net, …) and check host and port",
    )


def _with_option(url: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}ign_set_control"


def _listing(found: Sequence[PortInfo]) -> str:
    return f"ports that exist: {list_of(found)}" if likely(found) else nothing_plugged_in(found).cause


def _absent(device: str) -> LinkError:
    found = list_ports()
    ports = [port.device for port in likely(found)]
    if not ports:
        missing = nothing_plugged_in(found, named=True)
        known = missing.id if missing.id in ("wsl-no-serial", "shield-in-dfu-mode") else "port-not-found"
        return LinkError(known, "there is no such port", on=device, cause=missing.cause, next=missing.next)
    close = nearest(device, [name for name in ports if name != device])
    advice = f"use {close[0]}" if close else "use one of those names; the board may have another one now"
    return LinkError("port-not-found", "there is no such port", on=device, cause=_listing(found), next=advice)


def _denied(device: str) -> LinkError:
    """The cause and the cure as the port's own group and mode have them, and what the system says of this user."""
    what, group = "you may not open this port", _group_that_may(device)
    if not group:
        cause = "only root may open this device"
        cure = marked(quoted(["sudo", "chmod", "a+rw", device]))
        if is_linux() and UDEV_RULE.is_file():  # it may lie in a zip
            rule = marked(quoted(["sudo", "cp", str(UDEV_RULE), "/etc/udev/rules.d/"]))
            cure += f" for now; for good, if it is a carrier board of Pycom: {rule}, then plug it in again"
    elif group.gr_gid in (os.getegid(), *os.getgroups()):
        cause = f"the group {group.gr_name} may open it and you are in that group, so something else forbids it"
        cure = "run it outside of the container or sandbox (Snap, Flatpak), or give that the device"
    elif _user_is_in(group.gr_gid):
        cause = f"you are in the group {group.gr_name}, but were not yet when you logged in"
        cure = f"log out and in again; or, for this terminal alone, {marked(quoted(['newgrp', group.gr_name]))}"
    else:
        cause = f"the port belongs to the group {group.gr_name}, and your user is not in it"
        added = f"usermod -a -G {group.gr_name} $USER"
        if is_mac():
            added = f"dseditgroup -o edit -a $USER -t user {group.gr_name}"
        cure = f"`sudo {added}`, then log out and in again"
    return LinkError("port-permission-denied", what, on=device, cause=cause, next=cure)


def _group_that_may(device: str) -> struct_group | None:
    """The group that may read and write the device, if one besides root's may."""
    with contextlib.suppress(OSError, KeyError, ImportError):
        import grp

        info = Path(device).stat()
        if info.st_gid and info.st_mode & stat.S_IRGRP and info.st_mode & stat.S_IWGRP:
            return grp.getgrgid(info.st_gid)
    return None


def _user_is_in(gid: int) -> bool:
    """Whether the system's lists have this user in the group: the next login brings it."""
    with contextlib.suppress(OSError, KeyError, ImportError):
        import pwd

        user = pwd.getpwuid(os.getuid())
        return gid in os.getgrouplist(user.pw_name, user.pw_gid)
    return False


def _busy(device: str, holder: Holder | None = None) -> LinkError:
    holder = holder or who_holds(device)
    if holder is not None and holder.ours:
        return _by_ours(device, holder)
    if holder.name == "ModemManager" if holder else modemmanager_running():
        return LinkError(
            "modemmanager-grabs-port",
            "the port is in use by another program",
            on=device,
            cause=f"held by {holder}" if holder else "ModemManager is running and probes new ports",
            next="`sudo systemctl stop ModemManager`, then run the command again",
        )
    return LinkError(
        "port-busy",
        "the port is in use by another program",
        on=device,
        cause=f"held by {holder}" if holder else "an editor console, a terminal program or a firmware updater",
        next="close it (in an editor: disconnect, and switch off auto-connect), then run the command again",
    )


def _by_ours(name: str, holder: Holder | None) -> LinkError:
    """A run of this program has it: never to be closed, since nobody can see from here whether it flashes."""
    pid = f"pid {holder.pid}" if holder is not None else "it"
    return LinkError(
        "flash-under-way",
        "another fipy-doctor is at work on it",
        on=name,
        cause=f"held by {holder or 'another run'}; it may be flashing, and closing it could brick the modem",
        next=f"leave it alone until {pid} has ended; only then look again",
    )


def _not_serial(device: str) -> LinkError:
    return LinkError(
        "wrong-serial-port-chosen",
        "this is not a working serial port",
        on=device,
        cause=_listing(list_ports()),
        next="`fipy-doctor ports` shows which port is the board",
    )
