"""One file on the board's card: read, hashed and examined before anything is sent, then a source for the modem."""

from .board_console import Console  # noqa: F401
from .board_hw import module
from .card_source import CardSource, Digest, digest  # noqa: F401
from .image_file import look
from .shapes import ImageFacts, Refusal
from .side_file import MAX_BYTES, SUFFIX, SideFile, parse  # noqa: F401

try:
    from typing import Any, Callable, Optional, Sequence  # noqa: F401

    from .events import Data  # noqa: F401
except ImportError:  # MicroPython
    pass

_SIZE = 6  # in what os.stat returns
_ENOENT = 2
#: So many names of what lies on the card are shown if the one that was asked for is not there.
_NAMES = 12


class BoardFile(object):
    """A file that goes to the modem. Members are what is known so far: ``side``, ``digest``, ``image``."""

    def __init__(self, path, console):
        # type: (str, Console) -> None
        self.path = path
        self.console = console
        self.size = 0
        self.side = None  # type: Optional[SideFile]
        self.digest = None  # type: Optional[Digest]
        self.image = None  # type: Optional[ImageFacts]

    def source(self):
        # type: () -> CardSource
        """It, open at its first byte. Raises OSError."""
        assert self.digest is not None
        return CardSource(self.path, self.size, self.digest.sha256, self.side)

    def described(self):
        # type: () -> Data
        """All that is known of it, for the PC and the log."""
        image, hashed = self.image, self.digest
        said = {"path": self.path, "size": self.size, "side_file": self.side is not None}  # type: Data
        if hashed is not None:
            said["sha256"] = hashed.sha256
        if image is not None:
            said["image"] = [image.name, image.kind, image.radio, image.build, image.base, image.family]
        return said

    def examine(self, given, sha256):
        # type: (Optional[Sequence[Any]], str) -> Optional[Refusal]
        """Read the file, twice or against what is known of it; why not to go on, or None. Raises OSError.

        given   (name, kind, radio, build, base, family, part) that a PC found out about a file with this ``sha256``
        """
        try:
            self.size = module("os").stat(self.path)[_SIZE]
        except OSError as err:
            if err.args[:1] != (_ENOENT,):
                raise
            return _missing(self.path)
        self._unused(self._read_side_file())
        first = self._digest("reading the card")
        self.digest = first
        if self.side is None or self.side.sha256 != first.sha256:
            if self.side is not None:
                self._unused("the side file belongs to another file")
                self.side = None
            second = self._digest("reading the card again")
            if second.sha256 != first.sha256:
                return _misread("%s reads differently each time" % self.path)
        if first.size != self.size:
            return _misread("%s has %d bytes, and %d can be read" % (self.path, self.size, first.size))
        if sha256 and sha256 != first.sha256:
            return _misread("%s is not the right file: its SHA-256 differs" % self.path)
        self.console.know({"total": self.size, "done": 0})
        self.image, refusal = look(self.path, self.size, first.families)
        if given is not None:
            name, kind, radio, build, base, family, part = (list(given) + [0])[:7]
            self.image = ImageFacts(name, self.size, kind, radio, build, base, family, part)
        elif self.side is not None:
            self.image = self.side.image
        elif refusal is None and self.image.kind != "updater-elf":
            return self._verify()
        return refusal

    def _unused(self, trouble):
        # type: (str) -> None
        """Tell why a side file that is there is not used, before the slow way begins."""
        if trouble:
            text = "%s%s: %s; it is not used: the card is read twice" % (self.path, SUFFIX, trouble)
            self.console.tell("warning", {"text": text + ", and each block takes the board longer"})

    def _verify(self):
        # type: () -> Optional[Refusal]
        """Walk the containers and recompute their checksums, if no PC has done so. Raises OSError."""
        from . import containers  # only if it is wanted: memory is short on a board

        stream = open(self.path, "rb")
        try:

            def read_at(offset, count):
                # type: (int, int) -> bytes
                stream.seek(offset)
                return stream.read(count)

            walk = containers.Walk(read_at, self.size)
            trouble = walk.trouble
            what = "verifying the checksums in the file"
            if not trouble and containers.wrong_sum(stream, walk.sums, self._beat(what)):
                trouble = "has a wrong checksum: some byte changed"
        finally:
            stream.close()
        if trouble:
            text = self.path.split("/")[-1] + " " + trouble
            return Refusal("firmware-file-truncated", text, "the download or the copy was damaged", "copy it again")
        if not walk.sums:
            text = "nothing in the file can be verified here: compare its SHA-256 with a source that you trust"
            self.console.tell("warning", {"text": text})
        return None

    def _beat(self, what):
        # type: (str) -> Callable[[int], None]
        """Tells how far reading has come."""
        console = self.console
        size = self.size
        return lambda done: console.beat(what, done, size)

    def _digest(self, what):
        # type: (str) -> Digest
        return digest(self.path, self._beat(what))

    def _read_side_file(self):
        # type: () -> str
        """Take the side file if there is one that fits; returns why one that is there is not used."""
        try:
            stream = open(self.path + SUFFIX, "rb")
        except OSError:
            return ""
        try:
            self.side = parse(stream.read(MAX_BYTES + 1))
        except (OSError, ValueError) as err:
            return str(err)
        finally:
            stream.close()
        if self.side.size != self.size:
            self.side = None
            return "the side file belongs to a file of another size"
        return ""


def _missing(path):
    # type: (str) -> Refusal
    """No file of that name; which ones there are."""
    folder = path.rsplit("/", 1)[0] or "/"
    try:
        names = [name for name in sorted(module("os").listdir(folder)) if name.lower()[-4:] in (".dup", ".elf")]
    except OSError:
        names = []
    there = ", ".join(names[:_NAMES]) or "none"
    next = "give one of these names" if names else "copy the file to the top level of the card with a computer"
    return Refusal("dup-path-enoent", "there is no file %s" % path, "firmware files in %s: %s" % (folder, there), next)


def _misread(what):
    # type: (str) -> Refusal
    return Refusal(
        "sd-read-error-mid-flash",
        what,
        "the card or its contacts are bad, or the file is still being copied",
        "take the card out and put it in again (on the PC: `fipy-doctor open reseat-card`), copy the file again",
    )
