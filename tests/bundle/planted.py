"""Secrets for tests, and every form in which one may stand in a file."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote

#: What tells them, each on a line of its own, as a user's programs, devices and files do.
TELLING = r"""
AT+CGSN -> 354346090175109
+SQNCCID: "8949020000123456789",""
AT+CIMI -> 262011234567890
opened /dev/serial/by-id/usb-Pycom_Expansion_3.1_PYB1D0A1-if00
mac 24:0a:c4:9f:1b:7e
wlan.connect('Villa Kunterbunt', auth=(WLAN.WPA2, 'Pippi&Langstrumpf%7'))
mqtt_password = "Tommy\\Annika"
AT+CPIN="73519024"
telnet://micro:Limonadenbaum@192.168.4.1
/home/thorsten/fw/CATM1-41065.dup
"""
SECRETS = (
    "354346090175109", "8949020000123456789", "262011234567890", "PYB1D0A1", "240ac49f1b7e", "Villa Kunterbunt",
    "Pippi&Langstrumpf%7", "Tommy\\Annika", "73519024", "Limonadenbaum", "thorsten", "jürgen", "Jürgens-PC",
)  # fmt: skip
KNOWN = (("user", "jürgen"), ("host", "Jürgens-PC"))


def forms(secret: str) -> dict[str, str]:
    """The secret as files may have it."""
    utf8 = secret.encode()
    return {
        "plain": secret,
        "json": json.dumps(secret)[1:-1],
        "json all": "".join(f"\\u{ord(char):04x}" for char in secret),
        "json in json": json.dumps(json.dumps(secret))[3:-3],
        "percent": quote(secret, safe=""),
        "percent all": "".join(f"%{byte:02X}" for byte in utf8),
        "percent twice": quote(quote(secret, safe=""), safe=""),
        "python": ascii(secret)[1:-1],
        "bytes": repr(utf8)[2:-1],
        "html": html.escape(secret),
        "html all": "".join(f"&#{ord(char)};" for char in secret),
        "hex": utf8.hex(),
        "HEX": utf8.hex().upper(),
        "hex spaced": utf8.hex(" "),
        "numbers": ", ".join(f"0x{byte:02x}" for byte in utf8),
        "hex at odd": "a" + utf8.hex() + "b",
        "base64": base64.b64encode(b" " * 12 + utf8 + b" " * 12).decode(),
        "base64 at 1": base64.b64encode(b" " * 13 + utf8 + b" " * 12).decode(),
        "base64 at 2": base64.b64encode(b" " * 14 + utf8 + b" " * 12).decode(),
    }
