"""One file over STP: into transfer mode, the blocks, and out of it in order whatever happens.

modem-protocol.md 5.2, step 5.
"""

from . import states
from .contract import Source  # noqa: F401
from .events import TRANSFER
from .session import POLL_MS, STOPPED, FlowError, Session  # noqa: F401
from .stp import CLOSE_ACK_MS, DATA_TYPE_CABA, DATA_TYPE_ELF, StpError

try:
    from typing import Optional, Tuple  # noqa: F401
except ImportError:  # MicroPython
    pass

#: Tries to start the transfer mode; each may wait 20 s.
START_TRIES = 3
#: Wait in ms after the closing RESET before AT, if the modem did not acknowledge it (modem-protocol.md 5.2, step 5).
CLOSE_REST_MS = 1500
#: Further RESETs if the closing one is refused, or not acknowledged by the boot ROM.
CLOSE_TRIES = 13
#: Shares of the image, in percent, below and above which standing still is usual (modem-protocol.md 4.5).
ERASE_BELOW = 12
FINISH_FROM = 97

#: Catalogue id of a transfer whose requests were not answered any more.
SILENT_ID = "stp-header-too-small"
#: Catalogue id of a transfer that failed, by StpError.kind.
_STP_IDS = {
    "silent": SILENT_ID,
    "refused": "stp-invalid-answer",
    "damaged": "stp-signature-or-crc",
    "residue": "stp-residue",
    "session": "stp-open-session-failed",
    "source": "sd-read-error-mid-flash",
}


