"""By what something private is known: its own shape, or the words around it.

The patterns are for wire text in small letters, escapes undone; each begins with what is quick to look for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_END = r"(?=[\s,;)\]}:\\\"'#&<]|$)"
_QUOTED = rf"b?(?P<q>[\"'])(?P<v>[^\r\n]{{1,200}}?)(?P=q){_END}"
_OTHER = r"b?[\"'][^\"'\r\n]*[\"']"
_CALL = r"(?:[a-z_.]{1,40}\(\s*){0,3}"
_FOLDER = r"[^\\/:*?\"<>|\s'`,;)\]}]"
_ASIDE = 64  #: characters in front of a value in which its name is looked for

_BEGINS = r"(?:(?<![a-z])|(?<=\\[nrt]))"  #: of a word; behind a line's end that stands as an escape, too
_ALONE = r"(?:(?<![0-9a-z].)|(?<=\\[nrt].))"  #: of the character before, that a word begins with it
_NAMES = (
    r"passw(?:or)?d|passphrase|passcode|pass|pwd|psk|secret|token|ssid|login|credentials?|user_?name|user_?id|"
    r"device_?id|key|(?:dev|app|join)_?eui|dev_?addr|imei|imsi|iccid|serial(?:_?(?:number|no))?|unique_?id|"
    rf"{_BEGINS}(?:user|(?:sim_?)?pin(?:_?code)?|puk|eid|mac(?:_?addr(?:ess)?)?)"
)
_SURE = r"password|passwd|passphrase|pwd|psk|ssid|secret|token|imei|imsi|iccid|serial[ _]?(?:number|no)"
_NAMED = re.compile(rf"(?P<name>{_NAMES})(?:_[a-z0-9_]{{0,20}}|\d{{0,3}})[\"']?\s*$")
_SURELY_NAMED = re.compile(rf"{_BEGINS}(?P<name>{_SURE})[\"']?\s*$")
_ON_ITS_LINE = re.compile(rf"(?:^|[\r\n\"']|\\[rn])[ \t]*(?P<name>{_SURE})[ \t]*$")

#: What a value is called by the name that it is given.
_KINDS = (
    (re.compile("pass|pwd|psk|secret|credential|key"), "password"),
    (re.compile("ssid"), "ssid"),
    (re.compile("token"), "token"),
    (re.compile("pin|puk"), "pin"),
    (re.compile("imei"), "imei"),
    (re.compile("imsi"), "imsi"),
    (re.compile("iccid|eid"), "iccid"),
    (re.compile("serial"), "serial"),
    (re.compile("mac"), "mac"),
    (re.compile("user|login"), "user"),
)
#: Digits or words in hexadecimal, which are looked at as what they say: too long to be an address by chance.
_TEXT_IN_HEX = re.compile(r"(?:3\d){7,}|(?:[2-6][0-9a-f]|7[0-9a-e]){8,}")
#: Names that are nobody's.
NOBODY = frozenset({"public", "shared", "default", "all users", "default user", "localhost", "none", "null", "true"})


@dataclass(frozen=True)
class _Sign:
    """A pattern whose group ``v`` is private; ``cue`` is in every text that has one; ``named``: what must be before."""

    kind: str
    pattern: re.Pattern[str]
    cue: str = ""
    named: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Found:
    """Something private in a text: its kind, and where it is."""

    kind: str
    start: int
    end: int


def _sign(kind: str, cue: str, pattern: str, named: re.Pattern[str] | None = None) -> _Sign:
    return _Sign(kind, re.compile(pattern), cue, named)


_ALL = (
    # What says itself what it is: digits and hexadecimal that nothing of this program's own looks like.
    _sign("number", "", r"(?P<v>\d(?<![0-9a-f.]\d)\d{13,31})(?![0-9a-e]|f[0-9a-f])"),  # an f fills up an ICCID
    _sign("number", "", r"(?P<v>\d(?<![0-9a-f.]\d)\d(?P<s>[ -])\d{6}(?P=s)\d{6}(?P=s)\d{1,2})(?![0-9a-f])"),
    _sign(
        "mac", "", r"(?P<v>[0-9a-f](?<![0-9a-f].)[0-9a-f](?P<s>[:-])(?:[0-9a-f]{2}(?P=s)){4}[0-9a-f]{2})(?![0-9a-f])"
    ),
    _sign("mac", ".", r"(?P<v>[0-9a-f]" + _ALONE + r"[0-9a-f]{3}\.[0-9a-f]{4}\.[0-9a-f]{4})(?![0-9a-z])"),
    _sign("mac", "", r"(?P<v>[0-9a-f]" + _ALONE + r"(?<!-[0-9a-f]{4}-.)[0-9a-f]{11})(?![0-9a-z])"),
    _sign("id", "", r"(?P<v>[0-9a-f]" + _ALONE + r"[0-9a-f]{23})(?![0-9a-z])"),
    _sign("id", "-", r"(?P<v>[0-9a-f]" + _ALONE + r"[0-9a-f]{7}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9a-z-])"),
    _sign("phone", "+", r"(?P<v>\+(?<![\w+].)\d{9,15})(?!\d)"),
    _sign(
        "mail",
        "@",
        r"(?P<v>[\w.+-](?:(?<![\w.+:/\\-].)|(?<=\\[nrt].))[\w.+-]{0,63}@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,})(?![\w@])",
    ),
    # What the words around it tell.
    _sign("user", "/home/", rf"/home/(?P<v>{_FOLDER}+)(?!{_FOLDER})"),
    _sign("user", "/users/", rf"(?<!:)/users/(?P<v>{_FOLDER}+)(?!{_FOLDER})"),
    _sign("user", "/media/", rf"/media/(?P<v>{_FOLDER}+)(?=/)"),
    _sign("user", ":", r":[\\/]+(?:users|documents and settings)[\\/]+(?P<v>[^\\/:*?\"<>|\r\n]{1,64}?)(?=[\\/])"),
    _sign("user", "://", r"://(?P<v>[^/@\s:'\"?=&#]{1,64})(?::[^/@\s'\"]{0,200})?@"),
    _sign("password", "://", r"://[^/@\s:'\"?=&#]{0,64}:(?P<v>[^/@\s'\"]{1,200})@"),
    _sign(
        "password", "://", r"(?:telnet|ftp)://[^/@\s:'\"?=&#]{0,64}:(?!\d{1,5}/)(?P<v>[^\s'\"]{1,200})@(?=[a-z0-9\[])"
    ),
    _sign(
        "host",
        "://",
        r"(?:telnet|socket|rfc2217|ssh|ftp|mqtts?)://(?:[^@/\s'\"?]{0,200}@)?(?P<v>[a-z][\w-]*(?:\.[\w-]+)*)",
    ),
    _sign("token", "=", r"[?&](?:token|key|password|pass|pwd|secret|auth|sig|api_?key)=(?P<v>[^&\s\"'<>]+)"),
    _sign("token", "bearer ", r"bearer +(?P<v>[a-z0-9._~+/-]{8,}=*)"),
    _sign("", "", rf"[:=(]\s*{_CALL}{_QUOTED}", _NAMED),
    _sign("", "", r"[:=][ \t]*(?P<v>[^\s\"',;(){}\[\]<>\\]{3,64})(?![(\w.])", _SURELY_NAMED),
    _sign("", "", r"[:=][ \t]*(?P<v>\d(?:[ -]?\d){13,21})(?!\d)", _SURELY_NAMED),
    _sign(
        "",
        ":",
        r":[ \t]*(?P<v>[^\s\"',;(){}\[\]<>\\][^\"',;(){}\[\]<>\\\r\n]{1,62}(?<!\s))(?=[ \t]*(?:[\r\n\\\"']|$))",
        _ON_ITS_LINE,
    ),
    _sign("id", "unique_id()", rf"unique_id\(\)\)?(?:\s|\\[rn]){{1,8}}{_QUOTED}"),
    _sign("password", "wpa", rf"wpa\w*\s*,\s*{_QUOTED}"),
    _sign("user", "auth_", rf"auth_\w+\s*,\s*{_QUOTED}"),
    _sign("password", "auth_", rf"auth_\w+\s*,\s*{_OTHER}\s*,\s*{_QUOTED}"),
    _sign("user", "login", rf"login\s*=\s*\(\s*{_QUOTED}"),
    _sign("password", "login", rf"login\s*=\s*\(\s*{_OTHER}\s*,\s*{_QUOTED}"),
    _sign("ssid", "connect(", rf"connect\(\s*{_QUOTED}"),
    _sign("password", "connect(", rf"connect\(\s*{_OTHER}\s*,\s*{_QUOTED}"),
    _sign("ssid", "{", r"[\"'](?P<v>[^\"'\r\n]{1,64})[\"']\s*:\s*\{\s*[\"'](?:pwd|pass|psk|key)"),
    _sign("mac", "py-wlan-", r"py-wlan-(?P<v>[0-9a-f]{4})(?![0-9a-z])"),
    _sign(
        "serial",
        "by-id/",
        r"by-id/[a-z0-9]+-[^\s\"'/]*?_(?P<v>[0-9a-z][0-9a-z.:&-]*?)(?=-if\d|-part\d|-port\d|[\s\"',;)\]]|$)",
    ),
    _sign("serial", "usbmodem", r"usbmodem-?(?P<v>[0-9a-z]{4,})"),
    _sign("serial", "usbserial", r"usbserial-?(?P<v>[0-9a-z]{4,})"),
    _sign("serial", "serial:", r"serial:(?<![a-z].{7})(?P<v>[0-9a-z_.-]{4,})"),
    _sign("serial", "pid=", r"pid=[0-9a-f]{4}:[0-9a-f]{4} \w{3}=(?P<v>[0-9a-z_.-]{2,})"),
    _sign("serial", "pid_", r"pid_[0-9a-f]{4}\\+(?P<v>[\w&.-]{2,})"),
    _sign("pin", "+cpin=", r"\+cpin=\"?(?P<v>\d{4,8})"),
    _sign("pin", "+cpin=", r"\+cpin=\"?\d{4,8}\"?,\"?(?P<v>\d{4,8})"),
    _sign("pin", "+clck=", r"\+clck=\"\w\w\",\d,\"?(?P<v>\d{4,8})"),
    _sign("password", "auth=", r"auth=\d[^\r\n\"]*\"(?P<v>[^\"\r\n]+)\""),
    _sign("password", "auth=", r"auth=\d[^\r\n\"]*\"[^\"\r\n]*\",\s*\"(?P<v>[^\"\r\n]+)\""),
    _sign("key", "private key-----", r"private key-----(?P<v>[^-]+)-----end"),
)


def private_in(text: str) -> Iterator[Found]:
    """What is private in ``text`` by its shape, or by the words around it."""
    text = text.lower()
    for sign in _ALL:
        if sign.cue not in text:
            continue
        for found in _all(sign.pattern, text):
            start, end = found.span("v")
            kind = sign.kind
            if sign.named is not None:
                name = sign.named.search(text[max(0, found.start() - _ASIDE) : found.start()])
                if name is None:
                    continue
                kind = next((kind for words, kind in _KINDS if words.search(name["name"])), "id")
                if kind == "pin" and not found["v"].isdigit():  # of a board, such as P19
                    continue
            if found["v"] not in NOBODY and not _TEXT_IN_HEX.fullmatch(found["v"]):
                yield Found("iccid" if kind == "number" and found["v"].startswith("89") else kind, start, end)


def _all(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """All matches, also those within each other: a quoted text may quote."""
    found = pattern.search(text)
    while found is not None:
        yield found
        found = pattern.search(text, found.start() + 1)
