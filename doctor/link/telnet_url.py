"""The address of a board on Wi-Fi: ``telnet://[USER[:PASSWORD]@]HOST[:PORT][?ftp=PORT]``.

The password is split off before anything else sees the URL, so that no output, log or trace can hold it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlsplit

SCHEME = "telnet://"
TELNET_PORT, FTP_PORT = 23, 21  #: board-and-repl.md 3.7
USER, PASSWORD = "micro", "python"  #: of every board whose owner has not changed them (board-and-repl.md 3.7)
PASSWORD_VARIABLE = "FIPY_DOCTOR_TELNET_PASSWORD"
NO_FTP = "off"


@dataclass(frozen=True)
class TelnetAddress:
    """Where a board's telnet and FTP servers are, and how to log in there.

    ftp_port  None: FTP is not to be used
    """

    host: str
    port: int = TELNET_PORT
    ftp_port: int | None = FTP_PORT
    user: str = USER
    password: str = field(default=PASSWORD, repr=False)


def without_password(url: str) -> tuple[str, str | None]:
    """``url`` as it may be shown, and the password that stood in it; any other URL comes back as it is."""
    if not url.lower().startswith(SCHEME):
        return url, None
    end = min((at for at in (url.find(mark, len(SCHEME)) for mark in "/?#") if at >= 0), default=len(url))
    login, at, host = url[len(SCHEME) : end].rpartition("@")
    user, colon, password = login.partition(":")
    if not colon:
        return url, None
    return f"{url[: len(SCHEME)]}{user}{at}{host}{url[end:]}", unquote(password)


def parse(url: str, password: str | None = None, environ: Mapping[str, str] = os.environ) -> TelnetAddress:
    """The address in ``url``. Raises ValueError that says what is wrong, without the password.

    password  if it was split off before; next come the one in the URL, the environment, and the board's usual one
    """
    shown, inside = without_password(url)
    parts = urlsplit(shown)
    if not parts.hostname:
        raise ValueError("the board's address is missing: telnet://192.168.4.1")
    try:
        parts.hostname.encode("idna")  # as a socket does it, outside its OSErrors
    except UnicodeError as err:
        raise ValueError(
            "no host has such a name: a part between its dots is empty, or longer than 63 letters"
        ) from err
    if parts.path not in ("", "/") or parts.fragment:
        raise ValueError("nothing but ?ftp=PORT may follow the address")
    try:
        port = parts.port or TELNET_PORT
    except ValueError as err:
        raise ValueError("the port is a number from 1 to 65535: telnet://192.168.4.1:23") from err
    known = password if password is not None else inside
    return TelnetAddress(
        host=parts.hostname,
        port=port,
        ftp_port=_ftp_port(parts.query),
        user=unquote(parts.username) if parts.username else USER,
        password=known if known is not None else environ.get(PASSWORD_VARIABLE, PASSWORD),
    )


def shown_url(address: TelnetAddress) -> str:
    """``address`` as a URL without its password, as short as it can be."""
    user = "" if address.user == USER else f"{quote(address.user, safe='')}@"
    host = f"[{address.host}]" if ":" in address.host else address.host
    port = "" if address.port == TELNET_PORT else f":{address.port}"
    ftp = "" if address.ftp_port == FTP_PORT else f"?ftp={address.ftp_port or NO_FTP}"
    return f"{SCHEME}{user}{host}{port}{ftp}"


def _ftp_port(query: str) -> int | None:
    port: int | None = FTP_PORT
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name != "ftp":
            raise ValueError(f"a telnet:// address has no option {name!r}, only ftp=PORT and ftp={NO_FTP}")
        if value == NO_FTP:
            port = None
        elif value.isdecimal() and value.isascii() and 0 < int(value) < 65536:
            port = int(value)
        else:
            raise ValueError(f"ftp is a port from 1 to 65535, or {NO_FTP}, not {value!r}")
    return port
