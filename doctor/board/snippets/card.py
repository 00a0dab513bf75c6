"""Snippets that look at the SD card in the board. MicroPython v1.8.6; nothing on the card is changed.

``LOOK`` tells one JSON object; names are the keys that sdcard.py reads:

mounts  what ``os.listdir('/')`` says          where   mount point of the card, or ""
ours    1 if we mounted it (and unmounted)   stage   where it failed: "sd", "mount", "list", or ""
error   the exception, as printed               files   [path, size or -1, is_dir] two levels deep, or null
cut     1 if there was more than we list     free, total   KiB, or null
sector0, boots   base64 of sector 0, and of the sector that each partition entry leads to
"""

from __future__ import annotations

from doctor.board.snippets import proved, quoted, wrapped

FILES_MAX = 200  #: entries listed; a card for flashing holds a handful, and the board's RAM holds a few hundred

_DEFINE = f"""
import os, ujson, ubinascii
from machine import SD
def _fd_text(e):
    return '%s: %s' % (type(e).__name__, e)
def _fd_walk(base, depth, out):
    for name in os.listdir(base):
        if len(out) >= {FILES_MAX}:
            return 1
        path = base + '/' + name
        try:
            st = os.stat(path)
        except OSError:
            out.append([path, -1, 0])
            continue
        folder = 1 if st[0] & 0x4000 else 0
        out.append([path, st[6], folder])
        if folder and depth:
            try:
                if _fd_walk(path, depth - 1, out):
                    return 1
            except OSError:
                pass
    return 0
def _fd_space(r, where):
    try:
        r['free'] = os.getfree(where)
    except Exception:
        pass
    try:
        v = getattr(os, 'statvfs')(where)
        r['total'] = v[1] * v[2] // 1024
        r['free'] = v[0] * v[3] // 1024
    except Exception:
        pass
def _fd_sectors(r, sd):
    try:
        b = bytearray(512)
        sd.readblocks(0, b)
        r['sector0'] = ubinascii.b2a_base64(b).decode().strip()
        for i in range(4):
            p = 446 + 16 * i
            n = b[p + 8] | b[p + 9] << 8 | b[p + 10] << 16 | b[p + 11] << 24
            if b[p + 4] and n:
                c = bytearray(512)
                sd.readblocks(n, c)
                r['boots'].append(ubinascii.b2a_base64(c).decode().strip())
    except Exception:
        pass
def _fd_unmount(where):
    try:
        os.umount(where)
    except AttributeError:
        os.unmount(where)
def _fd_mounted():
    for name in os.listdir('/'):
        if name != 'flash':
            return '/' + name
    return ''
"""

_LOOK = """
def _fd_look():
    r = {'where': _fd_mounted(), 'ours': 0, 'stage': '', 'error': '', 'files': None, 'cut': 0,
         'free': None, 'total': None, 'sector0': '', 'boots': []}
    r['mounts'] = os.listdir('/')
    sd = None
    if not r['where']:
        try:
            sd = SD()
        except Exception as e:
            r['stage'] = 'sd'
            r['error'] = _fd_text(e)
            return r
    try:
        if sd is not None:
            _fd_sectors(r, sd)
            try:
                os.mount(sd, '/sd')
            except Exception as e:
                r['stage'] = 'mount'
                r['error'] = _fd_text(e)
                return r
            r['ours'] = 1
            r['where'] = '/sd'
        found = []
        try:
            r['cut'] = _fd_walk(r['where'], 1, found)
            r['files'] = found
        except Exception as e:
            r['stage'] = 'list'
            r['error'] = _fd_text(e)
            return r
        _fd_space(r, r['where'])
        return r
    finally:
        if r['ours']:
            _fd_unmount('/sd')
        if sd is not None:
            sd.deinit()
say(ujson.dumps(_fd_look()))
"""

_WITH_CARD = """
def _fd_with_card(work):
    where = _fd_mounted()
    sd = None
    if not where:
        sd = SD()
        try:
            os.mount(sd, '/sd')
        except Exception:
            sd.deinit()
            raise
    try:
        work()
    finally:
        if sd is not None:
            _fd_unmount('/sd')
            sd.deinit()
"""

_HASH = """
def _fd_hash():
    try:
        import uhashlib
    except ImportError:
        print('@@FD null')
        return
    h = uhashlib.sha256()
    b = bytearray(4096)
    f = open(PATH, 'rb')
    n = 0
    try:
        while 1:
            k = f.readinto(b)
            if not k:
                break
            h.update(b if k == 4096 else b[:k])
            n += k
            if n % 262144 == 0:
                print('.')
    finally:
        f.close()
    print('@@FD ' + ujson.dumps(ubinascii.hexlify(h.digest()).decode()))
_fd_with_card(_fd_hash)
"""


_HEAD = """
def _fd_head():
    f = open(PATH, 'rb')
    try:
        f.seek(OFFSET)
        b = f.read(COUNT)
    finally:
        f.close()
    say(ujson.dumps([os.stat(PATH)[6], ubinascii.b2a_base64(b).decode().strip()]))
_fd_with_card(_fd_head)
"""

#: Mounting for longer than one command; only if nothing is mounted, and undone by ``UNMOUNT``.
_MOUNT = """
def _fd_mount():
    global _fd_sd
    _fd_sd = None
    if not _fd_mounted():
        _fd_sd = SD()
        try:
            os.mount(_fd_sd, '/sd')
        except Exception:
            _fd_sd.deinit()
            raise
    print('@@FD ' + ujson.dumps(_fd_mounted()))
_fd_mount()
"""
_UNMOUNT = """
def _fd_leave():
    global _fd_sd
    if _fd_sd is not None:
        _fd_unmount('/sd')
        _fd_sd.deinit()
        _fd_sd = None
    print('@@FD true')
_fd_leave()
"""

#: Up to 1.18.3 the card device itself is formatted; from 1.20 on a mounted path (board-and-repl.md 4). Only ever /sd.
_FORMAT = """
def _fd_format():
    where = _fd_mounted()
    if where and where != '/sd':
        raise OSError('the card is mounted at ' + where)
    if hasattr(os, 'mkfs'):
        if where:
            _fd_unmount(where)
        sd = SD()
        try:
            os.mkfs(sd)
        finally:
            sd.deinit()
    else:
        sd = None
        if not where:
            sd = SD()
            os.mount(sd, '/sd')
        try:
            os.fsformat('/sd')
        finally:
            if sd is not None:
                _fd_unmount('/sd')
                sd.deinit()
    say('true')
_fd_format()
"""


LOOK = proved(_DEFINE + _LOOK)
"""Everything about the card in one call; mounts it if it is not mounted, and undoes that."""
MOUNT = wrapped(_DEFINE + _MOUNT)
"""Mount the card at /sd if nothing is mounted; prints where it is."""
UNMOUNT = wrapped(_DEFINE + _UNMOUNT)
"""Undo ``MOUNT``."""
FORMAT_CARD = proved(_DEFINE + _FORMAT)
"""Format the card with the call that the release has. Everything on it is lost."""


def sha256(path: str) -> str:
    """SHA-256 of a whole file on the card, in hex; prints a dot every 256 KiB so that silence means trouble."""
    return wrapped(_DEFINE + _WITH_CARD + _HASH.replace("PATH", quoted(path)))


def head(path: str, count: int, offset: int = 0) -> str:
    """[size, base64 of ``count`` bytes from ``offset`` on] of a file on the card."""
    code = _HEAD.replace("OFFSET", str(offset)).replace("COUNT", str(count)).replace("PATH", quoted(path))
    return proved(_DEFINE + _WITH_CARD + code)
