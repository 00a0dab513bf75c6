"""Every snippet of Python that this room sends to a board (those for modem, card and pins live beside their users).

They run on MicroPython v1.8.6 and on everything later, are printable ASCII, and print one tagged line ``@@FD `` + JSON.
Each is one function that is deleted afterwards: a snippet leaves no names behind in the user's session.

Those about files are ``proved``: the board compares their code with its checksum before it runs any of it, and each row
of their answer comes with its hash, so that a byte which the line or another thread spoils is noticed on either side
(doctor/board/storage/proof.py reads them).
"""

from __future__ import annotations

import base64

DAMAGED = "fd-damaged"  #: what the board raises if code of ours did not arrive as it was sent


def checksum(text: str) -> int:
    """Tells a text of ASCII from the same with a byte changed, lost, doubled or moved; below 2**30 up to 4 kB."""
    return sum(place * code for place, code in enumerate(text.encode("ascii"), 1))


def wrapped(body: str) -> str:
    """``body`` as a function that is called once and forgotten; its names stay inside it."""
    lines = "\n".join(" " + line for line in body.strip().splitlines())
    return "def _fd():\n" + lines + "\ntry:\n _fd()\nfinally:\n del _fd\n"


def quoted(text: str) -> str:
    """``text`` as a string literal of printable ASCII."""
    return ascii(text)


def guarded(code: str) -> str:
    """``code`` as a text that the board compares with its checksum, and runs only if they agree."""
    return f"""def _fd_g():
 c = {quoted(code)}
 if (len(c), sum([i * x for i, x in enumerate((' ' + c).encode())])) == ({len(code)}, {checksum(code)}):
  return c
 raise ValueError('{DAMAGED}')
try:
 exec(_fd_g())
finally:
 del _fd_g
"""


#: Defines ``say(text)`` for ``proved``: one row, [hash of its number and text, its number, the text as JSON]. ``k`` is
#: how many there were, and the hash of all. Hashes are empty if the release cannot hash. A name whose bytes are no
#: text is hashed as it is: encode() would be too strict on some releases.
_SAY = """
import ubinascii
try:
 from uhashlib import sha256
except ImportError:
 sha256 = None
k = [0, '']
def dig(t):
 return ubinascii.hexlify(sha256(t).digest()).decode()[:16] if sha256 else ''
def say(t, n=None):
 if n is None:
  n = k[0]
  k[0] += 1
  k[1] = dig(k[1] + t)
 print('@@FD ["' + dig(str(n) + ' ' + t) + '", ' + str(n) + ', ' + t + ']')
"""
_END = """
say('[' + str(k[0]) + ', "' + k[1] + '"]', -1)
"""

#: A program that was killed may have left the file of ``open_for_writing`` open. Closed later, even by the collector,
#: it would write over blocks that other files have by then.
_LET_GO = """
try:
 _fd_f.close()
except (NameError, OSError):
 pass
"""


def proved(body: str) -> str:
    """``body``, which tells each result by ``say(JSON text)``, as code that is guarded and whose answer is proved.

    The last row has number -1, and says how many there were and the hash of them all.
    """
    return guarded(wrapped(_SAY.strip() + "\n" + body.strip() + "\n" + _END.strip()))


def changing(body: str) -> str:
    """``proved`` for code that takes names or blocks away from files: none of ours is open then."""
    return proved(_LET_GO.strip() + "\n" + body.strip())


#: Asked first and alone: FiPy 1.12.0.b1 crashes on os.uname() (board-and-repl.md 2.1), and others have no ujson.
PLATFORM = wrapped(
    """
import sys
print('@@FD "' + sys.platform + '"')
"""
)

UNAME = wrapped(
    """
import os, ujson
u = os.uname()
print('@@FD ' + ujson.dumps([u.sysname, u.release, u.version, u.machine, getattr(u, 'pybytes', None)]))
"""
)

