"""Every snippet of Python that this room sends to a board (those for modem, card and pins live beside their users).

They run on MicroPython v1.8.6 and on everything later, are printable ASCII, and print one tagged line ``@@FD `` + JSON.
Each is one function that is deleted afterwards: a snippet leaves no names behind in the user's session.
"""

from __future__ import annotations


def wrapped(body: str) -> str:
    """``body`` as a function that is called once and forgotten; its names stay inside it."""
    lines = "\n".join(" " + line for line in body.strip().splitlines())
    return "def _fd():\n" + lines + "\ntry:\n _fd()\nfinally:\n del _fd\n"


def quoted(text: str) -> str:
    """``text`` as a string literal of printable ASCII."""
    return ascii(text)


#: Asked first and alone: FiPy 1.12.0.b1 crashes on os.uname() (board-and-repl.md 2.1).
PLATFORM = wrapped(
    """
import sys, ujson
print('@@FD ' + ujson.dumps(sys.platform))
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
FORMAT_FLASH = wrapped(
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
print('@@FD true')
"""
)

RESET = "import machine\nmachine.reset()\n"


def listing(path: str) -> str:
    """One tagged line for each entry: [name, is a folder, size in bytes]; size -1 where it cannot be examined."""
    return wrapped(
        f"""
import os, ujson
p = {quoted(path)}
for n in os.listdir(p):
 try:
  s = os.stat(p.rstrip('/') + '/' + n)
  e = [n, bool(s[0] & 0x4000), s[6]]
 except OSError:
  e = [n, False, -1]
 print('@@FD ' + ujson.dumps(e))
print('@@FD null')
"""
    )


def stat(path: str) -> str:
    """[is a folder, size in bytes]."""
    return wrapped(
        f"import os, ujson\ns = os.stat({quoted(path)})\nprint('@@FD ' + ujson.dumps([bool(s[0] & 0x4000), s[6]]))"
    )


def read(path: str, offset: int, size: int, piece: int) -> str:
    """``size`` bytes from ``offset`` on, as tagged lines of base64 for ``piece`` bytes each."""
    return wrapped(
        f"""
import ubinascii
f = open({quoted(path)}, 'rb')
f.seek({offset})
left = {size}
while left > 0:
 b = f.read(min(left, {piece}))
 if not b:
  break
 left -= len(b)
 print('@@FD "' + ubinascii.b2a_base64(b).decode().strip() + '"')
f.close()
print('@@FD null')
"""
    )


def remove(path: str) -> str:
    """Delete a file."""
    return wrapped(f"import os\nos.remove({quoted(path)})\nprint('@@FD true')")


def rename(source: str, target: str) -> str:
    """Put ``source`` in the place of ``target``, which FAT does not overwrite by itself."""
    return wrapped(
        f"""
import os
try:
 os.remove({quoted(target)})
except OSError:
 pass
os.rename({quoted(source)}, {quoted(target)})
print('@@FD true')
"""
    )


def sha256(path: str) -> str:
    """The SHA-256 of a file in hexadecimal; null where the release has no uhashlib."""
    return wrapped(
        f"""
import ubinascii, ujson
try:
 import uhashlib
 h = uhashlib.sha256()
except (ImportError, AttributeError):
 h = None
if h:
 f = open({quoted(path)}, 'rb')
 while True:
  b = f.read(1024)
  if not b:
   break
  h.update(b)
 f.close()
 print('@@FD "' + ubinascii.hexlify(h.digest()).decode() + '"')
else:
 print('@@FD null')
"""
    )


def make_folder(path: str) -> str:
    """Make a folder and those above it, where they are missing."""
    return wrapped(
        f"""
import os
p = ''
for n in {quoted(path.strip("/"))}.split('/'):
 p += '/' + n
 try:
  os.mkdir(p)
 except OSError:
  pass
print('@@FD true')
"""
    )


def hashes(folder: str) -> str:
    """One tagged line [name, SHA-256 in hexadecimal] for each file of a folder; none where it or hashing is missing."""
    return wrapped(
        f"""
import os, ubinascii, ujson
try:
 import uhashlib
 l = os.listdir({quoted(folder)})
except (ImportError, OSError):
 l = ()
for n in l:
 h = uhashlib.sha256()
 try:
  f = open({quoted(folder + "/")} + n, 'rb')
 except OSError:
  continue
 while True:
  b = f.read(1024)
  if not b:
   break
  h.update(b)
 f.close()
 print('@@FD ' + ujson.dumps([n, ubinascii.hexlify(h.digest()).decode()]))
"""
    )


def open_for_writing(path: str) -> str:
    """Keep a new, empty file open as ``_fd_f`` for ``write_at``."""
    return f"import ubinascii\n_fd_f = open({quoted(path)}, 'wb')\nprint('@@FD true')\n"


def write_at(offset: int, data_base64: str) -> str:
    """Write at ``offset``, so that a piece sent twice does no harm; prints how much was taken."""
    return f"_fd_f.seek({offset})\nprint('@@FD', _fd_f.write(ubinascii.a2b_base64('{data_base64}')))\n"


CLOSE_WRITTEN = "_fd_f.close()\ndel _fd_f\nprint('@@FD true')\n"


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
