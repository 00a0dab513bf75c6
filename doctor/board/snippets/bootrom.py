"""Snippets that read the boot ROM package that is frozen into a board's firmware. ``_fd_b`` stays between calls."""

from __future__ import annotations

from doctor.board.snippets import proved, wrapped

#: An import path of '' alone, from the root folder, finds frozen modules and no file (board-and-repl.md 2.3): a copy
#: that somebody uploaded is never run. Of the module, only its attributes are looked at.
OPEN = wrapped(
    """
global _fd_b
import os, sys, ujson
_fd_b = None
p = list(sys.path)
d = os.getcwd()
os.chdir('/')
sys.path[:] = ['']
try:
 for n in ('sqnsbrz', 'sqnsbr'):
  if _fd_b is None:
   sys.modules.pop(n, None)
   try:
    m = __import__(n)
   except ImportError:
    m = None
   for k in dir(m):
    b = getattr(getattr(m, k), 'BOOTROM', None)
    if isinstance(b, bytes):
     _fd_b = b
   sys.modules.pop(n, None)
finally:
 sys.path[:] = p
 os.chdir(d)
print('@@FD ' + ujson.dumps(None if _fd_b is None else len(_fd_b)))
"""
)
"""Find the BOOTROM attribute and keep it as ``_fd_b``; prints its length in bytes, null if there is none."""

CLOSE = "del _fd_b\nprint('@@FD true')\n"


def piece(offset: int, size: int, line: int) -> str:
    """``size`` bytes of it from ``offset`` on, as rows of base64 for ``line`` bytes each."""
    return proved(
        f"""
o = {offset}
while o < {offset + size}:
 b = _fd_b[o:min(o + {line}, {offset + size})]
 o += {line}
 say('"' + ubinascii.b2a_base64(b).decode().strip() + '"')
"""
    )