#: Probes B2 of the failure catalogue. Nothing here touches the modem: LTE is looked at, not called.
FEATURES = wrapped(
    """
import os, ujson
f = {}
for n in ('ilistdir', 'mkfs', 'fsformat', 'umount', 'unmount', 'rename', 'getfree'):
 f['os.' + n] = hasattr(os, n)
try:
 import network
 f['LTE'] = hasattr(network, 'LTE')
 for n in ('modem_upgrade_mode', 'reconnect_uart'):
  f['LTE.' + n] = f['LTE'] and hasattr(network.LTE, n)
except ImportError:
 f['LTE'] = False
try:
 import uhashlib
 f['uhashlib'] = hasattr(uhashlib, 'sha256')
except ImportError:
 f['uhashlib'] = False
try:
 import pycom
 if hasattr(pycom, 'lte_modem_en_on_boot'):
  f['lte_on_boot'] = bool(pycom.lte_modem_en_on_boot())
 if hasattr(pycom, 'pybytes_on_boot'):
  f['pybytes_on_boot'] = bool(pycom.pybytes_on_boot())
except Exception:
 pass
try:
 import machine
 f['reset_cause'] = machine.reset_cause()
except Exception:
 pass
try:
 f['free_kib'] = os.getfree('/flash')
except Exception:
 pass
print('@@FD ' + ujson.dumps(f))
"""
)

#: By the call that the release has (board-and-repl.md 4): os.mkfs up to 1.18.3, os.fsformat from 1.20 on.
FORMAT_FLASH = changing(
    """
import os
os.chdir('/')
try:
 f = os.fsformat
except AttributeError:
 f = os.mkfs
f('/flash')
try:
 os.chdir('/flash')
except OSError:
 pass
say('true')
"""
)

#: Free space on /flash in KiB (free_kib) and the size of a block in bytes (block); null if the release does not say.
ROOM = proved(
    """
import os
f = b = 'null'
try:
 f = str(os.getfree('/flash'))
except (AttributeError, OSError):
 pass
try:
 v = getattr(os, 'statvfs')('/flash')
 b = str(v[1])
 f = str(v[0] * v[3] // 1024)
except (AttributeError, OSError):
 pass
say('{"free_kib": ' + f + ', "block": ' + b + '}')
"""
)

RESET = "import machine\nmachine.reset()\n"


def listing(path: str) -> str:
    """One row for each entry: [name, is a folder, size in bytes]; size -1 if it cannot be examined."""
    return proved(
        f"""
import os, ujson
p = {quoted(path)}
for n in os.listdir(p):
 try:
  s = os.stat(p.rstrip('/') + '/' + n)
  e = [n, bool(s[0] & 0x4000), s[6]]
 except OSError:
  e = [n, False, -1]
 say(ujson.dumps(e))
"""
    )


def stat(path: str) -> str:
    """[is a folder, size in bytes]."""
    return proved(f"import os, ujson\ns = os.stat({quoted(path)})\nsay(ujson.dumps([bool(s[0] & 0x4000), s[6]]))")


def read(path: str, offset: int, size: int, piece: int) -> str:
    """``size`` bytes from ``offset`` on, as rows of base64 for ``piece`` bytes each."""
    return proved(
        f"""
import ubinascii
f = open({quoted(path)}, 'rb')
try:
 f.seek({offset})
 left = {size}
 while left > 0:
  b = f.read(min(left, {piece}))
  if not b:
   break
  left -= len(b)
  say('"' + ubinascii.b2a_base64(b).decode().strip() + '"')
finally:
 f.close()
"""
    )


def remove(path: str) -> str:
    """Delete a file, or an empty folder; true if it is gone then."""
    return changing(
        f"""
import os
p = {quoted(path)}
try:
 os.remove(p)
except OSError:
 if not os.stat(p)[0] & 0x4000:
  raise
 os.rmdir(p)
try:
 os.stat(p)
 say('false')
except OSError:
 say('true')
"""
    )


def move(source: str, target: str) -> str:
    """Give a file another name in its file system; false, and nothing is done, if that name is taken."""
    return changing(
        f"""
import os
try:
 os.stat({quoted(target)})
 say('false')
except OSError:
 os.rename({quoted(source)}, {quoted(target)})
 say('true')
"""
    )


