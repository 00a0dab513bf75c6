"""pySerial's RFC 2217 client, which outlives whatever a server negotiates."""

from __future__ import annotations

import struct
import warnings

from serial import rfc2217

_ODD = (struct.error, KeyError, TypeError, ValueError)  #: what options that are too short, or never began, raise there


class Serial(rfc2217.Serial):
    """Its reader thread would die of an odd option, and print a traceback to the user's terminal."""

    def open(self) -> None:
        """As pySerial's, whose deprecated calls are no error where Python makes errors of warnings, as pytest may."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            super().open()

    def _telnet_read_loop(self) -> None:
        while True:
            try:
                return super()._telnet_read_loop()  # type: ignore[misc,no-any-return]
            except _ODD:
                continue  # what came in one piece with it is lost, which those who read it find out