class Sender(object):
    """Sends one file.

    line          AT command that brings the modem into transfer mode
    phase         of the progress that is told
    elf           it is a program for the modem's memory, not firmware
    stop_at_zero  see plan.Plan
    writes        the modem writes what arrives, so that nobody knows what it does once it may have all of it
    """

    def __init__(self, session, line, phase=TRANSFER, elf=False, stop_at_zero=False, writes=False):
        # type: (Session, str, str, bool, bool, bool) -> None
        self._s = session
        self._line = line
        self._phase = phase
        self._type = DATA_TYPE_ELF if elf else DATA_TYPE_CABA
        self._stop_at_zero = stop_at_zero
        self._writes = writes
        self._before = session.outcome.sent_any

    def send(self, source, size, packed=None):
        # type: (Source, int, Optional[Tuple[Source, int]]) -> None
        """Send all of ``source``; ``packed`` is the same as a zlib stream, for a modem that takes one.

        Raises FlowError; the session is closed then, as far as the modem lets us. It is no error if all of the file
        went out and only the modem's word for it is missing: ``outcome.unsure`` says so, and its report will tell.
        """
        s = self._s
        outcome, master = s.outcome, s.master
        outcome.sent_bytes = 0
        outcome.unsure = None
        outcome.maybe_all = False
        was_reset = self._start()
        opened = False
        try:
            master.open(self._type, packed is not None, was_reset)
            opened = True
            if packed is not None and master.packed:
                source, size = packed
            s.stop_here_if_asked()
            self._progress(0, size)
            try:
                outcome.sent_bytes = master.send(source, size, self._progress, s.should_stop, self._stop_at_zero)
            finally:  # even if the port is lost
                outcome.sent_any = self._before or master.began
                outcome.maybe_all = self._writes and master.at_most >= size
            if outcome.sent_bytes < size:
                raise FlowError("user-interrupt", STOPPED)
        except StpError as err:
            self._fail(self._id(err, opened), err.detail, size)
            return
        except FlowError as err:  # the user wants to stop; an answer may be awaited
            self._fail(err.id, "stopped " + self._where(size), size)
            return
        self._end()

    def _fail(self, id, text, size):
        # type: (str, str, int) -> None
        """The transfer came to no good end. Raises FlowError, unless the modem may have all of the file."""
        if self._s.outcome.maybe_all:
            self._end_unsure(id, text, size)
            return
        self._s.outcome.error = (id, text)  # what comes now only ends it in order
        self._leave()
        raise FlowError(id, text)

    def _end(self, patient=False):
        # type: (bool) -> None
        """After the last block: end the session. Raises FlowError if the modem refuses that."""
        s = self._s
        outcome, master = s.outcome, s.master
        outcome.closing = True
        if self._closed() or (patient and states.close_session(s.port, s.clock, s.emit)):
            outcome.closing = False
            return
        if master.refuses_reset:
            outcome.mode = states.STP_OPEN
            outcome.maybe_all = True
            raise FlowError("stp-invalid-answer", "the modem has taken the whole file, and refuses to end the transfer")
        s.at.listen(CLOSE_REST_MS)

    def _end_unsure(self, id, text, size):
        # type: (str, str, int) -> None
        """All of the file went out, the last answer did not come: the modem may write it now, or wait for the rest.

        The RESET that ends every transfer is right for both (modem-protocol.md 4.3); then only its report can tell.
        """
        s = self._s
        s.outcome.unsure = (id, text, size)
        s.speaker.note(text + ": the modem may have all of it; ending the transfer, and waiting for its report")
        self._end(patient=True)

    def _closed(self):
        # type: () -> bool
        """End the session; again if the modem refuses that, or its boot ROM does not acknowledge it.

        Firmware is another matter: a modem that obeyed without a word is writing by now, see settling.UNCLOSED_MS.
        """
        s = self._s
        if s.master.close():
            return True
        if self._type != DATA_TYPE_ELF and not s.master.refuses_reset:
            return False
        for _ in range(CLOSE_TRIES):
            if s.master.reset(CLOSE_ACK_MS):
                return True
        s.port.write(b"\r")  # ends the line that our RESETs began if the session was closed already
        return False

    def _where(self, size):
        # type: (int) -> str
        outcome = self._s.outcome
        if not outcome.sent_any:
            return "before anything was sent to the modem"
        done = "after %d of %d bytes" % (outcome.sent_bytes, size)
        return done + "; the modem needs the whole file from its beginning"

    def _id(self, error, opened):
        # type: (StpError, bool) -> str
        if error.kind == "silent" and opened and not self._s.outcome.sent_bytes:
            return "stall-at-zero-percent"
        return _STP_IDS.get(error.kind, "stp-invalid-answer")

    def _progress(self, done, total):
        # type: (int, int) -> None
        s = self._s
        s.outcome.sent_bytes = done
        s.outcome.sent_any = self._before or s.master.began
        s.master.awaited = awaited(done, total)
        s.speaker.progress(self._phase, done, total, False)

    def _start(self):
        # type: () -> bool
        """Bring the modem into transfer mode; True if it has acknowledged a RESET there already."""
        s = self._s
        s.master.began = False
        for _ in range(START_TRIES):
            reply = s.at.command(self._line)
            if reply.status == "OK":
                return False
            if not reply.status:
                # The OK may be lost, so ask the STP way. If that is not answered there is no session to disturb.
                if s.master.reset():
                    return True
                s.port.write(b"\r")
            s.at.listen(POLL_MS)
        raise FlowError("stp-start-refused", "the modem does not accept a file")

    def _leave(self):
        # type: () -> None
        """Close a session that did not come to its end, and find out where the modem is now."""
        s = self._s
        s.speaker.note("closing the transfer")
        closed = s.master.close()
        if not closed and s.outcome.sent_any:
            closed = states.close_session(s.port, s.clock, s.emit)
        elif not closed:  # it waits for no rest of a block, so there is nothing that it would have to give up
            closed = s.master.reset(states.SESSION_PROBE_MS, 2)
        if not closed:
            s.outcome.mode = states.STP_OPEN
            return
        s.outcome.mode = (states.ask_mode(s.at) if s.wake() else "") or states.UNKNOWN


def awaited(done, total):
    # type: (int, int) -> str
    """What the modem most likely does while it does not answer, in words."""
    percent = done * 100 // max(1, total)
    if not done:
        return "the modem to accept the first block"
    if percent < ERASE_BELOW:
        return "the modem to erase its old firmware (usual near 7 to 10 %)"
    if percent >= FINISH_FROM:
        return "the modem to finish writing what it has (usual near 99 %)"
    return "the modem to accept the next block (it may be busy with its flash)"