def replace(source: str, target: str, second: str) -> str:
    """Put ``source`` in the place of ``target``: in one step if the file system can (LittleFS).

    FAT refuses a name that is taken: there the old file waits under the name ``second`` until the new one has its
    place, and comes back if it does not get it. True if the one has its place and its old name is gone.
    """
    return changing(
        f"""
import os
a, b, c = {quoted(source)}, {quoted(target)}, {quoted(second)}
def there(p):
 try:
  os.stat(p)
 except OSError:
  return False
 return True
if not there(a):
 raise OSError(2)
try:
 os.rename(a, b)
except OSError:
 if not there(b):
  raise
 if there(c):
  os.remove(c)
 os.rename(b, c)
 try:
  os.rename(a, b)
 except:
  if not there(b):
   os.rename(c, b)
  raise
if there(c):
 try:
  os.remove(c)
 except OSError:
  os.rename(b, a)
  os.rename(c, b)
  raise
say('true' if there(b) and not there(a) else 'false')
"""
    )


def sha256(path: str, size: int | None = None) -> str:
    """The SHA-256 in hexadecimal of a file, or of its first ``size`` bytes, and then its size in bytes.

    null for the hash if the release has no uhashlib.
    """
    return proved(
        f"""
import os
if sha256:
 h = sha256()
 left = {-1 if size is None else size}
 f = open({quoted(path)}, 'rb')
 try:
  while left:
   b = f.read(1024 if left < 0 else min(left, 1024))
   if not b:
    break
   h.update(b)
   left -= len(b) if left > 0 else 0
 finally:
  f.close()
 say('"' + ubinascii.hexlify(h.digest()).decode() + '"')
else:
 say('null')
say(str(os.stat({quoted(path)})[6]))
"""
    )


def make_folder(path: str) -> str:
    """Make a folder and those above it, if they are missing; true if it is there then."""
    return proved(
        f"""
import os
p = ''
for n in {quoted(path.strip("/"))}.split('/'):
 p += '/' + n
 try:
  os.mkdir(p)
 except OSError as e:
  x = e
try:
 s = os.stat(p)[0]
except OSError:
 raise x
say('true' if s & 0x4000 else 'false')
"""
    )


def hashes(folder: str) -> str:
    """One row [name, SHA-256 in hexadecimal] for each file of a folder; none if it or hashing is missing."""
    return proved(
        f"""
import os, ujson
try:
 l = os.listdir({quoted(folder)}) if sha256 else ()
except OSError:
 l = ()
for n in l:
 h = sha256()
 try:
  f = open({quoted(folder + "/")} + n, 'rb')
 except OSError:
  continue
 try:
  while True:
   b = f.read(1024)
   if not b:
    break
   h.update(b)
 finally:
  f.close()
 say(ujson.dumps([n, ubinascii.hexlify(h.digest()).decode()]))
"""
    )


def open_for_writing(path: str) -> str:
    """Keep a new, empty file open as ``_fd_f``, and ``_fd_w`` to write to it, for ``write_at``.

    True if the release can unpack: uzlib reads streams of zlib (docs.pycom.io, firmwareapi/micropython/uzlib).
    """
    return proved(
        f"""
global _fd_f, _fd_w
{_LET_GO.strip()}
try:
 from uzlib import decompress
except ImportError:
 decompress = None
_fd_f = open({quoted(path)}, 'wb')
def _fd_w(o, t, s):
 if sum([i * x for i, x in enumerate((' ' + str(o) + ' ' + t).encode())]) != s:
  return -1
 _fd_f.seek(o)
 b = ubinascii.a2b_base64(t.lstrip('-'))
 return _fd_f.write(decompress(b) if t[:1] == '-' else b)
say('true' if decompress else 'false')
"""
    )


def write_at(offset: int, data: bytes, *, packed: bool = False) -> str:
    """Write at ``offset``, so that a piece sent twice does no harm; prints how much was taken.

    packed  ``data`` is a stream of zlib, to be unpacked there
    Prints -1, and writes nothing, if the piece did not arrive as it was sent.
    """
    text = ("-" if packed else "") + base64.b64encode(data).decode("ascii")
    return f"print('@@FD', _fd_w({offset}, '{text}', {checksum(f'{offset} {text}')}))\n"


CLOSE_WRITTEN = "_fd_f.close()\ndel _fd_f, _fd_w\nprint('@@FD true')\n"


def sim_token(nonce: str) -> str:
    """Ask for the token that only our simulator knows; a real board has no such module and answers null."""
    return wrapped(
        f"""
import ujson
try:
 import fipy_doctor_sim
 a = fipy_doctor_sim.answer({quoted(nonce)})
except ImportError:
 a = None
print('@@FD ' + ujson.dumps(a))
"""
    )
