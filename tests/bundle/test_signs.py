"""Secrets as programs, devices and systems write them, each where nothing else tells it."""

from __future__ import annotations

import json

import pytest

from doctor.bundle.mask import Mask
from doctor.bundle.stand_in import wire

WORDS = frozenset({"password", "ssid", "user", "token", "python", "micro", "modem", "none", "serial"})

#: What is written, and what of it is private.
WRITTEN = (
    ("WIFI_SSID = 'Zaphod'\nWIFI_PASS = \"Beeblebrox42\"  # home", "Zaphod", "Beeblebrox42"),
    ("wlan.connect(ssid='Zaphod', auth=(WLAN.WPA2, 'Beeblebrox42'), timeout=5000)", "Zaphod", "Beeblebrox42"),
    ('sta_if.connect("Zaphod", "Beeblebrox42")', "Zaphod", "Beeblebrox42"),
    ("known_nets = {'Zaphod': {'pwd': 'Beeblebrox42', 'wlan_config': ('10.0.0.1',)}}", "Zaphod", "Beeblebrox42"),
    ("pycom.wifi_ssid_sta('Zaphod'); pycom.wifi_pwd_sta('Beeblebrox42')", "Zaphod", "Beeblebrox42"),
    ('{"wifi": {"ssid": "Zaphod", "password": "Beeble\\"brox42"}}', "Zaphod", 'Beeble\\"brox42'),
    ("client = MQTTClient('id', 'host', user='Trillian', password='Marvin 42', port=1883)", "Trillian", "Marvin 42"),
    ("lte.connect(auth=(LTE.AUTH_CHAP, 'Trillian', 'Marvin 42'))", "Trillian", "Marvin 42"),
    ("server.init(login=('Trillian', 'Marvin42'), timeout=600)", "Trillian", "Marvin42"),
    ("app_key = ubinascii.unhexlify('F14B3C2D9A8E7F60A1B2C3D4E5F60718')", "F14B3C2D9A8E7F60A1B2C3D4E5F60718"),
    ("dev_eui = binascii.unhexlify('70B3D5499A3C1D2E')", "70B3D5499A3C1D2E"),
    ('"deviceToken": "5b076166-732f-4cff-bf38-fa3d38cbd0de"', "5b076166-732f-4cff-bf38-fa3d38cbd0de"),
    ("url = 'https://api.example.org/v1?id=5&token=s3cr3t-t0k3n&x=1'", "s3cr3t-t0k3n"),
    ("Authorization: Bearer eyJhbGciOi.J9eyJzdWIi.abc_def", "eyJhbGciOi.J9eyJzdWIi.abc_def"),
    ("ftp://Trillian:Marvin42@192.168.4.1/flash", "Trillian", "Marvin42"),
    ("rfc2217://heartofgold.lan:4000 opened", "heartofgold.lan"),
    ("USB VID:PID=04D8:F013 \x53ER=PYQ9X8Z LOCATION=1-2", "PYQ9X8Z"),
    ("/dev/cu.usbmodemPy9q8z1, /dev/tty.usbserial-A50285BI", "Py9q8z1", "A50285BI"),
    (r"USB\VID_04D8&PID_F013\PYQ9X8Z", "PYQ9X8Z"),
    ("/dev/serial/by-id/usb-FTDI_FT231X_DN03X7QQ-if00-port0", "DN03X7QQ"),
    ("C:\\Users\\Arthur Dent\\fw.dup and C:/Users/arthur/x", "Arthur Dent", "arthur"),
    ("/Users/slarti/Library/x, /media/fenchurch/CARD/y", "slarti", "fenchurch"),
    ('AT+CPIN="7351"\r\nOK', "7351"),
    ('AT+CLCK="SC",1,"7351"\r\nAT+CGAUTH=1,2,"Trillian","Marvin42"', "7351", "Trillian", "Marvin42"),
    ('+CNUM: "","+491701234567",145', "+491701234567"),
    ("IMEI: 35-434609-017510-9, IMEISV 3543460901751042", "35-434609-017510-9", "3543460901751042"),
    ('+SQNCCID: "8988303000001234567F",""', "8988303000001234567"),
    ("IMEI: 35 4346 0901 7510 91, ICCID=8988 3030 0000 1234 567", "4346 0901", "8988 3030", "0000 1234", "1234 567"),
    ("telnet://Trillian:Mar%2Fv%40in42@192.168.4.1", "Trillian", "Mar%2Fv%40in42", "in42"),
    ("SSID: Heart of Gold\r\nPassword: forty two times\r\nLogin succeeded!", "Heart of Gold", "of Gold", "two times"),
    (">>> machine.unique_id()\r\nb'0\\xae\\xa4\\x12qY'\r\n", "\\xae\\xa4"),
    ("SSID: Zaphod\r\npassword: Beeblebrox42\r\n", "Zaphod", "Beeblebrox42"),
    ("[(ssid='Zaphod', bssid=b'\\xab\\xcd\\x01\\x02\\x03\\x04', sec=3)]", "Zaphod"),
    ("fipy-wlan-5a66 is up", "5a66"),
    ("mail to ford.prefect@example.org", "ford.prefect@example.org"),
    (
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKC\nAQEA7Zk9\n-----END RSA PRIVATE KEY-----",
        "MIIEpAIBAAKC",
        "AQEA7Zk9",
    ),
)


@pytest.mark.parametrize("written", WRITTEN, ids=lambda written: written[0][:30])
def test_it_goes_and_all_else_stays(written: tuple[str, ...]) -> None:
    plain, *secrets = written
    for form, said in {"file": plain, "json": json.dumps({"heard": plain}), "python": repr(plain)}.items():
        mask = Mask(WORDS)
        mask.learn(wire(said))
        now = mask.masked(wire(said))
        for secret in secrets:
            assert (json.dumps(secret)[1:-1] if form == "json" else secret) not in now, now
        assert len(now) == len(said), form
        if form == "json":
            assert json.loads(now).keys() == {"heard"}
        same = sum(a == b for a, b in zip(now, said, strict=True))
        assert same >= len(said) - sum(map(len, secrets)) - 20, now
